#pragma once
// YAML documents as JSON values, so that one reader serves both: JSON is YAML. The parser behind it
// is yaml-cpp's; `bootstrap` does not link it.

#include <cstddef>
#include <string_view>

#include "ground/base/result.h"
#include "ground/json/value.h"

namespace scaler::yaml {

// Ten thousand services with their queues' URLs and policies fit in both forms.
inline constexpr std::size_t kSizeMax = 4'000'000;      ///< bytes of a document
inline constexpr std::size_t kJsonSizeMax = 8U << 20U;  ///< of one that is JSON, which costs less
inline constexpr std::size_t kValuesMax = 250'000;  ///< values in it, aliases counted as they stand
inline constexpr std::size_t kTextMax = 8U << 20U;  ///< bytes of texts and keys, counted alike
inline constexpr int kDepthMax = 64;

/// Reads exactly one document, JSON or other YAML. Plain scalars have the types of YAML 1.2's core
/// schema, so `no` and `on` are strings; quoted ones are strings always. Errors: Malformed, with
/// line and column: no YAML, not UTF-8, no document or several, too large
///         or too deep, a key that is no scalar or stands twice.
Result<json::Value> parse(std::string_view text);

}  // namespace scaler::yaml
