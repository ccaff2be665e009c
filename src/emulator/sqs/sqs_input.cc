#include "emulator/sqs/sqs_input.h"

#include <algorithm>

#include <fmt/core.h>

namespace scaler::emulator {

ApiResult<std::optional<std::int64_t>> ranged(const Input& input, std::string_view name,
                                              std::int64_t min, std::int64_t max) {
  const auto value = input.integer(name);
  if (value && (*value < min || *value > max)) {
    return refuse(
        "InvalidParameterValue",
        fmt::format("Value {} for parameter {} is invalid. Reason: Must be between {} and "
                    "{}, if provided.",
                    *value, name, min, max));
  }
  return value;
}

ApiResult<void> check_token(std::string_view name, std::string_view text) {
  constexpr std::size_t kLengthMax = 128;
  const bool valid = !text.empty() && text.size() <= kLengthMax &&
                     std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!valid) {
    return refuse("InvalidParameterValue",
                  fmt::format("Value {} for parameter {} is invalid. Reason: {} can only include "
                              "alphanumeric and punctuation characters. 1 to 128 in length.",
                              text, name, name));
  }
  return {};
}

std::unexpected<ApiError> wrong_queue_type(std::string_view name, std::string_view value) {
  return refuse("InvalidParameterValue",
                fmt::format("Value {} for parameter {} is invalid. Reason: The request include "
                            "parameter that is not valid for this queue type.",
                            value, name));
}

}  // namespace scaler::emulator
