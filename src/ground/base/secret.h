#pragma once
// Secret: a string that no formatter, stream or log field accepts. Only the code that sends it asks
// for it.

#include <string>
#include <utility>

namespace scaler {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  /// The text itself; for signing and for request headers only.
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

}  // namespace scaler
