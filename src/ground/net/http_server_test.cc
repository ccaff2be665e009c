#include "ground/net/http_server.h"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

constexpr int kPatienceMs = 10'000;

/// A raw client: bytes out, bytes in, every wait bounded.
class Peer {
 public:
  explicit Peer(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic = {};
    static_assert(sizeof generic == sizeof address);
    std::memcpy(&generic, &address, sizeof address);
    connected_ = ::connect(fd_, &generic, sizeof generic) == 0;
    const timeval patience = {.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool connected() const { return connected_; }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  void half_close() const { ::shutdown(fd_, SHUT_WR); }

  /// The next answer as it stood on the wire, header and body; "" when the connection ended first.
  std::string answer(bool head = false) {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) {
        return {};
      }
    }
    std::size_t size = end + 4;
    const std::size_t length = input_.find("Content-Length: ");
    if (!head && length < end) {
      size += static_cast<std::size_t>(std::atoi(input_.c_str() + length + 16));
    }
    while (input_.size() < size) {
      if (!more()) {
        return {};
      }
    }
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
  }

  /// True when the other side closes the connection without sending anything more.
  bool ended() {
    char byte = 0;
    return input_.empty() && ::recv(fd_, &byte, 1, 0) == 0;
  }

  /// True when nothing has come for the time of one poll.
  bool silent() const {
    pollfd entry = {.fd = fd_, .events = POLLIN, .revents = 0};
    return input_.empty() && ::poll(&entry, 1, 20) == 0;
  }

 private:
  bool more() {
    std::array<char, 65536> buffer = {};
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      return false;
    }
    input_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string input_;
};

/// A server on a thread of its own. "/later" is held back until release(), "/never" is dropped.
class HttpServerTest : public testing::Test {
 public:
  ~HttpServerTest() override {
    thread_ = {};
    server_.reset();
  }

 protected:
  explicit HttpServerTest(ServerLimits limits = {}) {
    auto server = HttpServer::listen(
        loop_, 0,
        [this](const ServerRequest& request, const Respond& respond) { handle(request, respond); },
        limits);
    EXPECT_TRUE(server.has_value());
    server_ = std::move(*server);
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }

  void handle(const ServerRequest& request, const Respond& respond) {
    ++handled_;
    if (request.target == "/later") {
      held_.push_back(respond);
    } else if (request.target == "/twice") {
      respond({.status = 200, .body = "first"});
      respond({.status = 200, .body = "second"});
    } else if (request.target == "/large") {
      respond({.status = 200, .body = std::string(4U << 20U, 'x')});
    } else if (request.target == "/empty") {
      respond({.status = 204, .body = "ignored"});
    } else if (request.target != "/never") {
      std::string text = request.method + " " + request.target + " [" + request.body + "]";
      text += find_header(request.headers, "x-name").value_or("");
      respond({.status = 200,
               .headers = {{.name = "X-Reply", .value = "a\r\nInjected: b"}},
               .body = std::move(text)});
    }
  }

  /// Runs on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& function) {
    std::promise<void> done;
    auto ready = done.get_future();
    loop_.post([&] {
      function();
      done.set_value();
    });
    ASSERT_EQ(ready.wait_for(10s), std::future_status::ready);
  }

  void release_all(const std::string& body) {
    on_loop([this, &body] {
      for (const Respond& respond : std::exchange(held_, {})) {
        respond({.status = 200, .body = body});
      }
    });
  }

  /// Waits until so many requests reached the handler.
  bool wait_handled(int count) {
    const Deadline deadline = after(10s);
    while (handled_ < count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return handled_ >= count;
  }

  EventLoop loop_;
  std::unique_ptr<HttpServer> server_;
  std::vector<Respond> held_;
  std::atomic<int> handled_ = 0;
  std::jthread thread_;
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

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

class HttpServerGarbage : public HttpServerTest, public testing::WithParamInterface<Garbage> {};

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
    testing::Values(
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

}  // namespace
}  // namespace scaler::net
