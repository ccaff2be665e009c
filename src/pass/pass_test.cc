#include "pass/pass.h"

#include <deque>

#include <gtest/gtest.h>

#include "core/test_support.h"
#include "pass/dry_run.h"
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
  ReadResponse read(const ReadRequest& request, Deadline) override {
    ++reads;
    protection_asked += request.protection_of.size();
    const Result<QueueDepth> depth = depths.front();
    if (depths.size() > 1) {
      depths.pop_front();
    }
    return {.queues = std::vector<Result<QueueDepth>>(request.queue_urls.size(), depth),
            .services = std::vector<Result<ServiceReading>>(request.services.size(), service)};
  }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline) override {
    for (const DesiredCount& change : changes) {
      set.push_back(change.desired);
      once = change.once;
      if (scaling) {
        service->service = testing::tasks(change.desired);
      }
    }
    return std::vector<Result<void>>(changes.size(), scaling);
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

  std::deque<Result<QueueDepth>> depths{QueueDepth{}};
  Result<ServiceReading> service = ServiceReading{.arn = "arn:service"};
  Result<void> scaling = {};
  Result<void> saving = {};
  std::vector<std::int64_t> set = {};
  bool once = false;  ///< whether the last change was not to be repeated
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
  pass();
  EXPECT_TRUE(cloud_.once);
  cloud_.depths = {QueueDepth{.visible = 5}};
  pass();
  EXPECT_EQ(cloud_.set, (std::vector<std::int64_t>{0, 3}));
  EXPECT_FALSE(cloud_.once);
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

TEST_F(RunPass, AWakeMayOnlyScaleOut) {
  running(3);
  idle_for(1h);
  const PassRecord record = pass({.permission = Permission::ScaleOutOnly});
  EXPECT_EQ(record.decision->steps.back().reason, Reason::ScaleOutOnly);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, AFailedChangeIsAFailedPassAndStartsNoCooldown) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  cloud_.scaling = fail(ErrorKind::Rejected, "UpdateService c/s: AccessDeniedException");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Failed);
  EXPECT_EQ(record.errors, std::vector<std::string>{"UpdateService c/s: AccessDeniedException"});
  EXPECT_EQ(record.state.last_scale_out, std::nullopt);
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, AStateThatCannotBeSavedIsAFailedPassButTheScalingStands) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  cloud_.saving = fail(ErrorKind::Rejected, "TagResource: AccessDeniedException");
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

TEST_F(RunPass, ADryRunWritesDownWhatItWouldDo) {
  cloud_.depths = {QueueDepth{.visible = 1}};
  DryRun dry;
  const auto records =
      run_pass(fleet_, {.reader = cloud_, .scaler = dry, .states = &dry, .clock = clock_}, {});
  EXPECT_EQ(records.front().decision->desired, 3);
  EXPECT_EQ(dry.asked().front().desired, 3);
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, AsksForProtectedTasksOnlyWhereThePolicyCountsThem) {
  running(3);
  idle_for(1h);
  cloud_.service->service.protected_tasks = 3;
  cloud_.service->protection_error = Error{ErrorKind::Rejected, "denied"};

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
