#pragma once
// Problems: collects what is wrong, so that one look at the message mends everything.

#include <string>
#include <string_view>

#include "base/result.h"

namespace scaler {

/// The text, or its beginning with "..." when it is longer than a message should be. Whole UTF-8
/// characters are cut off.
inline std::string shortened(std::string_view text, std::size_t max = 200) {
  if (text.size() <= max) {
    return std::string(text);
  }
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xc0U) == 0x80U) {
    --max;
  }
  return std::string(text.substr(0, max)) + "...";
}

class Problems {
 public:
  void add(std::string_view problem) {
    if (full()) {
      ++untold_;
      return;
    }
    text_ += (text_.empty() ? "" : "; ");
    text_ += problem;
  }
  template <typename T>
  void add_if_failed(const Result<T>& result) {
    if (!result) {
      add(result.error().message);
    }
  }
  bool none() const { return text_.empty(); }
  /// Further problems are counted only: whoever sends a document of a million mistakes must not get
  /// a message, and a log line, of the same size.
  bool full() const { return text_.size() > kTextMax; }

  /// Nothing, or one Malformed error that tells them all.
  Result<void> result() const {
    if (none()) {
      return {};
    }
    return fail(ErrorKind::Malformed,
                untold_ == 0 ? text_ : text_ + "; and " + std::to_string(untold_) + " more");
  }

 private:
  static constexpr std::size_t kTextMax = 2000;

  std::size_t untold_ = 0;
  std::string text_ = {};
};

}  // namespace scaler
