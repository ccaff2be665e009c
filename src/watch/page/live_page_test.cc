#include "watch/page/live_page.h"

#include <gtest/gtest.h>

#include "ground/json/reader.h"
#include "watch/page/test_support.h"

namespace scaler::page {
namespace {

using namespace std::chrono_literals;
using testing::fleet;
using testing::has;
using testing::kNoon;
using testing::service;

/// A page that listens: what it was sent, how much of it waits, and whether it has gone.
struct Listening {
  std::string text = {};
  std::optional<std::size_t> waiting = 0;
};

class FakeStream final : public net::ResponseStream {
 public:
  explicit FakeStream(std::shared_ptr<Listening> to) : to_(std::move(to)) {}
  std::optional<std::size_t> waiting() const override { return to_->waiting; }
  void send(std::string_view piece) override { to_->text += piece; }

 private:
  std::shared_ptr<Listening> to_;
};

class LivePageTest : public ::testing::Test {
 protected:
  net::HttpResponse get(std::string target, net::HttpHeaders headers = {},
                        std::string method = "GET") {
    net::HttpResponse answered;
    page_.answer({.method = std::move(method), .target = std::move(target), .headers = headers},
                 [&](net::HttpResponse response) { answered = std::move(response); });
    return answered;
  }

  std::shared_ptr<Listening> listen(const std::string& target, net::HttpHeaders headers = {}) {
    auto listening = std::make_shared<Listening>();
    net::ServerRequest request{.target = target, .headers = std::move(headers)};
    request.stream = [listening](const net::HttpResponse& head) {
      listening->text += head.body;
      return std::make_shared<FakeStream>(listening);
    };
    page_.answer(request, [](const net::HttpResponse&) { FAIL() << "answered"; });
    return listening;
  }

  std::string revision() {
    const auto document = json::parse(get("/api/fleet").body);
    return json::Reader(*document).field("revision")->string().value();
  }

