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

}  // namespace
}  // namespace scaler::verify
