#include "lab/trace/trace.h"

#include <string>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Trace, ReadsCsvWithAndWithoutHeader) {
  for (const char* header :
       {"timestamp,value\n", "", "\xef\xbb\xbftimestamp,value\r\n", "# c\n\n"}) {
    const Trace trace =
        must_read(std::string(header) + "2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56\n");
    ASSERT_EQ(trace.intervals.size(), 2U) << header;
    EXPECT_EQ(begin_of(trace), "2014-04-10T00:04:00Z");
    EXPECT_EQ(trace.intervals.at(1).messages, 56);
    EXPECT_EQ(trace.intervals.at(1).length, std::chrono::minutes(5));
    EXPECT_THAT(trace.remarks, IsEmpty());
  }
}

TEST(Trace, FindsColumnsByTheirNamesAndKnowsOtherSeparators) {
  const Trace trace = must_read("queue;Count;Time\nq;7;2026-11-23 12:00\nq;8;2026-11-23 12:01\n");
  EXPECT_EQ(trace.messages(), 15);
  EXPECT_EQ(begin_of(trace), "2026-11-23T12:00:00Z");
}

TEST(Trace, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(error_of("timestamp,value\n2026-11-23 12:00,1\n\n2026-11-23 12:01,-3\n"),
              HasSubstr("line 4: '-3' is not a number of messages"));
  EXPECT_THAT(error_of("2026-11-23 12:00,1\nyesterday,2\n"), HasSubstr("line 2: 'yesterday'"));
  EXPECT_THAT(error_of("2026-11-23 12:00,1\n2026-11-23 12:01\n"),
              HasSubstr("line 2: there is 1 column only"));
  EXPECT_THAT(error_of("2026-11-23 12:00,1e99\n"), HasSubstr("line 1: '1e99'"));
  EXPECT_THAT(error_of("2026-11-23 12:00,inf\n"), HasSubstr("line 1: 'inf'"));
  EXPECT_THAT(error_of("2026-02-30 12:00,1\n"), HasSubstr("line 1: '2026-02-30 12:00'"));
}

TEST(Trace, RefusesWhatHoldsNothing) {
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
  EXPECT_THAT(error_of(" \n\n"), HasSubstr("empty"));
  EXPECT_THAT(error_of("timestamp,value\n"), HasSubstr("no row with a value"));
  EXPECT_THAT(error_of("2026-11-23 12:00,NaN\n"), HasSubstr("no row with a value"));
  EXPECT_THAT(error_of(std::string("\x7f"
                                   "ELF\0\0",
                                   6)),
              HasSubstr("no text"));
  EXPECT_THAT(error_of("{}"), HasSubstr("it is JSON, but none that is known"));
}

TEST(Trace, TellsWhatItTakesForNoMessages) {
  const Trace trace = must_read(
      "2026-11-23 12:00,1\n2026-11-23 12:01,NaN\n2026-11-23 12:02,3\n2026-11-23 12:03,\n"
      "2026-11-23 12:03,4\n2026-11-23 12:04,4\n2026-11-23 18:00,5\n");
  EXPECT_EQ(trace.messages(), 17 + 2);  // Of the row with NaN nobody knows.
  EXPECT_EQ(trace.intervals.back().length, trace.typical);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("2 rows have no value")));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("1 gap (5 h 55 min in all) is taken to bring no")));
}

TEST(Trace, SortsDropsCopiesAndAddsAnHourThatStandsThereTwice) {
  const Trace trace = must_read(
      "2026-10-25 03:00,4\n2026-10-25 01:00,1\n2026-10-25 02:00,2\n2026-10-25 02:00,3\n"
      "2026-10-25 03:00,4\n");
  ASSERT_EQ(trace.intervals.size(), 3U);
  EXPECT_EQ(trace.intervals.at(1).messages, 5);
  EXPECT_EQ(trace.messages(), 10);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("sorted")));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("1 row stood there twice")));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("was added")));
}

TEST(Trace, IntervalsNeverOverlap) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += fmt::format("{},1\n", 1'800'000'000 + i * i * 7 % 3'001);
  }
  const Trace trace = must_read(text);
  for (std::size_t i = 1; i < trace.intervals.size(); ++i) {
    const auto& before = trace.intervals.at(i - 1);
    EXPECT_LE(before.begin + before.length, trace.intervals.at(i).begin);
    EXPECT_GT(before.length, Duration(0));
  }
}

constexpr std::string_view kPage = R"({"MetricDataResults": [
  {"Id": "m1", "Label": "NumberOfMessagesSent", "StatusCode": "PartialData",
   "Timestamps": ["2026-11-23T12:10:00+00:00", "2026-11-23T12:05:00+00:00"], "Values": [3.0, 2.0]}
], "Messages": []})";

