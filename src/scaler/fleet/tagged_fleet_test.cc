#include "scaler/fleet/tagged_fleet.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"
#include "scaler/fleet/test_support.h"
#include "scaler/pass/test_support.h"

namespace scaler::testing {
namespace {

using namespace std::chrono_literals;

class TaggedFleetTest : public ::testing::Test {
 protected:
  void tag(const std::string& name, ServiceTags tags) {
    directory_.services.insert_or_assign(arn_named(name), std::move(tags));
  }
  FleetNews ask_after(Duration duration) {
    clock_.pass(duration);
    return fleet_.ask(Deadline::max());
  }
  /// Their names, "?" when nothing has changed.
  static std::string names(const FleetNews& news) {
    std::string text = news.services ? "" : "?";
    for (const ServiceSpec& spec : news.services.value_or(std::vector<ServiceSpec>())) {
      text += (text.empty() ? "" : " ") + spec.id.service.substr(spec.id.service.rfind('/') + 1);
    }
    return text;
  }

  FakeClock clock_;
  FakeDirectory directory_;
  TaggedFleet fleet_{directory_, clock_, {.rules = rules()}};
};

TEST_F(TaggedFleetTest, AsksOnceAMinuteAndTellsWhatHasChanged) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  EXPECT_EQ(names(ask_after(0s)), "a");
  tag("b", {{"ecs-scaler:queue", "jobs-b"}});
  EXPECT_EQ(names(ask_after(59s)), "?");
  EXPECT_EQ(directory_.asked, 1);
  EXPECT_EQ(names(ask_after(1s)), "a b");
  EXPECT_EQ(names(ask_after(60s)), "?");
  clock_.at -= 1h;  // Set back.
  EXPECT_EQ(directory_.asked, 3);
  EXPECT_EQ(names(ask_after(0s)), "?");
  EXPECT_EQ(directory_.asked, 4);
}

TEST_F(TaggedFleetTest, AsksForTheTagsOfWhoIsNewChangedOrGoneAndOfAllInTurn) {
  constexpr std::size_t kMany = 300;
  for (std::size_t i = 0; i < kMany; ++i) {
    tag("s" + std::to_string(i), {{"ecs-scaler:queue", "jobs"}});
  }
  ask_after(0s);
  EXPECT_EQ(directory_.read.size(), kMany);

  directory_.read.clear();
  std::size_t most = 0;
  for (int minute = 0; minute < 5; ++minute) {
    const std::size_t before = directory_.read.size();
    ask_after(60s);
    most = std::max(most, directory_.read.size() - before);
  }
  std::ranges::sort(directory_.read);
  EXPECT_EQ(std::ranges::unique(directory_.read).size(), 0U);
  EXPECT_EQ(directory_.read.size(), kMany);  // Each once in five minutes.
  EXPECT_LT(most, kMany / 3);

  tag("s7", {{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "tasks_max=5"}});
  tag("new", {{"ecs-scaler:queue", "jobs"}});
  directory_.services.erase(arn_named("s9"));
  directory_.read.clear();
  const FleetNews news = ask_after(60s);
  EXPECT_EQ(news.services->size(), kMany);
  for (const std::string name : {"s7", "new", "s9"}) {
    EXPECT_EQ(std::ranges::count(directory_.read, arn_named(name)), 1) << name;
  }
  EXPECT_LT(directory_.read.size(), kMany / 3);
}

TEST_F(TaggedFleetTest, OnlyTheServicesOfAShardAreAskedForTheirTags) {
  for (const std::string name : {"a", "b", "c", "d"}) {
    tag(name, {{"ecs-scaler:queue", "jobs"}});
  }
  EXPECT_FALSE(fleet_.ask_for(nullptr, Deadline::max()).services);
  EXPECT_TRUE(directory_.read.empty());
  ASSERT_EQ(fleet_.members().size(), 4U);
  const std::vector<Shard> shards = cut(fleet_.members(), 2);

  EXPECT_EQ(names(fleet_.ask_for(&shards[1], Deadline::max())), "c d");
  EXPECT_EQ(names(fleet_.ask_for(&shards[1], Deadline::max())), "?");
  EXPECT_EQ(names(fleet_.ask_for(&shards[0], Deadline::max())), "a b c d");
  EXPECT_EQ(directory_.read.size(), 4U);
  EXPECT_EQ(directory_.asked, 1);

  tag("a", {{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "mode=nonsense"}});
  EXPECT_TRUE(ask_after(0s).problems.empty());
  clock_.pass(60s);
  fleet_.ask_for(nullptr, Deadline::max());
  EXPECT_EQ(fleet_.ask_for(&shards[0], Deadline::max()).problems.size(), 1U);
}

TEST_F(TaggedFleetTest, AnIndexHoldsAFleetThatIsKnownForTwoSeconds) {
  directory_.error = Error{ErrorKind::Unavailable, "no answer"};
  for (const Duration passed : {0s, 60s}) {
    clock_.pass(passed);
    fleet_.ask(clock_.steady() + 10s);
    EXPECT_EQ(directory_.searched_until, clock_.steady() + 10s);  // Nothing goes on without it.
  }
  directory_.error.reset();
  ask_after(60s);
  clock_.pass(60s);
  fleet_.ask(clock_.steady() + 10s);
  EXPECT_EQ(directory_.searched_until, clock_.steady() + 2s);
}

TEST_F(TaggedFleetTest, AnEmptyFleetIsToldAsOne) {
  EXPECT_EQ(names(ask_after(0s)), "");
  EXPECT_TRUE(ask_after(60s).errors.empty());
}

TEST_F(TaggedFleetTest, AWrongTagIsToldAndLeavesTheLastGoodSettingsInForce) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  tag("wrong", {{"ecs-scaler:queue", "x"}, {"ecs-scaler:policy", "mode=nonsense"}});
  FleetNews news = ask_after(0s);
  EXPECT_EQ(names(news), "a");
  ASSERT_EQ(news.problems.size(), 1U);
  EXPECT_EQ(news.problems[0],
            (SpecProblem{arn_named("wrong"), "ecs-scaler:policy: mode: 'nonsense' is wrong"}));
  ASSERT_EQ(fleet_.without_settings().size(), 1U);
  EXPECT_EQ(fleet_.without_settings().front().service, arn_named("wrong"));

