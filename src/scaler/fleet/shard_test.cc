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
  return static_cast<std::size_t>(std::ranges::count_if(
      all, [&](const FleetMember& member) { return shard.contains(member); }));
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
    EXPECT_EQ(std::ranges::count_if(
                  shards, [&](const Shard& shard) { return shard.contains({.key = key}); }),
              1)
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

TEST(Shards, AClusterIsInOneUnlessItIsTooLarge) {
  std::vector<FleetMember> all;
  for (const auto& [cluster, count] :
       {std::pair("a", 30), std::pair("b", 30), std::pair("c", 70)}) {
    for (int i = 0; i < count; ++i) {
      all.push_back({.key = std::string(cluster) + "/" + std::to_string(100 + i)});
    }
  }
  const auto shards = cut(all, 50);
  ASSERT_EQ(shards.size(), 4U);
  EXPECT_EQ(shards[0], (Shard{.before = "b/", .parts = 4}));
  EXPECT_EQ(shards[1], (Shard{.from = "b/", .before = "c/", .parts = 4}));
  EXPECT_EQ(shards[3], (Shard{.from = "c/135", .parts = 4}));
  EXPECT_TRUE(split_clusters(shards[1]).empty());
  EXPECT_EQ(split_clusters(shards[2]), std::vector<std::string>{"c"});
  EXPECT_EQ(split_clusters({.from = "arn:aws:ecs:r:1:service/main/s"}),
            std::vector<std::string>{"main"});
  EXPECT_TRUE(split_clusters({.from = "arn:aws:ecs:r:1:service/main/"}).empty());
}

TEST(Shards, TheSameNamesInTwoPlacesAreInShardsOfTheirOwn) {
  const std::string arn = "arn:aws:ecs:eu-west-1:1:service/c/s";
  const AccountRole role{.arn = "arn:aws:iam::2:role/r"};
  const FleetMember named = member_of({.cluster = "c", .service = "s"});
  EXPECT_EQ(named.key, "c/s");
  EXPECT_EQ(named.place, "own");
  EXPECT_EQ(member_of({.cluster = "c", .service = arn}).key, arn);
  EXPECT_EQ(member_of({.cluster = "c", .service = arn}).place, "own eu-west-1");
  const FleetMember other = member_of({.cluster = "c", .service = "s", .role = role});
  EXPECT_EQ(other.place, role.arn);
  const auto shards = cut({named, other}, 50);
  ASSERT_EQ(shards.size(), 2U);
  for (const FleetMember& member : {named, other}) {
    EXPECT_EQ(belonging_to(shards[0], {member}) + belonging_to(shards[1], {member}), 1U);
  }
}

}  // namespace
}  // namespace scaler
