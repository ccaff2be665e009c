#include "lab/trace/times.h"

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/formats.h"

namespace scaler::trace {
namespace {

/// The three numbers of a date, and how much of the text they are.
struct DateParts {
  std::string_view first = {};
  std::string_view second = {};
  std::string_view third = {};
  char mark = '\0';
  std::size_t size = 0;
};

std::optional<DateParts> date_parts(std::string_view text) {
  DateParts parts;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text.at(at))) {
      ++at;
    }
    return text.substr(begin, at - begin);
  };
  parts.first = digits();
  parts.mark = at < text.size() ? text.at(at) : '\0';
  if (parts.mark != '-' && parts.mark != '/' && parts.mark != '.') {
    return std::nullopt;
  }
  ++at;
  parts.second = digits();
  if (at >= text.size() || text.at(at) != parts.mark) {
    return std::nullopt;
  }
  ++at;
  parts.third = digits();
  parts.size = at;
  return parts.first.empty() || parts.second.empty() || parts.third.empty() ? std::nullopt
                                                                            : std::optional(parts);
}

/// "11/23/2026", "23-11-2026", "11/23/26".
bool year_is_last(const DateParts& parts) {
  return parts.first.size() <= 2 &&
         (parts.third.size() == 4 || (parts.mark == '/' && parts.third.size() == 2));
}

/// As RFC 3339 has it. Of "23.11.2026" the order is known.
Result<std::string> date_of(const DateParts& parts, DateOrder order) {
  if (!year_is_last(parts)) {
    return fmt::format("{}-{:0>2}-{:0>2}", parts.first, parts.second, parts.third);
  }
  if (parts.mark == '.') {
    order = DateOrder::DayFirst;
  }
  if (order == DateOrder::Unknown) {
    return fail(ErrorKind::Malformed, "day or month");
  }
  const bool day_first = order == DateOrder::DayFirst;
  return fmt::format("{}{}-{:0>2}-{:0>2}", parts.third.size() == 2 ? "20" : "", parts.third,
                     day_first ? parts.second : parts.first,
                     day_first ? parts.first : parts.second);
}

/// "9:05", "09:05", "09:05:30.5" with all their digits.
std::string clock_of(std::string_view text) {
  std::string clock(text);
  if (clock.size() > 1 && clock.at(1) == ':') {
    clock.insert(0, "0");
  }
  return clock.size() == 5 ? clock + ":00" : clock;
}

/// Takes "AM" or "PM" from the text, also behind the narrow blank that browsers put there. True for
/// PM.
std::optional<bool> take_half(std::string_view& text) {
  constexpr std::string_view kNarrowBlank = "\xe2\x80\xaf";
  std::string_view rest = text;
  rest.remove_prefix(rest.starts_with(kNarrowBlank) ? kNarrowBlank.size() : 0);
  const bool am = equal_in_any_case(rest.substr(0, 2), "am");
  if (!am && !equal_in_any_case(rest.substr(0, 2), "pm")) {
    return std::nullopt;
  }
  text = trimmed(rest.substr(2));
  return !am;
}

/// "12:05:00" before noon as "00:05:00"; nothing for an hour that no half of the day has, or one
/// without minutes ("9 AM").
std::string in_half(const std::string& clock, bool afternoon) {
  constexpr int kHours = 12;
  if (!clock.contains(':')) {
    return "";
  }
  const int hour = number_of<int>(std::string_view(clock).substr(0, 2)).value_or(0);
  return hour < 1 || hour > kHours
             ? ""
             : fmt::format("{:02}{}", hour % kHours + (afternoon ? kHours : 0), clock.substr(2));
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

Result<ReadMoment> parse_date(std::string_view text, DateOrder order) {
  const std::optional<DateParts> parts = date_parts(text);
  if (!parts) {
    return fail(ErrorKind::Malformed, "no date");
  }
  const std::string date = TRY(date_of(*parts, order));
  std::string_view rest = text.substr(parts->size);
  if (rest.empty()) {
    return ReadMoment{.at = TRY(parse_instant(date + "T00:00:00Z")), .date_only = true};
  }
  rest.remove_prefix(rest.starts_with(", ") ? 1 : 0);
  if (rest.front() != ' ' && lower(rest.front()) != 't') {
    return fail(ErrorKind::Malformed, "no time behind the date");
  }
  rest = trimmed(rest.substr(1));
  const auto* const end =
      std::ranges::find_if(rest, [](char c) { return !is_digit(c) && c != ':' && c != '.'; });
  const auto length = static_cast<std::size_t>(end - rest.begin());
  std::string clock = clock_of(rest.substr(0, length));
  rest = trimmed(rest.substr(length));
  if (const std::optional<bool> afternoon = take_half(rest)) {
    clock = in_half(clock, *afternoon);
  }
  const std::string zone = zone_of(rest);
  return ReadMoment{.at = TRY(parse_instant(date + "T" + clock + (zone.empty() ? "Z" : zone))),
                    .zoned = !zone.empty()};
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

bool order_is_open(std::string_view text) {
  const std::optional<DateParts> parts = date_parts(text);
  return parts && year_is_last(*parts) && parts->mark != '.';
}

void DateOrders::look(std::string_view cell, DateOrder order, Span& span) {
  const Result<ReadMoment> moment =
      span.good ? parse_date(cell, order) : fail(ErrorKind::Malformed, "no more");
  span.good = moment.has_value();
  if (moment) {
    span.first = std::min(span.first, moment->at);
    span.last = std::max(span.last, moment->at);
  }
}

void DateOrders::see(std::string_view cell) {
  const std::optional<DateParts> parts = date_parts(cell);
  cell = cell.substr(0, parts ? parts->size : cell.size());
  look(cell, DateOrder::DayFirst, day_first_);
  look(cell, DateOrder::MonthFirst, month_first_);
}

DateOrder DateOrders::order() const {
  // In the wrong order days that follow each other lie a month apart.
  constexpr auto kIsIt = [](const Span& span, const Span& other) {
    return span.good && span.first <= span.last &&
           (!other.good || (other.last - other.first) / 4 > span.last - span.first);
  };
  if (kIsIt(day_first_, month_first_)) {
    return DateOrder::DayFirst;
  }
  return kIsIt(month_first_, day_first_) ? DateOrder::MonthFirst : DateOrder::Unknown;
}

Result<ReadMoment> parse_moment(std::string_view text, DateOrder order) {
  const auto number = number_of<double>(text);
  if (number) {
    if (const Result<Instant> at = unix_time(*number)) {
      return ReadMoment{.at = *at, .zoned = true};
    }
  } else if (const Result<ReadMoment> moment = parse_date(text, order)) {
    // Beyond 2262 nanoseconds overflow; nobody means such a year.
    constexpr Instant kEnd = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
    if (moment->at >= Instant{} && moment->at < kEnd) {
      return moment;
    }
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' does not lie between 1970 and 2200", shortened(text, kQuoted)));
  }
  if (order == DateOrder::Unknown && order_is_open(text)) {
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