TEST(Trace, ReadsCloudWatchPagesInAnyOrder) {
  const std::string second = R"({"MetricDataResults": [{"Id": "m1", "Label": "NumberOfMessagesSent",
    "Timestamps": ["2026-11-23T12:00:00+00:00"], "Values": [1.0]}]})";
  for (const std::string& text :
       {std::string(kPage) + "\n" + second, "[" + std::string(kPage) + "," + second + "]"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.format, Format::CloudWatch);
    ASSERT_EQ(trace.intervals.size(), 3U);
    EXPECT_EQ(begin_of(trace), "2026-11-23T12:00:00Z");
    EXPECT_EQ(trace.intervals.at(2).messages, 3);
  }
}

TEST(Trace, NamesWhatIsWrongInCloudWatchsJson) {
  EXPECT_THAT(error_of(R"({"MetricDataResults": []})"), HasSubstr("holds no metric"));
  EXPECT_THAT(error_of(R"({"MetricDataResults": [{"Id": "a", "Timestamps": ["2026-11-23T12:00:00Z"],
                           "Values": []}]})"),
              HasSubstr("1 timestamps, but 0 values"));
  EXPECT_THAT(error_of(R"({"MetricDataResults": [{"Id": "a", "Timestamps": [], "Values": []}]})"),
              HasSubstr("no values"));
  EXPECT_THAT(error_of(R"({"MetricDataResults": [{"Id": "a", "Timestamps": ["2026-11-23T12:00:00Z"],
                           "Values": [-1]}]})"),
              HasSubstr("'-1' is not a number of messages"));
  EXPECT_THAT(error_of(R"({"MetricDataResults": [)"), HasSubstr("its JSON ends too early"));
  // A number or a word after the answer was read for ever (found by a fuzzer).
  for (const std::string_view rest : {"2", "true", "null", R"("word")"}) {
    EXPECT_THAT(error_of(fmt::format(R"({{"MetricDataResults": []}}{}{})", '\n', rest)),
                HasSubstr("document 2: "))
        << rest;
  }
}

std::string pass_line(int second, int visible, int in_flight, int desired, int after) {
  return fmt::format(
      R"({{"level":"INFO","message":"pass","trigger":"schedule","record":{{)"
      R"("at":"2026-11-23T12:{:02}:{:02}Z","cluster":"c","service_name":"s",)"
      R"("queues":[{{"visible":{},"in_flight":{},"delayed":0}}],)"
      R"("service":{{"desired":{},"running":{},"pending":0,"status":"ACTIVE","deploying":false}},)"
      R"("decision":{{"action":"hold","desired":{},"demand":1,"steps":[],"state":{{}}}},)"
      R"("outcome":"{}","errors":[]}}}})",
      second / 60, second % 60, visible, in_flight, desired, desired, after,
      after == desired ? "held" : "applied");
}

TEST(Trace, ReadsAJournalAmongOtherLines) {
  const std::string text = "START RequestId: 1\n" + pass_line(0, 0, 0, 0, 0) + "\n" +
                           R"({"level":"INFO","message":"other"})" + "\nEND\n" +
                           pass_line(60, 30, 0, 0, 3) + "\n" + pass_line(120, 27, 3, 3, 3) + "\n";
  const Trace trace = must_read(text, {.work_time = std::chrono::seconds(20)});
  EXPECT_EQ(trace.format, Format::Journal);
  ASSERT_EQ(trace.passes.size(), 3U);
  EXPECT_EQ(trace.passes.at(1).observation.queues.front()->visible, 30);
  EXPECT_EQ(trace.passes.at(1).desired, 3);
  ASSERT_EQ(trace.intervals.size(), 2U);
  EXPECT_DOUBLE_EQ(trace.intervals.at(0).messages, 30);
  // Nothing more is there, but 1.5 on average were in flight for a minute, 20 s each.
  EXPECT_DOUBLE_EQ(trace.intervals.at(1).messages, 4.5);
}

TEST(Trace, ADippingCountBringsNoArrivals) {
  const std::string text = pass_line(0, 50, 0, 0, 0) + "\n" + pass_line(10, 20, 0, 0, 0) + "\n" +
                           pass_line(20, 50, 0, 0, 0) + "\n" + pass_line(30, 55, 0, 0, 0) + "\n";
  EXPECT_DOUBLE_EQ(must_read(text).messages(), 5);
}

