#pragma once
// What the tests of the codecs share: a value's way to text and back, and random parts.

#include <optional>
#include <string>

#include "ground/base/random.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/test_support.h"

namespace scaler::testing {

inline constexpr int kValues = 2'000;

class RandomParts {
 public:
  explicit RandomParts(std::uint64_t seed) : random_(seed) {}

  bool maybe() { return random_.between(0, 1) == 1; }
  std::int64_t between(std::int64_t low, std::int64_t high) { return random_.between(low, high); }
  Instant instant() { return kNoon + Duration(random_.between(-1'000'000'000, 1'000'000'000)); }
  template <typename Make>
  auto perhaps(const Make& make) -> std::optional<decltype(make())> {
    return maybe() ? std::optional(make()) : std::nullopt;
  }
  std::optional<Instant> perhaps_instant() {
    return perhaps([&] { return instant(); });
  }

 private:
  Random random_;
};

/// Reads a text as `read` does.
template <typename Read>
auto read_text(const std::string& text, const Read& read) {
  const json::Value value = json::parse(text).value();
  return read(json::Reader(value));
}

}  // namespace scaler::testing