  tag("a", {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "tasks_max=101"}});
  news = ask_after(60s);
  EXPECT_EQ(names(news), "?");
  ASSERT_EQ(news.problems.size(), 2U);
  EXPECT_NE(news.problems[0].message.find("\nits last good settings go on"), std::string::npos);
  EXPECT_EQ(ask_after(60s).problems.size(), 2U);
  EXPECT_FALSE(ask_after(10s).asked);  // Nobody has mended them.

  tag("a", {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "scale_up_target=7"}});
  tag("wrong", {});
  news = ask_after(50s);
  EXPECT_TRUE(news.asked);
  EXPECT_EQ(names(news), "a");
  EXPECT_EQ(news.services->front().policy->scale_up_target, 7);
  EXPECT_TRUE(news.problems.empty());
}

TEST_F(TaggedFleetTest, DropsAServiceOnlyWhenItsOwnTagsOrEcsSaySo) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  tag("b", {{"ecs-scaler:queue", "jobs-b"}});
  tag("c", {{"ecs-scaler:queue", "jobs-c"}});
  EXPECT_EQ(names(ask_after(0s)), "a b c");
  directory_.hidden = {arn_named("a")};
  EXPECT_EQ(names(ask_after(60s)), "?");
  directory_.refused = {arn_named("a")};
  const FleetNews denied = ask_after(60s);
  EXPECT_EQ(names(denied), "?");
  EXPECT_EQ(denied.problems, (std::vector<SpecProblem>{{arn_named("a"), "AccessDenied"}}));
  tag("b", {{"team", "b"}});
  EXPECT_EQ(names(ask_after(60s)), "a c");
  EXPECT_TRUE(fleet_.without_settings().empty());
  directory_.services.erase(arn_named("c"));
  EXPECT_EQ(names(ask_after(60s)), "a");
}

