#include "ground/base/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler {

Result<Duration> parse_duration(std::string_view text) {
  constexpr double kDay = 86'400'000;
  constexpr double kMillisecondsMax = 10'000 * kDay;
  constexpr std::array<std::pair<std::string_view, double>, 6> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", kDay}, {"", 1000}}};
  double number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  std::string_view unit(end, static_cast<std::size_t>(text_end - end));
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  for (const auto& [name, milliseconds] : kUnits) {
    // Written so that NaN, which compares false, is none.
    if (error != std::errc() || name != unit || !(number >= 0) || std::isinf(number)) {
      continue;
    }
    if (number * milliseconds > kMillisecondsMax) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' is longer than {:.0f} days",
                                                    shortened(text), kMillisecondsMax / kDay));
    }
    return Duration(std::llround(number * milliseconds));
  }
  return fail(ErrorKind::Malformed,
              fmt::format("'{}' is not a duration such as 500ms, 5s, 2m or 1h", shortened(text)));
}

}  // namespace scaler
