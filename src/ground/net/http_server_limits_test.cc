#include <memory>
#include <vector>

#include "ground/net/http_server.h"
#include "ground/net/http_server_test_support.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

class ImpatientServerTest : public HttpServerTest {
 protected:
  ImpatientServerTest() : HttpServerTest({.header = 100ms, .body = 200ms, .idle = 300ms}) {}
};

TEST_F(ImpatientServerTest, RefusesARequestThatDoesNotEnd) {
  for (const std::string_view begun :
       {"GET", "GET /a HTTP/1.1\r\nHost: localhost\r\n",
        "POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
        "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    Peer peer(server_->port());
    ASSERT_TRUE(peer.send(begun));
    EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 408 ")) << begun;
    peer.half_close();
    EXPECT_TRUE(peer.ended());
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(ImpatientServerTest, RefusesARequestThatComesByteByByte) {
  Peer peer(server_->port());
  while (peer.silent() && peer.send("x")) {
  }
  EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 408 "));
}

TEST_F(ImpatientServerTest, ClosesAnIdleConnection) {
  Peer fresh(server_->port());
  Peer used(server_->port());
  ASSERT_TRUE(used.send(kGet));
  EXPECT_TRUE(used.answer().ends_with("GET /a []"));
  EXPECT_TRUE(used.ended());
  EXPECT_TRUE(fresh.ended());
}

TEST_F(ImpatientServerTest, ClosesTheConnectionOfAPeerThatTakesNothing) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /large HTTP/1.1\r\n\r\nGET /large HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(wait_handled(1));
  Peer other(server_->port());
  EXPECT_TRUE(other.ended());  // later than the first one's time
  peer.answer();
  EXPECT_EQ(peer.answer(), "");
}

TEST_F(ImpatientServerTest, LetsTheHandlerTakeItsTime) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\n\r\n"));
  Peer other(server_->port());
  EXPECT_TRUE(other.ended());
  release_all("late");
  EXPECT_TRUE(peer.answer().ends_with("late"));
}

class NarrowServerTest : public HttpServerTest {
 protected:
  NarrowServerTest() : HttpServerTest({.connections = 4}) {}
};

TEST_F(NarrowServerTest, TheLongestIdlePeerMakesRoom) {
  Peer waiting(server_->port());
  ASSERT_TRUE(waiting.send("GET /later HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(wait_handled(1));
  std::vector<std::unique_ptr<Peer>> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(std::make_unique<Peer>(server_->port()));
    ASSERT_TRUE(idle.back()->send(kGet));
    ASSERT_TRUE(idle.back()->answer().ends_with("GET /a []")) << i;
  }
  for (std::size_t i = 0; i < 17; ++i) {
    EXPECT_TRUE(idle[i]->ended()) << i;
  }
  ASSERT_TRUE(idle[17]->send(kGet));
  EXPECT_TRUE(idle[17]->answer().ends_with("GET /a []"));
  release_all("late");
  EXPECT_TRUE(waiting.answer().ends_with("late"));
}

TEST_F(NarrowServerTest, ANewcomerWaitsWhileEveryAnswerIsOwed) {
  std::vector<std::unique_ptr<Peer>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::make_unique<Peer>(server_->port()));
    ASSERT_TRUE(waiting.back()->send("GET /later HTTP/1.1\r\n\r\n"));
  }
  ASSERT_TRUE(wait_handled(4));
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kGet));
  EXPECT_TRUE(peer.silent());

  release_all("late");

  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

/// The peers connect before any of them sends: a burst of clients looks like this to a busy server.
TEST_F(NarrowServerTest, NobodyOfABurstIsClosedBeforeItsRequestIsRead) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 12; ++i) {
    peers.push_back(std::make_unique<Peer>(server_->port()));
  }
  for (const auto& peer : peers) {
    ASSERT_TRUE(peer->send("GET /later HTTP/1.1\r\nConnection: close\r\n\r\n"));
  }
  for (int answered = 4; answered <= 12; answered += 4) {
    ASSERT_TRUE(wait_handled(answered));
    release_all("late");
  }
  for (const auto& peer : peers) {
    EXPECT_TRUE(peer->answer().ends_with("late"));
  }
}

TEST_F(NarrowServerTest, WhoSendsNothingMakesRoomAfterAMoment) {
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(std::make_unique<Peer>(server_->port()));
  }
  ASSERT_TRUE(silent.back()->send("GET"));
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kGet));

  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

}  // namespace
}  // namespace scaler::net
