#include "lab/study/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/text.h"

namespace scaler::study {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

Answer answered(const std::string& name, double month, Duration wait) {
  return {.run = {.name = name,
                  .figures = {.waiting_p50 = wait / 4,
                              .waiting_p95 = wait,
                              .waiting_p99 = 2 * wait,
                              .waiting_max = 8 * wait,
                              .share_within_objective = 0.951,
                              .task_hours = month * 12.5,
                              .month = month,
                              .scaling_actions = 12'345,
                              .direction_changes = 678,
                              .tasks_peak = 42,
                              .lost = 9}}};
}

std::vector<Answer> answers() {
  return {answered("advised", 99.5, Duration(41'200)),
          answered("present: AWS target tracking", 12'345, minutes(7) + seconds(31)),
          answered("policies-of-the-whole-company", 0.4, Duration(250))};
}

const Question kQuestion{.price = {.currency = "USD"}};

// Nothing is left out, and no name that can be broken makes a line wider.
TEST(AnswersText, FitsEightyColumns) {
  EXPECT_EQ(answers_text(answers(), kQuestion, 80),
            R"(policy                   a month   wait p95 in time        p50        p99
advised                   $99.50     41.2 s  95.1 %     10.3 s 1 min 22 s
present: AWS target
  tracking               $12,345 7 min 31 s  95.1 % 1 min 52 s 15 min 2 s
policies-of-the-whole-company
                           $0.40     250 ms  95.1 %      62 ms     500 ms

policy                          max task-hours actions turns peak killed lost
advised                  5 min 29 s     1243.8   12345   678   42      0    9
present: AWS target
  tracking                      1 h   154312.5   12345   678   42      0    9
policies-of-the-whole-company
                                2 s        5.0   12345   678   42      0    9
)");
}

TEST(AnswersText, IsOneTableWhereThereIsRoom) {
  const std::string text = answers_text(answers(), kQuestion, 140);
  EXPECT_EQ(split(text, "\n").size(), answers().size() + 2) << text;
  EXPECT_THAT(text, HasSubstr("present: AWS target tracking  $12,345 "));
}

TEST(AnswersText, IsNoWiderThanAnyTerminal) {
  std::vector<Answer> all = answers();
  all.pop_back();  // Its name is one word.
  for (const std::size_t width : {40U, 60U, 79U, 80U, 100U, 120U}) {
    for (const std::string_view line : split(answers_text(all, kQuestion, width), "\n")) {
      EXPECT_LE(line.size(), width) << line;
    }
  }
}

}  // namespace
}  // namespace scaler::study
