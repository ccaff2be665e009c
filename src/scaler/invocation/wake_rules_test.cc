#include "scaler/invocation/wake_rules.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace scaler {
namespace {

const std::string kPlain = "arn:aws:lambda:eu-central-1:123456789012:function:scaler";

TEST(WakeRules, AMappingIsTheFunctionsByWhateverAliasOrVersion) {
  for (const std::string& target : {kPlain, kPlain + ":live", kPlain + ":7"}) {
    EXPECT_TRUE(delivers_to(target, kPlain)) << target;
    EXPECT_TRUE(delivers_to(target, kPlain + ":live")) << target;
  }
  EXPECT_FALSE(delivers_to(kPlain + "2", kPlain));
  EXPECT_FALSE(delivers_to("scaler", "scaler")) << "a name is no ARN";
  EXPECT_FALSE(delivers_to(kPlain, "scaler"));
  EXPECT_FALSE(delivers_to("scaler", kPlain));
}

TEST(WakeRules, AMappingIsBoundToOneOfThem) {
  EXPECT_TRUE(is_bound_to(kPlain, kPlain));
  EXPECT_TRUE(is_bound_to(kPlain + ":live", kPlain + ":live"));
  EXPECT_FALSE(is_bound_to(kPlain + ":live", kPlain));
  EXPECT_FALSE(is_bound_to(kPlain, kPlain + ":live"));
  EXPECT_FALSE(is_bound_to(kPlain + "2:live", kPlain + ":live"));
}

TEST(WakeRules, OfSeveralTheBoundOneIsMeant) {
  const std::vector<MappingStatus> both{{.id = "a"}, {.id = "b", .invoked = true}};
  EXPECT_EQ(own_mapping(both)->id, "b");
  EXPECT_EQ(own_mapping({both.data(), 1})->id, "a") << "the only one";
  const std::vector<MappingStatus> others{{.id = "a"}, {.id = "c"}};
  EXPECT_EQ(own_mapping(others), nullptr);
  EXPECT_EQ(own_mapping({}), nullptr);
}

TEST(WakeRules, FewReceivesAreThoseThatWakesCouldUseUp) {
  EXPECT_TRUE(has_few_receives({.receives_max = kWakeReceivesMin - 1}));
  EXPECT_FALSE(has_few_receives({.receives_max = kWakeReceivesMin}));
  EXPECT_FALSE(has_few_receives({}));
}

}  // namespace
}  // namespace scaler
