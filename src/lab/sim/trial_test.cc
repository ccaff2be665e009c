#include "lab/sim/trial.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/sim/test_support.h"

namespace scaler::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

std::string told(std::uint64_t seed, const Trial& trial) {
  std::string text = "replay: ./dev sim --seed " + std::to_string(seed);
  for (const Violation& violation : trial.violations) {
    text += "\n" + std::string(to_string(violation.invariant)) + ": " + violation.what;
  }
  return text;
}

class RandomTrials : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomTrials, HoldEveryInvariant) {
  constexpr std::uint64_t kSeeds = 8;
  for (std::uint64_t i = 0; i < kSeeds; ++i) {
    const std::uint64_t seed = (GetParam() * kSeeds) + i + 1;
    const Trial trial = try_passes(random_scenario(seed), seed);
    EXPECT_THAT(trial.violations, IsEmpty()) << told(seed, trial);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomTrials, ::testing::Range<std::uint64_t>(0, 5));

/// Bursts with silence between them; 20 s of work; nothing goes wrong.
Scenario bursts() {
  Scenario scenario;
  scenario.length = hours(3);
  scenario.drain = hours(1);
  scenario.arrivals = {Bursts{.every = minutes(20), .size = 40, .random = false},
                       Poisson{.per_second = 0.02}};
  scenario.service = service_model(Preset::Fargate, world::exponential(seconds(20)));
  scenario.policy = {.mode = Mode::Backlog, .backlog_per_task = 2, .tasks_max = 10};
  scenario.triggers = controller(seconds(10));
  return scenario;
}

Scenario faulty() {
  Scenario scenario = bursts();
  scenario.service.behaviour.crash_share = 0.05;
  scenario.service.behaviour.poison_share = 0.05;
  scenario.triggers = {.tick = seconds(10), .doorbell = true, .wake = true};
  scenario.faults = {.of_call = 0.03, .per_day = 100, .until = scenario.length};
  return scenario;
}

/// On instances that this program starts and ends; tasks may be long about their end.
Scenario on_instances(Scenario scenario) {
  scenario.group = GroupModel{.start = {.min = seconds(40), .max = seconds(80)}, .zones = 2};
  scenario.group->driver = GroupModel::Driver::Scaler;
  scenario.service.behaviour.task_stop = {.min = seconds(1), .max = seconds(120)};
  scenario.policy.capacity = Capacity::Own;
  scenario.policy.instance_tasks = 1;
  scenario.policy.instance_idle = seconds(10);
  return scenario;
}

TEST(Faults, AllStrikeInTheSuite) {
  FaultCounts counts;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const Trial trial = try_passes(seed == 4 ? on_instances(faulty()) : faulty(), seed);
    EXPECT_THAT(trial.violations, IsEmpty()) << told(seed, trial);
    counts += trial.run.score.faults;
  }
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    EXPECT_GT(counts[fault], 0) << to_string(fault) << " never struck";
  }
}

TEST(Faults, DoNotStrikeWhenNoneIsPlannedOrAllowed) {
  Scenario scenario = bursts();
  EXPECT_EQ(try_passes(scenario, 1).run.score.faults.total(), 0);

  scenario = faulty();
  scenario.faults.kinds = std::uint64_t{1} << static_cast<unsigned>(Fault::Throttled);
  scenario.service.behaviour.crash_share = 0;
  scenario.service.behaviour.poison_share = 0;
  const FaultCounts counts = try_passes(scenario, 1).run.score.faults;
  EXPECT_GT(counts[Fault::Throttled], 0);
  EXPECT_EQ(counts.total(), counts[Fault::Throttled]);
}

// --- the invariants bite: each finds a variant that is broken on purpose ------------------------

auto violates(Invariant invariant) {
  return Contains(Field(&Violation::invariant, invariant));
}

/// The records of a pass that changed nothing and knows nothing.
std::vector<PassRecord> idle_records(std::span<ManagedService> fleet) {
  return std::vector<PassRecord>(fleet.size());
}

