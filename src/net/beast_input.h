#pragma once
// What Boost.Beast's parsers may be given.

#include <cstddef>

namespace scaler::net {

/// Whether `size` bytes may be given to the parser; fewer are kept back until more have come. Once
/// it has seen the line of the last chunk, Beast 1.81 asserts that the next call brings five bytes.
/// No chunked message ends in fewer ("0\r\n\r\n"), so nothing waits here that could be complete.
template <typename Parser>
bool may_put(const Parser& parser, std::size_t size) {
  constexpr std::size_t kShortestEnd = 5;
  return size >= kShortestEnd || !parser.is_header_done() || !parser.chunked();
}

}  // namespace scaler::net
