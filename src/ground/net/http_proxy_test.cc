// The client through proxies, good ones and others. The proxy knows the names; nothing here does.

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <poll.h>

#include <gtest/gtest.h>

#include "ground/net/http_client.h"
#include "ground/net/raw_server.h"
#include "ground/net/test_ca.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kEstablished = "HTTP/1.0 200 Connection established\r\n\r\n";

void copy_until_the_end(int from, int to) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      break;
    }
    write_text(to, {buffer.data(), static_cast<std::size_t>(count)});
  }
  ::shutdown(from, SHUT_RDWR);
  ::shutdown(to, SHUT_RDWR);
}

/// Carries bytes to a port of this machine and back.
void carry(int socket, int port) {
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  CHECK(::connect(other, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  std::thread back([&] { copy_until_the_end(other, socket); });
  copy_until_the_end(socket, other);
  back.join();
  ::close(other);
}

/// Takes note of what it is asked, answers with `reply`, and then does `then` with the socket.
class FakeProxy {
 public:
  explicit FakeProxy(std::string reply, std::function<void(int socket)> then = {})
      : reply_(std::move(reply)), then_(std::move(then)) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  int port() const { return server_.origin().port; }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve(int socket) {
    std::string request = read_whole_request(socket);
    while (!request.empty()) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      for (const char byte : reply_) {
        write_text(socket, {&byte, 1});
      }
      if (then_) {
        return then_(socket);
      }
      request = read_whole_request(socket);
    }
  }

  std::string reply_;
  std::function<void(int)> then_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  RawServer server_{[this](int socket, int) { serve(socket); }};
};

class HttpProxy : public ::testing::Test {
 public:
  ~HttpProxy() override { std::filesystem::remove(bundle_); }

 protected:
  HttpProxy() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own writes raise it.
    std::string pattern = (std::filesystem::temp_directory_path() / "ca-XXXXXX").string();
    ::close(::mkstemp(pattern.data()));
    bundle_ = pattern;
    std::ofstream(bundle_) << authority_.pem();
  }

  HttpClientOptions options(const std::string& url) const {
    return {.ca_bundle = bundle_,
            .proxies = Proxies(Environment{{"ALL_PROXY", url}}),
            .lookup = [](const std::string& host, int) -> Result<std::vector<Address>> {
              return fail(ErrorKind::Unavailable, "looked up " + host);
            }};
  }

  static Origin https(int port = 443) {
    return {.scheme = "https", .host = "sqs.example", .port = port};
  }

  /// The error of one request through such a proxy.
  Error error_of(const FakeProxy& proxy, Duration time = 5s) {
    HttpClient client(options(proxy.url()));
    const auto response = client.send({.origin = https()}, after(time));
    return response.has_value() ? Error{} : response.error();
  }

  Certificate authority_ = make_certificate({.common_name = "Test Authority"}, nullptr);
  std::filesystem::path bundle_;
  TlsAcceptor acceptor_{make_certificate(
      {.common_name = "leaf", .alternative_name = "DNS:sqs.example"}, &authority_)};
  RawServer aws_{[this](int socket, int) {
    const auto ssl = acceptor_.accept(socket);
    while (ssl != nullptr && TlsAcceptor::read_request(ssl.get())) {
      TlsAcceptor::write(ssl.get(), kAnswer);
    }
  }};
};

TEST_F(HttpProxy, CarriesTlsThroughATunnelThatIsKept) {
  const FakeProxy proxy(std::string(kEstablished),
                        [this](int socket) { carry(socket, aws_.origin().port); });
  HttpClient client(options("http://user:p%40ss@127.0.0.1:" + std::to_string(proxy.port())));
  for (int i = 0; i < 3; ++i) {
    const auto response = client.send({.origin = https(8443)}, after(10s));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(proxy.requests(), std::vector<std::string>{
                                  "CONNECT sqs.example:8443 HTTP/1.1\r\nHost: sqs.example:8443\r\n"
                                  "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n"});
}

TEST_F(HttpProxy, HasATunnelForEachOriginAndConnection) {
  const FakeProxy proxy(std::string(kEstablished),
                        [this](int socket) { carry(socket, aws_.origin().port); });
  HttpClientOptions few = options(proxy.url());
  few.connections_per_origin = 2;
  HttpClient client(few);
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back({.origin = https(i % 2 == 0 ? 443 : 444)});
  }
  for (const auto& response : client.send(requests, after(10s))) {
    EXPECT_TRUE(response.has_value()) << response.error().message;
  }
  EXPECT_LE(proxy.requests().size(), 4);
  EXPECT_GE(proxy.requests().size(), 2);
}

