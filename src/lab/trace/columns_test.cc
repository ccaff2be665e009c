// Columns, separators, numbers and times of CSV.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include "ground/base/text.h"
#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Columns, TwoThatCouldBeMeantAreAskedFor) {
  const std::string text = "time,orders,mails\n2026-11-23 12:00,1,20\n2026-11-23 12:01,2,30\n";
  EXPECT_THAT(error_of(text), HasSubstr("each column of 'orders', 'mails' could count the messages "
                                        "that arrived: say which does with --column NAME"));
  EXPECT_EQ(must_read(text, {.column = "Mails"}).messages(), 50);
  EXPECT_THAT(must_read(text, {.column = "mails"}).remarks, Contains(HasSubstr("as was asked")));
  EXPECT_THAT(
      error_of(text, {.column = "mail"}),
      HasSubstr("there is no column 'mail' that holds numbers; there are 'orders', 'mails'; "
                "did you mean 'mails'?"));
  const std::string bare = "2026-11-23 12:00,1,20\n2026-11-23 12:01,2,30\n";
  EXPECT_THAT(error_of(bare), HasSubstr("column of '2', '3' could"));
  EXPECT_EQ(must_read(bare, {.column = "3"}).messages(), 50);
}

TEST(Columns, ANameThatTellsIsTakenAndTold) {
  const Trace trace = must_read(
      "timestamp,ApproximateNumberOfMessagesVisible,NumberOfMessagesDeleted,NumberOfMessagesSent\n"
      "2026-11-23T12:00:00Z,500,9,7\n2026-11-23T12:01:00Z,500,9,8\n");
  EXPECT_EQ(trace.messages(), 15);
  EXPECT_THAT(trace.remarks,
              Contains(HasSubstr("the column 'NumberOfMessagesSent' is taken for what arrived, "
                                 "because of its name; not used: "
                                 "'ApproximateNumberOfMessagesVisible', "
                                 "'NumberOfMessagesDeleted'")));
  const Trace unknown = must_read("time,queue,uploads\n2026-11-23 12:00,jobs,3\n");
  EXPECT_THAT(unknown.remarks, Contains(HasSubstr("'uploads' is taken for what arrived: there is "
                                                  "no other with numbers")));
  EXPECT_THAT(must_read("timestamp,value\n2026-11-23 12:00,3\n2026-11-23 12:01,0\n").remarks,
              IsEmpty());
}

TEST(Columns, WhatWaitsIsNotWhatArrives) {
  for (const char* name : {"ApproximateNumberOfMessagesVisible", "queue_length", "Backlog",
                           "keda_scaler_metrics_value", "Age of oldest"}) {
    const std::string text = std::string("time,") + name + "\n2026-11-23 12:00,3\n";
    EXPECT_THAT(error_of(text), HasSubstr("tells how much there is at a moment")) << name;
    EXPECT_EQ(must_read(text, {.column = name}).messages(), 3);
  }
}

TEST(Columns, TimesAloneAreSingleMessages) {
  const Trace trace = must_read(
      "created_at\n2026-11-23 12:03:59\n2026-11-23 12:00:01\n2026-11-23 12:00:02.5\n"
      "2026-11-23 12:00:02.5\n");
  EXPECT_EQ(trace.messages(), 4);
  ASSERT_EQ(trace.intervals.size(), 2U);
  EXPECT_EQ(trace.intervals.at(0).messages, 3);
  EXPECT_EQ(trace.typical, std::chrono::minutes(1));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("each is taken for one message")));
}

TEST(Columns, ATableOfJobsIsAListOfMessages) {
  const std::string moments = ",2026-11-23 12:00:01,";
  for (const std::string& text :
       {"id,created_at,kind\n17" + moments + "encode\n18" + moments + "encode\n",
        "job_id,created_at,priority\n17" + moments + "5\n18" + moments + "5\n",
        "who,created_at,kind\nann" + moments + "encode\nann" + moments + "encode\n"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.messages(), 2) << text;
    EXPECT_THAT(trace.remarks, Contains(HasSubstr("no column counts messages: each row is taken "
                                                  "for one, counted by the minute")));
  }
}

