#include "emulator/sqs/sqs_input.h"

#include <algorithm>

#include <fmt/core.h>

namespace scaler::emulator {
namespace {

/// Takes one UTF-8 character off the front. The JSON parser has checked the encoding.
std::uint32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t character = length == 1 ? lead : lead & (0x7fU >> length);
  for (const char c : text.substr(1, length - 1)) {
    character = (character << 6U) | (static_cast<unsigned char>(c) & 0x3fU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return character;
}

}  // namespace

bool allowed_characters(std::string_view text) {
  while (!text.empty()) {
    const std::uint32_t c = take_character(text);
    const bool allowed = c == 0x9 || c == 0xa || c == 0xd || (c >= 0x20 && c <= 0xd7ff) ||
                         (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
    if (!allowed) {
      return false;
    }
  }
  return true;
}

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
