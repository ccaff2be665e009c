#include "pass/pass.h"

#include <deque>
#include <functional>

#include <gtest/gtest.h>

#include "core/test_support.h"
#include "state/state_text.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::fixed;
using testing::kNoon;

class FixedClock final : public Clock {
 public:
  Instant now() const override { return at; }
  bool wait_until(Instant, const std::stop_token&) override { return true; }
  Instant at = kNoon;
};

/// One queue and one service; `depths` are given out one look after the other, the last one
/// forever.
class FakeCloud final : public CloudReader, public ServiceScaler, public StateWriter {
 public:
  std::vector<Look> look(std::span<const LookRequest> requests, Patience, Deadline) override {
    ++reads;
    if (before_read) {
      before_read(reads);
    }
    if (clock != nullptr) {
      clock->at += read_time;
    }
    protection_asked += requests.front().protection ? 1 : 0;
    const Result<QueueDepth> depth = depths.front();
    if (depths.size() > 1) {
      depths.pop_front();
    }
    return std::vector<Look>(requests.size(), {.service = service, .queues = {depth}});
  }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline) override {
    Result<void> result = scaling;
    if (!failures.empty()) {
      result = failures.front();
      failures.pop_front();
    }
    for (const DesiredCount& change : changes) {
      set.push_back(change.desired);
      if (result && changes_show) {
        service->service = testing::tasks(change.desired);
      }
    }
    return std::vector<Result<void>>(changes.size(), result);
  }
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline) override {
    for (const SavedState& state : states) {
      saved.push_back(state.text);
      if (saving) {
        service->saved_state = state.text;
      }
    }
    return std::vector<Result<void>>(states.size(), saving);
  }

  FixedClock* clock = nullptr;  ///< moves by read_time with each look
  Duration read_time = {};
  std::deque<Result<QueueDepth>> depths{QueueDepth{}};
  Result<ServiceReading> service = ServiceReading{.arn = "arn:service"};
  std::function<void(int read)> before_read = {};
  std::deque<Result<void>> failures = {};  ///< of the next changes, before `scaling` is the answer
  Result<void> scaling = {};
  bool changes_show = true;  ///< in the next look; not where this stands for many services
  Result<void> saving = {};
  std::vector<std::int64_t> set = {};
  std::vector<std::string> saved = {};
  int reads = 0;
  std::size_t protection_asked = 0;
};

class RunPass : public ::testing::Test {
 protected:
  PassRecord pass(const PassOptions& options = {}) {
    return run_pass(fleet_,
                    {.reader = cloud_, .scaler = cloud_, .states = &cloud_, .clock = clock_},
                    options)
        .front();
  }
  void running(std::int64_t tasks) { cloud_.service->service = testing::tasks(tasks); }
  void another_sets_before_the_second_look(std::int64_t tasks) {
    cloud_.before_read = [this, tasks](int read) {
      if (read == 2) {
        running(tasks);
      }
    };
  }
  void idle_for(Duration duration) {
    cloud_.service->saved_state =
        format_state({.empty_since = kNoon - duration, .empty_observations = 2});
  }

  FakeCloud cloud_;
  FixedClock clock_;
  std::vector<ManagedService> fleet_{
      {.id = {"c", "s"}, .queues = {{"https://sqs/q"}}, .policy = fixed(3)}};
};

TEST_F(RunPass, ScalesOutAndRemembersIt) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_FALSE(record.failed());
  EXPECT_EQ(cloud_.set, std::vector<std::int64_t>{3});
  EXPECT_EQ(cloud_.saved, std::vector{format_state({.last_scale_out = kNoon, .last_set = 3})});
  EXPECT_EQ(cloud_.reads, 1);
}

TEST_F(RunPass, WritesNothingWhenNothingMatters) {
  for (int i = 0; i < 10; ++i) {
    pass();
    clock_.at += 1min;
  }
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, ABusyPeriodCostsAFewTagWrites) {
  cloud_.depths = {QueueDepth{.visible = 9}};
  for (int minute = 0; minute < 60; ++minute) {
    if (minute == 50) {
      cloud_.depths = {QueueDepth{}};
    }
    pass();
    clock_.at += 1min;
  }
  EXPECT_EQ(cloud_.set, (std::vector<std::int64_t>{3, 0}));
  EXPECT_LE(cloud_.saved.size(), 4U);
}

TEST_F(RunPass, LooksTwiceBeforeItScalesIn) {
  running(3);
  idle_for(1h);
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set, std::vector<std::int64_t>{0});
  EXPECT_EQ(cloud_.reads, 2);
}

TEST_F(RunPass, TriesAScaleInOnceForItsConfirmationAges) {
  running(3);
  idle_for(1h);
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  EXPECT_EQ(pass().outcome, Outcome::Failed);
  EXPECT_EQ(cloud_.set, std::vector<std::int64_t>{0});
}

