#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "ground/net/http_client.h"
#include "ground/net/raw_server.h"
#include "ground/net/test_ca.h"
#include "ground/net/tls.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGreeting = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kGreetingAndClose =
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";

class HttpClientTls : public ::testing::Test {
 public:
  ~HttpClientTls() override { std::filesystem::remove(bundle_); }

 protected:
  HttpClientTls() {
    // The servers of these tests write with OpenSSL's own functions, which raise SIGPIPE.
    std::signal(SIGPIPE, SIG_IGN);
    std::string pattern = (std::filesystem::temp_directory_path() / "ca-XXXXXX").string();
    const int file = ::mkstemp(pattern.data());
    ::close(file);
    bundle_ = pattern;
    std::ofstream(bundle_) << authority_.pem();
  }
  Certificate leaf(const std::string& name, long valid_until = 3600) const {
    return make_certificate(
        {.common_name = "leaf", .alternative_name = name, .valid_until = valid_until}, &authority_);
  }

  HttpClientOptions options() const { return {.ca_bundle = bundle_}; }

  /// Serves the reply to each request until the peer goes.
  static RawServer::Serve serve(const TlsAcceptor& acceptor, std::string_view reply) {
    return [&acceptor, reply](int socket, int) {
      const auto ssl = acceptor.accept(socket);
      while (ssl != nullptr && TlsAcceptor::read_request(ssl.get())) {
        TlsAcceptor::write(ssl.get(), reply);
      }
    };
  }

  static Origin https(const RawServer& server, const std::string& host) {
    return {.scheme = "https", .host = host, .port = server.origin().port};
  }

  static Result<HttpResponse> get(HttpClient& client, const Origin& origin) {
    return client.send({.origin = origin}, after(10s));
  }

  Certificate authority_ = make_certificate({.common_name = "Test Authority"}, nullptr);
  std::filesystem::path bundle_;
};

TEST_F(HttpClientTls, TrustsTheRightHostUnderAKnownAuthority) {
  for (const auto& [name, host] :
       {std::pair("DNS:localhost", "localhost"), std::pair("IP:127.0.0.1", "127.0.0.1")}) {
    const TlsAcceptor acceptor(leaf(name));
    const RawServer server(serve(acceptor, kGreeting));
    HttpClient client(options());
    for (int i = 0; i < 3; ++i) {
      const auto response = get(client, https(server, host));
      ASSERT_TRUE(response.has_value()) << response.error().message;
      EXPECT_EQ(response->body, "hello");
    }
    EXPECT_EQ(server.accepted(), 1) << "the connection is kept";
  }
}

TEST_F(HttpClientTls, RefusesAnotherHostsCertificate) {
  for (const auto& [name, host] :
       {std::pair("DNS:example.com", "localhost"), std::pair("IP:127.0.0.2", "127.0.0.1"),
        std::pair("DNS:127.0.0.1", "127.0.0.1"), std::pair("DNS:local*", "localhost")}) {
    const TlsAcceptor acceptor(leaf(name));
    const RawServer server(serve(acceptor, kGreeting));
    HttpClient client(options());
    const auto response = get(client, https(server, host));
    ASSERT_FALSE(response.has_value()) << name;
    EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
    EXPECT_NE(response.error().message.find("certificate not verified"), std::string::npos)
        << response.error().message;
  }
}

TEST_F(HttpClientTls, RefusesAnUnknownAuthority) {
  const Certificate other = make_certificate({.common_name = "Test Authority"}, nullptr);
  const TlsAcceptor acceptor(
      make_certificate({.common_name = "leaf", .alternative_name = "DNS:localhost"}, &other));
  const RawServer server(serve(acceptor, kGreeting));
  HttpClient bundled(options());
  EXPECT_EQ(get(bundled, https(server, "localhost")).error().kind, ErrorKind::Unavailable);
  HttpClient built_in;
  EXPECT_EQ(get(built_in, https(server, "localhost")).error().kind, ErrorKind::Unavailable);
}

TEST_F(HttpClientTls, RefusesAnExpiredCertificate) {
  const TlsAcceptor acceptor(leaf("DNS:localhost", -60));
  const RawServer server(serve(acceptor, kGreeting));
  HttpClient client(options());
  const auto response = get(client, https(server, "localhost"));
  ASSERT_FALSE(response.has_value());
  EXPECT_TRUE(
      response.error().message.ends_with("certificate not verified: certificate has expired"))
      << response.error().message;
}

