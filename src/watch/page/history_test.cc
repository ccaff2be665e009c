#include "watch/page/history.h"

#include <gtest/gtest.h>

#include "ground/json/reader.h"
#include "watch/page/test_support.h"

namespace scaler::page {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;
using testing::service;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::min();

std::string written(const History& history, std::string_view id = "a", std::int64_t since = kAll) {
  json::Writer out;
  out.begin_object();
  history.write(out, id, since);
  out.end_object();
  return std::move(out).text();
}

std::int64_t milliseconds(Instant at) {
  return at.time_since_epoch().count();
}

/// Every look tells something else.
ServiceView busy(int look) {
  ServiceView view = service("worker", kNoon + look * 10s);
  view.visible = look + 1;
  view.steps = R"([{"rule":"backlog","tasks":4,"note":")" + std::to_string(look) + " visible\"}]";
  return view;
}

TEST(History, TellsCountsActionErrorAndSteps) {
  History history;
  ServiceView view = service();
  view.pending.reset();
  view.error = "<b>denied</b>";
  history.add("a", view);
  const std::string noon = std::to_string(milliseconds(kNoon));
  EXPECT_EQ(written(history),
            R"({"from":[)" + noon + R"(],"until":[)" + noon +
                R"(],"visible":[30],"in_flight":[2],"delayed":[0],"desired":[4],"running":[4],)"
                R"("pending":[null],"instances":[null],"action":["hold"],)"
                R"("error":["<b>denied</b>"],"steps":[0],)"
                R"("decisions":[[{"rule":"backlog","tasks":4,"note":"30 visible"}]]})");
}

TEST(History, LooksThatTellTheSameAreOnePoint) {
  History history;
  for (int look = 0; look < 1000; ++look) {
    history.add("a", service("worker", kNoon + look * 10s));
  }
  EXPECT_EQ(history.points("a"), 1U);
  EXPECT_NE(written(history).find("\"until\":[" + std::to_string(milliseconds(kNoon + 9990s))),
            std::string::npos);
}

TEST(History, WhatIsNoNewLookAddsNothing) {
  History history;
  history.add("a", busy(1));
  history.add("a", busy(1));
  history.add("a", busy(0));
  ServiceView unseen = busy(2);
  unseen.looked_at.reset();
  history.add("a", unseen);
  EXPECT_EQ(history.points("a"), 1U);
  EXPECT_EQ(history.points("b"), 0U);
}

TEST(History, TellsWhatIsNewSinceAMoment) {
  History history;
  for (int look = 0; look < 100; ++look) {
    history.add("a", busy(look));
  }
  const std::string told = written(history, "a", milliseconds(kNoon + 970s));
  EXPECT_NE(told.find("\"visible\":[99,100]"), std::string::npos) << told;
  EXPECT_NE(told.find("\"steps\":[0,1]"), std::string::npos) << told;
}

TEST(History, DecisionsThatAreTheSameStandOnce) {
  History history;
  for (int look = 0; look < 100; ++look) {
    ServiceView view = busy(look);
    view.steps = look % 2 == 0 ? "[]" : "[1]";
    history.add("a", view);
  }
  EXPECT_NE(written(history).find("\"decisions\":[[],[1]]"), std::string::npos);
}

TEST(History, KeepsSoManyPointsOfAService) {
  History history({.points = 100});
  for (int look = 0; look < 5000; ++look) {
    history.add("a", busy(look));
  }
  EXPECT_LE(history.points("a"), 100U);
  EXPECT_GT(history.points("a"), 60U);
  EXPECT_NE(written(history).find(",5000]"), std::string::npos) << "the latest is there";
}

TEST(History, StaysWithinItsBytesAndForgetsTheOldestOfAll) {
  constexpr std::size_t kBytes = 1U << 20U;
  History history({.bytes = kBytes});
  for (int look = 0; look < 200; ++look) {
    for (int one = 0; one < 100; ++one) {
      history.add(std::to_string(one), busy(look));
    }
    EXPECT_LE(history.bytes(), kBytes + 16'384);
  }
  for (int one = 0; one < 100; ++one) {
    EXPECT_GT(history.points(std::to_string(one)), 20U) << one << ": no service pays for another";
  }
}

TEST(History, WhatIsForgottenCostsNothing) {
  History history;
  for (int look = 0; look < 100; ++look) {
    history.add("a", busy(look));
  }
  EXPECT_GT(history.bytes(), 10'000U);
  history.forget("a");
  history.forget("nobody");
  EXPECT_EQ(history.bytes(), 0U);
  EXPECT_NE(written(history).find("\"from\":[]"), std::string::npos);
  history.add("a", busy(0));
  EXPECT_EQ(history.points("a"), 1U);
}

TEST(History, LongErrorsAndEndlessStepsAreCut) {
  History history;
  ServiceView view = service();
  view.error = std::string(100'000, 'x');
  view.steps = "[\"" + std::string(100'000, 'y') + "\"]";
  history.add("a", view);
  EXPECT_LT(history.bytes(), 20'000U);
  EXPECT_NE(written(history).find("\"decisions\":[[]]"), std::string::npos);
}

}  // namespace
}  // namespace scaler::page