TEST_F(RunPass, DecidesAScaleOutAnewBeforeItTriesAgain) {
  cloud_.depths = {QueueDepth{.visible = 5}};
  cloud_.failures = {fail(ErrorKind::Throttled, "slow down"), fail(ErrorKind::Unavailable, "503")};
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set, (std::vector<std::int64_t>{3, 3, 3}));
  EXPECT_EQ(cloud_.reads, 3);
}

TEST_F(RunPass, NeverLowersWhatAnotherPassHasSetMeanwhile) {
  cloud_.depths = {QueueDepth{.visible = 5}};
  cloud_.failures = {fail(ErrorKind::Throttled, "slow down")};
  another_sets_before_the_second_look(20);
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Held);
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->desired, 20);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set, std::vector<std::int64_t>{3});
}

TEST_F(RunPass, AChangeWhoseAnswerWasLostIsApplied) {
  cloud_.depths = {QueueDepth{.visible = 5}};
  cloud_.failures = {fail(ErrorKind::Unavailable, "connection reset")};
  another_sets_before_the_second_look(3);
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.state.last_set, 3);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set, std::vector<std::int64_t>{3});
}

TEST_F(RunPass, ReportsAScaleOutThatKeepsFailing) {
  cloud_.depths = {QueueDepth{.visible = 5}};
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Failed);
  EXPECT_EQ(record.errors, std::vector<std::string>{"slow down"});
  EXPECT_EQ(cloud_.set.size(), 6U);
}

TEST_F(RunPass, DoesNotTryAgainWhatIsDeniedOrCannotBeSeen) {
  cloud_.depths = {QueueDepth{.visible = 5}};
  cloud_.scaling = fail(ErrorKind::Denied, "denied");
  EXPECT_EQ(pass().errors, std::vector<std::string>{"denied"});
  EXPECT_EQ(cloud_.set.size(), 1U);
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  cloud_.before_read = [this](int read) {
    if (read == 3) {
      cloud_.service = fail(ErrorKind::Unavailable, "no answer");
    }
  };
  EXPECT_EQ(pass().errors, std::vector<std::string>{"slow down"});
  EXPECT_EQ(cloud_.set.size(), 2U);
}

TEST_F(RunPass, GivesUpScaleInWhenTheSecondLookSeesAMessage) {
  running(3);
  idle_for(1h);
  cloud_.depths = {QueueDepth{}, QueueDepth{.in_flight = 1}};
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->steps.back().reason, Reason::ChangedMeanwhile);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, GivesUpScaleInWhenTheSecondLookFails) {
  running(3);
  idle_for(1h);
  cloud_.depths = {QueueDepth{}, fail(ErrorKind::Throttled, "slow down")};
  EXPECT_EQ(pass().decision->action, Action::Hold);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, GivesUpScaleInWhenTheSecondLookTakesTooLong) {
  running(3);
  idle_for(1h);
  cloud_.clock = &clock_;
  cloud_.read_time = 501ms;
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->steps.back().reason, Reason::LookedTooLong);
  EXPECT_EQ(record.decision->steps.back().numbers[0], 501);
  EXPECT_TRUE(cloud_.set.empty());
  cloud_.read_time = 500ms;
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  running(3);
  cloud_.read_time = -10ms;  // A clock that is set back has measured nothing.
  EXPECT_EQ(pass().decision->action, Action::Hold);
}

TEST_F(RunPass, ScalesOutFirstAndLooksAgainAtTenServicesATime) {
  running(3);
  idle_for(1h);
  for (int i = 1; i < 25; ++i) {
    fleet_.push_back(
        {.id = {"c", std::to_string(i)}, .queues = {{"https://sqs/a"}}, .policy = fixed(2)});
  }
  cloud_.changes_show = false;
  fleet_[7].policy = testing::policy({.scale_up_target = 9, .tasks_min = 4});
  const auto records = run_pass(
      fleet_, {.reader = cloud_, .scaler = cloud_, .states = &cloud_, .clock = clock_}, {});
  EXPECT_EQ(records[7].decision->action, Action::ScaleOut);
  ASSERT_EQ(cloud_.set.size(), 25U);
  EXPECT_EQ(cloud_.set[0], 4);  // Nobody waits for a second look at others.
  EXPECT_EQ(cloud_.reads, 1 + 3);
}

