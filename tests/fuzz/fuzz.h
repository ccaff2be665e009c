#pragma once
// FUZZ(name) { ... bytes ... }: one reader of outside bytes under arbitrary input. With clang it is
// a libFuzzer program (libfuzzer_main.cc), in every build a test that goes over its corpus
// (corpus_test.cc). What must hold is a CHECK; sanitizers and time limits do the rest.

#include <algorithm>
#include <string_view>
#include <vector>

#include "ground/base/check.h"
#include "ground/base/result.h"

namespace scaler::fuzz {

struct Target {
  std::string_view name = {};
  void (*run)(std::string_view bytes) = nullptr;
};

/// Those that are linked in.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

struct Registration {
  explicit Registration(const Target& target) { targets().push_back(target); }
};

/// Takes the text up to a separator (or to the end), and the separator, away from the front.
inline std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + separator.size(), text.size()));
  return taken;
}

/// A refusal must not be as large as what is refused.
inline void check_short(std::string_view message) {
  constexpr std::size_t kMost = 4096 + 16;
  CHECK(message.size() <= kMost);
}
template <typename T>
void check_short(const Result<T>& result) {
  if (!result) {
    check_short(result.error().message);
  }
}

}  // namespace scaler::fuzz

#define FUZZ(name)                                                                      \
  static void fuzz_##name(std::string_view bytes);                                      \
  static const ::scaler::fuzz::Registration registration_##name({#name, &fuzz_##name}); \
  static void fuzz_##name(std::string_view bytes)
