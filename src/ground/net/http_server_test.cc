#include "ground/net/http_server.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ground/net/http_server_test_support.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  Peer peer(server_->port());

  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.send(
        "POST /p?q=1 HTTP/1.1\r\nHost: localhost\r\nX-Name:  me \r\nContent-Length: 2\r\n\r\nhi"));

    const std::string answer = peer.answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nPOST /p?q=1 [hi]me")) << answer;
  }
}

TEST_F(HttpServerTest, AHeaderValueCannotAddAHeader) {
  const Peer quiet(server_->port());
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kGet));

  const std::string answer = peer.answer();

  EXPECT_EQ(answer.find("\nInjected"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, TakesARequestByteByByte) {
  Peer peer(server_->port());
  const std::string request =
      "\r\nPOST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=value\r\nabc\r\n1\r\nd\r\n0\r\nTrailer: t\r\n\r\n";

  for (const char byte : request) {
    ASSERT_TRUE(peer.send(std::string_view(&byte, 1)));
  }

  EXPECT_TRUE(peer.answer().ends_with("POST /b [abcd]"));
}

TEST_F(HttpServerTest, SurvivesALastChunkInPieces) {
  const Peer peer(server_->port());
  for (const std::string_view piece :
       {"GET /m HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n", "x"}) {
    ASSERT_TRUE(peer.send(piece));
    EXPECT_TRUE(peer.silent());  // which also keeps the pieces apart
  }
  Peer other(server_->port());
  ASSERT_TRUE(other.send(kGet));
  EXPECT_TRUE(other.answer().ends_with("GET /a []"));
}

// DNS rebinding: a web page's own name resolves to this server.
TEST_F(HttpServerTest, RefusesRequestsThatMeanAnotherHost) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /a HTTP/1.1\r\nHost: evil.example:4566\r\n\r\n"));
  const std::string answer = peer.answer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
  EXPECT_NE(answer.find("its host is 'evil.example:4566'"), std::string::npos) << answer;
  EXPECT_EQ(handled_, 0);

  ASSERT_TRUE(peer.send(kGet));
  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

// A form or a script of any site can send to this machine what needs no leave of the server.
TEST_F(HttpServerTest, RefusesChangesFromWebPagesOfOthers) {
  Peer peer(server_->port());
  ASSERT_TRUE(
      peer.send("POST /a HTTP/1.1\r\nHost: localhost:1\r\nOrigin: https://evil.example\r\n"
                "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"));
  const std::string answer = peer.answer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
  EXPECT_NE(answer.find("another server, 'https://evil.example'"), std::string::npos) << answer;
  ASSERT_TRUE(
      peer.send("DELETE /a HTTP/1.1\r\nHost: localhost:1\r\nSec-Fetch-Site: cross-site\r\n\r\n"));
  EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(handled_, 0);

  ASSERT_TRUE(
      peer.send("POST /a HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n"
                "Content-Length: 2\r\n\r\n{}"));
  EXPECT_TRUE(peer.answer().ends_with("POST /a [{}]"));
  ASSERT_TRUE(
      peer.send("GET /a HTTP/1.1\r\nHost: localhost:1\r\nOrigin: https://evil.example\r\n\r\n"));
  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Peer peer(server_->port());
  ASSERT_TRUE(
      peer.send("GET /later HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /1 HTTP/1.1\r\nContent-Length: "
                "3\r\n\r\noneGET /2 "
                "HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(wait_handled(1));
  EXPECT_TRUE(peer.silent());

  release_all("late");

  EXPECT_TRUE(peer.answer().ends_with("late"));
  EXPECT_TRUE(peer.answer().ends_with("POST /1 [one]"));
  EXPECT_TRUE(peer.answer().ends_with("GET /2 []"));
}

TEST_F(HttpServerTest, TakesManyPipelinedRequestsWithoutGrowingTheStack) {
  Peer peer(server_->port());
  constexpr int kCount = 5000;
  std::string text;
  for (int i = 0; i < kCount; ++i) {
    text += kGet;
  }
  const std::jthread sender([&] { EXPECT_TRUE(peer.send(text)); });

  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(peer.answer().ends_with("GET /a []")) << i;
  }
}

TEST_F(HttpServerTest, SendsALargeAnswerToASlowReader) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /large HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(wait_handled(1));

  EXPECT_GT(peer.answer().size(), 4U << 20U);
  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

TEST_F(HttpServerTest, TheFirstAnswerCounts) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /twice HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n"));

  EXPECT_TRUE(peer.answer().ends_with("first"));
  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

TEST_F(HttpServerTest, ClosesTheConnectionOfAnAnswerThatNeverComes) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /never HTTP/1.1\r\n\r\n"));

  EXPECT_TRUE(peer.ended());
}

TEST_F(HttpServerTest, AnsweringAPeerThatHasGoneIsHarmless) {
  {
    const Peer peer(server_->port());
    ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\n\r\n"));
    ASSERT_TRUE(wait_handled(1));
  }
  release_all(std::string(1U << 20U, 'x'));

  Peer other(server_->port());
  ASSERT_TRUE(other.send(kGet));
  EXPECT_TRUE(other.answer().ends_with("GET /a []"));
}

TEST_F(HttpServerTest, TellsAHandlerWhetherSomebodyStillWaits) {
  auto peer = std::make_unique<Peer>(server_->port());
  ASSERT_TRUE(peer->send("GET /later HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(wait_handled(1));
  on_loop([this] { EXPECT_FALSE(abandoned_()); });
  // Bytes that nobody has read do not hide the end.
  ASSERT_TRUE(peer->send(kGet));
  on_loop([this] { EXPECT_FALSE(abandoned_()); });

  peer.reset();

  on_loop([this] { EXPECT_TRUE(abandoned_()); });
  release_all("nobody");
  on_loop([this] { EXPECT_TRUE(abandoned_()) << "also when the connection is no more"; });
}

TEST_F(HttpServerTest, AnswersAPeerThatOnlyListens) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\n\r\n"));
  peer.half_close();
  ASSERT_TRUE(wait_handled(1));

  release_all("late");

  EXPECT_TRUE(peer.answer().ends_with("late"));
  EXPECT_TRUE(peer.ended());
}

TEST_F(HttpServerTest, HeadAndNoContentHaveNoBody) {
  Peer peer(server_->port());
  ASSERT_TRUE(
      peer.send("HEAD /h HTTP/1.1\r\n\r\nGET /empty HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n"));

  const std::string head = peer.answer(true);
  EXPECT_NE(head.find("Content-Length: 10\r\n"), std::string::npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  const std::string empty = peer.answer();
  EXPECT_TRUE(empty.starts_with("HTTP/1.1 204 ")) << empty;
  EXPECT_EQ(empty.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
}

TEST_F(HttpServerTest, ClosesWhenThePeerAsksForIt) {
  Peer asked(server_->port());
  ASSERT_TRUE(asked.send("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_NE(asked.answer().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(asked.ended());

  Peer old(server_->port());
  ASSERT_TRUE(old.send("GET /a HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(old.answer().starts_with("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(old.ended());
}

TEST_F(HttpServerTest, InvitesABodyThatWaitsForIt) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"));

  EXPECT_EQ(peer.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(peer.send("bo"));
  EXPECT_TRUE(peer.silent());
  ASSERT_TRUE(peer.send("dy"));
  EXPECT_TRUE(peer.answer().ends_with("POST /e [body]"));
}

TEST_F(HttpServerTest, DoesNotInviteABodyThatIsThereAlreadyOrTooLarge) {
  Peer peer(server_->port());
  ASSERT_TRUE(
      peer.send("POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"));
  EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 200 "));

  ASSERT_TRUE(
      peer.send("POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n"));
  EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, TakesABodyOfEightMegabytesAndRefusesOneByteMore) {
  const std::string body(8U << 20U, 'b');
  Peer peer(server_->port());
  std::jthread sender([&] {
    EXPECT_TRUE(peer.send("POST /b HTTP/1.1\r\nContent-Length: 8388608\r\n\r\n" + body));
    EXPECT_TRUE(peer.send("POST /b HTTP/1.1\r\nContent-Length: 8388609\r\n\r\n" + body + "b"));
  });

  EXPECT_GT(peer.answer().size(), body.size());
  EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 413 "));
  sender.join();
  EXPECT_TRUE(peer.ended());
}

TEST_F(HttpServerTest, RefusesAChunkedBodyThatGrowsTooLarge) {
  Peer peer(server_->port());
  const std::jthread sender([&] {
    std::string text = "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string chunk = "100000\r\n" + std::string(0x100000, 'c') + "\r\n";
    for (int i = 0; i < 9; ++i) {
      text += chunk;
    }
    EXPECT_TRUE(peer.send(text));
  });

  EXPECT_TRUE(peer.answer().starts_with("HTTP/1.1 413 "));
}

struct Garbage {
  const char* name;
  std::string text;
  const char* status;
};

class HttpServerGarbage : public HttpServerTest, public ::testing::WithParamInterface<Garbage> {};

TEST_P(HttpServerGarbage, IsRefusedAndTheConnectionClosed) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(GetParam().text));

  EXPECT_TRUE(peer.answer().starts_with(std::string("HTTP/1.1 ") + GetParam().status));
  peer.half_close();
  EXPECT_TRUE(peer.ended());
  EXPECT_EQ(handled_, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, HttpServerGarbage,
    ::testing::Values(
        Garbage{"NoHttp", "\x16\x03\x01 hello\r\n\r\n", "400"},
        Garbage{"NoVersion", "GET /\r\n\r\n", "400"},
        Garbage{"LaterVersion", "GET / HTTP/2.0\r\n\r\n", "400"},
        Garbage{"NegativeLength", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"},
        Garbage{"TwoLengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                "400"},
        Garbage{
            "LengthAndChunks",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400"},
        Garbage{"ChunkSize", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"},
        Garbage{"BlankInName", "GET / HTTP/1.1\r\na b: c\r\n\r\n", "400"},
        Garbage{"EndlessHeader", "GET / HTTP/1.1\r\nA: " + std::string(70'000, 'a'), "431"},
        Garbage{"EndlessTarget", "GET /" + std::string(70'000, 'a'), "431"},
        Garbage{
            "EndlessChunkLine",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200'000, 'a'),
            "431"}),
    [](const auto& test) { return test.param.name; });

TEST_F(HttpServerTest, ServesOthersWhileManyPeersAreIdleOrWait) {
  std::vector<std::unique_ptr<Peer>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<Peer>(server_->port()));
    ASSERT_TRUE(idle.back()->connected());
    if (i % 2 == 0) {
      ASSERT_TRUE(idle.back()->send("GET /later HTTP/1.1\r\n\r\n"));
    }
  }
  ASSERT_TRUE(wait_handled(100));

  Peer peer(server_->port());
  ASSERT_TRUE(peer.send(kGet));

  EXPECT_TRUE(peer.answer().ends_with("GET /a []"));
  release_all("late");
  EXPECT_TRUE(idle[0]->answer().ends_with("late"));
}

TEST_F(HttpServerTest, StopsAtOnceWhilePollsPend) {
  Peer peer(server_->port());
  ASSERT_TRUE(peer.send("GET /later HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(wait_handled(1));
  const auto start = std::chrono::steady_clock::now();

  thread_.request_stop();
  thread_.join();

  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  server_.reset();
  EXPECT_TRUE(peer.ended());
  ASSERT_EQ(held_.size(), 1U);
  held_[0]({.status = 200});
}

TEST_F(HttpServerTest, MayBeDestroyedByItsOwnHandler) {
  std::unique_ptr<HttpServer> doomed;
  std::promise<int> port;
  on_loop([&] {
    auto server =
        HttpServer::listen(loop_, 0, [&doomed](const ServerRequest&, const Respond& respond) {
          doomed.reset();
          respond({.status = 200});
        });
    doomed = std::move(*server);
    port.set_value(doomed->port());
  });
  Peer peer(port.get_future().get());
  ASSERT_TRUE(peer.send(kGet));

  EXPECT_TRUE(peer.ended());
  on_loop([&] { EXPECT_EQ(doomed, nullptr); });
}

TEST_F(HttpServerTest, NamesThePortThatIsTaken) {
  EventLoop other;
  const auto second =
      HttpServer::listen(other, server_->port(), [](const ServerRequest&, const Respond&) {});

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
  EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
  EXPECT_FALSE(
      HttpServer::listen(other, 70'000, [](const ServerRequest&, const Respond&) {}).has_value());
}

TEST_F(HttpServerTest, ListensOnTheAddressThatItIsTold) {
  EventLoop other;
  const Handler handler = [](const ServerRequest&, const Respond&) {};
  for (const char* const address : {"0.0.0.0", "localhost", "127.0.0.2", "::", "::1"}) {
    const auto server = HttpServer::listen(other, 0, handler, {}, address);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    EXPECT_GT((*server)->port(), 0);
  }
  for (const char* const address : {"192.0.2.1", "example.org", "", "127.0.0.1:80"}) {
    const auto server = HttpServer::listen(other, 0, handler, {}, address);
    ASSERT_FALSE(server.has_value()) << address;
    EXPECT_NE(server.error().message.find(address), std::string::npos);
  }
}

}  // namespace
}  // namespace scaler::net
