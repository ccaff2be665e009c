#include "emulator/lambda/lambda_function.h"

#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/lambda/fake_bootstrap.h"
#include "emulator/lambda/sandbox.h"

namespace scaler::emulator {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kEcho = "while next; do answer \"$event\"; done\n";

class LambdaFunctionTest : public ::testing::Test {
 protected:
  void use(std::string_view script, FunctionSettings settings = {}) {
    script_ = std::make_unique<Script>(std::string(kRuntime) + std::string(script));
    settings.bootstrap = script_->path();
    make(std::move(settings));
  }

  void make(FunctionSettings settings) {
    function_ = std::make_unique<LambdaFunction>(
        loop_, std::move(settings),
        FunctionHooks{
            .log_line = [this](std::string_view line) { lines_.emplace_back(line); },
            .finished =
                [this](const InvocationReport& report) { reports_.push_back(report.outcome); },
            .fault = [this] { return std::exchange(fault_, std::nullopt); }},
        1);
  }

  void begin(std::string payload) {
    function_->invoke(std::move(payload),
                      [this](InvocationResult result) { results_.push_back(std::move(result)); });
  }

  bool wait_results(std::size_t count) {
    return run_until(loop_, [this, count] { return results_.size() >= count; });
  }

  InvocationResult invoke(std::string payload) {
    results_.clear();
    begin(std::move(payload));
    EXPECT_TRUE(wait_results(1));
    return results_.empty() ? InvocationResult{} : results_[0];
  }

  void expect_error(const InvocationResult& result, std::string_view type,
                    std::string_view message) {
    EXPECT_EQ(result.outcome, InvocationOutcome::FunctionError);
    EXPECT_THAT(result.payload, AllOf(HasSubstr(type), HasSubstr(message)));
  }

