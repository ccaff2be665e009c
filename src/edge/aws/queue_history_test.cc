#include "edge/aws/queue_history.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::string_view kNow = "2026-11-23T12:03:30Z";

/// A CloudWatch that answers each request with what the script says about it.
struct TestCloudWatch {
  TestClient test;
  std::vector<double> progress = {};

  Result<std::vector<HistoryRow>> fetch(int days, std::string_view now = kNow) {
    return queue_history(test.client(), {.queue = "jobs", .days = days}, *parse_instant(now),
                         [this](double part) { progress.push_back(part); });
  }
  json::Value request(std::size_t index) const {
    return *json::parse(test.transport.requests.at(index).body);
  }
};

std::int64_t integer_in(const json::Value& object, std::string_view name) {
  return *json::Reader(object).field(name)->integer();
}

std::string answer(const std::string& results, const std::string& more = "") {
  return R"({"MetricDataResults":[)" + results + R"(],"Messages":[])" + more + "}";
}

/// A value of the metric with that number, so many seconds before 12:00.
std::string result(int metric, int before, double value, const std::string& status = "Complete") {
  return fmt::format(
      R"({{"Id":"m{}","Label":"x","Timestamps":[{}],"Values":[{}],"StatusCode":"{}"}})", metric,
      1795435200 - before, value, status);
}

TEST(QueueHistory, AsksByTheMinuteForADayAtATime) {
  TestCloudWatch cloudwatch;
  cloudwatch.test.transport.reply_with({ok(answer(result(0, 120, 7) + "," + result(3, 120, 4)))});
  const auto rows = cloudwatch.fetch(2);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(cloudwatch.test.transport.requests.size(), 2U);
  const net::HttpRequest& request = cloudwatch.test.transport.requests.front();
  EXPECT_EQ(request.origin.host, "monitoring.us-east-1.amazonaws.com");
  EXPECT_EQ(net::find_header(request.headers, "X-Amz-Target"),
            "GraniteServiceVersion20100801.GetMetricData");
  EXPECT_THAT(request.body,
              HasSubstr(R"("MetricName":"NumberOfMessagesSent","Dimensions":[{"Name":"QueueName",)"
                        R"("Value":"jobs"}]},"Period":60,"Stat":"Sum"})"));
  EXPECT_EQ(integer_in(cloudwatch.request(0), "StartTime"), 1795435200 - 2 * 86400);
  EXPECT_EQ(integer_in(cloudwatch.request(1), "EndTime"), 1795435200);
  EXPECT_EQ(cloudwatch.progress, (std::vector<double>{0.5, 1}));
  // Both answers are the same, but 11:58 lies in the second window alone.
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(format_instant(rows->front().at), "2026-11-23T11:58:00Z");
  EXPECT_EQ(rows->front().values.at(0), 7);
  EXPECT_EQ(rows->front().values.at(1), 0);
  EXPECT_EQ(rows->front().values.at(3), 4);
  EXPECT_EQ(rows->back().values.at(0), 0) << "nothing was sent";
  EXPECT_EQ(rows->back().values.at(3), std::nullopt) << "how many waited is not known";
}

TEST(QueueHistory, AsksForCoarserPeriodsFurtherBack) {
  TestCloudWatch cloudwatch;
  cloudwatch.test.transport.answer = [](const net::HttpRequest& request) {
    const json::Value body = *json::parse(request.body);
    return ok(answer(
        fmt::format(R"({{"Id":"m0","Timestamps":[{}],"Values":[1],"StatusCode":"Complete"}})",
                    integer_in(body, "StartTime"))));
  };
  const auto rows = cloudwatch.fetch(90);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  std::map<Duration, std::size_t> periods;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    ++periods[rows->at(i).period];
    if (i > 0) {
      EXPECT_EQ(rows->at(i - 1).at + rows->at(i - 1).period, rows->at(i).at) << i;
    }
  }
  EXPECT_EQ(format_instant(rows->back().at), "2026-11-23T11:59:00Z");
  EXPECT_EQ(rows->front().at, *parse_instant("2026-08-25T12:00:00Z"));
  EXPECT_GT(periods.at(1min), 14 * 1440U);
  EXPECT_GT(periods.at(5min), 47 * 288U);
  EXPECT_GT(periods.at(1h), 26 * 24U);
  for (const net::HttpRequest& request : cloudwatch.test.transport.requests) {
    const json::Value body = *json::parse(request.body);
    const Instant start = Instant(integer_in(body, "StartTime") * 1s);
    const Duration period = request.body.contains("\"Period\":60,")    ? Duration(1min)
                            : request.body.contains("\"Period\":300,") ? Duration(5min)
                                                                       : Duration(1h);
    EXPECT_EQ(start.time_since_epoch() % period, Duration(0));
    const Duration age = *parse_instant(kNow) - start;
    EXPECT_LE(age, period == 1min ? 15 * 24h : period == 5min ? 63 * 24h : 455 * 24h);
    // Of one metric and one request CloudWatch returns 100,800 values at most.
    const Duration length = (integer_in(body, "EndTime") - integer_in(body, "StartTime")) * 1s;
    EXPECT_LE(length / period * static_cast<int>(kQueueMetrics.size()), 100'800);
  }
}

