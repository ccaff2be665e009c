#include "lab/study/objective.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/core.h>

namespace scaler::study {
namespace {

constexpr double kMillisecondsMax = 1e12;

std::string_view skip_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

bool take(std::string_view& text, std::string_view word) {
  text = skip_blanks(text);
  if (!text.starts_with(word)) {
    return false;
  }
  text.remove_prefix(word.size());
  text = skip_blanks(text);
  return true;
}

/// "p95" -> 0.95, "max" -> 1; 0 when it is neither.
double take_share(std::string_view& text) {
  if (take(text, "max")) {
    return 1;
  }
  double percent = 0;
  if (!take(text, "p")) {
    return 0;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const bool valid = error == std::errc() && percent > 0 && percent <= 100;  // false for NaN
  if (!valid) {
    return 0;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return percent / 100;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 6> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"", 1000}}};
  const std::string_view trimmed = skip_blanks(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  std::string_view unit =
      skip_blanks(trimmed.substr(static_cast<std::size_t>(end - trimmed.data())));
  unit = unit.substr(0, unit.find(' '));
  for (const auto& [name, milliseconds] : kUnits) {
    if (error == std::errc() && name == unit && number >= 0 &&
        number * milliseconds <= kMillisecondsMax) {
      return Duration(static_cast<std::int64_t>(number * milliseconds));
    }
  }
  return fail(ErrorKind::Malformed,
              fmt::format("'{}' is not a duration such as 500ms, 5s, 2m or 1h", text));
}

Result<Objective> parse_objective(std::string_view text) {
  std::string_view rest = text;
  Objective objective{.share = take_share(rest), .told = std::string(text)};
  take(rest, "wait");
  const bool less = take(rest, "<=") || take(rest, "<");
  const Result<Duration> limit = parse_duration(rest);
  if (objective.share == 0 || !less || !limit || *limit == Duration(0)) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not an objective such as 'p95 wait < 60s' (p50, p99, max; "
                            "500ms, 2m, 1h)",
                            text));
  }
  objective.limit = *limit;
  return objective;
}

}  // namespace scaler::study