TEST_F(TaggedFleetTest, AnIndexThatCannotBeAskedHarmsNobodyAndIsAskedAgainSoon) {
  directory_.error = Error{ErrorKind::Throttled, "slow down"};
  FleetNews news = ask_after(0s);
  EXPECT_EQ(news.errors, std::vector<std::string>{"slow down"});
  EXPECT_EQ(names(news), "?");
  directory_.error.reset();
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  EXPECT_EQ(names(ask_after(9s)), "?");
  EXPECT_EQ(names(ask_after(1s)), "a");
  directory_.error = Error{ErrorKind::Throttled, "slow down"};
  directory_.hidden = {arn_named("a")};
  tag("a", {{"ecs-scaler:queue", "jobs-a jobs-b"}});
  news = ask_after(60s);
  EXPECT_EQ(news.services->front().queues.size(), 2U);  // Its own tags can be asked.
}

TEST_F(TaggedFleetTest, TheScalersOwnStateIsNoChangeAndNotesAreToldOnce) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "wake=true"}});
  EXPECT_EQ(ask_after(0s).notes.size(), 1U);
  tag("a", {{"ecs-scaler:queue", "jobs-a"},
            {"ecs-scaler:policy", "wake=true"},
            {"ecs-scaler:pause", "2026-11-23T13:00:00Z"},
            {"ecs-scaler:state", "v3 a"}});
  const FleetNews news = ask_after(60s);
  EXPECT_EQ(names(news), "?");
  EXPECT_TRUE(news.notes.empty());
}

const AccountRole kOther{.arn = "arn:aws:iam::222222222222:role/scaler"};

std::string elsewhere(const std::string& account, const std::string& name) {
  return "arn:aws:ecs:eu-central-1:" + account + ":service/main/" + name;
}

class SeveralPlacesTest : public TaggedFleetTest {
 protected:
  SeveralPlacesTest() {
    for (const char* account : {"123456789012", "222222222222"}) {
      directory_.services.insert_or_assign(elsewhere(account, "worker"),
                                           ServiceTags{{"ecs-scaler:queue", "jobs"}});
    }
    directory_.services.insert_or_assign("arn:aws:ecs:eu-west-1:123456789012:service/main/worker",
                                         ServiceTags{{"ecs-scaler:queue", "jobs"}});
  }
  FleetScope scope() const {
    return {.places = {{.region = "eu-central-1"},
                       {.region = "eu-west-1"},
                       {.region = "eu-central-1", .role = kOther}},
            .rules = rules()};
  }
  FleetNews ask_both_after(Duration duration) {
    clock_.pass(duration);
    return both_.ask(Deadline::max());
  }

  TaggedFleet both_{directory_, clock_, scope()};
};

TEST_F(SeveralPlacesTest, TheSameNamesAreServicesOfTheirOwnEachReachedAsItsPlaceIs) {
  const FleetNews news = ask_both_after(0s);
  ASSERT_TRUE(news.services);
  ASSERT_EQ(news.services->size(), 3U);
  for (const ServiceSpec& spec : *news.services) {
    const bool other = spec.id.service.contains("222222222222");
    EXPECT_EQ(spec.id.role, other ? kOther : AccountRole{}) << spec.id.service;
    EXPECT_EQ(directory_.reached.at(spec.id.service), spec.id.role);
  }
}

