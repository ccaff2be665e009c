#pragma once
// Problems: collects what is wrong, so that one look at the message mends everything.

#include <string>
#include <string_view>

#include "base/result.h"

namespace scaler {

class Problems {
 public:
  void add(std::string_view problem) {
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

  /// Nothing, or one Malformed error that tells them all.
  Result<void> result() const {
    return none() ? Result<void>() : fail(ErrorKind::Malformed, text_);
  }

 private:
  std::string text_ = {};
};

}  // namespace scaler
