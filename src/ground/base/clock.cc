#include "ground/base/clock.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <ranges>
#include <span>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler {
namespace {

/// As long as forever, and short enough for the nanoseconds that the library counts in.
constexpr Duration kLongestWait = std::chrono::days(36'500);

/// Writes a number's last digits, as many as there is room for.
void put_digits(std::span<char> room, std::int64_t number) {
  for (char& place : std::views::reverse(room)) {
    place = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

class SystemClock final : public Clock {
 public:
  Instant now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }

  bool wait_until(Instant instant, const std::stop_token& stop) override {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    // By steady time: a clock that is set back meanwhile must not stretch the wait.
    woken.wait_for(lock, stop, std::min(instant - now(), kLongestWait), [] { return false; });
    return !stop.stop_requested();
  }
};

/// Takes `width` digits off the front of `text`; -1 when they are not all there.
int take_digits(std::string_view& text, std::size_t width) {
  int value = 0;
  if (text.size() < width) {
    return -1;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, value);
  if (error != std::errc() || end != text.data() + width || text.front() == '-') {
    return -1;
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

/// Milliseconds of an optional ".123456"; -1 when the point has no digits behind it.
int take_fraction(std::string_view& text) {
  if (!take(text, ".")) {
    return 0;
  }
  int milliseconds = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) {
      milliseconds = milliseconds * 10 + (text.front() - '0');
    }
    ++digits;
    text.remove_prefix(1);
  }
  for (int i = digits; i < 3; ++i) {
    milliseconds *= 10;
  }
  return digits == 0 ? -1 : milliseconds;
}

/// Minutes east of UTC of "Z", "+02:00" or "-0530"; nothing when it is none of these.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, "Zz")) {
    return 0;
  }
  const bool west = !text.empty() && text.front() == '-';
  if (!take(text, "+-")) {
    return std::nullopt;
  }
  const int hours = take_digits(text, 2);
  take(text, ":");
  const int minutes = take_digits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    return std::nullopt;
  }
  const int total = hours * 60 + minutes;
  return west ? -total : total;
}

}  // namespace

Deadline Clock::steady() const {
  return std::chrono::steady_clock::now();
}

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

Deadline after(Duration duration) {
  return std::chrono::steady_clock::now() + duration;
}

// By hand, because each pass writes several: {fmt} needs ten times the instructions.
std::string format_instant(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  const int year = static_cast<int>(date.year());
  const bool four_digits = year >= 0 && year <= 9999;
  const bool whole = time.subseconds().count() == 0;
  std::string text = four_digits ? "0000" : fmt::format("{:04}", year);
  const std::size_t begin = text.size();
  text += whole ? "-00-00T00:00:00Z" : "-00-00T00:00:00.000Z";
  if (four_digits) {
    put_digits(std::span(text).first(4), year);
  }
  const std::span<char> rest = std::span(text).subspan(begin);
  put_digits(rest.subspan(1, 2), static_cast<unsigned>(date.month()));
  put_digits(rest.subspan(4, 2), static_cast<unsigned>(date.day()));
  put_digits(rest.subspan(7, 2), time.hours().count());
  put_digits(rest.subspan(10, 2), time.minutes().count());
  put_digits(rest.subspan(13, 2), time.seconds().count());
  if (!whole) {
    put_digits(rest.subspan(16, 3), time.subseconds().count());
  }
  return text;
}

Result<Instant> parse_instant(std::string_view text) {
  const auto malformed = [text] {
    return fail(
        ErrorKind::Malformed,
        fmt::format("'{}' is not an RFC 3339 time such as 2026-11-23T12:00:00Z", shortened(text)));
  };
  std::string_view rest = text;
  const int year = take_digits(rest, 4);
  const bool dash1 = take(rest, "-");
  const int month = take_digits(rest, 2);
  const bool dash2 = take(rest, "-");
  const int day = take_digits(rest, 2);
  const bool separator = take(rest, "Tt ");
  const int hour = take_digits(rest, 2);
  const bool colon1 = take(rest, ":");
  const int minute = take_digits(rest, 2);
  const bool colon2 = take(rest, ":");
  const int second = take_digits(rest, 2);
  const int milliseconds = take_fraction(rest);
  const std::optional<int> offset = take_offset(rest);
  const std::array separators{dash1, dash2, separator, colon1, colon2};
  const std::array numbers{year, month, day, hour, minute, second, milliseconds};
  if (std::ranges::count(separators, false) > 0 || std::ranges::min(numbers) < 0 || !offset ||
      !rest.empty() || hour > 23 || minute > 59 || second > 60) {
    return malformed();
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) {
    return malformed();
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + Duration(milliseconds) - std::chrono::minutes(*offset);
}

std::string format_duration(Duration duration) {
  const std::int64_t ms = duration.count();
  if (ms < 0) {
    return "-" + format_duration(-duration);
  }
  if (ms > 0 && ms < 1000) {
    return fmt::format("{} ms", ms);
  }
  if (ms < 60'000) {
    return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000)
                          : fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  }
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3600) {
    return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60)
                             : fmt::format("{} min {} s", seconds / 60, seconds % 60);
  }
  const std::int64_t minutes = seconds / 60;
  return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                           : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace scaler
