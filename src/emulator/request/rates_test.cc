#include "emulator/request/rates.h"

#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using scaler::testing::kNoon;
constexpr int kBurst = 50;  // Of calls that change services.

int passed(Rates& rates, const Caller& caller, std::string_view operation, Instant at, int calls) {
  int count = 0;
  for (int i = 0; i < calls; ++i) {
    count += rates.take(caller, operation, at) ? 1 : 0;
  }
  return count;
}

TEST(Rates, AreNotObservedUnlessSomebodyWants) {
  Rates rates;
  const Caller caller{.region = "eu-west-1", .service = "ecs"};
  EXPECT_EQ(passed(rates, caller, "UpdateService", kNoon, 200), 200);
}

TEST(Rates, GiveEachPlaceABurstAndThenSoManyASecond) {
  Rates rates;
  rates.observe(true);
  const Caller caller{.region = "eu-west-1", .service = "ecs"};
  const Caller abroad{.region = "us-east-1", .service = "ecs"};
  const Caller other{.region = "eu-west-1", .service = "ecs", .account = "111111111111"};
  EXPECT_EQ(passed(rates, caller, "UpdateService", kNoon, 200), kBurst);
  EXPECT_EQ(passed(rates, caller, "CreateService", kNoon, 1), 0) << "it shares the bucket";
  EXPECT_EQ(passed(rates, abroad, "UpdateService", kNoon, 200), kBurst);
  EXPECT_EQ(passed(rates, other, "UpdateService", kNoon, 200), kBurst);
  EXPECT_EQ(passed(rates, caller, "UpdateService", kNoon + std::chrono::seconds(2), 200), 10);
  EXPECT_EQ(passed(rates, caller, "UpdateService", kNoon + std::chrono::hours(1), 200), kBurst);
  EXPECT_EQ(passed(rates, {.service = "sqs"}, "GetQueueAttributes", kNoon, 500), 500)
      << "no rate is documented";
  json::Writer writer;
  rates.write(writer);
  EXPECT_EQ(writer.text(),
            R"({"documented":true,"throttled":{"CreateService":1,"UpdateService":790}})");
}

}  // namespace
}  // namespace scaler::emulator
