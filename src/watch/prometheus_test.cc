#include "watch/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// A scale-out from 1 to 4 that was applied.
PassRecord scaled_out(std::string service = "worker") {
  PassRecord record;
  record.id = {"main", std::move(service)};
  record.at = testing::kNoon;
  record.reading = ServiceReading{.service = testing::tasks(1)};
  record.queues = {QueueDepth{.visible = 30, .in_flight = 2, .delayed = 5}};
  record.decision = Decision{.action = Action::ScaleOut, .desired = 4, .demand = 6};
  record.outcome = Outcome::Applied;
  return record;
}

std::string page_of(const std::vector<std::vector<PassRecord>>& passes) {
  PrometheusPage page;
  for (const std::vector<PassRecord>& pass : passes) {
    page.add(pass, 250ms, testing::kNoon);
  }
  return page.text();
}

TEST(PrometheusPage, TellsGaugesOfTheLastPassWithLabels) {
  const std::string text = page_of({{scaled_out()}});
  EXPECT_THAT(text, HasSubstr("# HELP ecs_scaler_visible_messages Messages of the job queues "
                              "ready to be received.\n# TYPE ecs_scaler_visible_messages gauge\n"
                              "ecs_scaler_visible_messages{cluster=\"main\",service=\"worker\"} "
                              "30\n"));
  EXPECT_THAT(text, HasSubstr("desired_tasks{cluster=\"main\",service=\"worker\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("demand_tasks{cluster=\"main\",service=\"worker\"} 6\n"));
}

TEST(PrometheusPage, CountsSinceTheStart) {
  const std::string text = page_of({{scaled_out()}, {scaled_out()}, {scaled_out("other")}});
  EXPECT_THAT(text, HasSubstr("scale_outs_total{cluster=\"main\",service=\"worker\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("scale_outs_total{cluster=\"main\",service=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("scale_ins_total{cluster=\"main\",service=\"worker\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ecs_scaler_pass_duration_seconds_sum 0.750\n"
                              "ecs_scaler_pass_duration_seconds_count 3\n"));
}

TEST(PrometheusPage, LeavesOutWhatAPassCouldNotLearn) {
  PassRecord blind = scaled_out();
  blind.queues = {fail(ErrorKind::Throttled, "slow down")};
  blind.reading = fail(ErrorKind::Throttled, "slow down");
  blind.decision.reset();
  blind.outcome = Outcome::Held;
  blind.errors = {"a", "b"};
  const std::string text = page_of({{scaled_out()}, {blind}});
  EXPECT_THAT(text, Not(HasSubstr("ecs_scaler_visible_messages{")));
  EXPECT_THAT(text, Not(HasSubstr("ecs_scaler_desired_tasks{")));
  EXPECT_THAT(text, HasSubstr("errors_total{cluster=\"main\",service=\"worker\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("scale_outs_total{cluster=\"main\",service=\"worker\"} 1\n"));
}

TEST(PrometheusPage, EscapesLabelsAndHasNoServicesBeforeTheFirstPass) {
  EXPECT_THAT(page_of({{scaled_out("a\"b\\c\nd")}}), HasSubstr(R"(service="a\"b\\c\nd"})"));
  EXPECT_THAT(page_of({}), Not(HasSubstr("{")));
  EXPECT_THAT(page_of({}), HasSubstr("pass_duration_seconds_count 0\n"));
}

// The same names in two regions: one line for both would be the one's counts under the other's
// name.
TEST(PrometheusPage, TellsServicesOfTwoRegionsApart) {
  PassRecord west = scaled_out();
  west.id.cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
  const std::string text =
      page_of({{scaled_out("arn:aws:ecs:us-east-1:123456789012:service/main/worker"), west}});
  for (const char* region : {"us-east-1", "eu-west-1"}) {
    EXPECT_THAT(text,
                HasSubstr(std::string(R"(desired_tasks{cluster="main",service="worker",region=")") +
                          region + R"(",account="123456789012"} 4)"));
  }
}

}  // namespace
}  // namespace scaler
