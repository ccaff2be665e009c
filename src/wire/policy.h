#pragma once
// Policies as JSON and as variables: one object whose members, and one variable for each of them,
// are the fields of scaler/core/policy_fields.h.

#include <string>
#include <string_view>

#include "ground/json/reader.h"
#include "scaler/core/policy.h"
#include "scaler/core/policy_fields.h"

namespace scaler {

/// Puts one value into the options. Errors: Malformed with path, value and what would be right.
Result<void> read_field(const PolicyField& field, const json::Reader& value,
                        PolicyOptions& options);

/// All members into the options. Errors: Malformed, all of them together; unknown members are
/// refused with the nearest known name.
Result<void> read_fields(const json::Reader& object, PolicyOptions& options);

/// A text of a variable, tag or flag as the JSON value that it looks like, so that all are read by
/// the same code.
json::Value value_as_written(const std::string& text);

/// Puts one value as a person writes it into the options: ("tasks_max", "20"). Times are seconds.
/// Errors: Malformed; an unknown name is refused with the nearest known one.
Result<void> read_setting(std::string_view name, const std::string& value, PolicyOptions& options);

/// A field's value as JSON, as read_field() takes it; null where there is none.
std::string field_json(const PolicyField& field, const PolicyOptions& options);

/// A number, word or truth value as people write it, without the quotes of JSON.
std::string unquoted(std::string json);

/// A field's environment variable: the name in capitals.
std::string variable_name(const PolicyField& field);

/// Its default as one would write it; empty where there is none.
std::string default_of(const PolicyField& field);

/// A whole policy. Errors: Malformed; unknown members are refused with the nearest known name.
Result<Policy> read_policy(const json::Reader& object);

}  // namespace scaler
