#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ground/net/http_server_test_support.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAsk = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Whether it came to be true within some time that no test should need.
bool soon(const std::function<bool()>& condition) {
  const Deadline deadline = after(10s);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

/// A server whose every answer goes on, but for those for which there is no room.
class HttpServerStreamTest : public ::testing::Test {
 public:
  ~HttpServerStreamTest() override {
    thread_ = {};
    streams_.clear();
    server_.reset();
  }

 protected:
  explicit HttpServerStreamTest(ServerLimits limits = {.idle = 200ms, .streams = 2}) {
    auto server = HttpServer::listen(
        loop_, 0,
        [this](const ServerRequest& request, const Respond& respond) {
          if (auto stream = request.stream({.status = 200, .body = "begin\n"})) {
            streams_.push_back(std::move(stream));
          } else {
            respond({.status = 503, .body = "full"});
          }
        },
        limits);
    EXPECT_TRUE(server.has_value());
    server_ = std::move(*server);
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }

  void on_loop(const std::function<void()>& function) {
    std::promise<void> done;
    loop_.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  void send(std::size_t which, const std::string& piece) {
    on_loop([&] { streams_.at(which)->send(piece); });
  }

  std::optional<std::size_t> waiting(std::size_t which) {
    std::optional<std::size_t> waiting;
    on_loop([&] { waiting = streams_.at(which)->waiting(); });
    return waiting;
  }

  EventLoop loop_;
  std::unique_ptr<HttpServer> server_;
  std::vector<std::shared_ptr<ResponseStream>> streams_;  ///< the loop's
  std::jthread thread_;
};

TEST_F(HttpServerStreamTest, AnAnswerGoesOnUntilItsEnd) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kAsk));

  const std::string head = peer.answer();
  EXPECT_EQ(head, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.take(6), "begin\n");
  for (int i = 0; i < 3; ++i) {
    send(0, "more\n");
    EXPECT_EQ(peer.take(5), "more\n");
  }
  on_loop([this] { streams_.clear(); });
  EXPECT_TRUE(peer.ended());
}

TEST_F(HttpServerStreamTest, WhoTakesEverythingMayRestForLongerThanTheLimit) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kAsk));
  peer.answer();
  peer.take(6);
  ASSERT_EQ(waiting(0), 0U);

  // The server looks for the overdue several times within this.
  const Deadline until = after(600ms);
  EXPECT_TRUE(soon([until] { return std::chrono::steady_clock::now() > until; }));

  send(0, "x");
  EXPECT_EQ(peer.take(1), "x");
}

TEST_F(HttpServerStreamTest, WhoTakesNothingIsDroppedAndItsRoomIsFreeAgain) {
  const Peer slow(server_->port());
  ASSERT_TRUE(slow.send(kAsk));
  ASSERT_TRUE(soon([this] {
    std::size_t count = 0;
    on_loop([&] { count = streams_.size(); });
    return count == 1;
  }));

  send(0, std::string(16U << 20U, 'x'));
  EXPECT_GT(waiting(0).value_or(0), 8U << 20U);
  EXPECT_TRUE(soon([this] { return !waiting(0).has_value(); }));

  std::vector<std::unique_ptr<Peer>> others;
  for (int i = 0; i < 2; ++i) {
    others.push_back(std::make_unique<Peer>(server_->port()));
    ASSERT_TRUE(others.back()->send(kAsk));
    EXPECT_TRUE(others.back()->answer().starts_with("HTTP/1.1 200"));
  }
}

TEST_F(HttpServerStreamTest, WhoLeavesIsGone) {
  {
    Peer peer(server_->port());
    ASSERT_TRUE(peer.send(kAsk));
    peer.answer();
  }
  EXPECT_TRUE(soon([this] { return !waiting(0).has_value(); }));
  send(0, "to nobody");
}

TEST_F(HttpServerStreamTest, ThereAreOnlySoMany) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(std::make_unique<Peer>(server_->port()));
    ASSERT_TRUE(peers.back()->send(kAsk));
    const std::string answer = peers.back()->answer();
    EXPECT_TRUE(answer.starts_with(i < 2 ? "HTTP/1.1 200" : "HTTP/1.1 503")) << answer;
  }
}

TEST_F(HttpServerStreamTest, AHeadRequestHasNone) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_TRUE(peer.answer(true).starts_with("HTTP/1.1 503"));
}

TEST_F(HttpServerStreamTest, WhoSendsWithoutBeingReadIsDropped) {
  const Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kAsk));
  while (peer.send(std::string(64U << 10U, 'x'))) {
  }
  EXPECT_TRUE(soon([this] { return !waiting(0).has_value(); }));
}

}  // namespace
}  // namespace scaler::net
