// What CloudWatch and Prometheus answer.
#include <gmock/gmock.h>

#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string page(const std::string& status, const std::string& more, int minute) {
  return R"({"MetricDataResults": [{"Id": "m1", "Label": "NumberOfMessagesSent", "StatusCode": ")" +
         status + R"(", "Timestamps": ["2026-11-23T12:0)" + std::to_string(minute) +
         R"(:00+00:00"], "Values": [3]}])" + more + "}";
}

TEST(CloudWatch, AnAnswerThatIsNotWholeIsTold) {
  EXPECT_THAT(must_read(page("Complete", "", 1)).remarks, Not(Contains(HasSubstr("not whole"))));
  EXPECT_THAT(must_read(page("PartialData", "", 1)).remarks,
              Contains(HasSubstr("the answer is not whole: CloudWatch says PartialData")));
  EXPECT_THAT(must_read(page("InternalError", "", 1)).remarks,
              Contains(HasSubstr("CloudWatch says InternalError")));
  EXPECT_THAT(must_read(page("PartialData", R"(,"NextToken":"t")", 1)).remarks,
              Contains(HasSubstr("it has a NextToken")));
  EXPECT_THAT(
      must_read(page("PartialData", R"(,"NextToken":"t")", 1) + page("Complete", "", 2)).remarks,
      Not(Contains(HasSubstr("not whole"))));
  EXPECT_THAT(must_read(page("Complete",
                             R"(,"Messages":[{"Code":"Slow","Value":"Try a shorter time"}])", 1))
                  .remarks,
              Contains("CloudWatch says Slow: Try a shorter time"));
}

TEST(CloudWatch, WhatHoldsNothingSaysWhy) {
  const auto empty = [](const char* status) {
    return std::string(R"({"MetricDataResults":[{"Id":"a","Label":"NumberOfMessagesSent",)") +
           R"("Timestamps":[],"Values":[],"StatusCode":")" + status + R"("}]})";
  };
  EXPECT_THAT(error_of(empty("Forbidden")), HasSubstr("may cloudwatch:GetMetricData"));
  EXPECT_THAT(error_of(empty("InternalError")), HasSubstr("and CloudWatch says InternalError"));
  EXPECT_THAT(error_of(empty("Complete")), HasSubstr("has no values: ask for the statistic Sum"));
}

TEST(CloudWatch, OfSeveralMetricsTheRightOneOrNone) {
  const auto two = [](const char* first, const char* second) {
    return std::string(R"({"MetricDataResults":[{"Id":"a","Label":")") + first +
           R"(","Timestamps":[1795435200],"Values":[1]},{"Id":"b","Label":")" + second +
           R"(","Timestamps":[1795435200],"Values":[2]}]})";
  };
  EXPECT_EQ(must_read(two("NumberOfMessagesDeleted", "jobs NumberOfMessagesSent")).messages(), 2);
  EXPECT_THAT(error_of(two("a NumberOfMessagesSent", "b NumberOfMessagesSent")),
              HasSubstr("'a NumberOfMessagesSent', 'b NumberOfMessagesSent' could count"));
  EXPECT_EQ(must_read(two("x", "y"), {.column = "b"}).messages(), 2);
  // Of one label they are told by what names one of them.
  const std::string alike = two("NumberOfMessagesSent", "NumberOfMessagesSent");
  EXPECT_THAT(error_of(alike), HasSubstr("each metric of 'a', 'b' could count the messages that "
                                         "arrived: say which does with --column LABEL or ID"));
  EXPECT_THAT(error_of(alike, {.column = "NumberOfMessagesSent"}),
              HasSubstr("each metric of 'a', 'b' could count"));
  EXPECT_EQ(must_read(alike, {.column = "b"}).messages(), 2);
  EXPECT_THAT(error_of(two("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage")),
              HasSubstr("how much there is at a moment"));
}

