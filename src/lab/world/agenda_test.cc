#include "lab/world/agenda.h"

#include <array>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "ground/base/random.h"

namespace scaler::world {
namespace {

struct Item {
  std::uint64_t rank = 0;
  Planned planned = {};
};
using Items = Agenda<Item, &Item::planned>;

constexpr Instant at(std::int64_t milliseconds) {
  return Instant(Duration(milliseconds));
}

TEST(Agenda, IsEmptyAtFirst) {
  const Items agenda;
  EXPECT_EQ(agenda.size(), 0);
  EXPECT_EQ(agenda.next(), kNever);
  EXPECT_EQ(agenda.due(at(1'000'000)), nullptr);
}

TEST(Agenda, KnowsWhoIsDueUntilItIsPlannedAnew) {
  Items agenda;
  Item item{.rank = 1};
  agenda.plan(item, item.rank, at(5));
  EXPECT_EQ(agenda.due(at(4)), nullptr);
  EXPECT_EQ(agenda.due(at(5)), &item);
  EXPECT_EQ(agenda.due(at(6)), &item);
  agenda.plan(item, item.rank, at(8));
  EXPECT_EQ(agenda.next(), at(8));
  EXPECT_EQ(agenda.due(at(6)), nullptr);
  agenda.plan(item, item.rank, kNever);
  EXPECT_EQ(agenda.due(at(8)), nullptr);
  EXPECT_EQ(agenda.size(), 0);
}

TEST(Agenda, OfOneMomentTakesTheLowestRankFirst) {
  Items agenda;
  std::array<Item, 3> items{{{.rank = 2}, {.rank = 3}, {.rank = 1}}};
  for (Item& item : items) {
    agenda.plan(item, item.rank, at(5));
  }
  for (const std::uint64_t rank : {1U, 2U, 3U}) {
    Item* const first = agenda.due(at(5));
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->rank, rank);
    agenda.plan(*first, first->rank, kNever);
  }
}

TEST(Agenda, AgreesWithASetUnderRandomChangesOfPlan) {
  Random random(1);
  Items agenda;
  std::array<Item, 40> items;
  std::set<std::tuple<Instant, std::uint64_t>> set;
  for (std::size_t i = 0; i < items.size(); ++i) {
    items.at(i).rank = i;
  }
  for (int change = 0; change < 20'000; ++change) {
    Item& item = items.at(static_cast<std::size_t>(random.between(0, 39)));
    set.erase({item.planned.at, item.rank});
    const Instant to = random.uniform() < 0.3 ? kNever : at(random.between(0, 100));
    agenda.plan(item, item.rank, to);
    if (to != kNever) {
      set.emplace(to, item.rank);
    }
    ASSERT_EQ(agenda.size(), std::ssize(set));
    ASSERT_EQ(agenda.next(), set.empty() ? kNever : std::get<0>(*set.begin()));
    const Item* const due = agenda.due(at(100));
    ASSERT_EQ(due == nullptr, set.empty());
    ASSERT_TRUE(due == nullptr || due->rank == std::get<1>(*set.begin()));
  }
}

}  // namespace
}  // namespace scaler::world
