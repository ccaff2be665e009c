#pragma once
// Numbers and ids in SQS's requests.

#include <cstdint>
#include <optional>
#include <string_view>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"

namespace scaler::emulator {

inline constexpr std::int64_t kVisibilityMax = 43'200;  ///< seconds

/// The number, if there is one.
/// Errors: InvalidParameterValue when it is not in the range.
ApiResult<std::optional<std::int64_t>> ranged(const Input& input, std::string_view name,
                                              std::int64_t min, std::int64_t max);

/// Whether they are all XML 1.0's, which are what SQS takes.
bool allowed_characters(std::string_view text);

/// Whether the text can be a message group id, deduplication id or attempt id.
/// Errors: InvalidParameterValue.
ApiResult<void> check_token(std::string_view name, std::string_view text);

/// InvalidParameterValue: what a queue of the other type takes.
std::unexpected<ApiError> wrong_queue_type(std::string_view name, std::string_view value);

}  // namespace scaler::emulator
