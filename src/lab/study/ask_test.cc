#include "lab/study/ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::study {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string complaint(const Terms& terms, const std::string& arrivals = "poisson:1") {
  const auto asked = ask_about_arrivals(terms, arrivals);
  return asked ? "" : asked.error().message;
}

TEST(Ask, SaysHowLongATraceIsAlsoWhenItIsShort) {
  Question question;
  question.scenario.length = std::chrono::minutes(5);
  EXPECT_THAT(subtitle_of(question, {}, 3), StartsWith("5 min from "));
  question.scenario.length = std::chrono::hours(36);
  EXPECT_THAT(subtitle_of(question, {}, 3), StartsWith("1.5 days from "));
}

TEST(Ask, MakesAQuestionOfTerms) {
  const auto asked = ask_about_arrivals({.length = std::chrono::hours(2),
                                         .work = std::chrono::seconds(10),
                                         .workers_protect = true,
                                         .tasks_max = 7,
                                         .objective = "p99 wait < 30s",
                                         .price = "0.25",
                                         .seed = 5},
                                        "constant:0.5");
  ASSERT_TRUE(asked) << asked.error().message;
  const Question& question = asked->question;
  EXPECT_EQ(asked->source, "constant:0.5");
  EXPECT_EQ(question.scenario.length, std::chrono::hours(2));
  EXPECT_EQ(question.work_mean, std::chrono::seconds(10));
  EXPECT_TRUE(question.scenario.service.behaviour.workers_protect);
  EXPECT_EQ(question.objective.share, 0.99);
  EXPECT_EQ(question.scenario.objective, std::chrono::seconds(30));
  EXPECT_EQ(question.price.per_hour, 0.25);
  EXPECT_EQ(question.seed, 5);
  EXPECT_EQ(question.rivals.tasks_max, 7);
  EXPECT_EQ(question.rivals.backlog_per_task, 3);  // 30 s of waiting, 10 s a message
  EXPECT_GE(question.rivals.fixed_tasks, 5);       // 0.5 a second, 10 s each
}

TEST(Ask, QuotesTheTermThatIsWrong) {
  EXPECT_THAT(complaint({.objective = "fast"}), HasSubstr("'fast'"));
  EXPECT_THAT(complaint({.price = "m5.large"}), HasSubstr("'m5.large'"));
  EXPECT_THAT(complaint({.start = "soon"}), HasSubstr("'soon'"));
  EXPECT_THAT(complaint({}, "often"), HasSubstr("'often' is none of poisson:RATE"));
  EXPECT_THAT(complaint({}, "bursts:none"), HasSubstr("'none' is no number of messages"));
}

TEST(Ask, ATraceIsItsOwnLengthAndIsScaled) {
  const std::string text = "2026-11-23 12:00,5\n2026-11-23 12:01,7\n";
  const Terms terms{.scale = 2};
  const auto asked = ask_about_trace(terms, text, "folder/load.csv");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->source, "load.csv");
  ASSERT_TRUE(asked->trace);
  EXPECT_EQ(asked->question.scenario.begin, asked->trace->begin());
  EXPECT_EQ(asked->question.scenario.length, std::chrono::minutes(2));
  EXPECT_THAT(facts_of(*asked, terms), ::testing::Contains(HasSubstr("multiplied by 2")));
  const auto bad = ask_about_trace(terms, "2026-11-23 12:00,-3\n", "folder/load.csv");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, StartsWith("folder/load.csv: line 1: "));
}

TEST(ReadCandidate, IsAPolicyAloneOrWithItsTriggers) {
  const auto alone = read_candidate(R"({"mode":"fixed","scale_up_target":2})", "present");
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->name, "present");
  const auto both = read_candidate(
      R"({"policy":{"mode":"fixed","scale_up_target":2},"tick_seconds":7,"wake":true})", "x");
  ASSERT_TRUE(both) << both.error().message;
  const auto& triggers = std::get<Settings>(both->scaler).triggers;
  EXPECT_EQ(triggers.tick, std::chrono::seconds(7));
  EXPECT_TRUE(triggers.wake);
  EXPECT_FALSE(read_candidate("{", "x"));
  EXPECT_FALSE(read_candidate(R"({"mode":"backlog"})", "x"));
}

}  // namespace
}  // namespace scaler::study
