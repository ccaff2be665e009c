// The first byte says how large the pieces are in which the rest arrives. A reply is the same one
// in whatever pieces.

#include <optional>

#include "fuzz.h"
#include "ground/net/http_codec.h"

namespace scaler::fuzz {
namespace {

constexpr std::size_t kBodyMax = 1U << 20U;

/// The reply, when it is complete and HTTP.
std::optional<net::HttpResponse> read_reply(std::string_view bytes, std::size_t piece) {
  net::ReplyParser parser(kBodyMax);
  bool complete = false;
  while (!bytes.empty() && !complete) {
    const auto fed = parser.feed(bytes.substr(0, piece));
    check_short(fed);
    if (!fed) {
      return std::nullopt;
    }
    complete = *fed;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (!complete && !parser.end()) {
    return std::nullopt;
  }
  parser.keeps_connection();
  net::HttpResponse response = parser.take();
  CHECK(response.body.size() <= kBodyMax);
  return response;
}

bool same(const net::HttpResponse& a, const net::HttpResponse& b) {
  return a.status == b.status && a.body == b.body &&
         std::ranges::equal(a.headers, b.headers, [](const auto& x, const auto& y) {
           return x.name == y.name && x.value == y.value;
         });
}

}  // namespace

FUZZ(http_reply) {
  if (bytes.empty()) {
    return;
  }
  const std::size_t piece = static_cast<unsigned char>(bytes.front()) % 64 + 1;
  bytes.remove_prefix(1);
  const auto whole = read_reply(bytes, bytes.size());
  for (const std::size_t size : {piece, std::size_t{1}}) {
    const auto split = read_reply(bytes, size);
    CHECK(whole.has_value() == split.has_value());
    CHECK(!whole || same(*whole, *split));
  }
}

}  // namespace scaler::fuzz
