#pragma once
// Value: a parsed JSON document. parse() reads one; Reader (reader.h) takes it apart with a path in
// every error. The parser behind it is Boost.JSON's.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ground/base/result.h"

namespace scaler::json {

class Value;
using Array = std::vector<Value>;
/// Members in the document's order; names are distinct.
using Object = std::vector<std::pair<std::string, Value>>;

class Value {
 public:
  using Variant =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  Value() : data_(nullptr) {}
  explicit Value(Variant data) : data_(std::move(data)) {}

  const Variant& data() const { return data_; }
  Variant& data() { return data_; }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
  /// The member, or nullptr when this is no object or has no such member.
  const Value* find(std::string_view name) const;

 private:
  Variant data_;
};

/// Reads exactly one JSON document (RFC 8259). Depth is limited to 64. Arrays and objects
/// that are the value of a member named `unread` are checked but not kept: they become null.
/// Errors: Malformed with the offset in bytes; also for a member that stands twice.
Result<Value> parse(std::string_view text, std::string_view unread = {});

/// A name that two members have, or nullptr; in O(n log n).
const std::string* repeated_name(const Object& object);

/// "null", "a boolean", "a number", "a string", "an array", "an object": for messages.
std::string_view kind_name(const Value& value);

}  // namespace scaler::json
