#include "watch/metrics.h"

#include <gtest/gtest.h>

#include "watch/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

std::string complaint(std::string_view text) {
  const auto metrics = parse_metrics(text);
  return metrics ? "" : metrics.error().message;
}

PassRecord scaled_out_on_group() {
  PassRecord record =
      testing::scaled_out({"arn:aws:ecs:us-east-1:123456789012:cluster/main", "worker"});
  record.group = std::make_shared<const GroupRecord>(GroupRecord{.group = "gpus",
                                                                 .desired = 5,
                                                                 .in_service = 4,
                                                                 .idle = 2,
                                                                 .draining = 1,
                                                                 .launch_failures = 3});
  return record;
}

TEST(ParseMetrics, TakesAllOrTheNamedOnes) {
  EXPECT_EQ(parse_metrics("emf")->size(), all_metrics().size());
  EXPECT_EQ(*parse_metrics("emf:Demand,QueueDepth"),
            (std::vector{Metric::Demand, Metric::QueueDepth}));
}

TEST(ParseMetrics, RefusesWhatDoesNotExistAndNamesTheNearest) {
  EXPECT_TRUE(complaint("emf:QueueDepht")
                  .starts_with("METRICS: 'QueueDepht' is not one of QueueDepth|InFlight|"));
  EXPECT_TRUE(complaint("emf:QueueDepht").ends_with("; did you mean 'QueueDepth'?"));
  EXPECT_TRUE(complaint("emf:Sunshine").ends_with("|InstanceLaunchFailures"));
  EXPECT_TRUE(complaint("emf:").starts_with("METRICS: '' is not one of"));
  EXPECT_TRUE(complaint("emf:Demand,").starts_with("METRICS: '' is not one of"));
  EXPECT_TRUE(complaint("emfatic").starts_with("METRICS: 'emfatic' is neither emf nor emf:NAME"));
  EXPECT_TRUE(complaint("prometheus").starts_with("METRICS: 'prometheus' is neither emf nor"));
  EXPECT_EQ(complaint("emf:Demand,Demand"), "METRICS: Demand stands there twice");
}

TEST(MetricMembers, AreCloudWatchsEmbeddedMetricFormat) {
  const std::vector<Metric> wanted{Metric::QueueDepth, Metric::PassMilliseconds};
  const MetricMembers members = metric_members(wanted, scaled_out_on_group(), 12ms);
  EXPECT_EQ(members.aws,
            R"({"Timestamp":1795435200000,"CloudWatchMetrics":[{"Namespace":"EcsScaler",)"
            R"("Dimensions":[["Cluster","Service"]],"Metrics":[{"Name":"QueueDepth",)"
            R"("Unit":"Count"},{"Name":"PassMilliseconds","Unit":"Milliseconds"}]}]})");
  EXPECT_EQ(members.cluster, "main");
  EXPECT_EQ(members.service, "worker");
  ASSERT_EQ(members.values.size(), 2U);
  EXPECT_EQ(members.values[0].name, "QueueDepth");
  EXPECT_EQ(members.values[0].value, 30);
  EXPECT_EQ(members.values[1].value, 12);
}

TEST(MetricValue, IsWhatThePassSawAndDid) {
  const PassRecord record = scaled_out_on_group();
  const std::vector<std::pair<Metric, std::int64_t>> expected{{Metric::QueueDepth, 30},
                                                              {Metric::InFlight, 2},
                                                              {Metric::DesiredTasks, 4},
                                                              {Metric::RunningTasks, 1},
                                                              {Metric::Demand, 6},
                                                              {Metric::ScaleOut, 1},
                                                              {Metric::ScaleIn, 0},
                                                              {Metric::Errors, 0},
                                                              {Metric::CapacityShortage, 0},
                                                              {Metric::PassMilliseconds, 7},
                                                              {Metric::InstancesDesired, 5},
                                                              {Metric::InstancesInService, 4},
                                                              {Metric::InstancesIdle, 2},
                                                              {Metric::InstancesDraining, 1},
                                                              {Metric::InstanceLaunchFailures, 3}};
  ASSERT_EQ(expected.size(), all_metrics().size());
  for (const auto& [metric, value] : expected) {
    EXPECT_EQ(metric_value(metric, record, 7ms), value) << to_string(metric);
  }
}

TEST(MetricValue, IsNoneOfInstancesThatWereNotReadForACountOfZeroIsAFact) {
  PassRecord record = scaled_out_on_group();
  record.group = std::make_shared<const GroupRecord>();
  EXPECT_EQ(metric_value(Metric::InstancesDesired, record, 0ms), std::nullopt);
  record.group.reset();
  EXPECT_EQ(metric_value(Metric::InstancesDesired, record, 0ms), std::nullopt);
}

TEST(MetricValue, OfAFailedChangeIsTheCountThatIsThere) {
  PassRecord record = scaled_out_on_group();
  record.outcome = Outcome::Failed;
  record.errors = {"UpdateService main/worker: AccessDeniedException"};
  EXPECT_EQ(metric_value(Metric::DesiredTasks, record, 0ms), 1);
  EXPECT_EQ(metric_value(Metric::ScaleOut, record, 0ms), 0);
  EXPECT_EQ(metric_value(Metric::Errors, record, 0ms), 1);
}

TEST(MetricValue, IsAbsentWhereThePassWasBlindForAnUnknownCountIsNoZero) {
  PassRecord record = scaled_out_on_group();
  record.queues.emplace_back(fail(ErrorKind::Throttled, "GetQueueAttributes: RequestThrottled"));
  record.reading = fail(ErrorKind::Throttled, "DescribeServices: ThrottlingException");
  record.decision.reset();
  record.outcome = Outcome::Held;
  for (const Metric metric : {Metric::QueueDepth, Metric::InFlight, Metric::DesiredTasks,
                              Metric::RunningTasks, Metric::Demand, Metric::CapacityShortage}) {
    EXPECT_EQ(metric_value(metric, record, 0ms), std::nullopt) << to_string(metric);
  }
  EXPECT_TRUE(metric_members(std::vector{Metric::QueueDepth}, record, 0ms).values.empty());
}

TEST(MetricMembers, HaveRegionAndAccountOfAServiceInAPlaceOfItsOwn) {
  PassRecord record = scaled_out_on_group();
  EXPECT_TRUE(metric_members(std::vector{Metric::Demand}, record, 0ms).region.empty());
  record.id = {.cluster = "main",
               .service = "worker",
               .region = "eu-west-1",
               .role = {.arn = "arn:aws:iam::222222222222:role/scaler"}};
  const MetricMembers members = metric_members(std::vector{Metric::Demand}, record, 0ms);
  EXPECT_EQ(members.region, "eu-west-1");
  EXPECT_EQ(members.account, "222222222222");
  EXPECT_TRUE(members.aws.contains(R"("Dimensions":[["Cluster","Service","Region","Account"]])"))
      << members.aws;
}

}  // namespace
}  // namespace scaler
