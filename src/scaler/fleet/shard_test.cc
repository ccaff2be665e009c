#include "scaler/fleet/shard.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace scaler {
namespace {

std::vector<FleetMember> members(int count, const std::string& place = "") {
  std::vector<FleetMember> all;
  for (int i = count; i > 0; --i) {
    all.push_back({.place = place, .key = "service-" + std::to_string(1000 + i)});
  }
  return all;
}

std::size_t belonging_to(const Shard& shard, const std::vector<FleetMember>& all) {
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const FleetMember& member) {
    return member.place == shard.place && shard.contains(member.key);
  }));
}

TEST(Shards, HoldEachServiceOnceAndNoMoreThanTheyMay) {
  for (const int count : {1, 49, 50, 51, 199, 200, 201, 999}) {
    const auto all = members(count);
    const auto shards = cut(all, 50);
    std::size_t held = 0;
    for (const Shard& shard : shards) {
      EXPECT_LE(belonging_to(shard, all), 50U);
      EXPECT_GE(2 * belonging_to(shard, all), all.size() / shards.size());
      EXPECT_EQ(shard.parts, std::ssize(shards));
      held += belonging_to(shard, all);
    }
    EXPECT_EQ(held, all.size());
    EXPECT_EQ(shards.size(), (all.size() + 49) / 50);
  }
}

TEST(Shards, WhoIsNewBelongsToExactlyOne) {
  const auto shards = cut(members(200), 50);
  for (const std::string key : {"", "a", "service-1050x", "service-1101", "zzz"}) {
    EXPECT_EQ(
        std::ranges::count_if(shards, [&](const Shard& shard) { return shard.contains(key); }), 1)
        << key;
  }
}

TEST(Shards, NoneHoldsServicesOfTwoPlaces) {
  auto all = members(60, "a");
  std::ranges::copy(members(3, "b"), std::back_inserter(all));
  const auto shards = cut(all, 50);
  ASSERT_EQ(shards.size(), 3U);
  EXPECT_EQ(shards[1], (Shard{.place = "a", .from = "service-1031", .parts = 2}));
  EXPECT_EQ(shards[2], (Shard{.place = "b"}));
  EXPECT_TRUE(cut({}, 50).empty());
}

TEST(Shards, AKeyTellsServicesOfTwoClustersApart) {
  EXPECT_EQ(shard_key({"c", "s"}), "c/s");
  EXPECT_EQ(shard_key({"c", "arn:aws:ecs:r:1:service/c/s"}), "arn:aws:ecs:r:1:service/c/s");
}

}  // namespace
}  // namespace scaler