TEST_F(SeveralPlacesTest, APlaceThatIsDeniedIsAskedAgainAndTheOthersAreNot) {
  const std::string name = "role " + kOther.arn + ", eu-central-1";
  directory_.errors[name] = {ErrorKind::Unauthorized, "AccessDenied"};
  FleetNews news = ask_both_after(0s);
  EXPECT_EQ(news.errors, std::vector<std::string>{name + ": AccessDenied"});
  ASSERT_TRUE(news.services) << "the others go on";
  EXPECT_EQ(news.services->size(), 2U);
  directory_.searched.clear();
  ask_both_after(10s);
  EXPECT_EQ(directory_.searched, std::vector<std::string>{name});
  directory_.errors.clear();
  news = ask_both_after(10s);
  ASSERT_TRUE(news.services);
  EXPECT_EQ(news.services->size(), 3U);
}

TEST_F(SeveralPlacesTest, WhoNeedsAShardAsksForNoOtherPlaceAndHearsOfNoOther) {
  const std::string other = "role " + kOther.arn + ", eu-central-1";
  directory_.errors[other] = {ErrorKind::Unauthorized, "AccessDenied"};
  const Shard own{.place = "own eu-west-1"};
  FleetNews news = both_.ask_for(&own, Deadline::max());
  EXPECT_EQ(directory_.searched, std::vector<std::string>{"eu-west-1"});
  EXPECT_TRUE(news.errors.empty());
  EXPECT_EQ(names(news), "worker");
  const Shard denied{.place = kOther.arn + " eu-central-1"};
  news = both_.ask_for(&denied, Deadline::max());
  EXPECT_EQ(news.errors, std::vector<std::string>{other + ": AccessDenied"});
  EXPECT_EQ(directory_.searched, (std::vector<std::string>{"eu-west-1", other}));
}

TEST_F(SeveralPlacesTest, APlaceWithoutARegionMayHoldWhatIsOfAnyRegion) {
  FleetScope scope = this->scope();
  scope.places = {{}, {.role = kOther}};
  both_.become(std::move(scope));
  const Shard own{.place = "own eu-west-1"};
  both_.ask_for(&own, Deadline::max());
  EXPECT_EQ(directory_.searched, std::vector<std::string>{""});
}

TEST_F(SeveralPlacesTest, WhoIsKnownStaysWhileItsPlaceIsDenied) {
  ask_both_after(0s);
  directory_.errors["role " + kOther.arn + ", eu-central-1"] = {ErrorKind::Denied, "no"};
  directory_.refused.insert(elsewhere("222222222222", "worker"));
  const FleetNews news = ask_both_after(60s);
  EXPECT_FALSE(news.services) << "nothing has changed";
  EXPECT_EQ(both_.services().size(), 3U);
}

TEST_F(SeveralPlacesTest, AllProblemsAreToldAlsoWhereOnePlaceAloneWasDue) {
  directory_.errors["role " + kOther.arn + ", eu-central-1"] = {ErrorKind::Denied, "no"};
  directory_.refused.insert(elsewhere("123456789012", "worker"));
  ASSERT_EQ(ask_both_after(0s).problems.size(), 1U);
  const FleetNews news = ask_both_after(10s);  // Of the other account alone.
  EXPECT_TRUE(news.asked);
  ASSERT_EQ(news.problems.size(), 1U);
  EXPECT_EQ(news.problems.front().service, elsewhere("123456789012", "worker"));
  directory_.refused.clear();
  EXPECT_TRUE(ask_both_after(60s).problems.empty());
}

TEST_F(SeveralPlacesTest, WhatADocumentNamesItselfCountsAndIsToldOnce) {
  FleetScope scope = this->scope();
  scope.fixed.push_back({.id = {.cluster = "main", .service = "worker", .role = kOther},
                         .queues = {{queue_url("jobs")}},
                         .policy = testing::fixed(1)});
  both_.become(std::move(scope));
  const FleetNews news = ask_both_after(0s);
  ASSERT_TRUE(news.services);
  ASSERT_EQ(news.services->size(), 3U);
  EXPECT_EQ(news.services->front().id.service, "worker");
  ASSERT_EQ(news.notes.size(), 1U);
  EXPECT_EQ(news.notes.front().service, elsewhere("222222222222", "worker"));
  EXPECT_TRUE(ask_both_after(60s).notes.empty());
}

