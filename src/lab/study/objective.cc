#include "lab/study/objective.h"

#include <charconv>

#include <fmt/core.h>

#include "ground/base/duration.h"
#include "scaler/core/schedule.h"

namespace scaler::study {
namespace {

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

Result<Objective> parse_objective(std::string_view text) {
  std::string_view rest = text;
  Objective objective{.share = take_share(rest), .told = std::string(text)};
  take(rest, "wait");
  const bool less = take(rest, "<=") || take(rest, "<");
  rest = rest.substr(0, rest.find_last_not_of(' ') + 1);
  const bool negative = take(rest, "-");
  const Result<Duration> limit = parse_duration(rest);
  if (objective.share > 0 && less && limit &&
      (negative || *limit == Duration(0) || *limit > kDurationLimit)) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}': what a message may wait must be longer than 0 and at most {}",
                            text, format_duration(kDurationLimit)));
  }
  if (objective.share == 0 || !less || !limit || negative) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not an objective such as 'p95 wait < 60s' (p50, p99, max; "
                            "500ms, 2m, 1h)",
                            text));
  }
  objective.limit = *limit;
  return objective;
}

}  // namespace scaler::study
