// Each check passes on a deployment that works, and fails with its own sentence when what it checks
// is broken.

#include "checkup/verify/verifier.h"

#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "checkup/verify/deployment_model.h"

namespace scaler::verify {
namespace {

VerifyReport run(const Defects& defects, std::vector<Check> checks,
                 const ScalerUnderTest& deployment = full_deployment(),
                 VerifyOptions options = quick_options()) {
  VirtualClock clock;
  Model model(clock, deployment, defects);
  options.checks = std::move(checks);
  return verify(model, deployment, options, clock, {});
}

/// "name: sentence" of the checks that failed.
std::vector<std::string> failures(const VerifyReport& report) {
  std::vector<std::string> list;
  for (const CheckResult& check : report.checks) {
    if (check.verdict == Verdict::Failed) {
      list.push_back(check.name + ": " + check.sentence);
    }
  }
  return list;
}

/// The only failure, whose sentence must hold the words.
::testing::AssertionResult fails_with(const VerifyReport& report, const std::string& words) {
  const std::vector<std::string> list = failures(report);
  if (list.size() == 1 && list.front().find(words) != std::string::npos) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << text_of(report);
}

const std::vector<Check> kAll(kAllChecks.begin(), kAllChecks.end());

TEST(Verify, PassesOnADeploymentThatWorks) {
  const VerifyReport report = run({}, kAll);
  EXPECT_TRUE(report.passed()) << text_of(report);
  EXPECT_EQ(report.count(Verdict::Skipped), 0) << text_of(report);
  EXPECT_EQ(report.count(Verdict::Passed), 10) << text_of(report);
  EXPECT_EQ(report.messages_sent, 1 + 5 + 40 + 1 + 1 + 1);
}

TEST(Verify, SkipsWhatIsNotConfigured) {
  ScalerUnderTest deployment = full_deployment();
  deployment.wake = false;
  deployment.tick_queue_url = deployment.doorbell_queue_url = "";
  const VerifyReport report = run({}, {Check::Triggers}, deployment);
  EXPECT_TRUE(report.passed()) << text_of(report);
  EXPECT_EQ(report.count(Verdict::Skipped), 3) << text_of(report);
  deployment.function = "";
  const VerifyReport blind = run({}, {Check::Errors, Check::Triggers}, deployment);
  EXPECT_FALSE(blind.passed()) << "nothing was checked";
  EXPECT_EQ(blind.count(Verdict::Skipped), 6) << text_of(blind);
}

TEST(VerifyBasic, FailsWhereTheCycleEnds) {
  EXPECT_TRUE(fails_with(run({.no_scale_out = true}, {Check::Basic}),
                         "basic: the service did not leave zero within 1 min: "));
  EXPECT_TRUE(fails_with(run({.no_tasks = true}, {Check::Basic}),
                         "basic: the desired count is 3, but no task was running within 1 min"));
  EXPECT_TRUE(fails_with(run({.no_work = true}, {Check::Basic}),
                         "basic: the messages were not processed within 1 min: 1 visible"));
  EXPECT_TRUE(fails_with(run({.no_scale_in = true}, {Check::Basic}),
                         "basic: the queue is empty, but the service did not come back to zero"));
  EXPECT_TRUE(fails_with(run({.dead_letters = true}, {Check::Basic}),
                         "basic: 1 of the messages went to the dead-letter queue"));
  ScalerUnderTest deployment = full_deployment();
  deployment.tasks_for_one = 2;
  EXPECT_TRUE(fails_with(run({}, {Check::Basic}, deployment),
                         "one message should set the desired count to 2, but it was 3"));
}

TEST(VerifyBasic, FailsWhenTheScalerEatsTheMessage) {
  VirtualClock clock;
  Model model(clock, full_deployment(), {.no_tasks = true, .consumes = true});
  ASSERT_TRUE(model.look().has_value());  // A scheduled pass enables the mapping.
  VerifyOptions options = quick_options();
  options.checks = {Check::Basic};
  EXPECT_TRUE(fails_with(verify(model, full_deployment(), options, clock, {}),
                         "the messages left the queue before any task was running"));
}

TEST(VerifySeveral, FailsWhenMessagesStay) {
  EXPECT_TRUE(fails_with(run({.no_work = true}, {Check::Several}),
                         "several: the messages were not processed within 1 min: 5 visible"));
}

TEST(VerifyLoad, FailsWhenTheServiceSleepsUnderLoad) {
  EXPECT_TRUE(fails_with(run({.no_work = true, .drops_to_zero = true}, {Check::Load}),
                         "load: the service was set to zero under load"));
  EXPECT_TRUE(fails_with(run({.no_work = true}, {Check::Load}),
                         "load: the messages were not processed within 1 min: 40 visible"));
  EXPECT_TRUE(fails_with(run({.no_scale_out = true}, {Check::Load}),
                         "load: the service did not leave zero"));
}

TEST(VerifyErrors, FailsWithWhatWasMishandled) {
  EXPECT_TRUE(fails_with(run({.dry_run_fails = true}, {Check::Errors}),
                         "errors: a dry run failed: no queue"));
  EXPECT_TRUE(fails_with(run({.dry_run_acts = true}, {Check::Errors}),
                         "errors: a dry run changed the desired count"));
  EXPECT_TRUE(fails_with(run({.accepts_all = true}, {Check::Errors}),
                         "errors: an unknown event was answered as if it were one of its own: {}"));
  EXPECT_TRUE(fails_with(run({.no_work = true}, {Check::Errors}),
                         "errors: the messages were not processed"));
}

TEST(VerifyTriggers, FailsWithTheTriggerThatIsBroken) {
  const auto triggers = [](const Defects& defects) { return run(defects, {Check::Triggers}); };
  EXPECT_TRUE(fails_with(triggers({.dry_run_fails = true}), "trigger manual: a dry run failed"));
  EXPECT_TRUE(fails_with(triggers({.mapping_missing = true}),
                         "trigger wake: WAKE is true, but the function has no event source"));
  EXPECT_TRUE(fails_with(triggers({.mapping_careless = true}), "lacks ReportBatchItemFailures"));
  EXPECT_TRUE(fails_with(triggers({.mapping_idle = true}),
                         "trigger wake: the message was not taken by the event source mapping"));
  EXPECT_TRUE(fails_with(triggers({.ticks_lie = true}), "trigger tick: no tick was taken from"));
  EXPECT_TRUE(fails_with(triggers({.doorbell_lies = true}),
                         "trigger doorbell: the message on https://sqs/1/doorbell was not taken"));
}

TEST(VerifyTriggers, SeesThatTheScheduleIsOff) {
  const auto without_schedule = [](const ScalerUnderTest& deployment) {
    return run({.no_schedule = true}, {Check::Triggers}, deployment);
  };
  ScalerUnderTest deployment = full_deployment();
  EXPECT_TRUE(fails_with(without_schedule(deployment),
                         "trigger schedule: the service rests, but no scheduled pass enabled"));
  deployment.wake = false;
  EXPECT_TRUE(fails_with(without_schedule(deployment), "trigger schedule: no tick came into "));
  deployment.tick_queue_url = "";
  EXPECT_TRUE(
      fails_with(without_schedule(deployment),
                 "trigger schedule: the queue is empty, but the service did not come back"));
}

TEST(VerifyTimings, FailsWithTheTimeThatIsTooLong) {
  VerifyOptions options = quick_options();
  options.scale_out_limit = 1s;
  ScalerUnderTest deployment = full_deployment();
  deployment.wake = false;
  EXPECT_TRUE(fails_with(run({}, {Check::Timings}, deployment, options),
                         "timings: first message -> desired count took 5 s, more than 1 s"));
  options = quick_options();
  options.scale_in_limit = 3s;
  EXPECT_TRUE(fails_with(run({}, {Check::Basic, Check::Timings}, full_deployment(), options),
                         "timings: queue empty -> desired count 0 took 4 s, more than 3 s"));
}

TEST(Verify, DoesNotStartUnlessAtRest) {
  VirtualClock clock;
  Model model(clock, full_deployment(), {});
  const std::vector<std::string> foreign(7, "foreign");
  ASSERT_TRUE(model.send("https://sqs/1/jobs", foreign).has_value());
  VerifyOptions options = quick_options();
  options.checks = {Check::Basic};
  const VerifyReport refused = verify(model, full_deployment(), options, clock, {});
  EXPECT_TRUE(fails_with(refused, "at rest: it starts only when the queue is empty"));
  EXPECT_EQ(refused.messages_sent, 0);
  EXPECT_EQ(refused.count(Verdict::Skipped), 1);
  options.wait_for_rest = true;
  EXPECT_TRUE(verify(model, full_deployment(), options, clock, {}).passed());
}

TEST(Verify, DoesNotWaitForAServiceThatIsPaused) {
  VirtualClock clock;
  Model model(clock, full_deployment(), {});
  VerifyOptions options = quick_options();
  options.checks = {Check::Basic};
  options.wait_for_rest = true;
  model.pause(clock.now() + 1h);
  const VerifyReport refused = verify(model, full_deployment(), options, clock, {});
  EXPECT_TRUE(fails_with(refused, "at rest: it is paused until 2026-11-25T13:00:00Z"));
  EXPECT_EQ(refused.messages_sent, 0);

  model.pause(clock.now());
  EXPECT_TRUE(verify(model, full_deployment(), options, clock, {}).passed()) << "the pause is over";
}

TEST(VerifySeveral, SendsToEveryQueueOfTheService) {
  VirtualClock clock;
  ScalerUnderTest deployment = full_deployment();
  deployment.other_queue_urls = {"https://sqs/1/b", "https://sqs/1/c"};
  Model model(clock, deployment, {});
  VerifyOptions options = quick_options();
  options.checks = {Check::Several};
  const auto sent = [&](int messages) {
    options.messages = messages;
    const auto before = model.sent_to();
    EXPECT_TRUE(verify(model, deployment, options, clock, {}).passed());
    std::map<std::string, std::size_t> grown = model.sent_to();
    for (const auto& [url, count] : before) {
      grown[url] -= count;
    }
    return std::vector{grown["https://sqs/1/jobs"], grown["https://sqs/1/b"],
                       grown["https://sqs/1/c"]};
  };
  EXPECT_EQ(sent(5), (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(sent(1), (std::vector<std::size_t>{1, 1, 1}));
}

TEST(Verify, SkipsTheRestWhenAFailureLeavesItNotAtRest) {
  const VerifyReport report = run({.no_work = true}, kAll);
  EXPECT_TRUE(fails_with(report, "basic: "));
  EXPECT_EQ(report.count(Verdict::Skipped), 5);
}

TEST(Verify, EndsAtTheTotalLimitAndWhenStopped) {
  VerifyOptions options = quick_options();
  options.watch.total_limit = 10s;
  const VerifyReport late = run({.no_scale_out = true}, kAll, full_deployment(), options);
  EXPECT_TRUE(fails_with(late,
                         "basic: the total limit of 10 s is over: the service did not leave "
                         "zero so far: "));
  VirtualClock clock;
  Model model(clock, full_deployment(), {});
  const std::stop_source stop;
  stop.request_stop();
  const VerifyReport stopped =
      verify(model, full_deployment(), quick_options(), clock, stop.get_token());
  EXPECT_FALSE(stopped.passed());
  EXPECT_EQ(stopped.messages_sent, 0);
  EXPECT_EQ(stopped.checks.front().sentence, "interrupted");
}

TEST(Verify, TriesAgainWhatMayPassAndTellsWhatMayNot) {
  const Error denied{.kind = ErrorKind::Denied, .message = "ECS DescribeServices: AccessDenied"};
  EXPECT_TRUE(fails_with(run({.look_error = denied}, {Check::Basic}),
                         "at rest: ECS DescribeServices: AccessDenied"));

  VirtualClock clock;
  Model model(clock, full_deployment(),
              {.look_error = {.kind = ErrorKind::Throttled, .message = "Rate exceeded"}});
  int looks = 0;
  VerifyOptions options = quick_options();
  options.checks = {Check::Basic};
  // The defect ends with the fourth wait, which the clock's steps count.
  class Ending final : public Target {
   public:
    Ending(Model& inner, int& count) : inner_(&inner), count_(&count) {}
    Result<Sight> look() override {
      inner_->defects().look_error.message = ++*count_ > 4 ? "" : "Rate exceeded";
      return inner_->look();
    }
    Result<QueueDepth> depth(const std::string& url) override { return inner_->depth(url); }
    Result<std::optional<std::int64_t>> dead_letters() override { return inner_->dead_letters(); }
    Result<void> send(const std::string& url, std::span<const std::string> bodies) override {
      return inner_->send(url, bodies);
    }
    Result<FunctionAnswer> invoke(const std::string& payload) override {
      return inner_->invoke(payload);
    }
    Result<MappingSight> wake_mapping() override { return inner_->wake_mapping(); }

   private:
    Model* inner_;
    int* count_;
  } ending(model, looks);
  EXPECT_TRUE(verify(ending, full_deployment(), options, clock, {}).passed());
}

}  // namespace
}  // namespace scaler::verify