TEST(Columns, OtherTimesAndNamesOfAJobCountNothing) {
  for (const char* more :
       {"finished_at|2026-11-23 12:01:39|2026-11-23 12:02:44", "finished_on|2026-11-23|2026-11-23",
        "finished_at|1795435299|1795435364", "took|00:01:38|00:01:37", "ip|10.0.0.1|10.0.0.2",
        "key|0abc.mp4|1abc.mp4", "hash|8e0|7d1"}) {
    const std::vector<std::string_view> cells = split(more, "|");
    const std::string text = fmt::format(
        "created_at,{}\n2026-11-23 12:00:01,{}\n2026-11-23 12:01:07,{}\n"
        "2026-11-23 12:09:07,{}\n",
        cells.at(0), cells.at(1), cells.at(2), cells.at(2));
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.messages(), 3) << text;
    EXPECT_THAT(trace.remarks, Contains(HasSubstr("no column counts messages"))) << text;
    EXPECT_THAT(trace.remarks, Contains("1 gap (7 min in all) is taken to bring no messages, "
                                        "because each row is a message"))
        << text;
  }
}

TEST(Columns, RowsCountWhereTheColumnOfTimesIsAskedFor) {
  const std::string text =
      "created_at,attempts,seconds_taken\n2026-11-23 12:00:01,2,40\n2026-11-23 12:00:02,3,50\n";
  EXPECT_THAT(error_of(text), HasSubstr("say which does with --column NAME (without a header its "
                                        "number), or name that of the times if each row is a "
                                        "message"));
  const Trace trace = must_read(text, {.column = "Created_At"});
  EXPECT_EQ(trace.messages(), 2);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("each row is taken for one message, as was asked, "
                                                "counted by the minute")));
}

TEST(Columns, WhatNumbersTheRowsCountsNothing) {
  for (const char* text : {",time,orders\n0,2026-11-23 12:00,3\n1,2026-11-23 12:01,4\n",
                           "id,time,count\n0,2026-11-23 12:00,3\n1,2026-11-23 12:01,4\n",
                           "id,time,orders\n0,2026-11-23 12:00,3\n1,2026-11-23 12:01,4\n",
                           "queue_id,time,orders\n8,2026-11-23 12:00,3\n8,2026-11-23 12:01,4\n"}) {
    EXPECT_EQ(must_read(text).messages(), 7) << text;
  }
  EXPECT_EQ(
      must_read("id,time\n3,2026-11-23 12:00\n4,2026-11-23 12:01\n", {.column = "id"}).messages(),
      7);
}

TEST(Columns, RowsOfTwoQueuesAreAddedAlsoWhereTheyAreEqual) {
  const std::string minute = "2026-11-23 12:00,jobs,3\n2026-11-23 12:00,mails,3\n";
  const std::string next = "2026-11-23 12:01,mails,1\n2026-11-23 12:01,jobs,2\n";
  const Trace trace = must_read("time,queue,sent\n" + minute + next);
  EXPECT_EQ(trace.messages(), 9);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("2 rows of a time that another row has too")));
  EXPECT_EQ(must_read(minute + next).messages(), 9);
  // An export that begins before the last one ended.
  EXPECT_EQ(must_read("id,time,sent\n1,2026-11-23 12:00,3\n2,2026-11-23 12:01,4\n"
                      "7,2026-11-23 12:01,4\n8,2026-11-23 12:02,5\n")
                .messages(),
            12);
  // The same file twice.
  const Trace copied = must_read("time,queue,sent\n" + minute + next + minute + next);
  EXPECT_EQ(copied.messages(), 9);
  EXPECT_THAT(copied.remarks, Contains("4 rows stood there twice and count once"));
}

TEST(Columns, WhatCountsUpIsReadByWhatItGrew) {
  std::string text = "time,jobs_enqueued_total\n";
  for (int i = 0; i < 40; ++i) {
    text += "2026-11-23 12:" + std::to_string(i + 10) + "," + std::to_string(i < 30 ? 100 + i : i) +
            "\n";
  }
  const Trace trace = must_read(text);
  EXPECT_EQ(trace.messages(), 29 + 30 + 9);  // The program that counts began anew.
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("'jobs_enqueued_total' counts up, so what it grew "
                                                "by is taken for what arrived")));
  // A sum of each row goes up and down.
  EXPECT_EQ(must_read("time,jobs_total\n2026-11-23 12:00,5\n2026-11-23 12:01,3\n"
                      "2026-11-23 12:02,4\n")
                .messages(),
            12);
}