  net::EventLoop loop_;
  std::optional<InjectedFault> fault_ = {};
  std::unique_ptr<Script> script_;
  std::vector<std::string> lines_;
  std::vector<InvocationOutcome> reports_;
  std::vector<InvocationResult> results_;
  std::unique_ptr<LambdaFunction> function_;
};

TEST_F(LambdaFunctionTest, AnswersAndUsesTheSandboxAgain) {
  use(kEcho);

  for (const std::string payload : {"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"}) {
    const InvocationResult result = invoke(payload);

    EXPECT_EQ(result.outcome, InvocationOutcome::Ok);
    EXPECT_EQ(result.payload, payload);
  }
  EXPECT_EQ(function_->totals().invocations, 3);
  EXPECT_EQ(function_->totals().cold_starts, 1);
  EXPECT_EQ(function_->totals().errors, 0);
}

TEST_F(LambdaFunctionTest, StartsMoreSandboxesUpToTheLimitAndThenThrottles) {
  use(kEcho, {.concurrency_max = 2});

  begin("1");
  begin("2");
  begin("3");

  ASSERT_EQ(results_.size(), 1U);
  EXPECT_EQ(results_[0].outcome, InvocationOutcome::Throttled);
  ASSERT_TRUE(wait_results(3));
  EXPECT_EQ(function_->sandboxes(), 2U);
  EXPECT_EQ(function_->totals().throttles, 1);
  EXPECT_EQ(function_->totals().invocations, 2);
  EXPECT_EQ(invoke("4").payload, "4");
  EXPECT_EQ(function_->totals().cold_starts, 2);
}

TEST_F(LambdaFunctionTest, GivesLambdasEnvironmentAndTheFunctionsOwn) {
  use("env; next; answer '{}'; next", {.name = "scaler",
                                       .region = "eu-central-1",
                                       .memory_mb = 256,
                                       .environment = {{"SQS_QUEUE_URL", "http://q"}}});

  invoke("{}");

  const auto has = [this](const std::string& line) { EXPECT_THAT(lines_, Contains(line)); };
  has("AWS_REGION=eu-central-1");
  has("AWS_DEFAULT_REGION=eu-central-1");
  has("AWS_LAMBDA_FUNCTION_NAME=scaler");
  has("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256");
  has("AWS_LAMBDA_FUNCTION_VERSION=$LATEST");
  has("LAMBDA_TASK_ROOT=" + std::filesystem::path(script_->path()).parent_path().string());
  has("SQS_QUEUE_URL=http://q");
  has("TZ=:UTC");
  has("_HANDLER=bootstrap");
  EXPECT_THAT(lines_, Contains(::testing::StartsWith("AWS_LAMBDA_RUNTIME_API=127.0.0.1:")));
  EXPECT_THAT(lines_, Contains(::testing::StartsWith("AWS_SESSION_TOKEN=")));
  EXPECT_THAT(lines_, ::testing::Not(Contains(::testing::StartsWith("HOME="))));
}

TEST_F(LambdaFunctionTest, FailsTheInvocationWhenTheStartCrashesAndStartsAgain) {
  use("exit 3");

  expect_error(invoke("{}"), "Runtime.ExitError", "exit status 3");
  expect_error(invoke("{}"), "Runtime.ExitError", "exit status 3");

  EXPECT_EQ(function_->totals().cold_starts, 2);
  EXPECT_EQ(function_->totals().errors, 2);
  EXPECT_EQ(function_->sandboxes(), 0U);
}

TEST_F(LambdaFunctionTest, PassesOnTheErrorOfAFailedStart) {
  use(R"(call POST init/error '{"errorMessage":"SQS_QUEUE_URL is not set","errorType":"C"}'; exit 1)");

  expect_error(invoke("{}"), "\"C\"", "SQS_QUEUE_URL is not set");
  EXPECT_EQ(function_->sandboxes(), 0U);
}

TEST_F(LambdaFunctionTest, PassesOnTheErrorOfAnInvocationAndKeepsTheSandbox) {
  use(R"(while next; do
           call POST "invocation/$id/error" '{"errorMessage":"denied","errorType":"E"}'
         done)");

  expect_error(invoke("{}"), "\"E\"", "denied");
  expect_error(invoke("{}"), "\"E\"", "denied");

  EXPECT_EQ(function_->totals().cold_starts, 1);
  EXPECT_THAT(reports_,
              ElementsAre(InvocationOutcome::FunctionError, InvocationOutcome::FunctionError));
}

TEST_F(LambdaFunctionTest, ReplacesASandboxThatCrashes) {
  use("while next; do [ \"$event\" = '\"crash\"' ] && kill -KILL $$; answer \"$event\"; done");
  EXPECT_EQ(invoke("1").payload, "1");

  expect_error(invoke("\"crash\""), "Runtime.ExitError", "signal: killed");

  EXPECT_EQ(invoke("2").payload, "2");
  EXPECT_EQ(function_->totals().cold_starts, 2);
}

TEST_F(LambdaFunctionTest, CallsAnExitWithoutAnAnswerAnError) {
  use("next; exit 0");

  expect_error(invoke("{}"), "Runtime.ExitError", "Runtime exited without providing a reason");
}

TEST_F(LambdaFunctionTest, ReplacesASandboxThatTakesTooLong) {
  use("next; [ \"$event\" = 1 ] && sleep 1000; answer 2; next", {.timeout = 50ms});

  expect_error(invoke("1"), "Sandbox.Timedout", "Task timed out after 0.05 seconds");

  EXPECT_EQ(function_->totals().timeouts, 1);
  EXPECT_EQ(function_->totals().errors, 1);
  EXPECT_EQ(function_->sandboxes(), 0U);
}

TEST_F(LambdaFunctionTest, AnIdleSandboxIsNotTimedOut) {
  use(kEcho, {.timeout = 500ms});
  EXPECT_EQ(invoke("1").payload, "1");
  bool later = false;
  loop_.run_after(550ms, [&] { later = true; });
  ASSERT_TRUE(run_until(loop_, [&] { return later; }));

  EXPECT_EQ(function_->sandboxes(), 1U);
}

TEST_F(LambdaFunctionTest, EndsAStartThatTakesTooLong) {
  use("sleep 1000", {.init_timeout = 20ms});

  expect_error(invoke("{}"), "Sandbox.Timedout", "Task timed out after 0.02 seconds");
}

TEST_F(LambdaFunctionTest, SaysWhenTheBootstrapIsNoProgram) {
  const Script text("no program");
  make({.bootstrap = text.path()});

  expect_error(invoke("{}"), "Runtime.InvalidEntrypoint", text.path());
  EXPECT_EQ(function_->totals().errors, 1);
}

TEST_F(LambdaFunctionTest, SurvivesARuntimeThatSpeaksGarbage) {
  use(R"(exec 3<>"/dev/tcp/$host/$port"; printf '\x16\x03garbage\r\n\r\n' >&3; cat <&3
         call POST invocation/unknown/response nonsense; echo "$reply"; exit 7)");

  expect_error(invoke("{}"), "Runtime.ExitError", "exit status 7");

  EXPECT_THAT(lines_, Contains(HasSubstr("400 Bad Request")));
  EXPECT_THAT(lines_, Contains(HasSubstr("InvalidRequestID")));
}

TEST_F(LambdaFunctionTest, DoesNotTryAFailedEventAgainWithoutRetries) {
  use("exit 3");

  function_->invoke_later("{}", 0);

  ASSERT_TRUE(run_until(loop_, [this] { return function_->totals().errors == 1; }));
  EXPECT_EQ(function_->totals().invocations, 1);
}

TEST_F(LambdaFunctionTest, TriesAThrottledEventAgain) {
  use(kEcho, {.concurrency_max = 1});
  begin("1");
  function_->invoke_later("2", 0);
  EXPECT_EQ(function_->totals().throttles, 1);

  EXPECT_TRUE(run_until(loop_, [this] { return function_->totals().invocations == 2; }));
}

TEST_F(LambdaFunctionTest, EndsItsProcessesOnShutdownAndStartsNoOther) {
  use("echo up; next; sleep 1000");
  begin("1");
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));

  function_->shutdown();

  ASSERT_TRUE(wait_results(1));
  EXPECT_EQ(results_[0].outcome, InvocationOutcome::FunctionError);
  EXPECT_EQ(invoke("2").outcome, InvocationOutcome::Throttled);
}