TEST_F(HttpClientTls, SpeaksEveryCipherAndGroupOfTheDay) {
  struct Case {
    const char* cipher;
    const char* group;
    std::string_view key;
  };
  for (const auto& [cipher, group, key] :
       {Case{"TLS_AES_128_GCM_SHA256", "X25519", "RSA"},
        Case{"TLS_AES_256_GCM_SHA384", "P-256", "RSA"},
        Case{"TLS_CHACHA20_POLY1305_SHA256", "P-384", "P-384"},
        Case{"TLS_AES_128_GCM_SHA256", "P-521", "P-521"},
        Case{"ECDHE-RSA-AES128-GCM-SHA256", "X25519", "RSA"},
        Case{"ECDHE-RSA-AES256-GCM-SHA384", "P-256", "RSA"},
        Case{"ECDHE-RSA-CHACHA20-POLY1305", "P-384", "RSA"},
        Case{"ECDHE-ECDSA-AES128-GCM-SHA256", "P-256", "P-256"},
        Case{"ECDHE-RSA-AES256-SHA384", "P-256", "RSA"},
        Case{"ECDHE-RSA-AES128-SHA", "P-256", "RSA"}, Case{"AES128-GCM-SHA256", "P-256", "RSA"}}) {
    TlsAcceptor acceptor(make_certificate(
        {.common_name = "leaf", .alternative_name = "DNS:localhost", .key = key}, &authority_));
    ASSERT_TRUE(acceptor.limit(cipher, group)) << cipher;
    const RawServer server(serve(acceptor, kGreeting));
    HttpClient client(options());
    const auto response = get(client, https(server, "localhost"));
    EXPECT_TRUE(response.has_value()) << cipher << " " << group << ": " << response.error().message;
  }
}

TEST_F(HttpClientTls, RefusesOldVersions) {
  const TlsAcceptor acceptor(leaf("DNS:localhost"), TLS1_1_VERSION);
  const RawServer server(serve(acceptor, kGreeting));
  HttpClient client(options());
  EXPECT_EQ(get(client, https(server, "localhost")).error().kind, ErrorKind::Unavailable);
}

TEST_F(HttpClientTls, ResumesItsSessionOnANewConnection) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsAcceptor acceptor(leaf("DNS:localhost"), version);
    std::atomic<int> resumed = 0;
    const RawServer server([&](int socket, int) {
      const auto ssl = acceptor.accept(socket);
      ASSERT_NE(ssl, nullptr);
      resumed += SSL_session_reused(ssl.get());
      TlsAcceptor::read_request(ssl.get());
      TlsAcceptor::write(ssl.get(), kGreetingAndClose);
      SSL_shutdown(ssl.get());
      ::shutdown(socket, SHUT_WR);
    });
    HttpClient client(options());
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(get(client, https(server, "localhost")).has_value());
    }
    EXPECT_EQ(server.accepted(), 3);
    EXPECT_EQ(resumed, 2);
  }
}

TEST_F(HttpClientTls, ResumesTheSessionOfAConnectionThatWasOnlyOpened) {
  const TlsAcceptor acceptor(leaf("DNS:localhost"));
  std::atomic<int> resumed = 0;
  std::atomic<bool> first_closed = false;
  const RawServer server([&](int socket, int number) {
    const auto ssl = acceptor.accept(socket);
    ASSERT_NE(ssl, nullptr);
    resumed += SSL_session_reused(ssl.get());
    if (number == 0) {
      SSL_shutdown(ssl.get());
      ::shutdown(socket, SHUT_WR);
      first_closed = true;
      return;
    }
    TlsAcceptor::read_request(ssl.get());
    TlsAcceptor::write(ssl.get(), kGreeting);
  });
  HttpClient client(options());
  const Origin origin = https(server, "localhost");
  client.connect(std::span(&origin, 1), after(10s));
  while (!first_closed) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(get(client, origin).has_value());
  EXPECT_EQ(server.accepted(), 2);
  EXPECT_EQ(resumed, 1);
}

TEST_F(HttpClientTls, NoticesABodyThatWasCutOff) {
  const TlsAcceptor acceptor(leaf("DNS:localhost"));
  const RawServer server([&](int socket, int number) {
    const auto ssl = acceptor.accept(socket);
    ASSERT_NE(ssl, nullptr);
    TlsAcceptor::read_request(ssl.get());
    TlsAcceptor::write(ssl.get(), "HTTP/1.1 200 OK\r\n\r\nhello");
    if (number == 1) {
      SSL_shutdown(ssl.get());  // Without this, anybody on the way could have cut the body.
    }
    ::shutdown(socket, SHUT_WR);
  });
  HttpClient client(options());
  EXPECT_EQ(get(client, https(server, "localhost")).error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(get(client, https(server, "localhost"))->body, "hello");
}

TEST_F(HttpClientTls, GivesUpOnAHandshakeThatIsNeverAnswered) {
  const RawServer server([](int socket, int) { read_request(socket); });
  HttpClientOptions impatient = options();
  impatient.connect_timeout = 50ms;
  HttpClient client(impatient);
  const auto response = get(client, https(server, "127.0.0.1"));
  ASSERT_FALSE(response.has_value());
  EXPECT_TRUE(response.error().message.ends_with("TLS: no answer within 50 ms"))
      << response.error().message;
}

TEST_F(HttpClientTls, ReportsAPeerThatSpeaksNoTls) {
  const RawServer server([](int socket, int) {
    write_text(socket, kGreeting);
    read_request(socket);
  });
  HttpClient client(options());
  EXPECT_EQ(get(client, https(server, "127.0.0.1")).error().kind, ErrorKind::Unavailable);
}

TEST_F(HttpClientTls, ReportsABundleThatCannotBeRead) {
  HttpClient client({.ca_bundle = "/no/such/bundle.pem"});
  const auto response = client.send({.origin = {.host = "127.0.0.1", .port = 1}}, after(5s));
  ASSERT_FALSE(response.has_value());
  EXPECT_NE(response.error().message.find("/no/such/bundle.pem"), std::string::npos)
      << response.error().message;
}

TEST_F(HttpClientTls, TakesNoBundleThatIsNoFileOfCertificates) {
  const std::string pipe = bundle_.string() + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& [path, why] :
       {std::pair(pipe, pipe + ": it is a pipe, which can be read only once: a file is needed"),
        std::pair(std::string("/tmp"), std::string("/tmp: Is a directory")),
        std::pair(std::string("/dev/zero"), std::string("/dev/zero: it is larger than 16 MiB")),
        std::pair(std::string("/dev/null"), std::string("/dev/null: it holds no certificate"))}) {
    HttpClient client({.ca_bundle = path});
    const auto response = client.send({.origin = {.host = "127.0.0.1", .port = 1}}, after(5s));
    ASSERT_FALSE(response.has_value());
    EXPECT_TRUE(response.error().message.ends_with("read the CA bundle " + why))
        << response.error().message;
  }
  std::filesystem::remove(pipe);
}