TEST(Columns, WhatNeverFallsMayCountUp) {
  std::string text = "time,count\n";
  for (int i = 0; i < 60; ++i) {
    text += "2026-11-23 12:" + std::string(i < 10 ? "0" : "") + std::to_string(i) + "," +
            std::to_string(i / 2) + "\n";
  }
  const Trace trace = must_read(text);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("its values never fall: if they count up, give "
                                                "what came in each row, or name the column "
                                                "count_total")));
  EXPECT_THAT(must_read(text + "2026-11-23 13:00,2\n").remarks, IsEmpty());
}

TEST(Columns, RowsOfAnotherWidthAreRefused) {
  EXPECT_THAT(error_of("timestamp,value\n2026-11-23 12:00,1,234\n"),
              HasSubstr("line 2: there are 3 columns, but 2 in the first line"));
  EXPECT_EQ(must_read("timestamp,value\n2026-11-23 12:00,1,\n2026-11-23 12:01,1,,\n").messages(),
            2);
  EXPECT_THAT(error_of("2026-11-23T12:00Z 5\n"),
              HasSubstr("there is one column only ('2026-11-23T12:00Z 5')"));
}

TEST(Columns, ARowMaySayHowLongItIs) {
  const Trace trace = must_read(
      "timestamp,period_seconds,NumberOfMessagesSent\n"
      "2026-11-23T10:00:00Z,3600,60\n2026-11-23T11:00:00Z,300,5\n2026-11-23T11:05:00Z,60,0\n"
      "2026-11-23T11:06:00Z,60,1\n");
  ASSERT_EQ(trace.intervals.size(), 4U);
  EXPECT_EQ(trace.intervals.at(0).length, std::chrono::hours(1));
  EXPECT_EQ(trace.intervals.at(1).length, std::chrono::minutes(5));
  EXPECT_EQ(trace.intervals.at(3).length, std::chrono::minutes(1));
  EXPECT_EQ(trace.messages(), 66);
  EXPECT_THAT(error_of("timestamp,period_seconds,value\n2026-11-23T10:00:00Z,-60,1\n"),
              HasSubstr("line 2: '-60' is no number of seconds"));
}

struct Number {
  const char* header;  ///< tells the separator
  const char* first;
  const char* second;
  double messages;
};

TEST(Columns, NumbersAreReadAsSpreadsheetsWriteThem) {
  for (const auto& [header, first, second, messages] :
       std::vector<Number>{{"t,value", "\"1,234\"", "\"12\"", 1246},
                           {"t,value", "\"1,234,567.5\"", "0.5", 1234568},
                           {"t;value", "1.234", "12", 1246},
                           {"t;value", "1.234,5", "0,5", 1235},
                           {"t;value", "0,250", "0,750", 1},
                           {"t;value", "1.5", "2.25", 3.75},
                           {"t\tvalue", "1,234", "5", 1239},
                           {"t;value", "1'234", "1 234", 2468},
                           {"t;value",
                            "12\xc2\xa0"
                            "345",
                            "1\xe2\x80\xaf"
                            "000",
                            13345},
                           {"t,value", "94.0", "1.234", 95.234},
                           {"t,value", "1e3", "2", 1002}}) {
    const char separator = std::string_view(header).substr(1, 1).front();
    std::string text = std::string(header) + "\n";
    for (const char* cell : {first, second}) {
      text +=
          std::string("2026-11-23 12:0") + (cell == first ? "0" : "1") + separator + cell + "\r\n";
    }
    EXPECT_DOUBLE_EQ(must_read(text).messages(), messages) << text;
  }
  EXPECT_THAT(must_read("t;value\n2026-11-23 12:00;1.234\n").remarks,
              Contains("'1.234' is read as 1234"));
  EXPECT_THAT(error_of("t,value\n2026-11-23 12:00,\"12,34,5\"\n"), HasSubstr("'12,34,5' is not"));
  EXPECT_THAT(error_of("t,value\n2026-11-23 12:00,12 messages\n"),
              HasSubstr("'12 messages' is not"));
}