TEST_F(HttpProxy, VerifiesTheOriginBehindTheTunnel) {
  const FakeProxy proxy(std::string(kEstablished),
                        [this](int socket) { carry(socket, aws_.origin().port); });
  HttpClient client(options(proxy.url()));
  const auto response =
      client.send({.origin = {.scheme = "https", .host = "ecs.example"}}, after(10s));
  ASSERT_FALSE(response.has_value());
  EXPECT_NE(response.error().message.find("certificate not verified"), std::string::npos);
  EXPECT_NE(response.error().message.find(proxy.url()), std::string::npos);
}

TEST_F(HttpProxy, TakesAnyAnswerThatOpensATunnel) {
  for (const char* reply :
       {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 299 Fine\r\nVia: x\r\n\r\n"}) {
    const FakeProxy proxy(reply, [this](int socket) { carry(socket, aws_.origin().port); });
    HttpClient client(options(proxy.url()));
    const auto response = client.send({.origin = https()}, after(10s));
    EXPECT_TRUE(response.has_value()) << reply << response.error().message;
  }
}

TEST_F(HttpProxy, ThatRefusesIsNamedWithItsAnswerAndWithoutAPassword) {
  struct Case {
    std::string status;
    ErrorKind kind;
    std::string reason;
  };
  for (const auto& [status, kind, reason] :
       {Case{"407 Proxy Authentication Required", ErrorKind::Unauthorized,
             "407: it wants a user and a password, or others than its URL has"},
        Case{"401 Unauthorized", ErrorKind::Unauthorized,
             "401: it wants a user and a password, or others than its URL has"},
        Case{"403 Forbidden", ErrorKind::Malformed, "403: it does not allow this host and port"},
        Case{"405 Method Not Allowed", ErrorKind::Malformed, "405: it is no proxy for this"},
        Case{"502 Bad Gateway", ErrorKind::Unavailable, "502"},
        Case{"504 Gateway Timeout", ErrorKind::Unavailable, "504"},
        Case{"429 Too Many Requests", ErrorKind::Unavailable, "429"}}) {
    const FakeProxy proxy("HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\nsorry");
    const std::string port = std::to_string(proxy.port());
    HttpClient client(options("http://user:secret@127.0.0.1:" + port));
    const auto response = client.send({.origin = https()}, after(5s));
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().kind, kind) << status;
    EXPECT_EQ(response.error().message,
              "GET https://sqs.example/ via the proxy http://127.0.0.1:" + port +
                  " of ALL_PROXY: the proxy answers HTTP " + reason);
  }
}

TEST_F(HttpProxy, ThatHangsObeysTheDeadline) {
  const FakeProxy proxy("HTTP/1.1 200 Conn", [](int socket) {
    char byte = 0;
    ::recv(socket, &byte, 1, 0);
  });
  const Deadline before = after(0s);
  const Error error = error_of(proxy, 300ms);
  EXPECT_LT(after(0s) - before, 2s);
  EXPECT_EQ(error.kind, ErrorKind::Unavailable);
  EXPECT_TRUE(error.message.ends_with(": no answer of the proxy to CONNECT before the deadline"))
      << error.message;
}

TEST_F(HttpProxy, ThatHangsEndsAnAttemptSoThatTheReasonIsKnown) {
  const FakeProxy proxy("HTTP/1.1 200 Conn", [](int socket) {
    char byte = 0;
    ::recv(socket, &byte, 1, 0);
  });
  HttpClientOptions quick = options(proxy.url());
  quick.connect_timeout = 100ms;
  HttpClient client(quick);
  const auto response = client.send({.origin = https()}, after(10s));
  ASSERT_FALSE(response.has_value());
  EXPECT_TRUE(response.error().message.ends_with("no answer of the proxy to CONNECT within 150 ms"))
      << response.error().message;
}