void set_desired(std::span<ManagedService> fleet, const Ports& ports, std::int64_t desired) {
  const DesiredCount change{.service = fleet.front().id, .desired = desired};
  EXPECT_TRUE(ports.scaler.set_desired({&change, 1}, Deadline::max()).front().has_value());
}

std::optional<std::pair<QueueDepth, ServiceObservation>> look(std::span<ManagedService> fleet,
                                                              const Ports& ports) {
  const Look look = look_at(
      ports.reader, {.service = fleet.front().id, .queue_urls = {fleet.front().queues.front().url}},
      Deadline::max());
  const bool good = look.queues.front() && look.service;
  return good ? std::optional(std::pair(*look.queues.front(), look.service->service))
              : std::nullopt;
}

TEST(Invariants, HoldForTheScenarioThatBreaksTheVariants) {
  EXPECT_THAT(try_passes(bursts(), 1).violations, IsEmpty());
  EXPECT_THAT(try_passes(on_instances(bursts()), 1).violations, IsEmpty());
}

TEST(Invariants, NothingLostFindsAScalerThatConsumesMessages) {
  const Scenario scenario = bursts();
  Beat consumer(scenario.begin, seconds(10), [](Stage& stage) {
    for (const auto& message : stage.world.receive(*stage.queue(), {})) {
      stage.world.delete_message(*stage.queue(), message.receipt_handle);
    }
    stage.world.set_desired(stage.target(), 0);
  });

  EXPECT_THAT(try_scaler(scenario, 1, consumer).violations, violates(Invariant::NothingLost));
}

TEST(Invariants, NoBusyTaskStopsFindsAScalerThatLooksAtVisibleMessagesOnly) {
  const RunPass visible_only = [](std::span<ManagedService> fleet, const Ports& ports,
                                  const PassOptions&) {
    if (const auto seen = look(fleet, ports)) {
      set_desired(fleet, ports, std::min<std::int64_t>(seen->first.visible, 10));
    }
    return idle_records(fleet);
  };

  EXPECT_THAT(try_passes(bursts(), 1, visible_only).violations,
              violates(Invariant::NoBusyTaskStops));
}

TEST(Invariants, BoundsFindsAScalerThatIgnoresTheMaximum) {
  const RunPass unbounded = [](std::span<ManagedService> fleet, const Ports& ports,
                               const PassOptions&) {
    if (const auto seen = look(fleet, ports); seen && seen->first.visible > seen->second.desired) {
      set_desired(fleet, ports, seen->first.visible);
    }
    return idle_records(fleet);
  };

  EXPECT_THAT(try_passes(bursts(), 1, unbounded).violations, violates(Invariant::Bounds));
}

/// Reads errors as queues without messages.
class ErrorsAreZeros final : public CloudReader {
 public:
  explicit ErrorsAreZeros(CloudReader& reader) : reader_(&reader) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience patience,
                         Deadline deadline) override {
    std::vector<Look> looks = reader_->look(requests, patience, deadline);
    for (Look& look : looks) {
      for (Result<QueueDepth>& queue : look.queues) {
        if (!queue) {
          queue = QueueDepth{};
        }
      }
    }
    return looks;
  }

 private:
  CloudReader* reader_;
};

TEST(Invariants, NotBlindFindsAScalerToWhichAnErrorIsAZero) {
  Scenario scenario = bursts();
  scenario.policy.scale_in_when = ScaleInWhen::Any;
  scenario.policy.scale_down_threshold = seconds(0);
  scenario.policy.zero_confirmations = 1;
  scenario.faults = {.of_call = 0.3, .until = scenario.length};
  const RunPass mistaken = [](std::span<ManagedService> fleet, const Ports& ports,
                              const PassOptions& options) {
    ErrorsAreZeros reader(ports.reader);
    return run_pass(
        fleet,
        {.reader = reader, .scaler = ports.scaler, .states = ports.states, .clock = ports.clock},
        options);
  };

  EXPECT_THAT(try_passes(scenario, 1, mistaken).violations, violates(Invariant::NotBlind));
  EXPECT_THAT(try_passes(scenario, 1).violations, Not(violates(Invariant::NotBlind)));
}

