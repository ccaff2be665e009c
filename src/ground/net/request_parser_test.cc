#include "ground/net/request_parser.h"

#include <vector>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

const std::string kHeader = "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What becomes of the request when it arrives in these pieces.
std::string outcome(const std::vector<std::string_view>& pieces) {
  RequestParser parser;
  for (const std::string_view piece : pieces) {
    parser.append(piece);
    const std::expected<bool, Refusal> complete = parser.parse();
    if (!complete) {
      return "refused " + std::to_string(complete.error().status);
    }
    if (*complete) {
      return "[" + parser.take().body + "]";
    }
  }
  return "waiting";
}

std::vector<std::string_view> bytes_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < text.size(); ++i) {
    pieces.push_back(text.substr(i, 1));
  }
  return pieces;
}

struct Chunked {
  std::string body;
  std::string outcome;
};

TEST(RequestParser, TakesChunkedRequestsInWhateverPieces) {
  const std::vector<Chunked> messages{
      {"0\r\n\r\n", "[]"},
      {"000;a=b\r\n\r\n", "[]"},
      {"0\r\nA: b\r\nC: d\r\n\r\n", "[]"},
      {"0;n=\"v;\"\r\nA: b\r\n c\r\n\r\n", "[]"},
      {"3\r\nabc\r\n0\r\n\r\n", "[abc]"},
      {"3;a=b\r\nabc\r\n1\r\nd\r\n0;x\r\nT: u\r\n\r\n", "[abcd]"},
      {"0\r\nxyzabc\r\n\r\n", "refused 400"},
      {"0\r\n\rx\r\n\r\n", "refused 400"},
      {"0 \r\n\r\n", "refused 400"},
      {"0;\r\n\r\n", "refused 400"},
      {"3\r\nabcd\r\n0\r\n\r\n", "refused 400"},
      {"3\nabc\r\n0\r\n\r\n", "refused 400"},
      {"xyz\r\n\r\n", "refused 400"},
      {"\r\n\r\n\r\n", "refused 400"},
      {"0\r\nContent-Length: 5\r\n\r\n", "refused 400"},
      {"0\r\nx", "waiting"},
  };
  for (const Chunked& message : messages) {
    const std::string text = kHeader + message.body;
    const std::string_view view = text;
    SCOPED_TRACE(message.body);
    EXPECT_EQ(outcome({view}), message.outcome);
    EXPECT_EQ(outcome(bytes_of(view)), message.outcome);
    for (std::size_t a = 1; a < view.size(); ++a) {
      for (std::size_t b = a + 1; b <= view.size(); ++b) {
        std::vector<std::string_view> pieces{view.substr(0, a), view.substr(a, b - a),
                                             view.substr(b)};
        if (pieces.back().empty()) {
          pieces.pop_back();
        }
        ASSERT_EQ(outcome(pieces), message.outcome) << a << " " << b;
      }
    }
  }
}

// Beast throws for a field of 64 KiB and more, and does not bound a trailer.
TEST(RequestParser, BoundsTheLineOfAChunkAndItsTrailer) {
  const std::string_view header = kHeader;
  for (const std::size_t size : {std::size_t{9000}, std::size_t{70'000}, std::size_t{200'000}}) {
    for (const std::string& body :
         {"0\r\nA: " + std::string(size, 'a') + "\r\n\r\n",
          "0\r\n" + std::string(size, 'a') + ": b\r\n\r\n", std::string(size, '0') + "\r\n\r\n",
          "1;a=" + std::string(size, 'a') + "\r\nx\r\n0\r\n\r\n"}) {
      const std::string text = kHeader + body;
      const std::string_view view = text;
      EXPECT_EQ(outcome({view}), "refused 431") << size;
      EXPECT_EQ(outcome({header, view.substr(header.size())}), "refused 431") << size;
      EXPECT_EQ(outcome({view.substr(0, 5000), view.substr(5000)}), "refused 431") << size;
      EXPECT_EQ(outcome(bytes_of(view)), "refused 431") << size;
    }
  }
  EXPECT_EQ(outcome({kHeader, "0\r\nA: " + std::string(8000, 'a') + "\r\n\r\n"}), "[]");
}

TEST(RequestParser, KeepsWhatBelongsToTheNextRequest) {
  RequestParser parser;
  parser.append("\r\n" + kHeader + "0\r\n\r\nGET /c HTTP/1.0\r\n\r\n");
  ASSERT_EQ(parser.parse(), true);
  EXPECT_EQ(parser.take().target, "/b");
  ASSERT_EQ(parser.parse(), true);
  EXPECT_TRUE(parser.framing().http10);
  EXPECT_EQ(parser.take().target, "/c");
  EXPECT_EQ(parser.parse(), false);
  EXPECT_FALSE(parser.begun());
}

}  // namespace
}  // namespace scaler::net
