#include "wire/shard_order.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

const ShardOrder kOrder{.shard = {.place = "p", .from = "arn:a", .before = "arn:b", .parts = 4},
                        .at = *parse_instant("2026-11-23T12:00:00.250Z"),
                        .by = Trigger::Tick};

TEST(ShardOrder, SurvivesItsMessage) {
  for (const Trigger by : {Trigger::Schedule, Trigger::Tick, Trigger::Doorbell}) {
    ShardOrder order = kOrder;
    order.by = by;
    const Result<ShardOrder> read = read_shard_order(shard_order_json(order));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, order);
  }
}

TEST(ShardOrder, WhatIsNoneIsNamed) {
  const std::string good = shard_order_json(kOrder);
  for (const std::string& wrong : {std::string("tick"), std::string("{}"), std::string("[]"),
                                   good.substr(0, good.size() / 2)}) {
    EXPECT_EQ(read_shard_order(wrong).error().kind, ErrorKind::Malformed) << wrong;
  }
  const auto with = [&good](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_TRUE(read_shard_order(with("tick", "wake")).error().message.contains("$.by: 'wake'"));
  EXPECT_FALSE(read_shard_order(with("\"parts\":4", "\"parts\":0")).has_value());
  EXPECT_FALSE(read_shard_order(with("2026-11-23", "23.11.2026")).has_value());
}

}  // namespace
}  // namespace scaler