TEST(QueueHistory, BeginsWithinAnHourWhereItIsAskedTo) {
  TestCloudWatch cloudwatch;
  cloudwatch.test.transport.reply_with({ok(answer(result(0, 120, 7)))});
  ASSERT_TRUE(cloudwatch.fetch(1, "2026-11-23T12:58:30Z").has_value());
  ASSERT_EQ(cloudwatch.test.transport.requests.size(), 1U);
  EXPECT_EQ(integer_in(cloudwatch.request(0), "StartTime"), 1795435200 + 55 * 60 - 86400);
}

TEST(QueueHistory, FollowsPages) {
  TestCloudWatch cloudwatch;
  cloudwatch.test.transport.reply_with(
      {ok(answer(result(0, 120, 7, "PartialData"), R"(,"NextToken":"t1")")),
       ok(answer(result(0, 60, 8)))});
  const auto rows = cloudwatch.fetch(1);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->back().values.at(0), 8);
  EXPECT_THAT(cloudwatch.test.transport.requests.at(1).body, HasSubstr(R"("NextToken":"t1")"));
}

TEST(QueueHistory, AsksAgainForWhatIsNotWholeAndNeverTakesItForZero) {
  TestCloudWatch cloudwatch;
  cloudwatch.test.transport.reply_with(
      {ok(answer(result(0, 120, 7, "PartialData"))), ok(answer(result(0, 120, 9)))});
  const auto rows = cloudwatch.fetch(1);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  EXPECT_EQ(rows->front().values.at(0), 9);

  TestCloudWatch broken;
  broken.test.transport.reply_with(
      {ok(R"({"MetricDataResults":[)" + result(0, 120, 7, "InternalError") +
          R"(],"Messages":[{"Code":"c","Value":"too busy"}]})")});
  const auto failed = broken.fetch(1);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(failed.error().message,
              HasSubstr("was not whole (InternalError of NumberOfMessagesSent, too busy)"));
  EXPECT_EQ(broken.test.transport.requests.size(), 3U);
}

TEST(QueueHistory, TellsWhatIsRefusedOrNotThere) {
  TestCloudWatch denied;
  denied.test.transport.reply_with({service_failure(400, "AccessDenied")});
  EXPECT_EQ(denied.fetch(1).error().kind, ErrorKind::Denied);
  TestCloudWatch forbidden;
  forbidden.test.transport.reply_with({ok(answer(result(0, 120, 7, "Forbidden")))});
  EXPECT_EQ(forbidden.fetch(1).error().kind, ErrorKind::Denied);
  TestCloudWatch nothing;
  nothing.test.transport.reply_with({ok(answer(""))});
  EXPECT_EQ(nothing.fetch(1).error().kind, ErrorKind::NotFound);
  EXPECT_THAT(nothing.fetch(1).error().message,
              HasSubstr("no values of a queue 'jobs' in us-east-1 in the last 1 day"));
}

TEST(QueueHistory, WaitsWhenItIsThrottled) {
  TestCloudWatch cloudwatch;
  cloudwatch.test.environment["AWS_MAX_ATTEMPTS"] = "10";
  std::vector<Result<net::HttpResponse>> replies(6, service_failure(400, "ThrottlingException"));
  replies.emplace_back(ok(answer(result(0, 60, 3))));
  cloudwatch.test.transport.reply_with(std::move(replies));
  const auto rows = cloudwatch.fetch(1);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  EXPECT_EQ(cloudwatch.test.pauses.size(), 6U);
}

TEST(QueueHistory, RepliesOfAnotherShapeAreMalformed) {
  for (const char* body :
       {"{}", R"({"MetricDataResults":[{"Id":"m9","Timestamps":[],"Values":[]}]})",
        R"({"MetricDataResults":[{"Id":"m0","Timestamps":[1],"Values":[]}]})",
        R"({"MetricDataResults":[{"Id":"m0","Timestamps":["x"],"Values":[1]}]})",
        R"({"MetricDataResults":[{"Id":"m0","Timestamps":[1],"Values":["1"]}]})",
        R"({"MetricDataResults":[],"NextToken":"for ever"})"}) {
    TestCloudWatch cloudwatch;
    cloudwatch.test.transport.reply_with({ok(body)});
    EXPECT_EQ(cloudwatch.fetch(1).error().kind, ErrorKind::Malformed) << body;
  }
}

}  // namespace
}  // namespace scaler::aws