TEST_F(RunPass, AWakeMayOnlyScaleOut) {
  running(3);
  idle_for(1h);
  const PassRecord record = pass({.permission = Permission::ScaleOutOnly});
  EXPECT_EQ(record.decision->steps.back().reason, Reason::ScaleOutOnly);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, AFailedChangeIsAFailedPassAndStartsNoCooldown) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  cloud_.scaling = fail(ErrorKind::Denied, "UpdateService c/s: AccessDeniedException");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Failed);
  EXPECT_EQ(record.errors, std::vector<std::string>{"UpdateService c/s: AccessDeniedException"});
  EXPECT_EQ(record.state.last_scale_out, std::nullopt);
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, AStateThatCannotBeSavedIsAFailedPassButTheScalingStands) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  cloud_.saving = fail(ErrorKind::Denied, "TagResource: AccessDeniedException");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.failed());
}

TEST_F(RunPass, WithoutTheServiceThereIsNoDecision) {
  cloud_.service = fail(ErrorKind::NotFound, "service c/s: MISSING");
  const PassRecord record = pass();
  EXPECT_FALSE(record.decision.has_value());
  EXPECT_EQ(record.errors, std::vector<std::string>{"service c/s: MISSING"});
}

TEST_F(RunPass, WithoutTheQueueItHoldsAndSaysSo) {
  running(3);
  idle_for(1h);
  cloud_.depths = {fail(ErrorKind::Unavailable, "GetQueueAttributes q: refused")};
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_TRUE(record.decision->blind);
  EXPECT_TRUE(record.failed());
}

TEST_F(RunPass, ADamagedStateNeverScalesInEarlierThanNone) {
  running(3);
  cloud_.service->saved_state = "v1 empty=0:9 crc=00000000";
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_NE(record.complaint, "");
  EXPECT_EQ(record.state.empty_since, kNoon);
}

TEST_F(RunPass, KeepsTheStateInTheProcessWithoutAWriter) {
  running(3);
  const Ports ports{.reader = cloud_, .scaler = cloud_, .states = nullptr, .clock = clock_};
  for (int minute = 0; minute < 3; ++minute) {
    run_pass(fleet_, ports, {});
    clock_.at += 1min;
  }
  EXPECT_EQ(cloud_.set, std::vector<std::int64_t>{0});
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, WithoutPermissionDecidesAndNeitherChangesNorRemembersAnything) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  const PassRecord out = pass({.permission = Permission::Nothing});
  EXPECT_EQ(out.decision->action, Action::ScaleOut);
  EXPECT_EQ(out.decision->desired, 3);
  EXPECT_EQ(out.outcome, Outcome::Held);

  running(3);
  for (int minute = 0; minute < 60; ++minute) {
    const PassRecord record = pass({.permission = Permission::Nothing});
    EXPECT_EQ(record.decision->action, Action::Hold) << "nobody remembers since when it is idle";
    clock_.at += 1min;
  }
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, AsksForProtectedTasksOnlyWhereThePolicyCountsThem) {
  running(3);
  idle_for(1h);
  cloud_.service->service.protected_tasks = 3;
  cloud_.service->protection_error = Error{ErrorKind::Denied, "denied"};

  pass();
  EXPECT_EQ(cloud_.protection_asked, 0U);

  fleet_[0].policy =
      testing::policy({.scale_up_target = 3, .scale_in_when = ScaleInWhen::Protected});
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.protection_asked, 1U);
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.errors, std::vector<std::string>{"denied"});
}

TEST_F(RunPass, ScalesTheMostUrgentFirst) {
  running(1);
  fleet_.push_back({.id = {"c", "five"}, .queues = {{"https://sqs/a"}}, .policy = fixed(5)});
  fleet_.push_back({.id = {"c", "four"}, .queues = {{"https://sqs/b"}}, .policy = fixed(4)});
  cloud_.depths = {QueueDepth{.visible = 4}};
  const auto records = run_pass(
      fleet_, {.reader = cloud_, .scaler = cloud_, .states = &cloud_, .clock = clock_}, {});
  EXPECT_EQ(cloud_.set, (std::vector<std::int64_t>{5, 4, 3}));
  EXPECT_EQ(records[0].outcome, Outcome::Applied);
  EXPECT_EQ(records[1].decision->desired, 5);  // The records keep the fleet's order.
}

TEST_F(RunPass, OneServicesFailureLeavesTheOthersAlone) {
  fleet_.push_back(
      {.id = {"c", "t"}, .queues = {{"https://sqs/a"}, {"https://sqs/b"}}, .policy = fixed(2)});
  cloud_.depths = {QueueDepth{.visible = 4}};
  const auto records = run_pass(
      fleet_, {.reader = cloud_, .scaler = cloud_, .states = &cloud_, .clock = clock_}, {});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].queues.size(), 1U);
  EXPECT_EQ(records[1].queues.size(), 2U);
  EXPECT_EQ(records[1].decision->desired, 2);
}

}  // namespace
}  // namespace scaler
