#include "ground/net/http_codec.h"

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

constexpr std::size_t kMax = 1000;

/// The whole text in one piece; nothing when it is not a complete reply.
Result<HttpResponse> parse(std::string_view text, bool closed = false) {
  ReplyParser parser(kMax);
  const Result<bool> done = parser.feed(text);
  if (!done.has_value()) {
    return std::unexpected(done.error());
  }
  if (!*done && closed) {
    if (const Result<void> ended = parser.end(); !ended.has_value()) {
      return std::unexpected(ended.error());
    }
  } else if (!*done) {
    return fail(ErrorKind::Unavailable, "incomplete");
  }
  return parser.take();
}

TEST(WriteRequest, WritesHostAndLengthItself) {
  const HttpRequest request{.origin = {.scheme = "https", .host = "::1", .port = 8443},
                            .method = "POST",
                            .target = "/a?b=c",
                            .headers = {{"X-A", "b"}},
                            .body = "hi"};
  EXPECT_EQ(*write_request(request),
            "POST /a?b=c HTTP/1.1\r\nHost: [::1]:8443\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(*write_request({.origin = {.host = "h"}}), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(write_request({.origin = {.host = "h"}, .method = "PUT"})->find("Content-Length: 0"),
            std::string::npos);
}

TEST(WriteRequest, RefusesWhatWouldBreakOutOfItsLine) {
  const std::vector<HttpRequest> requests{
      {.method = "GET /x"},
      {.method = ""},
      {.target = "x"},
      {.target = "/a b"},
      {.target = "/\r\nX: y"},
      {.origin = {.host = "h\r\nX: y"}},
      {.headers = {{"X Y", "z"}}},
      {.headers = {{"X:", "z"}}},
      {.headers = {{"X", "y\nZ: 1"}}},
      {.headers = {{"X", std::string("y\0z", 3)}}},
  };
  for (const HttpRequest& request : requests) {
    EXPECT_EQ(write_request(request).error().kind, ErrorKind::Malformed);
  }
}

TEST(ReplyParser, TakesEverySplitOfAReply) {
  const std::string_view text =
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (std::size_t first = 1; first < text.size(); ++first) {
    ReplyParser parser(kMax);
    ASSERT_FALSE(*parser.feed(text.substr(0, first))) << first;
    ASSERT_TRUE(*parser.feed(text.substr(first))) << first;
    EXPECT_TRUE(parser.keeps_connection());
    const HttpResponse response = parser.take();
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(find_header(response.headers, "x"), "y");
  }
}

/// The body of the reply that arrives in these pieces, or why there is none.
std::string outcome(const std::vector<std::string_view>& pieces) {
  ReplyParser parser(kMax);
  for (const std::string_view piece : pieces) {
    const Result<bool> done = parser.feed(piece);
    if (!done) {
      return "malformed";
    }
    if (*done) {
      return "[" + parser.take().body + "]";
    }
  }
  return parser.end() ? "ended" : "waiting";
}

struct Chunked {
  std::string body;
  std::string outcome;
};

TEST(ReplyParser, TakesChunkedRepliesInWhateverPieces) {
  const std::vector<Chunked> replies{
      {"0\r\n\r\n", "[]"},
      {"0;a=b\r\nA: b\r\n\r\n", "[]"},
      {"0\r\nA: b\r\nC: d\r\n\r\n", "[]"},
      {"3;a=b\r\nabc\r\n1\r\nd\r\n0;x\r\nT: u\r\n\r\n", "[abcd]"},
      {"0\r\nxyzabc\r\n\r\n", "malformed"},
      {"3\r\nabcd\r\n0\r\n\r\n", "malformed"},
      {"0 \r\n\r\n", "malformed"},
      {"zz\r\n\r\n", "malformed"},
      {"0\r\nx", "waiting"},
      {"0\r\n", "waiting"},
  };
  for (const Chunked& reply : replies) {
    const std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + reply.body;
    const std::string_view view = text;
    SCOPED_TRACE(reply.body);
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < view.size(); ++i) {
      bytes.push_back(view.substr(i, 1));
    }
    EXPECT_EQ(outcome(bytes), reply.outcome);
    for (std::size_t a = 1; a < view.size(); ++a) {
      ASSERT_EQ(outcome({view.substr(0, a), view.substr(a)}), reply.outcome) << a;
      for (std::size_t b = a + 1; b < view.size(); ++b) {
        ASSERT_EQ(outcome({view.substr(0, a), view.substr(a, b - a), view.substr(b)}),
                  reply.outcome)
            << a << " " << b;
      }
    }
  }
}

