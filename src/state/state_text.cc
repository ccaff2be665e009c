#include "state/state_text.h"

#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace scaler {
namespace {

constexpr std::string_view kVersion = "v1";
constexpr std::string_view kChecksum = " crc=";

/// CRC-32 (IEEE 802.3, reflected): it notices every error within 32 neighbouring bits.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  return ~crc;
}

std::string format_seconds(Instant instant) {
  const std::int64_t ms = instant.time_since_epoch().count();
  return ms % 1000 == 0 ? fmt::format("{}", ms / 1000)
                        : fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number >= 0;
  return whole ? std::optional(number) : std::nullopt;
}

std::optional<Instant> instant(std::string_view text) {
  // A year far beyond any clock: keeps the milliseconds within 64 bits.
  constexpr std::int64_t kSecondsMax = 1'000'000'000'000;
  const std::size_t point = text.find('.');
  const std::string_view decimals =
      point == std::string_view::npos ? "000" : text.substr(point + 1);
  const auto seconds = whole_number(text.substr(0, point));
  const auto milliseconds = whole_number(decimals);
  if (!seconds || *seconds > kSecondsMax || !milliseconds || decimals.size() != 3) {
    return std::nullopt;
  }
  return Instant(std::chrono::seconds(*seconds) + Duration(*milliseconds));
}

/// Puts one "name=value" into the state; false when it is not understood.
bool take_field(ServiceState& state, std::string_view name, std::string_view value) {
  if (name == "empty") {
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos) {
      return false;
    }
    const auto observations = whole_number(value.substr(colon + 1));
    state.empty_since = instant(value.substr(0, colon));
    state.empty_observations = observations.value_or(0);
    return state.empty_since && observations;
  }
  if (name == "out" || name == "in") {
    const auto at = instant(value);
    (name == "out" ? state.last_scale_out : state.last_scale_in) = at;
    return at.has_value();
  }
  const auto number = whole_number(value);
  if (name == "set") {
    state.last_set = number;
    return number.has_value();
  }
  if (name == "fail") {
    state.failures = number.value_or(0);
    return number.has_value();
  }
  return false;
}

}  // namespace

std::string format_state(const ServiceState& state) {
  std::string text(kVersion);
  if (state.empty_since) {
    text +=
        fmt::format(" empty={}:{}", format_seconds(*state.empty_since), state.empty_observations);
  }
  if (state.last_scale_out) {
    text += " out=" + format_seconds(*state.last_scale_out);
  }
  if (state.last_scale_in) {
    text += " in=" + format_seconds(*state.last_scale_in);
  }
  if (state.last_set) {
    text += fmt::format(" set={}", *state.last_set);
  }
  if (state.failures > 0) {
    text += fmt::format(" fail={}", state.failures);
  }
  return text + fmt::format("{}{:08x}", kChecksum, crc32(text));
}

Result<ServiceState> parse_state(std::string_view text) {
  const auto malformed = [text](std::string_view what) {
    return fail(ErrorKind::Malformed,
                fmt::format("saved state '{}' {}", text.substr(0, 256), what));
  };
  const std::size_t checksum = text.rfind(kChecksum);
  if (!text.starts_with(kVersion) || checksum == std::string_view::npos) {
    return malformed("is not of this program's version");
  }
  std::string_view rest = text.substr(0, checksum);
  if (text.substr(checksum + kChecksum.size()) != fmt::format("{:08x}", crc32(rest))) {
    return malformed("is damaged: its checksum is wrong");
  }
  rest.remove_prefix(kVersion.size());
  ServiceState state;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view field = rest.substr(0, rest.find(' '));
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos ||
        !take_field(state, field.substr(0, equals), field.substr(equals + 1))) {
      return malformed(fmt::format("has a field that is not understood: '{}'", field));
    }
    rest.remove_prefix(field.size());
  }
  return state;
}

}  // namespace scaler
