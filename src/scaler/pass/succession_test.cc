#include "scaler/pass/succession.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

ManagedService service(std::string cluster, std::string name, int looked_at = 0) {
  ManagedService made{.id = {std::move(cluster), std::move(name)}, .policy = testing::fixed(1)};
  if (looked_at > 0) {
    made.looked_at = Deadline(std::chrono::seconds(looked_at));
  }
  return made;
}

std::vector<int> looked_at(const std::vector<ManagedService>& fleet) {
  std::vector<int> seconds;
  for (const ManagedService& one : fleet) {
    seconds.push_back(static_cast<int>(std::chrono::floor<std::chrono::seconds>(
                                           one.looked_at.value_or(Deadline{}).time_since_epoch())
                                           .count()));
  }
  return seconds;
}

const std::string kWest = "arn:aws:ecs:us-west-2:123456789012:cluster/main";
const std::string kEast = "arn:aws:ecs:us-east-1:123456789012:cluster/main";

TEST(Succeed, WhoStaysKeepsWhatIsRememberedWhoIsGoneIsNamedAndWhoIsNewBeginsAnew) {
  std::vector<ManagedService> former{service("main", "a", 1), service("main", "b", 2),
                                     service("main", "c", 3)};
  former[2].memory.remember({.last_set = 7});
  former[2].waits = true;
  std::vector<ManagedService> next{service("main", "c"), service("main", "d"),
                                   service("main", "a")};
  const Succession result = succeed(former, next);
  EXPECT_EQ(looked_at(next), (std::vector{3, 0, 1}));
  EXPECT_TRUE(next[0].waits);
  EXPECT_EQ(next[0].memory.recall("", next[0].policy, {testing::kNoon}).state.last_set, 7);
  EXPECT_EQ(result.kept, 2U);
  EXPECT_EQ(result.added, 1U);
  EXPECT_EQ(result.gone, (std::vector<ServiceId>{{"main", "b"}}));
}

TEST(Succeed, AFileThatChangesFromNamesToArnsMeansTheSameService) {
  std::vector<ManagedService> former{service("main", "a", 1)};
  std::vector<ManagedService> next{
      service(kWest, "arn:aws:ecs:us-west-2:123456789012:service/main/a")};
  EXPECT_EQ(succeed(former, next).kept, 1U);
  EXPECT_EQ(looked_at(next), std::vector{1});
}

TEST(Succeed, WhereSeveralMayBeTheSameNobodyTakesAnothersPast) {
  std::vector<ManagedService> former{service("main", "a", 1)};
  std::vector<ManagedService> next{service(kWest, "a"), service(kEast, "a")};
  EXPECT_EQ(succeed(former, next).kept, 0U);
  EXPECT_EQ(looked_at(next), (std::vector{0, 0}));
  std::vector<ManagedService> regions{service(kWest, "a", 1), service(kEast, "a", 2)};
  std::vector<ManagedService> one{service("main", "a")};
  const Succession result = succeed(regions, one);
  EXPECT_EQ(result.kept, 0U);
  EXPECT_EQ(result.gone.size(), 2U);
}

TEST(Succeed, TheSameTextsGoBeforeWhatMayBeTheSame) {
  std::vector<ManagedService> former{service("main", "a", 1), service(kWest, "a", 2)};
  std::vector<ManagedService> next{service(kWest, "a"), service("main", "a")};
  EXPECT_EQ(succeed(former, next).kept, 2U);
  EXPECT_EQ(looked_at(next), (std::vector{2, 1}));
}

TEST(Succeed, WhoHasASuccessorIsNoCandidateForAnother) {
  std::vector<ManagedService> former{service("main", "a", 1), service(kWest, "a", 2)};
  std::vector<ManagedService> next{
      service("main", "a"), service(kWest, "arn:aws:ecs:us-west-2:123456789012:service/main/a")};
  EXPECT_EQ(succeed(former, next).kept, 2U);
  EXPECT_EQ(looked_at(next), (std::vector{1, 2}));
}

TEST(Succeed, TheSameNamesOfAnotherRegionAreAnotherService) {
  std::vector<ManagedService> former{service(kWest, "a", 1)};
  std::vector<ManagedService> next{service(kEast, "a")};
  const Succession result = succeed(former, next);
  EXPECT_EQ(result.kept, 0U);
  EXPECT_EQ(looked_at(next), std::vector{0});
  EXPECT_EQ(result.gone.size(), 1U);
}

TEST(Succeed, TextsThatNameNoServiceAreNobodysPast) {
  const std::string broken = "arn:aws:ecs:us-west-2:12:cluster/main";
  for (const auto& [before, after] :
       {std::pair{broken, std::string("main")}, std::pair{std::string("main"), broken}}) {
    std::vector<ManagedService> former{service(before, "a", 1)};
    std::vector<ManagedService> next{service(after, "a")};
    EXPECT_EQ(succeed(former, next).kept, 0U) << before;
  }
}

TEST(Succeed, AServiceThatIsThereTwiceTakesItsPastOnce) {
  std::vector<ManagedService> former{service("main", "a", 1)};
  std::vector<ManagedService> next{service("main", "a"), service("main", "a")};
  EXPECT_EQ(succeed(former, next).kept, 1U);
  EXPECT_EQ(looked_at(next), (std::vector{1, 0}));
}

}  // namespace
}  // namespace scaler
