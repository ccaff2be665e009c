#include "emulator/others/cloudwatch_api.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/others/other_services.h"
#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

using scaler::testing::kNoon;
constexpr std::int64_t kNoonSeconds = 1'795'435'200;

class CloudWatchTest : public ::testing::Test {
 protected:
  CloudWatchTest() { queue_ = &world_.create_queue("jobs", {}); }

  void pass(Duration time) {
    const Instant end = world_.now() + time;
    for (; services_.sampler().next() <= end; services_.sampler().sample()) {
      world_.advance(services_.sampler().next());
    }
    world_.advance(end);
  }
  std::string call(std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    const auto answer = services_.handle(
        "monitoring", {.operation = operation, .body = *document, .caller = caller_});
    return answer ? *answer : "error " + answer.error().code;
  }
  std::string statistics(std::string_view metric, std::string_view more, std::int64_t period = 60) {
    return call("GetMetricStatistics",
                fmt::format(R"({{"Namespace":"AWS/SQS","MetricName":"{}","Dimensions":)"
                            R"([{{"Name":"QueueName","Value":"jobs"}}],"StartTime":{},)"
                            R"("EndTime":{},"Period":{},"Statistics":[{}]}})",
                            metric, kNoonSeconds, kNoonSeconds + 3600, period, more));
  }

  Random random_{1};
  world::World world_{{}, kNoon, random_};
  OtherServices services_{world_, "eu-west-1", seconds(0)};
  world::Queue* queue_ = nullptr;
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "monitoring"};
};

TEST_F(CloudWatchTest, TellsOfEachMinuteThatIsOver) {
  pass(seconds(30));
  world_.send(*queue_, {.body = "a"});
  world_.send(*queue_, {.body = "b"});
  pass(seconds(29));
  EXPECT_EQ(statistics("NumberOfMessagesSent", R"("Sum")"),
            R"({"Label":"NumberOfMessagesSent","Datapoints":[]})");
  pass(seconds(1));
  EXPECT_EQ(
      statistics("NumberOfMessagesSent", R"("Sum")"),
      fmt::format(
          R"({{"Label":"NumberOfMessagesSent","Datapoints":[{{"Timestamp":{},"Sum":2,"Unit":"Count"}}]}})",
          kNoonSeconds));
  EXPECT_THAT(statistics("ApproximateAgeOfOldestMessage", R"("Maximum")"),
              HasSubstr(R"("Maximum":30,"Unit":"Seconds")"));
  pass(minutes(2));
  EXPECT_THAT(statistics("ApproximateNumberOfMessagesVisible", R"("Average","Sum")", 300),
              HasSubstr(R"("Average":2,"Sum":6)"))
      << "three minutes of a period";
}

TEST_F(CloudWatchTest, AnswersTheQueriesOfTheTrace) {
  world_.send(*queue_, {.body = "a"});
  pass(minutes(3));
  const std::string body = fmt::format(
      R"({{"MetricDataQueries":[{{"Id":"m0","MetricStat":{{"Metric":{{"Namespace":"AWS/SQS",)"
      R"("MetricName":"NumberOfMessagesSent","Dimensions":[{{"Name":"QueueName","Value":"jobs"}}]}},)"
      R"("Period":60,"Stat":"Sum"}},"ReturnData":true}}],"StartTime":{},"EndTime":{},"ScanBy":{}}})",
      kNoonSeconds, kNoonSeconds + 120, R"("TimestampAscending")");
  EXPECT_EQ(
      call("GetMetricData", body),
      fmt::format(
          R"({{"MetricDataResults":[{{"Id":"m0","Label":"NumberOfMessagesSent","Timestamps":[{},{}],)"
          R"("Values":[1,0],"StatusCode":"Complete"}}],"Messages":[]}})",
          kNoonSeconds, kNoonSeconds + 60));
}