TEST(Trace, OfAJournalOfTwoServicesOneIsAskedFor) {
  std::string other = pass_line(60, 9, 0, 0, 0) + "\n" + pass_line(120, 19, 0, 0, 0) + "\n";
  for (std::size_t at = other.find("\"s\""); at != std::string::npos; at = other.find("\"s\"")) {
    other.replace(at, 3, "\"t\"");
  }
  const std::string text = pass_line(0, 0, 0, 0, 0) + "\n" + other + pass_line(60, 7, 0, 0, 0);
  EXPECT_THAT(error_of(text), HasSubstr("it holds passes of 2 services, such as 'c/s' and 'c/t': "
                                        "say which with --column, such as --column 'c/t'"));
  EXPECT_EQ(must_read(text, {.column = "c/t"}).messages(), 10);
  EXPECT_EQ(must_read(text, {.column = "s"}).messages(), 7);
  EXPECT_THAT(error_of(text, {.column = "c/u"}),
              HasSubstr("it holds no pass of a service 'c/u', but of 2, such as 'c/s'"));
}

/// As JSON holds it.
std::string in_quotes(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '\n' ? "\\n" : c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return quoted + '"';
}

TEST(Trace, ReadsAJournalOutOfWhatCloudWatchLogsAnswers) {
  const std::string first = pass_line(0, 0, 0, 0, 0);
  const std::string second = pass_line(60, 30, 0, 0, 0);
  for (const std::string& text :
       {R"({"events": [{"timestamp": 1, "message": )" + in_quotes(first + "\n") +
            "},\n {\"message\": " + in_quotes(second) + "}]}",
        R"([{"@timestamp": "2026-11-23 12:00:00.000", "@message": )" + first +
            "},\n{\"@message\": " + second + "}]",
        R"({"results": [[{"field": "@message", "value": )" + in_quotes(first) +
            R"(}], [{"field": "@message", "value": )" + in_quotes(second) +
            R"(}]], "status": "Complete"})"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.format, Format::Journal) << text;
    EXPECT_EQ(trace.messages(), 30) << text;
  }
  EXPECT_THAT(error_of(R"({"events": [{"timestamp": 1795435200000, "message": "START"}]})"),
              HasSubstr("it is the JSON of a log, and no pass of this program is in it"));
}

TEST(Trace, ReadsRecordsAsRows) {
  const std::string row = R"({"ts": 1795435200000, "jobs": 3, "tags": ["a"], "note": null})";
  const std::string next = R"({"ts": 1795435260000, "jobs": 4, "note": "say \"no\", twice"})";
  for (const std::string& text : {"[" + row + ",\n" + next + "]", row + "\n" + next + "\n"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.format, Format::Records);
    EXPECT_EQ(trace.messages(), 7);
    EXPECT_EQ(begin_of(trace), "2026-11-23T12:00:00Z");
    EXPECT_THAT(trace.remarks, IsEmpty());
  }
  const Trace insights = must_read(R"x({"queryLanguage": "CWLI", "results": [
      [{"field": "bin(1m)", "value": "2026-11-23 12:00:00.000"}, {"field": "count(*)", "value": "5"}],
      [{"field": "bin(1m)", "value": "2026-11-23 12:01:00.000"}, {"field": "count(*)", "value": "6"}]
    ], "statistics": {"recordsMatched": 11.0}, "status": "Complete"})x");
  EXPECT_EQ(insights.messages(), 11);
  EXPECT_THAT(error_of(row + "\n" + R"({"ts": 1795435260000, "jobs": -4})"),
              HasSubstr("record 2: '-4' is not a number of messages"));
  EXPECT_THAT(error_of(R"([{"jobs": 3}, 4, "x", [1]])"), HasSubstr("it is JSON, but none that is"));
  std::string wide = R"({"ts": 1795435260000)";
  for (int i = 0; i < 600; ++i) {
    wide += ", \"f" + std::to_string(i) + "\": 1";
  }
  EXPECT_THAT(error_of(wide + "}"), HasSubstr("its records have too many fields"));
}

TEST(Trace, IsCutInTwoWithoutLosingAnything) {
  const Trace trace = must_read("2026-11-23 12:00,10\n2026-11-23 12:10,20\n2026-11-23 12:20,30\n");
  const Instant at = trace.begin() + std::chrono::minutes(15);
  EXPECT_DOUBLE_EQ(before(trace, at).messages(), 20);
  EXPECT_DOUBLE_EQ(from(trace, at).messages(), 40);
  EXPECT_EQ(before(trace, at).end(), at);
  EXPECT_EQ(from(trace, at).begin(), at);
}

}  // namespace
}  // namespace scaler::trace