TEST(Columns, SeparatorsQuotesAndMarksOfExcel) {
  for (const char* text :
       {"\"timestamp\",\"value\"\r\n\"2026-11-23 12:00\",\"5\"\r\n",
        "\xef\xbb\xbfsep=;\ntimestamp;value\n23.11.2026 12:00;5\n",
        "timestamp\tvalue\n2026-11-23 12:00\t5\n", "timestamp|value\n2026-11-23 12:00|5\n",
        "\"Time (UTC)\",\"Jobs, all\"\n2026-11-23 12:00,5\n",
        "  timestamp , value \n 2026-11-23 12:00 , 5 \n"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.messages(), 5) << text;
    EXPECT_EQ(begin_of(trace), "2026-11-23T12:00:00Z") << text;
  }
}

TEST(Times, AreReadAsProgramsWriteThem) {
  for (const char* at :
       {"2026-11-23T12:00:00Z", "2026-11-23T13:00:00+01:00", "2026-11-23 13:00:00+0100",
        "2026-11-23 13:00:00+01", "2026-11-23 12:00:00 UTC", "2026-11-23 12:00:00 +0000 UTC",
        "2026-11-23 05:30 -0630", "2026-11-23t12:00:00z", "2026-11-23 12:00 GMT",
        "23.11.2026 12:00:00", "1795435200", "1795435200.0", "1795435200000", "1795435200000000",
        "1795435200000000000", "2026/11/23 12:00"}) {
    EXPECT_EQ(begin_of(must_read(std::string(at) + ",1\n")), "2026-11-23T12:00:00Z") << at;
  }
  EXPECT_EQ(begin_of(must_read("2026-11-23 9:05,1\n")), "2026-11-23T09:05:00Z");
  EXPECT_EQ(begin_of(must_read("2026/1/3 9:05,1\n")), "2026-01-03T09:05:00Z");
  EXPECT_EQ(begin_of(must_read("\"3.1.2026, 09:05:00\",1\n")), "2026-01-03T09:05:00Z");
  EXPECT_THAT(error_of("11/12/2026 12:00,1\n"),
              HasSubstr("line 1: '11/12/2026 12:00' does not say which is the day"));
  EXPECT_THAT(error_of("2026-11-23 12:00 CET,1\n"), HasSubstr("is not a time such as"));
  EXPECT_THAT(error_of("2026-11-23 25:00,1\n"), HasSubstr("is not a time such as"));
  EXPECT_THAT(error_of("46349.5,1\n"), HasSubstr("is not a time such as"));
}