TEST_F(HttpProxy, MayTakeLongerToConnectThanAPeer) {
  const FakeProxy proxy("", [this](int socket) {
    pollfd gone{.fd = socket, .events = POLLIN, .revents = 0};
    ::poll(&gone, 1, 500);
    write_text(socket, kEstablished);
    carry(socket, aws_.origin().port);
  });
  HttpClientOptions quick = options(proxy.url());
  quick.connect_timeout = 400ms;
  HttpClient client(quick);
  const auto response = client.send({.origin = https()}, after(10s));
  // TLS through the tunnel has its own 400 ms, which a busy machine may exceed.
  EXPECT_TRUE(response.has_value() ||
              response.error().message.find("TLS: no answer") != std::string::npos)
      << response.error().message;
}

TEST_F(HttpProxy, ThatBreaksOffOrTalksNonsenseIsAnError) {
  const auto close = [](int socket) { ::shutdown(socket, SHUT_RDWR); };
  EXPECT_TRUE(
      error_of(FakeProxy("", close)).message.ends_with("CONNECT: the proxy closed the connection"));
  EXPECT_TRUE(error_of(FakeProxy("HTTP/1.1 200 O", close))
                  .message.ends_with("CONNECT: the proxy closed the connection"));
  const Error nonsense = error_of(FakeProxy("SSH-2.0-OpenSSH\r\n\r\n", close));
  EXPECT_NE(nonsense.message.find("CONNECT: the reply is not HTTP"), std::string::npos)
      << nonsense.message;
  EXPECT_EQ(nonsense.kind, ErrorKind::Malformed);
}

TEST_F(HttpProxy, MayNotSpeakForTheOriginBeforeTls) {
  const RawServer proxy([](int socket, int) {
    read_request(socket);
    write_text(socket, std::string(kEstablished) + std::string(kAnswer));
    read_request(socket);
  });
  HttpClient client(options("127.0.0.1:" + std::to_string(proxy.origin().port)));
  const auto response = client.send({.origin = https()}, after(5s));
  ASSERT_FALSE(response.has_value());
}

TEST_F(HttpProxy, ThatIsNotThereIsNamed) {
  HttpClient client(options("http://user:secret@127.0.0.1:1"));
  const auto response = client.send({.origin = https()}, after(5s));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().message,
            "GET https://sqs.example/ via the proxy http://127.0.0.1:1 of ALL_PROXY: connect: "
            "Connection refused");
}

TEST_F(HttpProxy, ForwardsPlainRequests) {
  const FakeProxy proxy{std::string(kAnswer)};
  HttpClient client(options("http://user:secret@127.0.0.1:" + std::to_string(proxy.port())));
  for (int i = 0; i < 2; ++i) {
    const auto response =
        client.send({.origin = {.scheme = "http", .host = "sqs.example", .port = 8080},
                     .method = "POST",
                     .target = "/a?b",
                     .body = "body"},
                    after(5s));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(proxy.requests(),
            std::vector<std::string>(
                2,
                "POST http://sqs.example:8080/a?b HTTP/1.1\r\nHost: sqs.example:8080\r\n"
                "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\nContent-Length: 4\r\n\r\nbody"));
}

TEST_F(HttpProxy, ThatWantsAPasswordForAPlainRequestIsAnErrorToo) {
  const FakeProxy proxy("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
  HttpClient client(options(proxy.url()));
  const auto response =
      client.send({.origin = {.scheme = "http", .host = "sqs.example", .port = 80}}, after(5s));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().kind, ErrorKind::Unauthorized);
}

TEST_F(HttpProxy, IsNotAskedForThisMachine) {
  const RawServer server(answering(std::string(kAnswer)));
  HttpClient client(options("http://127.0.0.1:1"));
  EXPECT_TRUE(client.send({.origin = server.origin()}, after(5s)).has_value());
}

TEST_F(HttpProxy, OfAnotherKindIsRefusedByNameForEachRequest) {
  HttpClient client(options("socks5://user:secret@127.0.0.1:1"));
  client.connect(std::array{https()}, after(5s));
  for (int i = 0; i < 2; ++i) {
    const auto response = client.send({.origin = https()}, after(5s));
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().kind, ErrorKind::Malformed);
    EXPECT_EQ(response.error().message,
              "GET https://sqs.example/: ALL_PROXY: socks5://127.0.0.1:1: socks5 proxies are not "
              "supported, only http://host:port");
  }
}

}  // namespace
}  // namespace scaler::net
