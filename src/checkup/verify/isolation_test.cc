// What neighbours do while one service works is told apart from what is their own business.

#include "checkup/verify/isolation.h"

#include <gtest/gtest.h>

#include "checkup/verify/deployment_model.h"

namespace scaler::verify {
namespace {

constexpr Sight kAtRest = {};
constexpr Sight kAwake{.desired = 2, .running = 1};
constexpr Sight kAtWork{.queue = {.visible = 1}, .desired = 2};

/// The only neighbour is seen like that, look after look; the last one lasts.
VerifyReport run(std::vector<Result<Sight>> seen, const Defects& defects = {}) {
  VirtualClock clock;
  Model model(clock, full_deployment(), defects);
  std::size_t next = 0;
  const auto look = [&] {
    return std::vector<Result<Sight>>{seen[std::min(next++, seen.size() - 1)]};
  };
  VerifyReport report = verify_isolation(
      model, full_deployment(), {.verify = quick_options(), .neighbours = {"c/b"}, .look = look},
      clock, std::stop_token());
  EXPECT_GT(next, 2U);
  EXPECT_EQ(report.messages_sent, 1);
  EXPECT_EQ(report.checks.back().name, "isolation");
  return report;
}

CheckResult isolation(std::vector<Result<Sight>> seen) {
  const VerifyReport report = run(std::move(seen));
  EXPECT_EQ(report.checks.size(), 1U) << text_of(report);
  return report.checks.front();
}

TEST(VerifyIsolation, PassesWhileNeighboursRest) {
  const CheckResult check = isolation({kAtRest});
  EXPECT_EQ(check.verdict, Verdict::Passed);
  EXPECT_EQ(check.sentence, "1 neighbour at rest kept its count while one message was worked off");
}

TEST(VerifyIsolation, FailsWhenANeighbourWakesWithoutAMessage) {
  const CheckResult check = isolation({kAtRest, kAtRest, kAwake, kAwake, kAtRest});
  EXPECT_EQ(check.verdict, Verdict::Failed);
  EXPECT_EQ(check.sentence, "its message changed the counts of neighbours that had none: c/b to 2");
}

TEST(VerifyIsolation, DoesNotJudgeWhoHasMessagesOfItsOwnOrCannotBeSeen) {
  const std::string nobody = "no neighbour was at rest all the while";
  EXPECT_EQ(isolation({kAtWork, kAtRest}).sentence, nobody);
  EXPECT_EQ(isolation({kAwake, kAtRest, kAwake}).sentence, nobody);
  EXPECT_EQ(isolation({kAtRest, kAtWork, kAwake}).sentence, nobody);
  EXPECT_EQ(isolation({fail(ErrorKind::Denied, "denied")}).sentence, nobody);
  // The queue was asked before the message came, the service after it.
  EXPECT_EQ(isolation({kAtRest, kAwake, kAtWork, kAwake}).sentence, nobody);
}

TEST(VerifyIsolation, SaysNothingOfAServiceThatDoesNotWorkItself) {
  const VerifyReport report = run({kAtRest, kAwake}, {.no_scale_out = true});
  ASSERT_EQ(report.checks.size(), 2U);
  EXPECT_EQ(report.checks[0].name, "basic");
  EXPECT_EQ(report.checks[0].verdict, Verdict::Failed);
  EXPECT_EQ(report.checks[1].verdict, Verdict::Skipped);
  EXPECT_EQ(report.checks[1].sentence, "the service itself did not work");
}

}  // namespace
}  // namespace scaler::verify