TEST(CloudWatch, ReadsStatisticsInAnyOrder) {
  const Trace trace = must_read(R"({"Label": "NumberOfMessagesSent", "Datapoints": [
    {"Timestamp": "2026-11-23T12:10:00+00:00", "SampleCount": 5, "Average": 0.6, "Sum": 3.0, "Unit": "Count"},
    {"Timestamp": "2026-11-23T12:00:00Z", "Sum": 1.0, "Unit": "Count"},
    {"Timestamp": "2026-11-23T12:05:00Z", "Sum": 2.0, "Unit": "Count"}]})");
  EXPECT_EQ(trace.format, Format::CloudWatch);
  EXPECT_EQ(begin_of(trace), "2026-11-23T12:00:00Z");
  EXPECT_EQ(trace.messages(), 6);
  EXPECT_THAT(trace.remarks, IsEmpty());
  EXPECT_THAT(error_of(R"({"Label": "NumberOfMessagesSent", "Datapoints": [
    {"Timestamp": "2026-11-23T12:10:00Z", "Average": 3.0, "Unit": "Count"}]})"),
              HasSubstr("has Average, but no Sum: ask for it with --statistics Sum"));
  EXPECT_THAT(error_of(R"({"Label": "NumberOfMessagesSent", "Datapoints": []})"),
              HasSubstr("'NumberOfMessagesSent' has no values"));
}

std::string matrix(const std::string& series) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
}

TEST(Prometheus, AnInfiniteValueIsNamedAsItStandsThere) {
  EXPECT_THAT(error_of(R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},
                           "values":[[1795435200,"+Inf"]]}]}})"),
              HasSubstr("at 2026-11-23T12:00:00Z: 'inf' is not a number of messages"));
}

TEST(Prometheus, ReadsARange) {
  const std::string values =
      R"("values":[[1795435200,"3"],[1795435260,"0"],[1795435320.5,"4.5"]]})";
  for (const std::string& text :
       {matrix(R"({"metric":{},)" + values), R"([{"metric":{},)" + values + "]"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.format, Format::Prometheus);
    EXPECT_DOUBLE_EQ(trace.messages(), 7.5);
    EXPECT_EQ(begin_of(trace), "2026-11-23T12:00:00Z");
    EXPECT_THAT(trace.remarks, Contains(HasSubstr("as increase(METRIC[STEP]) tells them")));
  }
}

TEST(Prometheus, ACounterIsWhatItGrewBy) {
  const Trace trace = must_read(matrix(
      R"({"metric":{"__name__":"celery_task_sent_total","queue":"a"},)"
      R"("values":[[1795435200,"100"],[1795435260,"103"],[1795435320,"103"],[1795435380,"2"]]})"));
  EXPECT_EQ(trace.messages(), 5);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("counts up")));
}

TEST(Prometheus, SeveralSeriesAreNamed) {
  const std::string two = matrix(R"({"metric":{"queue":"a"},"values":[[1795435200,"1"]]},)"
                                 R"({"metric":{"queue":"b"},"values":[[1795435200,"2"]]})");
  EXPECT_THAT(error_of(two), HasSubstr(R"('{queue="a"}', '{queue="b"}' could)"));
  EXPECT_THAT(error_of(two), HasSubstr("sum() around the query"));
  EXPECT_EQ(must_read(two, {.column = R"({queue="b"})"}).messages(), 2);
}

TEST(Prometheus, SaysWhatIsWrong) {
  EXPECT_THAT(error_of(R"({"status":"error","errorType":"bad_data","error":"parse error"})"),
              HasSubstr("an error of Prometheus ('parse error')"));
  EXPECT_THAT(error_of(R"({"status":"success","data":{"resultType":"vector","result":[]}})"),
              HasSubstr("'vector', not 'matrix'"));
  EXPECT_THAT(error_of(R"([{"metric":{},"value":[1795435200,"1"]}])"), HasSubstr("single value"));
  EXPECT_THAT(error_of(matrix(R"({"metric":{},"histograms":[[1795435200,{"count":"1"}]]})")),
              HasSubstr("holds histograms: ask for their counts, "
                        "histogram_count(increase(METRIC[STEP]))"));
  EXPECT_THAT(error_of(matrix("")), HasSubstr("holds no series"));
  EXPECT_THAT(error_of(matrix(R"({"metric":{},"values":[[1795435200,"NaN"]]})")),
              HasSubstr("has no values"));
  EXPECT_THAT(error_of(matrix(R"({"metric":{},"values":[[1795435200,"-1"]]})")),
              HasSubstr("'-1' is not a number of messages"));
  EXPECT_THAT(error_of(matrix(R"({"metric":{},"values":[[1795435200]]})")),
              HasSubstr("1 elements"));
  EXPECT_THAT(
      error_of(matrix(
          R"({"metric":{"__name__":"keda_scaler_metrics_value"},"values":[[1795435200,"1"]]})")),
      HasSubstr("'keda_scaler_metrics_value' tells how much there is at a moment"));
  EXPECT_THAT(error_of(matrix(R"({"metric":{},"values":[[1795435200,"1"])")), HasSubstr("JSON"));
}

}  // namespace
}  // namespace scaler::trace
