#include "scaler/core/cron.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler {
namespace {

constexpr int kMinutesPerHour = 60;
constexpr int kLastMinuteOfDay = 24 * kMinutesPerHour - 1;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

/// One of the five: its name, the range of its values and their names from `min` on.
struct Field {
  std::string_view name;
  int min;
  int max;
  std::span<const std::string_view> names = {};
};

constexpr std::array<Field, 5> kCronFields{
    Field{"minute", 0, 59}, Field{"hour", 0, 23}, Field{"day of the month", 1, 31},
    Field{"month", 1, 12, kMonths}, Field{"day of the week", 0, 7, kWeekdays}};

std::unexpected<Error> wrong(const Field& field, std::string_view text, std::string_view right) {
  return fail(ErrorKind::Malformed, fmt::format("{} '{}' {}", field.name, shortened(text), right));
}

Result<int> value_of(const Field& field, std::string_view text) {
  if (const auto name = std::ranges::find(field.names, lower_case(text));
      name != field.names.end()) {
    return field.min + static_cast<int>(name - field.names.begin());
  }
  const std::optional<int> value = number_of<int>(text);
  if (!value || *value < field.min || *value > field.max) {
    return wrong(field, text,
                 fmt::format("must be from {} to {}{}", field.min, field.max,
                             field.names.empty() ? std::string()
                                                 : fmt::format(" or {} to {}", field.names.front(),
                                                               field.names.back())));
  }
  return *value;
}

/// "*", "5", "1-5", "*/15", "1-31/2" as bits.
Result<std::uint64_t> item_bits(const Field& field, std::string_view item) {
  const std::vector<std::string_view> stepped = split(item, "/");
  const std::vector<std::string_view> ends = split(stepped.front(), "-");
  if (stepped.size() > 2 || ends.size() > 2) {
    return wrong(field, item, "must be a value, a range such as 1-5, or either with one /step");
  }
  const bool all = stepped.front() == "*";
  const int first = all ? field.min : TRY(value_of(field, ends.front()));
  const int last = all ? field.max : TRY(value_of(field, ends.back()));
  if (first > last) {
    return wrong(field, item, "runs backwards: write it as two ranges");
  }
  int step = 1;
  if (stepped.size() == 2) {
    const std::optional<int> given = number_of<int>(stepped.back());
    if ((!all && ends.size() == 1) || !given || *given < 1 || *given > field.max) {
      return wrong(
          field, item,
          fmt::format("must have a step from 1 to {} after * or a range, such as */15", field.max));
    }
    step = *given;
  }
  std::uint64_t bits = 0;
  for (int value = first; value <= last; value += step) {
    bits |= std::uint64_t{1} << static_cast<unsigned>(value);
  }
  return bits;
}

Result<std::uint64_t> field_bits(const Field& field, std::string_view text) {
  std::uint64_t bits = 0;
  for (const std::string_view item : split(text, ",")) {
    bits |= TRY(item_bits(field, item));
  }
  return bits;
}

bool has(std::uint64_t bits, unsigned value) {
  return ((bits >> value) & 1U) != 0;
}

/// The highest set bit at or below `limit`.
std::optional<int> highest(std::uint64_t bits, int limit) {
  constexpr int kTop = 63;
  const std::uint64_t below = bits & (~std::uint64_t{0} >> static_cast<unsigned>(kTop - limit));
  return below == 0 ? std::nullopt : std::optional(kTop - std::countl_zero(below));
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  std::vector<std::string_view> texts = split(text, " \t");
  std::erase(texts, std::string_view());
  if (texts.size() != kCronFields.size()) {
    return fail(ErrorKind::Malformed,
                fmt::format("has {} fields, but must have five: minute, hour, day of the month, "
                            "month, day of the week, such as 0 8 * * 1-5",
                            texts.size()));
  }
  Cron cron;
  std::size_t i = 0;
  for (std::uint64_t* bits :
       {&cron.minutes_, &cron.hours_, &cron.days_, &cron.months_, &cron.weekdays_}) {
    *bits = TRY(field_bits(kCronFields.at(i), texts.at(i)));
    ++i;
  }
  constexpr std::uint64_t kSeven = std::uint64_t{1} << 7U;
  cron.weekdays_ |= (cron.weekdays_ & kSeven) != 0 ? 1U : 0U;
  cron.weekdays_ &= ~kSeven;
  cron.any_day_ = texts.at(2).starts_with('*');
  cron.any_weekday_ = texts.at(4).starts_with('*');
  if (!cron.ever_comes()) {
    return fail(ErrorKind::Malformed, "names a day that never comes");
  }
  return cron;
}

bool Cron::ever_comes() const {
  constexpr std::array<int, 12> kLongest{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!any_weekday_) {
    return true;  // "*" as the day of the month comes, too.
  }
  for (unsigned month = 1; month <= kLongest.size(); ++month) {
    if (has(months_, month) && highest(days_, kLongest.at(month - 1))) {
      return true;
    }
  }
  return false;
}

bool Cron::matches(std::chrono::local_days day) const {
  const std::chrono::year_month_day date(day);
  const bool in_month = has(days_, static_cast<unsigned>(date.day()));
  const bool in_week = has(weekdays_, std::chrono::weekday(day).c_encoding());
  const bool either = !any_day_ && !any_weekday_;
  return has(months_, static_cast<unsigned>(date.month())) &&
         (either ? in_month || in_week : in_month && in_week);
}

std::optional<int> Cron::latest_minute(int limit) const {
  const int hour = limit / kMinutesPerHour;
  if (has(hours_, static_cast<unsigned>(hour))) {
    if (const auto minute = highest(minutes_, limit % kMinutesPerHour)) {
      return hour * kMinutesPerHour + *minute;
    }
  }
  const auto earlier = hour == 0 ? std::nullopt : highest(hours_, hour - 1);
  return earlier
             ? std::optional(*earlier * kMinutesPerHour + *highest(minutes_, kMinutesPerHour - 1))
             : std::nullopt;
}

std::optional<LocalMinutes> Cron::latest(LocalMinutes until, std::chrono::days within) const {
  const auto today = std::chrono::floor<std::chrono::days>(until);
  int limit = static_cast<int>((until - today).count());
  for (auto day = today; day >= today - within; day -= std::chrono::days(1)) {
    if (matches(day)) {
      if (const auto minute = latest_minute(limit)) {
        return day + std::chrono::minutes(*minute);
      }
    }
    limit = kLastMinuteOfDay;
  }
  return std::nullopt;
}

}  // namespace scaler