TEST_F(SeveralPlacesTest, APlaceThatIsTakenOutLosesItsServices) {
  ask_both_after(0s);
  FleetScope scope = this->scope();
  scope.places.pop_back();
  both_.become(std::move(scope));
  const FleetNews news = ask_both_after(1s);
  ASSERT_TRUE(news.services);
  EXPECT_EQ(news.services->size(), 2U);
}

// --- who has a queue
// ----------------------------------------------------------------------------

class QueueOwners : public TaggedFleetTest {
 protected:
  FleetNews ask_about(const std::string& name) {
    return fleet_.ask_about(*parse_queue(queue_url(name)), clock_.steady() + 30s);
  }
};

TEST_F(QueueOwners, AreFoundByTheQueueAloneInAProcessThatKnowsNobody) {
  for (int i = 0; i < 1000; ++i) {
    tag("s" + std::to_string(i), {{"ecs-scaler:queue", "jobs" + std::to_string(i)}});
  }
  EXPECT_EQ(names(ask_about("jobs7")), "s7");
  EXPECT_EQ(directory_.wanted,
            (std::vector<std::string>{"jobs7", queue_url("jobs7"),
                                      "arn:aws:sqs:eu-central-1:123456789012:jobs7"}));
  EXPECT_EQ(directory_.asked, 1);
  EXPECT_EQ(directory_.read, std::vector<std::string>{arn_named("s7")});
  // Known now: nothing is asked.
  EXPECT_EQ(names(ask_about("jobs7")), "s7");
  EXPECT_EQ(directory_.asked, 1);
  EXPECT_EQ(directory_.read.size(), 1U);
  // And the fleet is still to be told as a whole.
  EXPECT_EQ(ask_after(0s).services->size(), 1000U);
}

TEST_F(QueueOwners, WithOtherWordsInTheTagAreFoundByTheIndex) {
  tag("a", {{"ecs-scaler:queue", "jobs-a@4"}});
  tag("b", {{"ecs-scaler:queue", "jobs-b"}, {"ecs-scaler:queue:2", "more jobs-x"}});
  tag("c", {{"ecs-scaler:queue", "jobs-a2"}});
  EXPECT_EQ(names(ask_about("jobs-a")), "a");
  EXPECT_EQ(directory_.read, std::vector<std::string>{arn_named("a")});
  EXPECT_EQ(names(ask_about("jobs-x")), "a b");
  EXPECT_EQ(directory_.asked, 2) << "the index has told of b";
}

TEST_F(QueueOwners, OfAQueueOfNobodyAreLookedForOnceAMinute) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  EXPECT_EQ(names(ask_about("strange")), "?");
  EXPECT_EQ(directory_.asked, 2);
  EXPECT_EQ(names(ask_about("strange")), "?");
  EXPECT_EQ(directory_.asked, 3);
  EXPECT_TRUE(directory_.read.empty());
}

TEST_F(QueueOwners, AreWhoTheirOwnTagsSayTheyAre) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  ask_after(0s);
  ask_after(30s);
  EXPECT_EQ(directory_.read.size(), 1U);
  directory_.services.erase(arn_named("a"));
  clock_.pass(2min);  // Nobody asked meanwhile.
  EXPECT_EQ(names(ask_about("jobs-a")), "");
  tag("b", {{"ecs-scaler:queue", "jobs-b"}});
  directory_.refused.insert(arn_named("b"));
  EXPECT_EQ(names(ask_about("jobs-b")), "");
  directory_.refused.clear();
  EXPECT_EQ(names(ask_about("jobs-b")), "b");
}

