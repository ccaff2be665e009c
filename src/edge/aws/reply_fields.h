#pragma once
// Fields of AWS's JSON answers, which leave out what has no value.

#include <string>
#include <string_view>

#include "ground/json/reader.h"

namespace scaler::aws {

/// Errors: Malformed, also of the others.
Result<std::string> text_or(const json::Reader& object, std::string_view name,
                            std::string_view otherwise = {});

/// A count that has to be there, zero or more.
Result<std::int64_t> count_of(const json::Reader& object, std::string_view name);

Result<std::int64_t> count_or(const json::Reader& object, std::string_view name,
                              std::int64_t otherwise);

}  // namespace scaler::aws