TEST(ReplyParser, RefusesALineOfAChunkWithoutEnd) {
  ReplyParser parser(kMax);
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;").has_value());
  Result<bool> fed = false;
  for (int i = 0; i < 100 && fed; ++i) {
    fed = parser.feed(std::string(1000, 'a'));
  }
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().kind, ErrorKind::Malformed);
}

// Beast throws for a field of 64 KiB and more, and does not bound a trailer.
/// How many bytes the parser takes, fed with the text again and again, before it refuses.
std::size_t taken_of_endless(ReplyParser& parser, const std::string& text) {
  constexpr std::size_t kPlenty = 4U << 20U;
  std::size_t taken = 0;
  while (taken < kPlenty && parser.feed(text).value_or(true) == false) {
    taken += text.size();
  }
  return taken;
}

// Whoever reads until there is nothing more to read never looks at the clock otherwise.
TEST(ReplyParser, RefusesWhatGoesOnForEverWithoutABody) {
  ReplyParser interim(kMax);
  std::string replies;
  for (int i = 0; i < 10; ++i) {
    replies += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  EXPECT_LE(taken_of_endless(interim, replies), 10'000U);
  ReplyParser chunks(kMax);
  ASSERT_FALSE(*chunks.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_LE(taken_of_endless(chunks, "1;" + std::string(4000, 'x') + "\r\n \r\n"), 200'000U);
}

TEST(ReplyParser, TakesSomeInterimRepliesAndSmallChunks) {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += "HTTP/1.1 102 Processing\r\n\r\n";
  }
  text += "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t i = 0; i < kMax; ++i) {
    text += "1\r\nx\r\n";
  }
  const Result<HttpResponse> reply = parse(text + "0\r\n\r\n");
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->body, std::string(kMax, 'x'));
}

TEST(ReplyParser, RefusesATrailerThatIsTooLong) {
  const std::string reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + std::string(70'000, 'a') +
      "\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{16'384}, reply.size()}) {
    ReplyParser parser(kMax);
    Result<bool> fed = false;
    for (std::size_t at = 0; at < reply.size() && fed; at += piece) {
      fed = parser.feed(std::string_view(reply).substr(at, piece));
    }
    ASSERT_FALSE(fed.has_value()) << piece;
    EXPECT_EQ(fed.error().kind, ErrorKind::Malformed);
  }
}

TEST(ReplyParser, KeepsOnlyConnectionsThatAreInOrder) {
  const std::vector<std::pair<std::string, bool>> replies{
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 204 No Content\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 unasked\r\n", false},
  };
  for (const auto& [text, keeps] : replies) {
    ReplyParser parser(kMax);
    ASSERT_TRUE(*parser.feed(text)) << text;
    EXPECT_EQ(parser.keeps_connection(), keeps) << text;
  }
}

TEST(ReplyParser, RefusesWhatIsNoReply) {
  for (const char* text :
       {"GET / HTTP/1.1\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "\r\n\r\nHTTP", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"}) {
    const auto response = parse(text);
    ASSERT_FALSE(response.has_value()) << text;
    EXPECT_EQ(response.error().kind, ErrorKind::Malformed) << text;
  }
}

TEST(ReplyParser, LimitsHeaderAndBody) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')).error().kind,
            ErrorKind::Malformed);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n").error().message,
            "the reply's body is larger than 1000 bytes");
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')).error().kind,
            ErrorKind::Malformed);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                  std::string(1001, 'x') + "\r\n0\r\n\r\n")
                .error()
                .kind,
            ErrorKind::Malformed);
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'), true).has_value());
}

TEST(ReplyParser, TellsACompleteReplyFromOneThatWasCutOff) {
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\nhello", true)->body, "hello");
  for (const char* text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "HTTP/1.1 200 OK\r\nX", "HTTP/1",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    EXPECT_EQ(parse(text, true).error().kind, ErrorKind::Unavailable) << text;
  }
}

}  // namespace
}  // namespace scaler::net