TEST_F(QueueOwners, OfAnIndexThatCannotBeAskedItIsSaid) {
  directory_.error = Error{ErrorKind::Denied, "AccessDenied"};
  EXPECT_EQ(ask_about("jobs-a").errors.size(), 1U);
}

/// What is kept stands in the services' own tags, where the directory finds it.
class KeptSettings : public TaggedFleetTest, public StateWriter {
 protected:
  std::vector<Result<void>> save(std::span<const SavedState> states,
                                 Deadline /*deadline*/) override {
    std::vector<Result<void>> results;
    for (const SavedState& state : states) {
      EXPECT_EQ(state.tag, kLastGoodTag);
      written_.emplace_back(plain_name(state.service_arn));
      ServiceTags& tags = *directory_.services.at(state.service_arn);
      if (!denied_ && state.text.empty()) {
        tags.erase(std::string(state.tag));
      } else if (!denied_) {
        tags.insert_or_assign(std::string(state.tag), state.text);
      }
      results.push_back(denied_ ? fail(ErrorKind::Denied, "AccessDenied") : Result<void>());
    }
    return results;
  }
  std::size_t saves_allowed(const ServiceId& /*like*/) override { return allowed_; }

  std::vector<std::string> keep(const Shard& shard = {}) {
    return fleet_.keep(*this, shard, Deadline::max());
  }
  std::string kept(const std::string& name) {
    const ServiceTags& tags = *directory_.services.at(arn_named(name));
    const auto found = tags.find(kLastGoodTag);
    return found == tags.end() ? "none" : found->second;
  }
  std::vector<std::string> written() { return std::exchange(written_, {}); }
  void change(const std::string& name, const std::string& key, const std::string& value) {
    directory_.services.at(arn_named(name))->insert_or_assign(key, value);
  }

  std::size_t allowed_ = 100;
  bool denied_ = false;
  std::vector<std::string> written_ = {};
};

TEST_F(KeptSettings, AreKnownToAProcessThatStartsWhileTheTagsAreWrong) {
  tag("a", {{"ecs-scaler:queue", "jobs-a more@4"}, {"ecs-scaler:policy", "tasks_max=7"}});
  ask_after(0s);
  EXPECT_TRUE(keep().empty());
  EXPECT_EQ(kept("a"), "policy tasks_max=7 /queue jobs-a more@4");

  change("a", "ecs-scaler:policy", "mode=nonsense");
  TaggedFleet started{directory_, clock_, {.rules = rules()}};
  const FleetNews news = started.ask(Deadline::max());
  EXPECT_EQ(names(news), "a");
  EXPECT_NE(news.problems.at(0).message.find("\nits last good settings go on"), std::string::npos);
  const ServiceSpec service = started.services().at(0);
  ASSERT_EQ(service.queues.size(), 2U);
  EXPECT_EQ(service.queues[1].url, queue_url("more"));
  EXPECT_EQ(service.queues[1].weight.count, 4 * Millionths::kOne);
  EXPECT_EQ(service.policy->tasks_max, 7);
  started.keep(*this, {}, Deadline::max());
  EXPECT_EQ(kept("a"), "policy tasks_max=7 /queue jobs-a more@4") << "wrong ones are not kept";
}

TEST_F(KeptSettings, CountMoreThanOlderOnesThatAProcessKnows) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "tasks_max=7"}});
  ask_after(0s);
  TaggedFleet other{directory_, clock_, {.rules = rules()}};
  change("a", "ecs-scaler:policy", "tasks_max=9");
  other.ask(Deadline::max());
  change("a", "ecs-scaler:policy", "mode=nonsense");
  ask_after(60s);
  EXPECT_EQ(fleet_.services().at(0).policy->tasks_max, 7);
  other.keep(*this, {}, Deadline::max());  // It has not heard of the mistake yet.
  ask_after(5min);
  EXPECT_EQ(fleet_.services().at(0).policy->tasks_max, 9);
}