TEST_F(CloudWatchTest, ForgetsAQueueThatNobodyUses) {
  pass(std::chrono::hours(7));
  world_.send(*queue_, {.body = "a"});
  pass(minutes(1));
  const auto minutes_told = [&] {
    const std::string body = statistics("NumberOfMessagesSent", R"("SampleCount")");
    return body;
  };
  EXPECT_THAT(minutes_told(), HasSubstr("Datapoints"));
  const auto all =
      call("GetMetricStatistics",
           fmt::format(R"({{"Namespace":"AWS/SQS","MetricName":"NumberOfMessagesSent",)"
                       R"("Dimensions":[{{"Name":"QueueName","Value":"jobs"}}],)"
                       R"("StartTime":{},"EndTime":{},"Period":86400,)"
                       R"("Statistics":["SampleCount"]}})",
                       kNoonSeconds, kNoonSeconds + 86'400));
  EXPECT_THAT(all, HasSubstr(R"("SampleCount":361)")) << "six hours, and the last minute";
}

TEST_F(CloudWatchTest, KeepsWhatIsPutApartByDimensionsAndRegion) {
  EXPECT_EQ(call("PutMetricData",
                 R"({"Namespace":"Mine","MetricData":[{"MetricName":"Lag","Value":2.5,)"
                 R"("Dimensions":[{"Name":"Service","Value":"web"}]},{"MetricName":"Lag",)"
                 R"("Values":[1,3],"Counts":[2,1]}]})"),
            "");
  EXPECT_EQ(
      call("ListMetrics", R"({"Namespace":"Mine"})"),
      R"({"Metrics":[{"Namespace":"Mine","MetricName":"Lag","Dimensions":[]},)"
      R"({"Namespace":"Mine","MetricName":"Lag","Dimensions":[{"Name":"Service","Value":"web"}]}]})");
  EXPECT_THAT(call("ListMetrics", R"({"Dimensions":[{"Name":"Service"}]})"), HasSubstr("web"));
  pass(minutes(1));
  EXPECT_THAT(call("GetMetricStatistics",
                   fmt::format(R"({{"Namespace":"Mine","MetricName":"Lag","StartTime":{},)"
                               R"("EndTime":{},"Period":60,"Statistics":["Sum","SampleCount"]}})",
                               kNoonSeconds, kNoonSeconds + 60)),
              HasSubstr(R"("Sum":5,"SampleCount":3)"));
  caller_.region = "eu-north-1";
  EXPECT_EQ(call("ListMetrics", "{}"), R"({"Metrics":[]})");
}

TEST_F(CloudWatchTest, RefusesWhatItDoesNotOffer) {
  EXPECT_EQ(call("PutMetricData", R"({"Namespace":"AWS/SQS","MetricData":[]})"),
            "error InvalidParameterValue");
  EXPECT_EQ(statistics("NumberOfMessagesSent", R"("p90")"), "error InvalidParameterValue");
  EXPECT_EQ(statistics("NumberOfMessagesSent", R"("Sum")", 30), "error InvalidParameterValue");
  EXPECT_EQ(
      call("GetMetricData",
           R"({"MetricDataQueries":[{"Id":"e","Expression":"m1*2"}],"StartTime":1,"EndTime":2})"),
      "error ValidationError");
  EXPECT_EQ(call("PutCompositeAlarm", "{}"), "error UnknownOperationException");
}

TEST(CloudWatchDelay, KeepsTheLatestMinutesBack) {
  Random random(1);
  world::World world({}, kNoon, random);
  OtherServices services(world, "eu-west-1", minutes(2));
  world.create_queue("jobs", {});
  const Caller caller{.access_key_id = "AKID", .region = "eu-west-1", .service = "monitoring"};
  for (int i = 0; i < 3; ++i) {
    world.advance(services.sampler().next());
    services.sampler().sample();
  }
  const auto body = json::parse(
      fmt::format(R"({{"Namespace":"AWS/SQS","MetricName":"NumberOfMessagesSent","Dimensions":)"
                  R"([{{"Name":"QueueName","Value":"jobs"}}],"StartTime":{},"EndTime":{},)"
                  R"("Period":3600,"Statistics":["SampleCount"]}})",
                  kNoonSeconds, kNoonSeconds + 3600));
  const auto answer = services.handle(
      "monitoring", {.operation = "GetMetricStatistics", .body = *body, .caller = caller});
  EXPECT_THAT(*answer, HasSubstr(R"("SampleCount":1)"));
}

}  // namespace
}  // namespace scaler::emulator
