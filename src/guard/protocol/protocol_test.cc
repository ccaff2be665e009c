// When a worker may have its messages, and when its task is protected: each rule by itself.
#include "guard/protocol/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::guard {
namespace {

TEST(Protocol, WithoutAnAgentAReceiveIsForwarded) {
  Protocol protocol({.agent = false}, Deadline{});

  protocol.receive({.id = 1}, Deadline{});

  const std::vector<Action> actions = protocol.take_actions();
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Forward>(actions[0]));
}

}  // namespace
}  // namespace scaler::guard
