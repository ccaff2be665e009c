#include "checkup/verify/report.h"

#include <gtest/gtest.h>

#include "ground/json/value.h"

namespace scaler::verify {
namespace {

using namespace std::chrono_literals;

VerifyReport some_report() {
  return {.deployment = {.queue_url = "https://sqs/1/jobs", .cluster = "c", .service = "s"},
          .started = *parse_instant("2026-11-25T12:00:00Z"),
          .took = 12500ms,
          .checks = {{.name = "basic",
                      .sentence = "0 -> 1 -> processed -> 0",
                      .took = 12s,
                      .measurements = {{"first message -> desired count", 250ms, 60s}}},
                     {.name = "load",
                      .verdict = Verdict::Failed,
                      .sentence = "5 < 6 & \"why\"\n\x01",
                      .took = 500ms},
                     {.name = "trigger tick",
                      .verdict = Verdict::Skipped,
                      .sentence = "not configured"}},
          .messages_sent = 3};
}

TEST(VerifyReport, PassesOnlyWhenSomethingWasCheckedAndNothingFailed) {
  VerifyReport report = some_report();
  EXPECT_FALSE(report.passed());
  report.checks.erase(report.checks.begin() + 1);
  EXPECT_TRUE(report.passed());
  report.checks.erase(report.checks.begin());
  EXPECT_FALSE(report.passed());
}

TEST(VerifyReport, AsText) {
  const std::string text = text_of(some_report());
  EXPECT_NE(text.find("passed   basic"), std::string::npos) << text;
  EXPECT_NE(text.find("first message -> desired count: 250 ms (limit 1 min)"), std::string::npos);
  EXPECT_NE(text.find("1 passed, 1 failed, 1 skipped in 12.5 s; 3 test messages sent"),
            std::string::npos);
}

TEST(VerifyReport, AsJson) {
  const Result<json::Value> document = json::parse(json_of(some_report()));
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(std::get<bool>(document->find("passed")->data()), false);
  EXPECT_EQ(std::get<json::Array>(document->find("checks")->data()).size(), 3U);
}

TEST(VerifyReport, AsJUnitWithEscapedText) {
  const std::string text = junit_of(some_report());
  EXPECT_NE(text.find(R"(tests="3" failures="1" errors="0" skipped="1" time="12.500")"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(<failure message="5 &lt; 6 &amp; &quot;why&quot;&#10;?"/>)"),
            std::string::npos);
  EXPECT_NE(text.find(R"(<skipped message="not configured"/>)"), std::string::npos);
  EXPECT_NE(text.find("first message -&gt; desired count: 250 ms (limit 1 min)</system-out>"),
            std::string::npos);
}

FleetReport some_fleet() {
  VerifyReport good = some_report();
  good.checks.erase(good.checks.begin() + 1);
  good.deployment.name = "c/good (eu-west-1)";
  good.deployment.region = "eu-west-1";
  return {.services = {good, failed_at({.name = "c/<b>"}, "settings", "two\nlines", good.started)},
          .took = 41s};
}

TEST(FleetReport, PassesOnlyWhenEveryServicePassed) {
  FleetReport fleet = some_fleet();
  EXPECT_FALSE(fleet.passed());
  fleet.services.pop_back();
  EXPECT_TRUE(fleet.passed());
  EXPECT_EQ(summary_of(fleet), "3 test messages sent in 41 s; 1 service passed, 0 failed\n");
  fleet.services.clear();
  EXPECT_FALSE(fleet.passed());
}

TEST(FleetReport, AsText) {
  const std::string text = text_of(some_fleet());
  EXPECT_TRUE(text.starts_with("c/good (eu-west-1)\n  passed   basic ")) << text;
  EXPECT_NE(text.find("\nc/<b>\n  failed   settings "), std::string::npos) << text;
  EXPECT_NE(text.find("  two\n  lines\n\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("3 test messages sent in 41 s; 1 service passed, 1 failed: c/<b>\n"))
      << text;
}

TEST(FleetReport, AsJsonIsAListOfWhatOneServiceHas) {
  const Result<json::Value> document = json::parse(json_of(some_fleet()));
  ASSERT_TRUE(document.has_value());
  const auto& services = std::get<json::Array>(document->data());
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(std::get<bool>(services[0].find("passed")->data()), true);
  EXPECT_EQ(std::get<std::string>(services[0].find("region")->data()), "eu-west-1");
  EXPECT_EQ(std::get<bool>(services[1].find("passed")->data()), false);
  EXPECT_EQ(services[1].find("region"), nullptr);
  // Nobody who reads the form of one service finds anything else in it.
  EXPECT_EQ(json_of(some_report()).find("\"name\":\"c/"), std::string::npos);
}

TEST(FleetReport, AsJUnitHasASuiteForEachService) {
  const std::string text = junit_of(some_fleet());
  const std::string good = R"x(<testsuite name="ecs-scaler verify c/good (eu-west-1)" tests="2")x";
  EXPECT_NE(text.find(good), std::string::npos) << text;
  EXPECT_NE(text.find(R"(<testsuite name="ecs-scaler verify c/&lt;b&gt;" tests="1" failures="1")"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace scaler::verify
