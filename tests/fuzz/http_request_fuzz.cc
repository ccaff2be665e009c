// The first byte says how large the pieces are in which the rest arrives. Requests are the same
// ones in whatever pieces. (A refusal may come earlier when more has come at once.)

#include "fuzz.h"
#include "ground/net/request_parser.h"

namespace scaler::fuzz {
namespace {

/// All requests of a connection and what became of it, as one text.
std::string answers_to(std::string_view bytes, std::size_t piece) {
  net::RequestParser parser;
  std::string text;
  while (!bytes.empty()) {
    parser.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    auto complete = parser.parse();
    for (; complete && *complete; complete = parser.parse()) {
      const net::Framing framing = parser.framing();
      const net::ServerRequest request = parser.take();
      text += request.method + " " + request.target + "\n" + request.body + "\n";
      for (const net::HttpHeader& header : request.headers) {
        text += header.name + "=" + header.value + "\n";
      }
      net::append_response(text, {.status = 200, .headers = request.headers}, framing);
      if (!framing.keep_alive) {
        return text;
      }
    }
    if (!complete) {
      check_short(complete.error().why);
      CHECK(complete.error().status >= 400 && complete.error().status < 500);
      return text;
    }
    parser.wants_encouragement();
  }
  return text;
}

}  // namespace

FUZZ(http_request) {
  if (bytes.empty()) {
    return;
  }
  const std::size_t piece = static_cast<unsigned char>(bytes.front()) % 64 + 1;
  bytes.remove_prefix(1);
  const std::string whole = answers_to(bytes, bytes.size());
  CHECK(whole == answers_to(bytes, piece));
  CHECK(whole == answers_to(bytes, 1));
}

}  // namespace scaler::fuzz