/// Takes every look for a fresh one, as a pass does that acts on a whole fleet's look at once.
class OldLooksPassForFresh final : public CloudReader {
 public:
  OldLooksPassForFresh(CloudReader& reader, Clock& clock) : reader_(&reader), clock_(&clock) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience patience,
                         Deadline deadline) override {
    std::vector<Look> looks = reader_->look(requests, patience, deadline);
    for (Look& look : looks) {
      look.asked = clock_->steady();
    }
    return looks;
  }

 private:
  CloudReader* reader_;
  Clock* clock_;
};

TEST(Invariants, NoCountFallsFindsAScalerThatActsOnAnOldLook) {
  Scenario scenario = bursts();
  scenario.policy.scale_up_target = 4;
  scenario.policy.tasks_max = 10;
  scenario.faults = {.of_call = 0.3,
                     .kinds = (std::uint64_t{1} << static_cast<unsigned>(Fault::LateAnswer)) |
                              (std::uint64_t{1} << static_cast<unsigned>(Fault::Raised)),
                     .until = scenario.length};
  const RunPass hasty = [](std::span<ManagedService> fleet, const Ports& ports,
                           const PassOptions& options) {
    OldLooksPassForFresh reader(ports.reader, ports.clock);
    return run_pass(
        fleet,
        {.reader = reader, .scaler = ports.scaler, .states = ports.states, .clock = ports.clock},
        options);
  };
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto violations = try_passes(scenario, seed, hasty).violations;
    found += std::ranges::count(violations, Invariant::NoCountFalls, &Violation::invariant) > 0;
    EXPECT_THAT(try_passes(scenario, seed).violations, Not(violates(Invariant::NoCountFalls)));
  }
  EXPECT_GT(found, 0);
}

TEST(Invariants, DrainsFindsAScalerThatGivesUpAfterAnError) {
  Scenario scenario = bursts();
  scenario.faults = {.of_call = 0.05, .until = scenario.length};
  bool gave_up = false;
  const RunPass fragile = [&gave_up](std::span<ManagedService> fleet, const Ports& ports,
                                     const PassOptions& options) {
    if (gave_up) {
      return idle_records(fleet);
    }
    auto records = run_pass(fleet, ports, options);
    gave_up = records.front().failed();
    return records;
  };

  EXPECT_THAT(try_passes(scenario, 1, fragile).violations,
              AnyOf(violates(Invariant::Drains), violates(Invariant::ReachesZero)));
  EXPECT_TRUE(gave_up);
}

TEST(Invariants, ReachesZeroFindsAScalerThatNeverScalesIn) {
  const RunPass never_in = [](std::span<ManagedService> fleet, const Ports& ports,
                              PassOptions options) {
    options.permission = Permission::ScaleOutOnly;
    return run_pass(fleet, ports, options);
  };

  EXPECT_THAT(try_passes(bursts(), 1, never_in).violations, violates(Invariant::ReachesZero));
}

TEST(Invariants, NoOscillationFindsAScalerThatFlaps) {
  bool up = false;
  const RunPass flapping = [&up](std::span<ManagedService> fleet, const Ports& ports,
                                 const PassOptions&) {
    up = !up;
    set_desired(fleet, ports, up ? 2 : 1);
    return idle_records(fleet);
  };

  EXPECT_THAT(try_passes(bursts(), 1, flapping).violations, violates(Invariant::NoOscillation));
}

/// Falsifies what a pass sees of the group, and which of its actions are carried out.
class Falsified final : public InstanceReader, public InstanceScaler {
 public:
  using Seen = std::function<void(GroupSeen&)>;
  using Act = std::function<bool(InstanceAction&)>;
  Falsified(const Ports& ports, const Seen& seen, const Act& act)
      : ports_(&ports), seen_(&seen), act_(&act) {}