TEST_F(KeptSettings, OfWhomNobodyKnewAreAskedForEachMinute) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "mode=nonsense"}});
  EXPECT_EQ(names(ask_after(0s)), "");
  change("a", std::string(kLastGoodTag), "queue jobs-a /policy tasks_max=9");
  EXPECT_EQ(names(ask_after(60s)), "a");
}

TEST_F(KeptSettings, BeyondTheCeilingsOrUnreadableAreNone) {
  for (const char* text : {"queue jobs-a /policy tasks_max=101", "/policy tasks_max=9", "x", "/",
                           "queue", "queue jobs-a /nonsense 1"}) {
    tag(text, {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "mode=nonsense"}});
    change(text, std::string(kLastGoodTag), text);
  }
  EXPECT_EQ(names(ask_after(0s)), "");
}

TEST_F(KeptSettings, AreWrittenOnceAndAnewWhenTheyChange) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  tag("wrong", {{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "mode=nonsense"}});
  ask_after(0s);
  keep();
  EXPECT_EQ(written(), std::vector<std::string>{"a"});
  keep();
  for (int minute = 0; minute < 6; ++minute) {
    ask_after(60s);
    keep();
  }
  EXPECT_TRUE(written().empty());
  change("a", "ecs-scaler:queue", "jobs-b");
  ask_after(60s);
  keep();
  EXPECT_EQ(kept("a"), "queue jobs-b");
  const std::string longest = "jobs-" + std::string(75, 'b');
  change("a", "ecs-scaler:queue", longest + " " + longest.substr(1) + " " + longest.substr(2));
  change("a", "ecs-scaler:policy", "tasks_max=9");
  ask_after(60s);
  keep();
  EXPECT_EQ(kept("a"), "none") << "rather none than older ones";
}

TEST_F(KeptSettings, AreWrittenForAFewAtATimeWithinTheRatesAndTheShard) {
  for (int i = 0; i < 25; ++i) {
    tag("s" + std::to_string(i), {{"ecs-scaler:queue", "jobs"}});
  }
  ask_after(0s);
  allowed_ = 3;
  keep();
  EXPECT_EQ(written().size(), 3U);
  allowed_ = 100;
  keep();
  keep();
  EXPECT_EQ(written().size(), 20U);
  const std::vector<Shard> shards = cut(fleet_.members(), 20);
  keep(shards.at(0));
  EXPECT_TRUE(written().empty());
  keep(shards.at(1));
  EXPECT_EQ(written().size(), 2U);
}

TEST_F(KeptSettings, ThatMayNotBeWrittenAreToldAndTriedAgainWhenTheTagsAreReadAnew) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  ask_after(0s);
  denied_ = true;
  EXPECT_EQ(keep(), std::vector<std::string>{"AccessDenied"});
  denied_ = false;
  EXPECT_TRUE(keep().empty());
  EXPECT_EQ(kept("a"), "none");
  ask_after(5min);
  keep();
  EXPECT_EQ(kept("a"), "queue jobs-a");
}

TEST_F(KeptSettings, OfWhomTheDocumentNamesAreLeftToIt) {
  tag("a", {{"ecs-scaler:queue", "jobs-a"}});
  fleet_.become({.fixed = {{.id = {"main", arn_named("a")},
                            .queues = {{queue_url("jobs")}},
                            .policy = fixed(1)}},
                 .rules = rules()});
  ask_after(0s);
  keep();
  EXPECT_TRUE(written().empty());
}

TEST_F(QueueOwners, OfADocumentNeedNoSearch) {
  fleet_.become(
      {.fixed = {{.id = {"c", "fixed"}, .queues = {{queue_url("jobs")}}, .policy = fixed(1)}},
       .rules = rules()});
  EXPECT_EQ(names(ask_about("jobs")), "fixed");
  EXPECT_EQ(directory_.asked, 0);
}

}  // namespace
}  // namespace scaler::testing