TEST_F(LambdaFunctionTest, AThrottledInvocationDoesNotRun) {
  use(kEcho);
  fault_ = InjectedFault{.kind = FaultKind::Throttle};
  EXPECT_EQ(invoke("1").outcome, InvocationOutcome::Throttled);
  EXPECT_EQ(function_->totals().throttles, 1);
  EXPECT_EQ(function_->totals().invocations, 0);
  EXPECT_EQ(invoke("1").payload, "1");
}

TEST_F(LambdaFunctionTest, ACrashedInvocationIsKilledAndTheNextGetsAnotherProcess) {
  use("while next; do [ $event = 1 ] && sleep 20; answer \"$event\"; done\n");
  fault_ = InjectedFault{.kind = FaultKind::Crash, .delay = 20ms};
  expect_error(invoke("1"), "Runtime.ExitError", "signal: killed");
  EXPECT_EQ(invoke("2").payload, "2");
  EXPECT_EQ(function_->totals().cold_starts, 2);
}

TEST_F(LambdaFunctionTest, ACrashThatComesTooLateHarmsNothing) {
  use(kEcho);
  fault_ = InjectedFault{.kind = FaultKind::Crash, .delay = 5s};
  EXPECT_EQ(invoke("1").payload, "1");
  EXPECT_EQ(invoke("2").payload, "2");
  EXPECT_EQ(function_->totals().cold_starts, 1);
}

TEST_F(LambdaFunctionTest, AnInvocationThatHangsTimesOut) {
  use(kEcho, {.timeout = 1s, .init_timeout = 10s});  // What follows must not time out as well.
  EXPECT_EQ(invoke("0").payload, "0");
  fault_ = InjectedFault{.kind = FaultKind::Hang};
  expect_error(invoke("1"), "Sandbox.Timedout", "Task timed out after 1.00 seconds");
  EXPECT_EQ(invoke("2").payload, "2");
}

TEST_F(LambdaFunctionTest, ADuplicatedInvocationRunsTwiceAndIsAnsweredOnce) {
  use(kEcho);
  fault_ = InjectedFault{.kind = FaultKind::Duplicate};
  EXPECT_EQ(invoke("1").payload, "1");
  EXPECT_TRUE(run_until(loop_, [this] { return reports_.size() == 2; }));
  EXPECT_EQ(function_->totals().invocations, 2);
  EXPECT_EQ(results_.size(), 1U);
}

}  // namespace
}  // namespace scaler::emulator
