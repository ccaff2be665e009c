#include "emulator/sqs/sqs_input.h"

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

}  // namespace scaler::emulator