TEST_F(HttpClientTls, SendsABatchSideBySide) {
  const TlsAcceptor acceptor(leaf("DNS:localhost"));
  const std::string big(300'000, 'x');
  const std::string reply =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(big.size()) + "\r\n\r\n" + big;
  const RawServer server(serve(acceptor, reply));
  HttpClient client({.ca_bundle = bundle_, .connections_per_origin = 4});
  const std::vector<HttpRequest> requests(12, HttpRequest{.origin = https(server, "localhost")});
  for (const auto& response : client.send(requests, after(30s))) {
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, big);
  }
  EXPECT_LE(server.accepted(), 4);
}

/// Steps a client session against a server thread until the handshake is over.
bool handshake_succeeds(TlsContext& context, const TlsAcceptor& acceptor) {
  std::array<int, 2> sockets = {};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
  std::thread server([&] { acceptor.accept(sockets[1]); });
  TlsSession session(context, sockets[0], {.host = "localhost"});
  const IoStep step = session.handshake();  // The socket blocks: one step is all.
  ::shutdown(sockets[0], SHUT_RDWR);
  server.join();
  ::close(sockets[0]);
  ::close(sockets[1]);
  return step == IoStep::Done;
}

TEST_F(HttpClientTls, LooksUpEmbeddedRootsByTheirSubject) {
  const Certificate unrelated = make_certificate({.common_name = "Unrelated"}, nullptr);
  const Certificate impostor = make_certificate({.common_name = "Test Authority"}, nullptr);
  const std::string pem = authority_.pem();
  const std::string unrelated_pem = unrelated.pem();
  const std::string impostor_pem = impostor.pem();
  const std::array<TlsRoot, 2> roots{TlsRoot{.common_name = "Unrelated", .pem = unrelated_pem},
                                     TlsRoot{.common_name = "Test Authority", .pem = pem}};
  const std::array<TlsRoot, 1> impostors{
      TlsRoot{.common_name = "Test Authority", .pem = impostor_pem}};
  const std::array<TlsRoot, 1> broken{TlsRoot{.common_name = "Test Authority", .pem = "no PEM"}};
  const TlsAcceptor acceptor(leaf("DNS:localhost"));

  const std::unique_ptr<TlsContext> context = *TlsContext::create("", roots);
  EXPECT_TRUE(handshake_succeeds(*context, acceptor));
  EXPECT_TRUE(handshake_succeeds(*context, acceptor));
  EXPECT_FALSE(handshake_succeeds(**TlsContext::create("", impostors), acceptor));
  EXPECT_FALSE(handshake_succeeds(**TlsContext::create("", broken), acceptor));
  EXPECT_FALSE(handshake_succeeds(**TlsContext::create(""), acceptor));
}

TEST(BuiltInRoots, AreAmazonsFiveAndCarryTheirNames) {
  const std::span<const TlsRoot> roots = built_in_roots();
  ASSERT_EQ(roots.size(), 5U);
  for (const TlsRoot& root : roots) {
    BIO* bio = BIO_new_mem_buf(root.pem.data(), static_cast<int>(root.pem.size()));
    const OpenSslPointer<X509> x509(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
    BIO_free(bio);
    ASSERT_NE(x509, nullptr) << root.common_name;
    std::array<char, 128> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(x509.get()), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    EXPECT_EQ(std::string_view(name.data()), root.common_name);
    EXPECT_EQ(X509_check_issued(x509.get(), x509.get()), X509_V_OK);
  }
}

}  // namespace
}  // namespace scaler::net
