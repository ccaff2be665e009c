#include "scaler/core/policy_fields.h"

#include <set>

#include <gtest/gtest.h>

namespace scaler {
namespace {

template <typename Word>
void expect_words(std::initializer_list<std::pair<std::string_view, Word>> words) {
  for (const auto& [word, value] : words) {
    EXPECT_EQ(to_string(value), word);
    EXPECT_EQ(parse_word<Word>(word), value) << word;
  }
  for (const std::string_view other : {"", "Fixed", "idle ", "none"}) {
    EXPECT_EQ(parse_word<Word>(other), std::nullopt) << other;
  }
}

TEST(PolicyFields, HaveWordsThatAreReadBack) {
  expect_words<Mode>(
      {{"fixed", Mode::Fixed}, {"backlog", Mode::Backlog}, {"latency", Mode::Latency}});
  expect_words<Combine>({{"sum", Combine::Sum}, {"max", Combine::Max}});
  expect_words<ScaleInWhen>({{"idle", ScaleInWhen::Idle},
                             {"protected", ScaleInWhen::Protected},
                             {"any", ScaleInWhen::Any}});
  expect_words<BudgetSelect>({{"max", BudgetSelect::Max},
                              {"min", BudgetSelect::Min},
                              {"disabled", BudgetSelect::Disabled}});
}

TEST(PolicyFields, HaveUniqueNamesAndASentenceEach) {
  std::set<std::string_view> names;
  for (const PolicyField& field : policy_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name << " is there twice";
    EXPECT_FALSE(field.sentence.empty()) << field.name;
    EXPECT_LE(field.min, field.max) << field.name;
  }
}

TEST(Millionths, AreWrittenWithoutNeedlessZeros) {
  EXPECT_EQ(format_millionths({0}), "0");
  EXPECT_EQ(format_millionths({250'000}), "0.25");
  EXPECT_EQ(format_millionths({1}), "0.000001");
  EXPECT_EQ(format_millionths({100'000'000}), "100");
}

}  // namespace
}  // namespace scaler
