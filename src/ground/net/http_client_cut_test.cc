// Replies that end at each of their bytes, by a reset or a close, in the clear and under TLS: none
// is taken for a whole one, none is waited for.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "ground/net/http_client.h"
#include "ground/net/raw_server.h"
#include "ground/net/test_ca.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

enum class End { Reset, Close, GoodbyeAndClose };

struct Framing {
  std::string name;
  std::string reply;
  std::size_t head = 0;  ///< the size of a reply whose end is the connection's; zero for others
};

std::vector<Framing> framings() {
  const std::string until_close = "HTTP/1.1 200 OK\r\n\r\n";
  return {{"length", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"},
          {"chunked",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"},
          {"until close", until_close + "hello world", until_close.size()}};
}

/// Cuts the reply after as many bytes as the connection's number says.
class CutReplies : public ::testing::TestWithParam<End> {
 protected:
  CutReplies() { std::signal(SIGPIPE, SIG_IGN); }

  static void finish(int socket, SSL* ssl) {
    if (GetParam() == End::Reset) {
      reset(socket);
      return;
    }
    if (GetParam() == End::GoodbyeAndClose) {
      SSL_shutdown(ssl);
    }
    ::shutdown(socket, SHUT_RDWR);
  }

  /// How many parts of a reply there are, from nothing on. A reset may overtake a whole reply.
  static std::size_t sizes(const Framing& framing) {
    return framing.reply.size() + (GetParam() == End::Reset ? 0 : 1);
  }

  /// Whether the first `cut` bytes may count as a reply.
  static bool whole(const Framing& framing, std::size_t cut, bool encrypted) {
    if (framing.head == 0) {
      return cut == framing.reply.size();
    }
    const bool told = encrypted ? GetParam() == End::GoodbyeAndClose : GetParam() == End::Close;
    return told && cut >= framing.head;
  }

  static void check(HttpClient& client, const Origin& origin, const Framing& framing,
                    bool repeatable) {
    for (std::size_t cut = 0; cut < sizes(framing); ++cut) {
      const Deadline begun = Deadline::clock::now();
      const auto response = client.send({.origin = origin, .repeatable = repeatable}, begun + 20s);
      EXPECT_LT(Deadline::clock::now() - begun, 10s);
      ASSERT_EQ(response.has_value(), whole(framing, cut, origin.scheme == "https"))
          << framing.name << " cut after " << cut
          << (response.has_value() ? "" : ": " + response.error().message);
      if (response.has_value()) {
        const std::size_t body = framing.head == 0 ? 11 : cut - framing.head;
        EXPECT_EQ(response->body, std::string("hello world").substr(0, body));
      } else {
        EXPECT_EQ(response.error().kind, ErrorKind::Unavailable) << response.error().message;
      }
    }
  }
};

TEST_P(CutReplies, InTheClearAreNoReplies) {
  if (GetParam() == End::GoodbyeAndClose) {
    GTEST_SKIP() << "there is no goodbye without TLS";
  }
  for (const Framing& framing : framings()) {
    for (const bool repeatable : {true, false}) {
      const RawServer server([&framing](int socket, int number) {
        read_request(socket);
        write_text(socket, framing.reply.substr(0, static_cast<std::size_t>(number)));
        finish(socket, nullptr);
      });
      HttpClient client;
      check(client, server.origin(), framing, repeatable);
      EXPECT_EQ(static_cast<std::size_t>(server.accepted()), sizes(framing))
          << "each was asked for once";
    }
  }
}

TEST_P(CutReplies, UnderTlsAreNoReplies) {
  const Certificate authority = make_certificate({.common_name = "Test Authority"}, nullptr);
  const TlsAcceptor acceptor(
      make_certificate({.common_name = "leaf", .alternative_name = "IP:127.0.0.1"}, &authority));
  std::string bundle = (std::filesystem::temp_directory_path() / "ca-XXXXXX").string();
  ::close(::mkstemp(bundle.data()));
  std::ofstream(bundle) << authority.pem();
  for (const Framing& framing : framings()) {
    const RawServer server([&](int socket, int number) {
      const auto ssl = acceptor.accept(socket);
      if (ssl != nullptr && TlsAcceptor::read_request(ssl.get())) {
        const std::string part = framing.reply.substr(0, static_cast<std::size_t>(number));
        if (!part.empty()) {
          TlsAcceptor::write(ssl.get(), part);
        }
        finish(socket, ssl.get());
      }
    });
    HttpClient client({.ca_bundle = bundle});
    check(client, {.scheme = "https", .host = "127.0.0.1", .port = server.origin().port}, framing,
          true);
  }
  std::filesystem::remove(bundle);
}

INSTANTIATE_TEST_SUITE_P(Ends, CutReplies,
                         ::testing::Values(End::Reset, End::Close, End::GoodbyeAndClose));

}  // namespace
}  // namespace scaler::net
