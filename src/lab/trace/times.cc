#include "lab/trace/times.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/formats.h"

namespace scaler::trace {
namespace {

constexpr std::size_t kDateSize = 10;

/// "2026/11/23" and "23.11.2026" as "2026-11-23"; anything else stays.
std::string date_of(std::string_view text) {
  std::string date(text.substr(0, kDateSize));
  if (date.size() == kDateSize && date.at(2) == '.' && date.at(5) == '.') {
    return date.substr(6) + "-" + date.substr(3, 2) + "-" + date.substr(0, 2);
  }
  for (const std::size_t dash : {std::size_t{4}, std::size_t{7}}) {
    if (date.size() > dash && date.at(dash) == '/') {
      date.at(dash) = '-';
    }
  }
  return date;
}

/// "9:05", "09:05", "09:05:30.5" with all their digits.
std::string clock_of(std::string_view text) {
  std::string clock(text);
  if (clock.size() > 1 && clock.at(1) == ':') {
    clock.insert(0, "0");
  }
  return clock.size() == 5 ? clock + ":00" : clock;
}

/// "Z", "UTC", "+01", "+0100", "+01:00", "+0000 UTC" as RFC 3339 has them; empty for no zone.
std::string zone_of(std::string_view text) {
  std::string zone(text);
  for (const std::string_view name : {"UTC", "GMT"}) {
    if (zone.ends_with(name)) {
      zone = std::string(trimmed(std::string_view(zone).substr(0, zone.size() - name.size())));
      zone = zone.empty() ? "Z" : zone;
    }
  }
  const bool offset = zone.starts_with('+') || zone.starts_with('-');
  if (offset && zone.size() == 3) {
    return zone + ":00";
  }
  if (offset && zone.size() == 5) {
    return zone.substr(0, 3) + ":" + zone.substr(3);
  }
  return zone;
}

Result<ReadMoment> parse_date(std::string_view text) {
  const std::string date = date_of(text);
  if (text.size() <= kDateSize) {
    return ReadMoment{.at = TRY(parse_instant(date + "T00:00:00Z")), .date_only = true};
  }
  const char mark = lower(text.at(kDateSize));
  if (mark != ' ' && mark != 't') {
    return fail(ErrorKind::Malformed, "no time behind the date");
  }
  const std::string_view rest = trimmed(text.substr(kDateSize + 1));
  const auto* const end =
      std::ranges::find_if(rest, [](char c) { return !is_digit(c) && c != ':' && c != '.'; });
  const auto length = static_cast<std::size_t>(end - rest.begin());
  const std::string zone = zone_of(trimmed(rest.substr(length)));
  const std::string clock = clock_of(rest.substr(0, length));
  return ReadMoment{.at = TRY(parse_instant(date + "T" + clock + (zone.empty() ? "Z" : zone))),
                    .zoned = !zone.empty()};
}

/// "11/23/2026": which of the two is the month cannot be told.
bool day_and_month_are_open(std::string_view text) {
  const std::vector<std::string_view> parts = split(text.substr(0, kDateSize), "/");
  return parts.size() == 3 && parts.front().size() <= 2 && !parts.front().empty() &&
         std::ranges::all_of(parts.front(), is_digit);
}

}  // namespace

Result<Instant> unix_time(double number) {
  // As seconds, what is larger would lie after the year 5000; so with the smaller units.
  constexpr double kThousand = 1000;
  constexpr double kSecondsTo = 1e11;
  constexpr double kSecondsFrom = 1e8;
  constexpr double kMillisecondsTo = 4e12;
  double milliseconds = number * kThousand;
  for (double to = kSecondsTo; number >= to && to <= kSecondsTo * 1e6; to *= kThousand) {
    milliseconds /= kThousand;
  }
  if (!(number >= kSecondsFrom) || milliseconds > kMillisecondsTo) {
    return fail(ErrorKind::Malformed, fmt::format("{} is no Unix time", number));
  }
  return Instant(Duration(static_cast<std::int64_t>(milliseconds)));
}

Result<ReadMoment> parse_moment(std::string_view text) {
  const auto number = number_of<double>(text);
  if (number) {
    if (const Result<Instant> at = unix_time(*number)) {
      return ReadMoment{.at = *at, .zoned = true};
    }
  } else if (const Result<ReadMoment> moment = parse_date(text)) {
    return moment;
  }
  if (day_and_month_are_open(text)) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' does not say which is the day and which the month: write the "
                            "year first, as in 2026-11-23 12:00",
                            shortened(text, kQuoted)));
  }
  return fail(ErrorKind::Malformed,
              fmt::format("'{}' is not a time such as 2026-11-23T12:00:00Z, 2026-11-23 12:00 or "
                          "1795435200",
                          shortened(text, kQuoted)));
}

}  // namespace scaler::trace
