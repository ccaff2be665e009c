#include "lab/trace/local_time.h"

#include <algorithm>

#include <fmt/core.h>

namespace scaler::trace {
namespace {

Duration usual_distance(const std::vector<Row>& rows) {
  std::vector<Duration> distances;
  distances.reserve(rows.size());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    distances.push_back(rows.at(i).at - rows.at(i - 1).at);
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return *middle;
}

/// Whether clocks may be changed to or from this full hour: in the small hours of a Sunday in
/// spring or autumn, on either half of the earth.
bool may_be_changed_at(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const Duration hour = at - day;
  const auto month = static_cast<unsigned>(std::chrono::year_month_day(day).month());
  return hour % kHour == Duration(0) && hour <= 3 * kHour &&
         std::chrono::weekday(day) == std::chrono::Sunday &&
         (month == 3 || month == 4 || (month >= 9 && month <= 11));
}

/// "2026-10-25T02:00:00": with the Z it was taken for a moment of UTC, where nothing is changed.
std::string local_time(Instant at) {
  std::string text = format_instant(at);
  text.erase(text.find_last_not_of('Z') + 1);
  return text;
}

}  // namespace

void even_out_clock_changes(std::vector<Row>& rows, std::vector<std::string>& remarks) {
  if (rows.size() < 3) {
    return;
  }
  Duration usual = usual_distance(rows);
  if (usual < Duration(0)) {
    std::ranges::reverse(rows);
    usual = -usual;
  }
  if (usual == Duration(0) || usual > kHour) {
    return;
  }
  std::string told;
  Duration moved{0};
  std::vector<Duration> moves;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row& row = rows.at(i);
    const Duration distance = row.at - rows.at(i - 1).at;
    const bool copy = distance == Duration(0) && row.messages == rows.at(i - 1).messages &&
                      row.copy_of == rows.at(i - 1).copy_of;
    // Full hours are repeated whole.
    const bool back = distance == usual - kHour && may_be_changed_at(row.at) && !copy;
    const bool forward = distance == usual + kHour && may_be_changed_at(rows.at(i - 1).at + usual);
    if (distance <= Duration(0) && !back && !copy) {
      return;  // The rows are in no order, so that a step back tells nothing.
    }
    if (back || forward) {
      moved += back ? kHour : -kHour;
      told += fmt::format("{}{} at {}", told.empty() ? "" : ", ", back ? "back" : "forward",
                          local_time(row.at));
    }
    moves.push_back(moved);
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    rows.at(i).at += moves.at(i - 1);
  }
  if (!told.empty()) {
    remarks.push_back(
        fmt::format("times without a zone are local: clocks were put {} local time, "
                    "and what follows is moved by that hour",
                    told));
  }
}

}  // namespace scaler::trace
