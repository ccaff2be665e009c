#include "programs/ecs_guard/command_line.h"

#include <gtest/gtest.h>

namespace scaler::guard {
namespace {

using namespace std::chrono_literals;

auto read(std::vector<std::string> words) {
  words.insert(words.begin(), "ecs-guard");
  return read_command_line(std::move(words), "1.2.3");
}

std::string error_of(std::vector<std::string> words) {
  const auto plan = read(std::move(words));
  return plan.has_value() ? "" : plan.error().message;
}

TEST(GuardCommandLine, ReadsACommandWithItsOwnFlags) {
  const auto plan = read({"--queue", "jobs", "--queue=more", "--linger", "1m", "--renew", "--",
                          "python", "worker.py", "--renew"});
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  const auto& guard = std::get<GuardPlan>(*plan);
  EXPECT_EQ(guard.queues, (std::vector<std::string>{"jobs", "more"}));
  EXPECT_EQ(guard.command, (std::vector<std::string>{"python", "worker.py", "--renew"}));
  EXPECT_EQ(guard.front.rules.linger, 1min);
  EXPECT_TRUE(guard.front.rules.renew);
  EXPECT_TRUE(guard.front.rules.child);
  EXPECT_EQ(guard.front.door.port, 0);
}

TEST(GuardCommandLine, ReadsACommandWithoutTheDashes) {
  const auto plan = read({"worker", "-x"});
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(std::get<GuardPlan>(*plan).command, (std::vector<std::string>{"worker", "-x"}));
}

TEST(GuardCommandLine, ReadsTheSidecarAndItsHealth) {
  const auto serve = read({"serve", "--strict", "--report", "emf", "--breathe", "0"});
  ASSERT_TRUE(serve.has_value()) << serve.error().message;
  const auto& guard = std::get<GuardPlan>(*serve);
  EXPECT_FALSE(guard.front.rules.child);
  EXPECT_TRUE(guard.front.strict);
  EXPECT_EQ(guard.front.report, ReportForm::Emf);
  EXPECT_EQ(guard.front.rules.breathe, 0s);
  EXPECT_EQ(guard.front.door.port, kDefaultPort);
  EXPECT_EQ(std::get<HealthPlan>(*read({"health", "--port", "1"})).port, 1);
}

TEST(GuardCommandLine, NamesWhatIsWrong) {
  EXPECT_TRUE(error_of({"--quue", "jobs", "--", "x"})
                  .starts_with("unknown flag '--quue'; did you mean '--queue'?"));
  EXPECT_EQ(error_of({"--linger", "soon", "--", "x"}).substr(0, 10), "--linger: ");
  EXPECT_EQ(error_of({"--linger"}), "--linger lacks its value");
  EXPECT_EQ(error_of({"--linger", "1m", "--linger=2m", "--", "x"}),
            "--linger stands twice: it must be given once");
  EXPECT_EQ(error_of({"--renew", "--renew", "x"}), "--renew stands twice: it must be given once");
  EXPECT_EQ(error_of({"--report", "xml", "x"}),
            "--report: 'xml' is no report: there are none, line and emf");
  EXPECT_EQ(error_of({"--port", "70000", "x"}),
            "--port: '70000' is no port: a port is a number from 0 to 65535");
  for (const char* const wrong : {"", "a b", "jobs,more"}) {
    EXPECT_TRUE(error_of({"--queue", wrong, "x"})
                    .starts_with("--queue: '" + std::string(wrong) + "' is neither the name ("));
  }
  EXPECT_TRUE(error_of({"--queue", "arn:aws:sqs:x", "x"})
                  .starts_with("--queue: 'arn:aws:sqs:x' is not the URL or ARN of a queue"));
  EXPECT_EQ(error_of({"--queue", "http://127.0.0.1:9324/queue/jobs", "x"}), "");
  EXPECT_EQ(error_of({"serve", "python"}), "serve takes no command, but 'python' stands there");
  EXPECT_EQ(error_of({"--stop-timeout", "1s", "x"}),
            "--stop-timeout: under 4 s there is no time to give anything back");
  EXPECT_TRUE(error_of({}).ends_with("there is no command: it stands behind --"));
  EXPECT_TRUE(error_of({"-x", "y"}).starts_with("unknown flag '-x'"));
}

TEST(GuardCommandLine, TellsItsHelpAndItsVersion) {
  EXPECT_EQ(std::get<TextPlan>(*read({"--version"})).text, "ecs-guard 1.2.3\n");
  const std::string help = std::get<TextPlan>(*read({"--help"})).text;
  EXPECT_TRUE(help.starts_with("usage: ecs-guard"));
  EXPECT_NE(help.find("--until-next-receive"), std::string::npos);
}

}  // namespace
}  // namespace scaler::guard
