#include "guard/front/work_report.h"

#include <gtest/gtest.h>

#include "ground/json/value.h"

namespace scaler::guard {
namespace {

using namespace std::chrono_literals;

TEST(WorkReport, TellsMeanAndPercentiles) {
  WorkReport report;
  for (int i = 1; i <= 100; ++i) {
    report.add(i * 1s);
    report.note_held(static_cast<std::size_t>(i % 7));
  }
  const WorkReport::Numbers numbers = report.take();
  EXPECT_EQ(numbers.done, 100U);
  EXPECT_EQ(numbers.mean, 50500ms);
  EXPECT_EQ(numbers.p50, 50s);
  EXPECT_EQ(numbers.p95, 95s);
  EXPECT_EQ(numbers.held_max, 6U);
}

TEST(WorkReport, BeginsAnewAndTellsNothingOfNothing) {
  WorkReport report;
  report.add(1s);
  static_cast<void>(report.take());
  const WorkReport::Numbers numbers = report.take();
  EXPECT_EQ(numbers.done, 0U);
  EXPECT_EQ(numbers.mean, 0s);
  EXPECT_EQ(numbers.p95, 0s);
}

TEST(WorkReport, KeepsABoundedSample) {
  WorkReport report;
  for (int i = 0; i < 100'000; ++i) {
    report.add(2s);
  }
  const WorkReport::Numbers numbers = report.take();
  EXPECT_EQ(numbers.done, 100'000U);
  EXPECT_EQ(numbers.mean, 2s);
  EXPECT_EQ(numbers.p50, 2s);
}

TEST(WorkReport, IsEmbeddedMetricFormat) {
  const std::string line = emf({.done = 2, .mean = 1500ms, .p50 = 1s, .p95 = 2s, .held_max = 1},
                               30s, Instant(1795435200s));
  const Result<json::Value> value = json::parse(line);
  ASSERT_TRUE(value.has_value()) << line;
  EXPECT_NE(line.find(R"("Timestamp":1795435200000)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("WorkTimeMean":1.5)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("Namespace":"EcsGuard")"), std::string::npos) << line;
  EXPECT_EQ(emf({}, 0s, Instant(0s)).find("WorkTime"), std::string::npos)
      << "a minute without work has no work time";
}

}  // namespace
}  // namespace scaler::guard
