#include "scaler/fleet/document_fleet.h"

#include <gtest/gtest.h>

#include "ground/base/text.h"
#include "scaler/fleet/test_support.h"
#include "scaler/pass/test_support.h"

namespace scaler::testing {
namespace {

using namespace std::chrono_literals;

/// Holds one version of a text, and counts who asks for it.
class FakeDocument final : public DocumentStore {
 public:
  Result<std::optional<DocumentVersion>> fetch(const std::string& known,
                                               Deadline deadline) override {
    ++asked;
    patience = std::chrono::floor<Duration>(deadline - clock->steady());
    if (error) {
      return std::unexpected(*error);
    }
    if (known == version && !version.empty()) {
      return std::optional<DocumentVersion>();
    }
    ++carried;
    return DocumentVersion{.text = text, .version = version};
  }

  void put(std::string next, std::string its_version) {
    text = std::move(next);
    version = std::move(its_version);
  }

  const Clock* clock = nullptr;
  std::string text = {};
  std::string version = {};
  std::optional<Error> error = {};
  int asked = 0;
  int carried = 0;  ///< with the text
  Duration patience = {};
};

class DocumentFleetTest : public ::testing::Test {
 protected:
  DocumentFleetTest() { document_.clock = &clock_; }

  /// Names with blanks between them are a fleet; "bad" is none.
  static Result<FleetScope> read(const std::string& text) {
    FleetScope scope{.places = {}, .rules = rules()};
    for (const std::string_view name : split(text, " ")) {
      if (name == "tags") {
        scope.places.emplace_back();
        continue;
      }
      if (name == "bad") {
        return fail(ErrorKind::Malformed, "services[0]: bad");
      }
      scope.fixed.push_back({.id = {"c", std::string(name)}, .policy = fixed(1)});
    }
    return scope;
  }
  FleetNews ask_after(Duration duration) {
    clock_.pass(duration);
    return fleet_.ask(clock_.steady() + 10s);
  }
  static std::string names(const FleetNews& news) {
    std::string text = news.services ? "" : "?";
    for (const ServiceSpec& spec : news.services.value_or(std::vector<ServiceSpec>())) {
      text += spec.id.service;
    }
    return text;
  }

