#pragma once
// How Boost.Beast's parsers are fed, so that no bytes reach one of their assertions or exceptions
// or cost more than linear work. Included by the .cc files that have such a parser.

#include <cstddef>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace scaler::net {

/// The longest line of a chunk together with its trailer. Beast bounds a header but not these: a
/// trailer field of 64 KiB makes it throw, and it reads an unfinished line from its beginning.
inline constexpr std::size_t kChunkLineMax = 8U << 10U;

template <typename Parser>
bool in_chunks(const Parser& parser) {
  return parser.is_header_done() && parser.chunked();
}

/// Of the bytes that have come, those that the parser may be given next; nothing when they are kept
/// back until more have come. Once it has seen the line of the last chunk, Beast 1.81 asserts that
/// the next call brings five bytes. No chunked message ends in fewer ("0\r\n\r\n"), so nothing
/// waits here that could be complete.
template <typename Parser>
std::string_view next_input(const Parser& parser, std::string_view bytes) {
  constexpr std::size_t kShortestEnd = 5;
  if (!in_chunks(parser)) {
    return bytes;
  }
  return bytes.size() < kShortestEnd ? std::string_view() : bytes.substr(0, kChunkLineMax);
}

/// Gives the parser what it takes of the bytes, up to the end of the message; how many that are.
/// What it does not take is to come again, with more behind it.
template <typename Parser>
std::size_t put_input(Parser& parser, std::string_view bytes, boost::system::error_code& error) {
  namespace http = boost::beast::http;
  std::size_t taken = 0;
  std::size_t used = 1;
  while (used > 0 && !parser.is_done() && taken < bytes.size()) {
    // Not from the header into the first chunks at one go: these have bounds of their own.
    parser.eager(parser.is_header_done());
    const std::string_view next = next_input(parser, bytes.substr(taken));
    used = next.empty() ? 0 : parser.put(boost::asio::buffer(next.data(), next.size()), error);
    taken += used;
    if (error && error != http::error::need_more) {
      return taken;
    }
    error = {};
  }
  const std::size_t left = bytes.size() - taken;
  if (!parser.is_done() && in_chunks(parser) && left >= kChunkLineMax) {
    error = http::error::header_limit;
  }
  return taken;
}

}  // namespace scaler::net
