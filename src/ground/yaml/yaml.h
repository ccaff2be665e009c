#pragma once
// YAML documents as JSON values, so that one reader serves both: JSON is YAML. The parser behind it
// is yaml-cpp's; `bootstrap` does not link it.

#include <cstddef>
#include <string_view>

#include "ground/base/result.h"
#include "ground/json/value.h"

namespace scaler::yaml {

inline constexpr std::size_t kSizeMax = 1'000'000;  ///< bytes of a document
inline constexpr std::size_t kValuesMax = 100'000;  ///< values in it, aliases counted as they stand
inline constexpr int kDepthMax = 64;

/// Reads exactly one document. Plain scalars have the types of YAML 1.2's core schema, so `no` and
/// `on` are strings; quoted ones are strings always.
/// Errors: Malformed, with line and column: no YAML, not UTF-8, no document or several, too large
///         or too deep, a key that is no scalar or stands twice.
Result<json::Value> parse(std::string_view text);

}  // namespace scaler::yaml
