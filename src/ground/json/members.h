#pragma once
// Members of an object whose shape somebody else decides: whatever is missing, or of another type,
// counts as not there. Where it would be an error, Reader (reader.h) tells it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ground/json/value.h"

namespace scaler::json {

/// The member's text; nullptr when there is none.
const std::string* text_member(const Value& value, std::string_view name);
/// The same, empty when there is none.
std::string_view text_in(const Value& value, std::string_view name);
/// The member's whole number, also one that is written as text.
std::optional<std::int64_t> whole_in(const Value& value, std::string_view name);
/// The member's elements; none when it is no array.
const Array& elements_in(const Value& value, std::string_view name);

}  // namespace scaler::json