TEST(Times, TheWholeColumnSaysWhichIsTheMonth) {
  for (const char* text : {"Date,Jobs\n11/3/2026 23:59,1\n11/13/2026 0:00,2\n",
                           "Date,Jobs\n3/11/2026 23:59,1\n13/11/2026 0:00,2\n",
                           "when it was,Jobs\n03-11-2026 23:59,1\n13-11-2026 00:00,2\n",
                           "Date,Jobs\n11/3/26 11:59 PM,1\n11/13/26 12:00 AM,2\n",
                           "Date,Jobs\n\"11/3/2026, 11:59:00\xe2\x80\xafPM\",1\n"
                           "\"11/13/2026, 12:00:00\xe2\x80\xaf"
                           "AM\",2\n",
                           // None is above 12, but as months they would be ten months apart.
                           "Date,Jobs\n11/3/2026 23:59,1\n11/4/2026 0:00,2\n"
                           "11/5/2026 0:00,2\n"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(begin_of(trace), "2026-11-03T23:59:00Z") << text;
    EXPECT_THAT(trace.remarks, Contains(HasSubstr("' is read as 2026-11-03T23:59:00Z"))) << text;
  }
  EXPECT_THAT(error_of("Date,Jobs\n11/13/2026 0:00,2\n13/11/2026 0:00,2\n"),
              HasSubstr("line 2: '11/13/2026 0:00' does not say which is the day"));
  EXPECT_THAT(error_of("Date,Jobs\n11/12/2026 0:00,2\n11/12/2026 1:00,2\n"),
              HasSubstr("line 2: '11/12/2026 0:00' does not say which is the day"));
  EXPECT_THAT(error_of("Date,Jobs\n11/13/2026 13:00 PM,2\n"), HasSubstr("is not a time such as"));
  EXPECT_THAT(error_of("Date,Jobs\n11/31/2026 13:00,2\n"), HasSubstr("line 2: '11/31/2026 13:00'"));
}

TEST(Times, AnHourWithoutMinutesIsNone) {
  EXPECT_THAT(error_of("date,count\n11/16/2026 9 AM,5\n11/28/2026 10 AM,6\n"),
              HasSubstr("'11/16/2026 9 AM'"));
}

TEST(Times, DateAndClockMayBeColumnsOfTheirOwn) {
  for (const char* text : {"date,time,jobs\n2026-11-23,9:05,3\n2026-11-23,9:06,4\n",
                           "Time;Date;jobs\n09:05;23.11.2026;3\n09:06;23.11.2026;4\n"}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(begin_of(trace), "2026-11-23T09:05:00Z") << text;
    EXPECT_EQ(trace.messages(), 7) << text;
    EXPECT_EQ(trace.typical, std::chrono::minutes(1)) << text;
  }
}

TEST(Times, AClockIsFoundWhateverItIsCalled) {
  for (const char* header : {"Datum,Uhrzeit,Anzahl\n", "day,clock,count\n",
                             "date,start_time,count\n", "date,start,end,count\n", ""}) {
    std::string text = header;
    for (int i = 0; i < 60; ++i) {
      text += fmt::format("2026-11-23,9:{:02},{}5\n", i,
                          text.contains("end") ? fmt::format("10:{:02},", i) : "");
    }
    const Trace trace = must_read(text);
    EXPECT_EQ(begin_of(trace), "2026-11-23T09:00:00Z") << header;
    EXPECT_EQ(trace.messages(), 300) << header;
    EXPECT_EQ(trace.typical, std::chrono::minutes(1)) << header;
  }
}

TEST(Times, AnHourMayBeAColumnOfItsOwn) {
  std::string csv = "date,hour,count\n";
  std::string records;
  for (int i = 0; i < 72; ++i) {
    csv += fmt::format("2026-11-{},{},{}\n", 20 + i / 24, i % 24, i);
    records += fmt::format("{{\"date\": \"2026-11-{}\", \"hour\": {}, \"n\": {}}}\n", 20 + i / 24,
                           i % 24, i);
  }
  for (const std::string& text : {csv, records}) {
    const Trace trace = must_read(text);
    EXPECT_EQ(trace.intervals.size(), 72U);
    EXPECT_EQ(trace.typical, std::chrono::hours(1));
    EXPECT_EQ(trace.intervals.at(30).messages, 30);
  }
}

TEST(Times, WhatTakesLongIsNoTimeOfTheDay) {
  const Trace trace = must_read(
      "date,queue,took,count\n2026-11-22,a,00:01:10,5\n2026-11-22,b,00:02:00,6\n"
      "2026-11-23,a,00:01:20,7\n2026-11-23,b,00:02:40,8\n");
  EXPECT_EQ(trace.intervals.size(), 2U);
  EXPECT_EQ(begin_of(trace), "2026-11-22T00:00:00Z");
}

TEST(Times, RowsOfADayThatAClockTellsApartAreNotAdded) {
  EXPECT_THAT(error_of("date,from,to,count\n2026-11-23,9:05,9:06,3\n2026-11-23,9:06,9:07,4\n"),
              HasSubstr("'from' and 'to' both hold times of the day: give the time of each row in "
                        "one column, as in 2026-11-23 12:00"));
  EXPECT_THAT(error_of("date,hour,minute,count\n2026-11-23,9,5,3\n2026-11-23,9,6,4\n"),
              HasSubstr("'minute' tells rows of one time apart: give"));
  EXPECT_THAT(error_of("date,hour,count\n2026-11-23,1,3\n2026-11-23,24,4\n"),
              HasSubstr("'hour' tells rows of one time apart: give"));
  EXPECT_THAT(error_of("t,clock,count\n2026-11-23T00:00:00Z,9:05,3\n2026-11-23T00:00:00Z,9:06,4\n"),
              HasSubstr("'clock' tells rows of one time apart: give"));
}

TEST(Columns, LinesInFrontOfATableArePassedOver) {
  const Trace console = must_read(
      "Full label,NumberOfMessagesReceived,NumberOfMessagesSent\n"
      "Label,NumberOfMessagesReceived,NumberOfMessagesSent\nAccount,123456789012,123456789012\n"
      "Statistic,Sum,Sum\nPeriod,60,60\n2026/11/23 12:00:00,9,5\n2026/11/23 12:01:00,9,6\n");
  EXPECT_EQ(console.messages(), 11);
  EXPECT_THAT(console.remarks, Contains("5 lines stand in front of the table and are passed over"));
  EXPECT_THAT(console.remarks, Contains(HasSubstr("'NumberOfMessagesSent' is taken")));
  EXPECT_EQ(
      must_read("Report of jobs\nmade 2026-11-30\n\ntime,count\n2026-11-23 12:00,5\n").messages(),
      5);
  // Where the times are named, a line without one is a row that is wrong.
  EXPECT_THAT(error_of("time,count\nyesterday,4\n2026-11-23 12:00,5\n"),
              HasSubstr("line 2: 'yesterday' is not a time"));
}

TEST(Columns, ARowThatCannotBeReadIsNoLineInFrontOfATable) {
  const std::string good = "2026-11-23 12:01,1\n";
  std::string summer = "Datum,jobs\n";
  for (int i = 0; i < 28; ++i) {
    summer += fmt::format("2026-10-25 02:{} CEST,500\n", 32 + i % 28);
  }
  EXPECT_THAT(error_of(summer + good), HasSubstr("line 2: '2026-10-25 02:32 CEST' is not a time"));
  EXPECT_THAT(error_of("t,count\n2026-02-30 00:00,5\n" + good),
              HasSubstr("line 2: '2026-02-30 00:00' is not a time"));
  EXPECT_THAT(error_of("t,count\nyesterday,5\n" + good),
              HasSubstr("line 2: 'yesterday' is not a time"));
  EXPECT_THAT(error_of("jobs,zeitpunkt\n5,yesterday\n1,2026-11-23 12:01\n"),
              HasSubstr("line 2: 'yesterday' is not a time"));
  EXPECT_THAT(error_of("who,zeitpunkt,jobs\nann,2026-02-30 00:00,none\n"
                       "ann,2026-11-23 12:01,1\n"),
              HasSubstr("line 2: '2026-02-30 00:00' is not a time"));
  const std::string report = "Report of jobs\nt,count\n";
  EXPECT_THAT(error_of(report + "2026-02-30 00:00,5\n" + good),
              HasSubstr("line 3: '2026-02-30 00:00' is not a time"));
  for (const std::string& front : {std::string("t,count\n"), report}) {
    EXPECT_THAT(error_of(front + "\"2026-11-23 12:00,5\n" + good),
                HasSubstr("a quotation mark is not closed"));
  }
  EXPECT_THAT(error_of("\"2026-11-23 12:00,5\n" + good), HasSubstr("line 1: "));
  EXPECT_EQ(must_read(report + good).messages(), 1);
}

// Nanoseconds of the year 2926 overflowed, and the answer was of nonsense.
TEST(Columns, ATimeThatNobodyMeansIsRefused) {
  EXPECT_THAT(error_of("t,count\n2926-11-02 00:00,5\n2926-11-02 00:01,1\n"),
              HasSubstr("line 2: '2926-11-02 00:00' does not lie between 1970 and 2200"));
  EXPECT_THAT(error_of("time,count\n1969-12-31 23:59,5\n"), HasSubstr("between 1970 and 2200"));
  EXPECT_EQ(must_read("time,count\n2199-12-31 23:59,5\n").messages(), 5);
}

TEST(Columns, TablesThatProgramsDrawAreRead) {
  for (const char* text :
       {"        time        | count \n--------------------+-------\n"
        " 2026-11-23 12:00:00 |     5\n 2026-11-23 12:01:00 |     6\n(2 rows)\n",
        "+---------------------+-------+\n| time                | count |\n"
        "+---------------------+-------+\n| 2026-11-23 12:00:00 |     5 |\n"
        "| 2026-11-23 12:01:00 |     6 |\n+---------------------+-------+\n"
        "2 rows in set (0.01 sec)\n\n",
        "| time | count |\n|---|--:|\n| 2026-11-23 12:00 | 11 |\n1 row in set, 1 warning (0.01 "
        "sec)\n",
        " time | count \n---+---\n 2026-11-23 12:00 | 11 \n(1 row)\n\nTime: 0.512 ms\n",
        "| time | count |\n|---|--:|\n| 2026-11-23 12:00 | 5 |\n| 2026-11-23 12:01 | 6 |\n"}) {
    EXPECT_EQ(must_read(text).messages(), 11) << text;
  }
}

}  // namespace
}  // namespace scaler::trace
