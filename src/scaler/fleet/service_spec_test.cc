#include "scaler/fleet/service_spec.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler::testing {
namespace {

TEST(Adopted, KeepsTheMemoryOfAServiceUnderANewPolicyAndForgetsWhoIsGone) {
  std::vector<ManagedService> before;
  for (const char* name : {"a", "b"}) {
    before.push_back({.id = {"c", name}, .queues = {{"q"}}, .policy = fixed(1)});
    before.back().memory.saved("text", kNoon);
    before.back().waits = true;
  }
  const std::vector<ServiceSpec> specs{{.id = {"c", "new"}, .queues = {{"q"}}, .policy = fixed(2)},
                                       {.id = {"c", "b"}, .queues = {{"r"}}, .policy = fixed(3)}};

  const std::vector<ManagedService> after = adopted(std::move(before), specs);

  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].id.service, "new");
  EXPECT_FALSE(after[0].waits);
  EXPECT_EQ(after[1].queues.front().url, "r");
  EXPECT_EQ(after[1].policy->scale_up_target, 3);
  EXPECT_TRUE(after[1].waits);
}

}  // namespace
}  // namespace scaler::testing
