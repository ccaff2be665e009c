#pragma once
// Writer: JSON text, members in the order in which they are written. Misuse (a value without a name
// inside an object) is a programming error.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ground/json/value.h"

namespace scaler::json {

class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  /// The name of the next value.
  Writer& name(std::string_view name);

  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(bool flag);
  Writer& value(
      double number);  ///< shortest form that reads back the same; NaN and infinities as null
  Writer& value(std::integral auto number) { return integer(static_cast<std::int64_t>(number)); }
  Writer& value(const Value& value);
  Writer& null();
  /// Text that is JSON already.
  Writer& raw(std::string_view json);

  /// name() and value() in one.
  template <typename T>
  Writer& field(std::string_view field_name, const T& field_value) {
    return name(field_name).value(field_value);
  }

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  Writer& integer(std::int64_t number);
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace scaler::json
