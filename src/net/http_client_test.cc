#include "net/http_client.h"

#include <atomic>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

/// A server of raw bytes: each accepted connection is served by `serve` on a thread of its own.
class RawServer {
 public:
  using Serve = std::function<void(int socket, int number)>;

  explicit RawServer(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 128);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (const int socket : sockets_) {
      ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) {
      thread.join();
    }
    for (const int socket : sockets_) {
      ::close(socket);
    }
  }

  Origin origin() const { return {.scheme = "http", .host = "127.0.0.1", .port = port_}; }
  int accepted() const { return accepted_; }

 private:
  void accept_all() {
    while (true) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) {
        return;
      }
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket, number = accepted_++] { serve_(socket, number); });
    }
  }

  Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Reads one request without a body; false at the end of the stream.
bool read_request(int socket) {
  std::string text;
  char byte = 0;
  while (!text.ends_with("\r\n\r\n")) {
    if (::recv(socket, &byte, 1, 0) <= 0) {
      return false;
    }
    text += byte;
  }
  return true;
}

void write_text(int socket, std::string_view text) {
  ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

RawServer::Serve answering(std::string reply) {
  return [reply](int socket, int) {
    while (read_request(socket)) {
      write_text(socket, reply);
    }
  };
}

constexpr std::string_view kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";

Result<HttpResponse> get(HttpClient& client, const RawServer& server, Duration time = 5s) {
  return client.send({.origin = server.origin()}, after(time));
}

TEST(HttpClient, BringsStatusHeadersAndBody) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client;
  const auto response = get(client, server);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(find_header(response->headers, "x-a"), "b");
}

TEST(HttpClient, KeepsItsConnection) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(get(client, server).has_value());
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpClient, SendsABatchSideBySideWithinTheConnectionLimit) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client({.connections_per_origin = 8});
  const std::vector<HttpRequest> requests(64, HttpRequest{.origin = server.origin()});
  for (const auto& response : client.send(requests, after(10s))) {
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_LE(server.accepted(), 8);
}

TEST(HttpClient, ReadsChunkedAndSplitReplies) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    const std::string_view reply =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n";
    for (const char byte : reply) {
      write_text(socket, {&byte, 1});
    }
  });
  HttpClient client;
  const auto response = get(client, server);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\n\r\nhello");
    ::shutdown(socket, SHUT_WR);
  });
  HttpClient client;
  EXPECT_EQ(get(client, server)->body, "hello");
  EXPECT_EQ(get(client, server)->body, "hello");
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpClient, HonoursConnectionClose) {
  const RawServer server(
      answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  HttpClient client;
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpClient, ReplacesAKeptConnectionThatThePeerClosed) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, kHello);
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(get(client, server).has_value());
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST(HttpClient, ReplacesAKeptConnectionThatDiesOnTheNextRequest) {
  const RawServer server([](int socket, int number) {
    read_request(socket);
    write_text(socket, kHello);
    if (number == 0) {
      read_request(socket);  // Takes the second request and dies without a word.
      ::shutdown(socket, SHUT_RDWR);
    }
  });
  HttpClient client;
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpClient, NeverSendsAgainOnceAReplyBegan) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, kHello);
    read_request(socket);
    write_text(socket, "HTTP/1.1 200");
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpClient client;
  EXPECT_TRUE(get(client, server).has_value());
  const auto broken = get(client, server);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpClient, RefusesGarbage) {
  const RawServer server(answering("\x16\x03\x01 nonsense\r\n\r\n"));
  HttpClient client;
  EXPECT_EQ(get(client, server).error().kind, ErrorKind::Malformed);
}

TEST(HttpClient, LimitsTheBody) {
  const RawServer server(
      answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + std::string(99, 'x')));
  HttpClient client({.body_max = 98});
  EXPECT_EQ(get(client, server).error().kind, ErrorKind::Malformed);
}

TEST(HttpClient, GivesUpAtTheDeadline) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    read_request(socket);
  });
  HttpClient client;
  const auto response = get(client, server, 50ms);
  EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
  EXPECT_TRUE(response.error().message.ends_with("no reply before the deadline"));
}

TEST(HttpClient, ReportsARefusedConnectionAndAnUnknownHost) {
  Origin nobody;
  {
    const RawServer server(answering(std::string(kHello)));
    nobody = server.origin();
  }
  HttpClient client;
  EXPECT_EQ(client.send({.origin = nobody}, after(5s)).error().kind, ErrorKind::Unavailable);
  const auto unknown = client.send({.origin = {"http", "no-such-host.invalid", 80}}, after(5s));
  EXPECT_EQ(unknown.error().kind, ErrorKind::Unavailable);
}

TEST(HttpClient, ReportsAResetWithinAReply) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhal");
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpClient client;
  EXPECT_EQ(get(client, server).error().kind, ErrorKind::Unavailable);
}

TEST(HttpClient, RefusesLineBreaksInHeaders) {
  HttpClient client;
  const auto response =
      client.send({.origin = {"http", "127.0.0.1", 1}, .headers = {{"A", "b\r\nC: d"}}}, after(1s));
  EXPECT_EQ(response.error().kind, ErrorKind::Malformed);
}

TEST(HttpClient, OpensConnectionsAheadOfTheFirstRequest) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client;
  const std::vector<Origin> origins{server.origin(), {"http", "no-such-host.invalid", 80}};
  client.connect(origins, after(5s));
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_EQ(server.accepted(), 1);
}

}  // namespace
}  // namespace scaler::net
