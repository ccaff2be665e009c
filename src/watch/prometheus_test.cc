#include "watch/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

PassRecord scaled_out_in_main(std::string service = "worker") {
  return testing::scaled_out({"main", std::move(service)});
}

std::string page_of(const std::vector<std::vector<PassRecord>>& passes) {
  PrometheusPage page;
  for (const std::vector<PassRecord>& pass : passes) {
    page.add(pass, 250ms, testing::kNoon);
  }
  return page.text();
}

TEST(PrometheusPage, TellsGaugesOfTheLastPassWithLabels) {
  const std::string text = page_of({{scaled_out_in_main()}});
  EXPECT_THAT(text, HasSubstr("# HELP ecs_scaler_visible_messages Messages of the job queues "
                              "ready to be received.\n# TYPE ecs_scaler_visible_messages gauge\n"
                              "ecs_scaler_visible_messages{cluster=\"main\",service=\"worker\"} "
                              "30\n"));
  EXPECT_THAT(text, HasSubstr("desired_tasks{cluster=\"main\",service=\"worker\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("demand_tasks{cluster=\"main\",service=\"worker\"} 6\n"));
}

TEST(PrometheusPage, CountsSinceTheStart) {
  PassRecord held = scaled_out_in_main();
  held.outcome = Outcome::Held;
  const std::string text = page_of({{scaled_out_in_main()},
                                    {scaled_out_in_main()},
                                    {scaled_out_in_main("other"), std::move(held)}});
  EXPECT_THAT(text, HasSubstr("scale_outs_total{cluster=\"main\",service=\"worker\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("scale_outs_total{cluster=\"main\",service=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("scale_ins_total{cluster=\"main\",service=\"worker\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("ecs_scaler_pass_duration_seconds_sum 0.750\n"
                              "ecs_scaler_pass_duration_seconds_count 3\n"));
}

TEST(PrometheusPage, LeavesOutWhatAPassCouldNotLearn) {
  PassRecord blind = scaled_out_in_main();
  blind.queues = {fail(ErrorKind::Throttled, "slow down")};
  blind.reading = fail(ErrorKind::Throttled, "slow down");
  blind.decision.reset();
  blind.outcome = Outcome::Held;
  blind.errors = {"a", "b"};
  const std::string text = page_of({{scaled_out_in_main()}, {blind}});
  EXPECT_THAT(text, Not(HasSubstr("ecs_scaler_visible_messages{")));
  EXPECT_THAT(text, Not(HasSubstr("ecs_scaler_desired_tasks{")));
  EXPECT_THAT(text, HasSubstr("errors_total{cluster=\"main\",service=\"worker\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("scale_outs_total{cluster=\"main\",service=\"worker\"} 1\n"));
}

TEST(PrometheusPage, EscapesLabelsAndHasNoServicesBeforeTheFirstPass) {
  EXPECT_THAT(page_of({{scaled_out_in_main("a\"b\\c\nd")}}), HasSubstr(R"(service="a\"b\\c\nd"})"));
  EXPECT_THAT(page_of({}), Not(HasSubstr("service=")));
  EXPECT_THAT(page_of({}), HasSubstr("pass_duration_seconds_count 0\n"));
}

TEST(PrometheusPage, KeepsWhatIsKnownOfAServiceForWhichAPassHadNoTime) {
  PassRecord unseen;
  unseen.id = {"main", "worker"};
  const std::string text = page_of({{scaled_out_in_main()}, {unseen}});
  EXPECT_THAT(text, HasSubstr("ecs_scaler_visible_messages{cluster=\"main\",service=\"worker\"} "
                              "30\n"));
  EXPECT_THAT(page_of({{unseen}}), Not(HasSubstr("ecs_scaler_desired_tasks{")));
}

TEST(PrometheusPage, AServiceThatLeftTheFleetLeavesThePage) {
  const std::string text =
      page_of({{scaled_out_in_main(), scaled_out_in_main("other")}, {scaled_out_in_main()}});
  EXPECT_THAT(text, HasSubstr("service=\"worker\""));
  EXPECT_THAT(text, Not(HasSubstr("service=\"other\"")));
}

TEST(PrometheusPage, TellsWhatBecameOfTheLastReload) {
  PrometheusPage page;
  EXPECT_THAT(page.text(), Not(HasSubstr("reload")));
  page.add({.success = false, .last_success = testing::kNoon, .error = "bad"});
  EXPECT_THAT(page.text(), HasSubstr("ecs_scaler_config_reload_success 0\n"));
  EXPECT_THAT(page.text(), HasSubstr("ecs_scaler_config_last_reload_success_timestamp_seconds "
                                     "1795435200.000\n"));
}

TEST(PrometheusPage, TellsWhenAServiceLastSucceeded) {
  PassRecord failing = scaled_out_in_main("failing");
  failing.errors = {"denied"};
  const std::string text = page_of({{scaled_out_in_main(), failing}});
  EXPECT_THAT(text, HasSubstr("last_success_timestamp_seconds{cluster=\"main\",service=\"worker\"} "
                              "1795435200.000\n"));
  EXPECT_THAT(text,
              Not(HasSubstr("last_success_timestamp_seconds{cluster=\"main\",service=\"failing")));
}

TEST(PrometheusPage, TellsPassesAndCallsAsHistograms) {
  PrometheusPage page;
  page.add(std::vector{scaled_out_in_main()}, 250ms, testing::kNoon);
  page.add(std::vector{scaled_out_in_main()}, 40s, testing::kNoon);
  CallTimes call{.service = "ecs", .operation = "DescribeServices", .result = "throttled"};
  call.took.add(7ms);
  page.set({call});
  const std::string text = page.text();
  EXPECT_THAT(text, HasSubstr("# TYPE ecs_scaler_pass_duration_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("pass_duration_seconds_bucket{le=\"0.1\"} 0\n"
                              "ecs_scaler_pass_duration_seconds_bucket{le=\"0.25\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pass_duration_seconds_bucket{le=\"+Inf\"} 2\n"
                              "ecs_scaler_pass_duration_seconds_sum 40.250\n"
                              "ecs_scaler_pass_duration_seconds_count 2\n"));
  const std::string labels = R"(service="ecs",operation="DescribeServices",result="throttled")";
  EXPECT_THAT(text, HasSubstr("aws_call_duration_seconds_bucket{" + labels + ",le=\"0.005\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("aws_call_duration_seconds_bucket{" + labels + ",le=\"0.01\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("aws_call_duration_seconds_count{" + labels + "} 1\n"));
}

TEST(PrometheusPage, NamesServicesWhoseSettingsAreWrong) {
  PrometheusPage page;
  EXPECT_THAT(page.text(), HasSubstr("# TYPE ecs_scaler_settings_problem gauge\n# "));

  page.set({{.service = "arn:aws:ecs:eu-central-1:123456789012:service/main/worker",
             .message = "mode: no"}});

  EXPECT_THAT(page.text(),
              HasSubstr("\necs_scaler_settings_problem{cluster=\"main\",service=\"worker\","
                        "region=\"eu-central-1\",account=\"123456789012\"} 1\n"));
  page.set(std::vector<SettingsProblem>());
  EXPECT_THAT(page.text(), Not(HasSubstr("ecs_scaler_settings_problem{")));
}

TEST(BuildInfo, NamesVersionAndCommit) {
  EXPECT_THAT(build_info_text("1.2", "abc"),
              HasSubstr("ecs_scaler_build_info{version=\"1.2\",commit=\"abc\"} 1\n"));
}

// The same names in two regions: one line for both would be the one's counts under the other's
// name.
TEST(PrometheusPage, TellsServicesOfTwoRegionsApart) {
  PassRecord west = scaled_out_in_main();
  west.id.cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
  const std::string text = page_of(
      {{scaled_out_in_main("arn:aws:ecs:us-east-1:123456789012:service/main/worker"), west}});
  for (const char* region : {"us-east-1", "eu-west-1"}) {
    EXPECT_THAT(text,
                HasSubstr(std::string(R"(desired_tasks{cluster="main",service="worker",region=")") +
                          region + R"(",account="123456789012"} 4)"));
  }
}

TEST(PrometheusPage, TellsServicesOfTwoRolesApart) {
  PassRecord here = scaled_out_in_main();
  here.id = {.cluster = "main", .service = "worker"};
  PassRecord there = here;
  there.id.role.arn = "arn:aws:iam::222222222222:role/scaler";
  const std::string text = page_of({{here, there}});
  EXPECT_THAT(text, HasSubstr(R"(desired_tasks{cluster="main",service="worker"} 4)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(desired_tasks{cluster="main",service="worker",account="222222222222"} 4)"));
}

}  // namespace
}  // namespace scaler
