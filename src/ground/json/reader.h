#pragma once
// Reader: one place in a JSON document, together with its path. Every error names the path, what
// stands there and what would be right.

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/json/value.h"

namespace scaler::json {

struct IntegerRange {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// Does not own the Value. All errors are Malformed.
class Reader {
 public:
  explicit Reader(const Value& value, std::string path = "$")
      : value_(&value), path_(std::move(path)) {}
  /// The root of a file: its errors begin with the file's name, "fleet.yaml: services[0].queues".
  static Reader of_file(const Value& value, std::string_view name) {
    return Reader(value, std::string(name).append(kFileMark));
  }

  const std::string& path() const { return path_; }
  const Value& value() const { return *value_; }

  Result<std::string> string() const;
  Result<bool> boolean() const;
  /// A whole number in the range; 5.0 counts as 5.
  Result<std::int64_t> integer(IntegerRange range = {}) const;
  Result<double> number() const;
  /// A number in the range, in millionths.
  Result<std::int64_t> millionths(double min, double max) const;
  /// Seconds as a number, to the millisecond; not negative.
  Result<Duration> seconds() const;
  /// An RFC 3339 string.
  Result<Instant> instant() const;

  /// The error of a value that is not `what`: "$.mode: 3 is not a string".
  std::unexpected<Error> expected(std::string_view what) const;

  /// The member; missing or null is an error.
  Result<Reader> field(std::string_view name) const;
  /// The member; nothing when it is missing or null, or when this is no object.
  std::optional<Reader> optional_field(std::string_view name) const;
  /// The elements of an array.
  Result<std::vector<Reader>> items() const;
  /// Refuses members that are not in `known`, naming the nearest known one.
  Result<void> only_fields(std::span<const std::string_view> known) const;
  Result<void> only_fields(std::initializer_list<std::string_view> known) const {
    return only_fields(std::span(known.begin(), known.size()));
  }

 private:
  static constexpr std::string_view kFileMark = ": ";

  std::string member_path(std::string_view name) const;

  const Value* value_;
  std::string path_;
};

}  // namespace scaler::json