  FakeClock clock_;
  FakeDocument document_;
  FakeDirectory directory_;
  TaggedFleet services_{directory_, clock_, {.places = {}}};
  DocumentFleet fleet_{document_, services_, clock_, "s3://b/k", read};
};

TEST_F(DocumentFleetTest, AsksOnceAMinuteAndTellsWhatHasChanged) {
  document_.put("a b", "1");
  EXPECT_EQ(names(ask_after(0s)), "ab");
  EXPECT_EQ(fleet_.members().at(1).key, "c/b");
  EXPECT_FALSE(ask_after(59s).asked);
  FleetNews news = ask_after(1s);
  EXPECT_TRUE(news.asked);
  EXPECT_EQ(names(news), "?");
  EXPECT_TRUE(news.errors.empty());
  EXPECT_EQ(document_.carried, 1);
  document_.put("a c", "2");
  news = ask_after(60s);
  EXPECT_EQ(names(news), "ac");
  EXPECT_EQ(
      news.notes,
      (std::vector<SpecProblem>{{"s3://b/k", "the fleet is read anew: 2 services, version 2"}}));
  clock_.at -= 1h;  // Set back.
  EXPECT_TRUE(ask_after(0s).asked);
}

TEST_F(DocumentFleetTest, ABadDocumentChangesNothingAndIsToldUntilItIsMended) {
  document_.put("a", "1");
  ask_after(0s);
  document_.put("bad", "2");
  const std::vector<std::string> told{"services[0]: bad\nthe fleet stays as it was"};
  for (int minute = 0; minute < 3; ++minute) {
    const FleetNews news = ask_after(60s);
    EXPECT_EQ(names(news), "?");
    EXPECT_EQ(news.errors, told);
  }
  EXPECT_EQ(document_.carried, 2);  // Once each: a bad one is not carried again and again.
  document_.put("a", "1");
  EXPECT_EQ(names(ask_after(60s)), "a");
  EXPECT_TRUE(ask_after(60s).errors.empty());
}

TEST_F(DocumentFleetTest, WhatCannotBeHadChangesNothing) {
  document_.put("a", "1");
  ask_after(0s);
  document_.error = Error{ErrorKind::Denied, "AccessDenied"};
  const FleetNews news = ask_after(60s);
  EXPECT_EQ(names(news), "?");
  EXPECT_EQ(news.errors, std::vector<std::string>{"AccessDenied\nthe fleet stays as it was"});
  document_.error.reset();
  EXPECT_TRUE(ask_after(60s).errors.empty());
}

TEST_F(DocumentFleetTest, TheFirstIsWaitedForAndLaterOnesHoldNobody) {
  document_.error = Error{ErrorKind::NotFound, "NoSuchKey"};
  EXPECT_EQ(ask_after(0s).errors, std::vector<std::string>{"NoSuchKey"});
  EXPECT_EQ(document_.patience, 10s);
  document_.error.reset();
  document_.put("a", "1");
  ask_after(60s);
  EXPECT_EQ(document_.patience, 10s);
  ask_after(60s);
  EXPECT_EQ(document_.patience, 2s);
}

TEST_F(DocumentFleetTest, SomebodyWhoKnowsOfNewsNeedNotWait) {
  document_.put("a", "1");
  ask_after(0s);
  document_.put("b", "2");
  fleet_.hurry();
  EXPECT_EQ(names(ask_after(1s)), "b");
}

TEST_F(DocumentFleetTest, WhereItSaysSoServicesAreFoundByTheirTagsWithIt) {
  directory_.services.insert_or_assign(arn_named("t"), ServiceTags{{"ecs-scaler:queue", "jobs"}});
  document_.put("a tags", "1");
  FleetNews news = ask_after(0s);
  EXPECT_EQ(names(news), "a" + arn_named("t"));
  EXPECT_EQ(fleet_.members().size(), 2U);
  directory_.services.insert_or_assign(
      arn_named("t"), ServiceTags{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "mode=x"}});
  document_.put("bad", "2");
  news = ask_after(60s);
  EXPECT_EQ(news.problems.size(), 1U);
  EXPECT_EQ(news.errors.size(), 1U);
  directory_.error = Error{ErrorKind::Denied, "denied"};
  EXPECT_EQ(ask_after(60s).errors.size(), 2U);
  directory_.error.reset();
  news = ask_after(10s);  // The place alone: what else is wrong is told with it.
  EXPECT_TRUE(news.asked);
  EXPECT_EQ(news.errors.size(), 1U);
  EXPECT_EQ(news.problems.size(), 1U);
  document_.put("a", "3");
  EXPECT_EQ(names(ask_after(60s)), "a");
}

TEST_F(DocumentFleetTest, OneThatIsTooLargeIsNotRead) {
  document_.put(std::string(DocumentFleet::kSizeMax + 1, ' '), "1");
  EXPECT_EQ(ask_after(0s).errors,
            std::vector<std::string>{"s3://b/k: 8388609 bytes are more than the 8388608 of a "
                                     "document"});
}

TEST_F(DocumentFleetTest, AStoreThatNamesNoVersionsIsReadEachTimeInSilence) {
  document_.put("a", "");
  EXPECT_EQ(names(ask_after(0s)), "a");
  const FleetNews news = ask_after(60s);
  EXPECT_EQ(names(news), "a");
  EXPECT_TRUE(news.notes.empty());
}

TEST_F(DocumentFleetTest, WhoAsksAboutAQueueGetsTheDocumentOnceAMinute) {
  document_.put("a", "1");
  ASSERT_TRUE(fleet_.begin(clock_.steady() + 10s));
  const QueueAddress queue = *parse_queue(queue_url("jobs"));
  EXPECT_TRUE(fleet_.ask_about(queue, clock_.steady() + 10s).errors.empty());
  EXPECT_EQ(document_.asked, 1);
  EXPECT_EQ(names(ask_after(0s)), "a");
  document_.put("b", "2");
  clock_.pass(1min);
  EXPECT_EQ(names(fleet_.ask_about(queue, clock_.steady() + 10s)), "b");
  EXPECT_EQ(document_.asked, 2);
  document_.put("bad", "3");
  clock_.pass(1min);
  EXPECT_EQ(fleet_.ask_about(queue, clock_.steady() + 10s).errors.size(), 1U);
}

TEST_F(DocumentFleetTest, WithoutADocumentThereIsNothingToBeginWith) {
  document_.put("bad", "1");
  EXPECT_EQ(fleet_.begin(clock_.steady() + 10s).error().message, "services[0]: bad");
  document_.error = Error{ErrorKind::Denied, "AccessDenied"};
  EXPECT_EQ(fleet_.begin(clock_.steady() + 10s).error().message, "AccessDenied");
}

}  // namespace
}  // namespace scaler::testing
