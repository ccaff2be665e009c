// A date and a time of the day may be columns of their own.
#include <initializer_list>
#include <optional>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/names.h"
#include "lab/trace/sample.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

/// The hour alone, 0 to 23.
bool is_hour(const std::string& cell) {
  const auto hour = number_of<double>(cell);
  return hour && *hour >= 0 && *hour < 24 && *hour == static_cast<int>(*hour);
}

bool is_date_alone(const std::string& cell) {
  return is_date(cell) && is_time(cell + " 12:00");
}

/// What a name that holds one of these tells is how long something took.
bool names_a_duration(std::string_view name) {
  constexpr std::array<std::string_view, 8> kParts{"took",    "duration", "elapsed", "runtime",
                                                   "latency", "wait",     "lasted",  "spent"};
  const std::string text = plain(name);
  return std::ranges::any_of(kParts, [&](std::string_view part) { return text.contains(part); });
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, plain(name)) != names.end();
}

/// Which columns are times of the day beside a date. Those that are not taken for one must not tell
/// rows apart that are then added: of a day's minutes one row would be left.
class Clocks {
 public:
  Clocks(const Sample& sample, Columns& columns) : sample_(sample), columns_(columns) {}

  Result<void> find() {
    if (sample_.any(columns_.at, is_clock)) {
      find_date();
    } else if (sample_.all(columns_.at, is_date_alone)) {
      TRY(find_clock());
    }
    return check_others();
  }

 private:
  std::string name(std::size_t column) const { return shortened(name_of(sample_, column)); }

  bool is_named(std::size_t column) const { return column < sample_.header.size(); }

  bool is_free(std::size_t column) const {
    return column != columns_.at && columns_.clock != column && columns_.length != column;
  }

  bool holds_clocks(std::size_t column) const {
    return is_free(column) && sample_.all(column, is_clock) &&
           !(is_named(column) && names_a_duration(sample_.header.at(column)));
  }

  bool is_named_hour(std::size_t column) const {
    return is_free(column) && is_named(column) &&
           is_one_of(sample_.header.at(column), {"hour", "hours", "hourofday", "hr", "stunde"});
  }

  bool is_named_as_time(std::size_t column) const {
    return is_named(column) &&
           std::ranges::find(kTimeNames, time_name(sample_.header.at(column))) != kTimeNames.end();
  }

  /// The column of times holds those of the day alone.
  void find_date() {
    for (std::size_t column = 0; column < sample_.columns; ++column) {
      if (column != columns_.at && sample_.any(column, is_date)) {
        columns_.clock = columns_.at;
        columns_.at = column;
        return;
      }
    }
  }

  Result<void> find_clock() {
    std::vector<std::size_t> found;
    for (std::size_t column = 0; column < sample_.columns; ++column) {
      const bool meant = !is_named(column) || is_named_as_time(column) ||
                         is_one_of(sample_.header.at(column), {"uhrzeit", "clock", "timeofday"});
      if ((holds_clocks(column) && (meant || tells_apart(column))) ||
          (is_named_hour(column) && sample_.all(column, is_hour))) {
        found.push_back(column);
      }
    }
    if (found.size() > 1) {
      const auto other = [this](std::size_t column) { return !is_named_as_time(column); };
      const std::vector<std::size_t> all = found;
      std::erase_if(found, other);
      if (found.size() != 1) {
        return fail(ErrorKind::Malformed,
                    fmt::format("'{}' and '{}' both hold times of the day: {}", name(all.at(0)),
                                name(all.at(1)), kOneColumn));
      }
    }
    columns_.clock = found.empty() ? std::nullopt : std::optional(found.front());
    return {};
  }

  Result<void> check_others() const {
    for (std::size_t column = 0; column < sample_.columns; ++column) {
      const bool tells_time =
          holds_clocks(column) || is_named_hour(column) ||
          (is_free(column) && is_named(column) &&
           is_one_of(sample_.header.at(column), {"minute", "minutes", "minuteofhour"}));
      if (tells_time && at_whole_hours() && tells_apart(column)) {
        return fail(ErrorKind::Malformed,
                    fmt::format("'{}' tells rows of one time apart: {}", name(column), kOneColumn));
      }
    }
    return {};
  }

  /// Of a table of jobs two may have begun at once, and one have taken longer.
  bool at_whole_hours() const {
    const std::size_t column = columns_.clock.value_or(columns_.at);
    return sample_.all(column, [this](const std::string& cell) {
      const std::string text = !columns_.clock      ? cell
                               : cell.contains(':') ? "2026-11-23 " + cell
                                                    : "2026-11-23";
      const Result<ReadMoment> moment = parse_moment(text, DateOrder::DayFirst);
      return !moment || moment->at.time_since_epoch() % std::chrono::hours(1) == Duration(0);
    });
  }

  /// Whether rows of one time differ in it, of which nothing else is a label.
  bool tells_apart(std::size_t column) const {
    std::vector<std::size_t> labels;
    for (std::size_t other = 0; other < sample_.columns; ++other) {
      if (other != column && is_free(other) && !sample_.any(other, is_number) &&
          !sample_.any(other, is_clock)) {
        labels.push_back(other);
      }
    }
    const std::size_t without = kinds_of(sample_, columns_, labels);
    labels.push_back(column);
    return kinds_of(sample_, columns_, labels) > without;
  }

  static constexpr std::string_view kOneColumn =
      "give the time of each row in one column, as in 2026-11-23 12:00";

  const Sample& sample_;
  Columns& columns_;
};

}  // namespace

Result<void> find_clock(const Sample& sample, Columns& columns) {
  return Clocks(sample, columns).find();
}

}  // namespace scaler::trace
