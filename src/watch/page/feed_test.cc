#include "watch/page/feed.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "watch/page/test_support.h"

namespace scaler::page {
namespace {

using namespace std::chrono_literals;
using testing::fleet;
using testing::has;
using testing::kNoon;
using testing::service;

ServiceView changed(std::string name = "worker") {
  ServiceView view = service(std::move(name), kNoon + 10s);
  view.desired = 7;
  return view;
}

TEST(Feed, AnEventTellsWhatChangedAlone) {
  Feed feed("e");
  feed.show(fleet({service("a"), service("b")}));
  feed.show(fleet({changed("a"), service("b", kNoon + 10s)}, kNoon + 10s));

  const std::string& text = *feed.event(1).text;
  EXPECT_TRUE(text.starts_with("id: e-2\nevent: pass\ndata: {\"at\":\"2026-11-23T12:00:10Z\""))
      << text;
  EXPECT_TRUE(text.ends_with("}\n\n"));
  EXPECT_TRUE(has(text, "\"id\":\"main/a\""));
  EXPECT_TRUE(has(text, "\"desired\":7"));
  EXPECT_FALSE(has(text, "main/b"));
}

TEST(Feed, APassThatChangedNothingIsToldToo) {
  Feed feed("e");
  feed.show(fleet({service()}));
  feed.show(fleet({service("worker", kNoon + 10s)}, kNoon + 10s));
  EXPECT_TRUE(has(*feed.event(1).text, "\"services\":[],\"gone\":[]"));
}

TEST(Feed, ServicesComeAndGo) {
  Feed feed("e");
  feed.show(fleet({service("a"), service("b")}));
  const std::vector<std::string> gone = feed.show(fleet({service("b"), service("c")}));
  EXPECT_EQ(gone, std::vector<std::string>{"main/a"});
  EXPECT_TRUE(has(*feed.event(1).text, "\"gone\":[\"main/a\"]"));
  EXPECT_TRUE(has(*feed.event(1).text, "\"id\":\"main/c\""));
  EXPECT_EQ(feed.find("main/a"), nullptr);
  ASSERT_NE(feed.find("main/c"), nullptr);
  EXPECT_EQ(feed.find("main/c")->service, "c");
}

TEST(Feed, WhatComesFromOutsideCannotEndAnEvent) {
  Feed feed("e");
  ServiceView view = service("a\n\nevent: pass\ndata: {}\r\n");
  view.error = "\r\ndata: x";
  feed.show(fleet({view}));
  const std::string& text = *feed.event(0).text;
  EXPECT_EQ(text.find("\n\n"), text.size() - 2);
  EXPECT_EQ(std::ranges::count(text, '\n'), 4);
  EXPECT_FALSE(has(text, "\r"));
}

TEST(Feed, APageGoesOnWhereItWas) {
  Feed feed("e");
  EXPECT_EQ(feed.after(feed.revision()), 0U);
  for (int pass = 0; pass < 3; ++pass) {
    feed.show(fleet({service()}));
  }
  EXPECT_EQ(feed.after("e-3"), 3U);
  EXPECT_EQ(feed.after("e-1"), 1U);
  for (const char* const unknown :
       {"", "e", "e-", "e-4", "e--1", "f-1", "e-99999999999999999999", "e-1 ", "-1"}) {
    EXPECT_EQ(feed.after(unknown), std::nullopt) << unknown;
  }
}

TEST(Feed, KeepsSoManyBytesAndTellsWhoIsBehindToBeginAnew) {
  Feed feed("e", {.event = 1024, .window = 4096});
  for (int pass = 0; pass < 100; ++pass) {
    ServiceView view = service();
    view.visible = pass;
    feed.show(fleet({view}));
  }
  EXPECT_EQ(feed.after("e-1"), std::nullopt);
  EXPECT_EQ(feed.after("e-99"), 99U);
  const Feed::Event late = feed.event(1);
  EXPECT_EQ(late.number, 99U);
  EXPECT_EQ(*late.text, "id: e-100\nevent: reset\ndata: {}\n\n");
}

TEST(Feed, MoreThanAnEventHoldsTellsPagesToBeginAnew) {
  Feed feed("e", {.event = 1024, .window = 1U << 20U});
  std::vector<ServiceView> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(service(std::to_string(i)));
  }
  feed.show(fleet(many));
  EXPECT_EQ(*feed.event(0).text, "id: e-1\nevent: reset\ndata: {}\n\n");
}

}  // namespace
}  // namespace scaler::page
