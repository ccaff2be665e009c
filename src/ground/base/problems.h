#pragma once
// Problems: collects what is wrong, so that one look at the message mends everything.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"
#include "ground/base/text.h"

namespace scaler {

/// A text of others as a message may hold it: its beginning with "..." when it is longer than a
/// message should be, whole UTF-8 characters cut off, and each control character as "\n" or "\x1b",
/// so that a variable that ends in a line break does not break the line, nor a tag colour a
/// terminal.
std::string shortened(std::string_view text, std::size_t max = 200);

class Problems {
 public:
  /// One problem a line. What is there already, such as one setting that is wrong for each service,
  /// is told once.
  void add(std::string_view problems) {
    for (const std::string_view problem : split(problems, "\n")) {
      add_one(problem);
    }
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

  /// Nothing, or one Malformed error that tells them all, a line each: whoever mends ten of them
  /// goes down a list.
  Result<void> result() const {
    if (none()) {
      return {};
    }
    return fail(ErrorKind::Malformed,
                untold_ == 0 ? text_ : text_ + "\nand " + std::to_string(untold_) + " more");
  }

 private:
  static constexpr std::size_t kTextMax = 2000;

  void add_one(std::string_view problem) {
    if (std::ranges::find(told_, problem) != told_.end()) {
      return;
    }
    if (full()) {
      ++untold_;
      return;
    }
    told_.emplace_back(problem);
    text_ += (text_.empty() ? "" : "\n");
    text_ += problem;
  }

  std::size_t untold_ = 0;
  std::vector<std::string> told_ = {};  ///< they make up the text, and are as bounded
  std::string text_ = {};
};

}  // namespace scaler