  Result<GroupSeen> look(const GroupRequest& request, Deadline deadline) override {
    Result<GroupSeen> seen = ports_->instances->look(request, deadline);
    if (seen && *seen_) {
      (*seen_)(*seen);
    }
    return seen;
  }
  Result<void> carry_out(const GroupRequest& request, const InstanceAction& action,
                         Deadline leave_by, Deadline deadline) override {
    InstanceAction changed = action;
    return !*act_ || (*act_)(changed)
               ? ports_->instance_scaler->carry_out(request, changed, leave_by, deadline)
               : Result<void>();
  }

 private:
  const Ports* ports_;
  const Seen* seen_;
  const Act* act_;
};

RunPass with(Falsified::Seen seen, Falsified::Act act) {
  return [seen = std::move(seen), act = std::move(act)](
             std::span<ManagedService> fleet, const Ports& ports, const PassOptions& options) {
    Falsified falsified(ports, seen, act);
    Ports broken = ports;
    broken.instances = &falsified;
    broken.instance_scaler = &falsified;
    return run_pass(fleet, broken, options);
  };
}

TEST(Invariants, NoBusyInstanceEndsFindsAScalerThatDoesNotLookForTasksThatStop) {
  const RunPass hasty = with(
      [](GroupSeen& group) {
        for (InstanceSeen& instance : group.instances) {
          instance.lingering = 0;
        }
      },
      {});
  EXPECT_THAT(try_passes(on_instances(bursts()), 1, hasty).violations,
              violates(Invariant::NoBusyInstanceEnds));
}

TEST(Invariants, NoBusyInstanceEndsFindsAScalerThatDoesNotWaitAfterDraining) {
  Scenario scenario = on_instances(bursts());
  scenario.policy.instance_idle = seconds(0);
  scenario.policy.scale_down_threshold = seconds(0);
  scenario.policy.zero_confirmations = 1;
  scenario.triggers = controller(seconds(5));
  scenario.arrivals = {Poisson{.per_second = 0.05}};
  scenario.faults = {.of_call = 0.9,
                     .kinds = std::uint64_t{1} << static_cast<unsigned>(Fault::LaggingTasks),
                     .task_lag_max = seconds(20)};
  const RunPass hasty = with(
      [](GroupSeen& group) {
        for (InstanceSeen& instance : group.instances) {
          const bool drained = instance.mark.kind == InstanceMark::Kind::Drained;
          instance.mark.at -= drained ? kEndFrom : Duration(0);
        }
      },
      {});
  EXPECT_THAT(try_passes(scenario, 1, hasty).violations, violates(Invariant::NoBusyInstanceEnds));
  EXPECT_THAT(try_passes(scenario, 1).violations, IsEmpty());
}

TEST(Invariants, InstanceBoundsFindsAScalerThatEndsThoseOfTheMinimum) {
  Scenario scenario = on_instances(bursts());
  scenario.policy.instance_min = 2;
  scenario.arrivals = {Bursts{.every = hours(1), .size = 40, .random = false}};
  const RunPass greedy = [](std::span<ManagedService> fleet, const Ports& ports,
                            const PassOptions& options) {
    PolicyOptions policy = *fleet.front().policy.operator->();
    policy.instance_min = 0;
    const Policy asked = fleet.front().policy;
    fleet.front().policy = Policy::create(policy).value();
    auto records = run_pass(fleet, ports, options);
    fleet.front().policy = asked;
    return records;
  };
  EXPECT_THAT(try_passes(scenario, 1, greedy).violations, violates(Invariant::InstanceBounds));
  EXPECT_THAT(try_passes(scenario, 1).violations, IsEmpty());
}

TEST(Invariants, InstancesEndFindsAScalerThatDrainsAndForgets) {
  const RunPass forgetful =
      with({}, [](InstanceAction& action) { return action.kind != InstanceAction::Kind::End; });
  EXPECT_THAT(try_passes(on_instances(bursts()), 1, forgetful).violations,
              violates(Invariant::InstancesEnd));
}

}  // namespace
}  // namespace scaler::sim