  net::EventLoop loop_;
  LivePage page_{loop_, {.shows = "a <fleet>", .every = 10s}};
};

TEST_F(LivePageTest, TellsTheFleet) {
  page_.show(fleet({service()}));
  const net::HttpResponse answer = get("/api/fleet");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.starts_with(R"({"shows":"a <fleet>","every_ms":10000,"revision":")"));
  EXPECT_TRUE(has(answer.body, R"("services":[{"id":"main/worker","state":"working")"));
}

TEST_F(LivePageTest, TellsAServiceOverTime) {
  page_.show(fleet({service()}));
  page_.show(fleet({service("worker", kNoon + 10s)}));
  const net::HttpResponse answer = get("/api/service?x=1&id=main%2Fworker");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(has(answer.body, R"("service":{"id":"main/worker")"));
  EXPECT_TRUE(has(answer.body, R"("note":"30 visible")"));
  const std::string later = std::to_string((kNoon + 10s).time_since_epoch().count());
  EXPECT_TRUE(has(get("/api/service?id=main/worker&since=" + later).body, R"("from":[])"));
}

TEST_F(LivePageTest, RefusesWhatIsNoServiceOrNoMoment) {
  page_.show(fleet({service()}));
  EXPECT_EQ(get("/api/service").status, 400);
  EXPECT_EQ(get("/api/service?id=").status, 400);
  EXPECT_EQ(get("/api/service?id=main/worker&since=noon").status, 400);
  EXPECT_EQ(get("/api/service?id=main/other").status, 404);
  page_.show(fleet({}));
  EXPECT_EQ(get("/api/service?id=main/worker").status, 404);
}

TEST_F(LivePageTest, EventsGoOnFromWhatThePageKnows) {
  page_.show(fleet({service()}));
  const auto listening = listen("/events?since=" + revision());
  EXPECT_EQ(listening->text, "retry: 2000\n\n");
  ServiceView view = service("worker", kNoon + 10s);
  view.desired = 9;
  page_.show(fleet({view}));
  EXPECT_TRUE(has(listening->text, "event: pass\n"));
  EXPECT_TRUE(has(listening->text, "\"desired\":9"));
}

TEST_F(LivePageTest, WhatAReconnectedPageMissedComesFirst) {
  page_.show(fleet({service()}));
  const std::string known = revision();
  ServiceView view = service("worker", kNoon + 10s);
  view.desired = 9;
  page_.show(fleet({view}));
  EXPECT_TRUE(has(listen("/events", {{"Last-Event-ID", known}})->text, "\"desired\":9"));
  EXPECT_TRUE(has(listen("/events?since=other-1", {{"Last-Event-ID", known}})->text, "event: pass"))
      << "what the browser remembers is newer than the address";
}

TEST_F(LivePageTest, WhoIsOfAnotherTimeBeginsAnew) {
  page_.show(fleet({service()}));
  for (const char* const target : {"/events", "/events?since=other-1"}) {
    EXPECT_TRUE(has(listen(target)->text, "event: reset\n")) << target;
  }
}

TEST_F(LivePageTest, NothingIsPiledUpForAPageThatReadsSlowly) {
  page_.show(fleet({service()}));
  const auto slow = listen("/events?since=" + revision());
  const std::size_t before = slow->text.size();
  slow->waiting = 64U << 10U;
  for (int pass = 0; pass < 1000; ++pass) {
    page_.show(fleet({service("worker", kNoon + pass * 1s)}));
  }
  EXPECT_EQ(slow->text.size(), before);
  slow->waiting = 0;
  page_.show(fleet({service("worker", kNoon + 2000s)}));
  EXPECT_GT(slow->text.size(), before);
  EXPECT_LE(slow->text.size(), before + (1100U << 10U));
}

TEST_F(LivePageTest, WhoHasGoneIsForgotten) {
  page_.show(fleet({service()}));
  const auto gone = listen("/events?since=" + revision());
  ASSERT_EQ(gone.use_count(), 2);
  gone->waiting.reset();
  page_.show(fleet({service()}));
  EXPECT_EQ(gone.use_count(), 1);
}

TEST_F(LivePageTest, WithoutRoomEventsAreRefusedForNow) {
  const net::HttpResponse answer = get("/events");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(net::find_header(answer.headers, "retry-after"), "5");
  EXPECT_EQ(get("/events", {}, "HEAD").status, 200);
}

TEST_F(LivePageTest, PagesOfOtherServersGetNoData) {
  const net::HttpHeaders foreign{{"Host", "localhost:1"}, {"Sec-Fetch-Site", "cross-site"}};
  for (const char* const target : {"/api/fleet", "/api/service?id=a", "/events"}) {
    EXPECT_EQ(get(target, foreign).status, 403) << target;
  }
  EXPECT_EQ(get("/", foreign).status, 200) << "a link may lead here";
}

TEST_F(LivePageTest, ForbidsTheBrowserEverythingElse) {
  for (const char* const target : {"/", "/api/fleet"}) {
    const net::HttpResponse answer = get(target);
    EXPECT_TRUE(net::find_header(answer.headers, "content-security-policy")
                    .value_or("")
                    .starts_with("default-src 'none'"));
    EXPECT_EQ(net::find_header(answer.headers, "cache-control"), "no-store");
    EXPECT_EQ(net::find_header(answer.headers, "x-content-type-options"), "nosniff");
  }
}

TEST_F(LivePageTest, KnowsItsPaths) {
  for (const char* const target : {"/", "/?a", "/api/fleet", "/api/service?id=a", "/events"}) {
    EXPECT_TRUE(LivePage::handles(target)) << target;
  }
  for (const char* const target : {"", "/api", "/api/fleet/", "/eventsx", "/metrics", "//"}) {
    EXPECT_FALSE(LivePage::handles(target)) << target;
  }
}

}  // namespace
}  // namespace scaler::page
