#include "lab/trace/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/formats.h"

namespace scaler::trace {
namespace {

constexpr std::size_t kGroup = 3;
// No-break, narrow no-break and thin space, the typographic apostrophe, and their ASCII kin.
constexpr std::array<std::string_view, 6> kAlwaysGroups{
    "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89", "\xe2\x80\x99", " ", "'"};

/// Whether `mark` cuts the digits in front of any decimals into thousands: "12,345,678".
bool is_grouped(std::string_view digits, char mark) {
  const std::vector<std::string_view> groups = split(digits, std::string_view(&mark, 1));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string_view group = groups.at(i);
    const bool right_size =
        i == 0 ? !group.empty() && group.size() <= kGroup && group != "0" : group.size() == kGroup;
    if (!right_size || !std::ranges::all_of(group, is_digit)) {
      return false;
    }
  }
  return groups.size() > 1;
}

/// The cell with its blanks between thousands taken out, where they are that.
std::string without_blanks(std::string_view cell) {
  std::string text(cell);
  for (const std::string_view mark : kAlwaysGroups) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), "_");
    }
  }
  const std::string_view whole = std::string_view(text).substr(0, text.find_first_of(",."));
  if (!is_grouped(whole, '_')) {
    return std::string(cell);
  }
  std::erase(text, '_');
  return text;
}

}  // namespace

void NumberStyles::see(std::string_view cell) {
  const std::string text = without_blanks(cell);
  if (text.find_first_not_of("0123456789.,") != std::string::npos) {
    return;
  }
  const std::size_t comma = text.rfind(',');
  const std::size_t dot = text.rfind('.');
  if (comma == std::string::npos && dot == std::string::npos) {
    ungrouped_ = ungrouped_ || (text == cell && text.size() > kGroup);
    return;
  }
  const bool comma_is_last =
      dot == std::string::npos || (comma != std::string::npos && comma > dot);
  Evidence& last = comma_is_last ? comma_ : dot_;
  Evidence& other = comma_is_last ? dot_ : comma_;
  const char mark = comma_is_last ? ',' : '.';
  if (comma != std::string::npos && dot != std::string::npos) {
    last.decimals = true;
    other.groups = true;
  } else if (!is_grouped(text, mark)) {
    last.decimals = true;
  } else if (std::ranges::count(text, mark) > 1) {
    last.groups = true;
  } else {
    last.either = true;
  }
  if (example_.empty() && (mark == ',' || !last.decimals)) {
    example_ = std::string(cell);
  }
}

NumberStyle NumberStyles::style(bool dots_may_group) const {
  constexpr NumberStyle kEnglish{.decimal = '.', .group = ','};
  constexpr NumberStyle kContinental{.decimal = ',', .group = '.'};
  if (comma_.decimals || dot_.groups) {
    return kContinental;
  }
  if (comma_.groups || dot_.decimals) {
    return kEnglish;
  }
  // A decimal comma with three digits behind it is rarer than a thousand.
  if (comma_.either) {
    return ungrouped_ ? kContinental : kEnglish;
  }
  return dot_.either && dots_may_group && !ungrouped_ ? kContinental : kEnglish;
}

Result<double> check_messages(double value, std::string_view quoted) {
  if (!std::isfinite(value) || value < 0 || value > kMessagesPerInterval) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not a number of messages (0 to {:g})",
                            shortened(quoted, kQuoted), kMessagesPerInterval));
  }
  return value;
}

Result<double> parse_messages(std::string_view cell, const NumberStyle& style) {
  auto value = number_of<double>(cell);
  const bool marked = cell.find_first_of(".,") != std::string_view::npos;
  if (!value || (marked && style.decimal == ',')) {
    std::string text = without_blanks(cell);
    const std::size_t decimals = std::min(text.find(style.decimal), text.size());
    if (is_grouped(std::string_view(text).substr(0, decimals), style.group)) {
      std::erase(text, style.group);
    }
    std::ranges::replace(text, style.decimal, '.');
    // What is left of the other mark stood where none belongs.
    value = text.contains(',') ? std::nullopt : number_of<double>(text);
  }
  return check_messages(value.value_or(-1), cell);
}

bool is_gap(std::string_view cell) {
  constexpr std::array<std::string_view, 9> kWords{"",    "nan",  "null", "none",     "na",
                                                   "n/a", "#n/a", "-",    "undefined"};
  return cell.size() <= 9 && std::ranges::find(kWords, lower_case(cell)) != kWords.end();
}

}  // namespace scaler::trace
