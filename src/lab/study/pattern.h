#pragma once
// Pattern: what the hours of a week have in common with the same hours of other days, and the
// schedules that follow from it. Days are UTC's.

#include <array>
#include <cstdint>
#include <vector>

#include "lab/study/study.h"
#include "scaler/core/schedule.h"

namespace scaler::study {

class Pattern {
 public:
  /// Days of one kind have their hours in common.
  enum class Kind { WorkingDay, Weekend };

  /// An hour that was seen on one day of its kind only has nothing in common with others.
  explicit Pattern(const Load& load);

  /// The tasks that are usually busy at that hour, 0..23: the median of the days.
  double usual(Kind kind, std::size_t hour) const {
    return usual_.at(static_cast<std::size_t>(kind)).at(hour);
  }

  /// Windows in which that share of the usual load is the minimum of tasks, in four steps at most.
  /// Where windows overlap the highest minimum counts.
  std::vector<ScheduleOptions> windows(double share, std::int64_t tasks_max) const;

 private:
  std::array<std::array<double, 24>, 2> usual_ = {};
};

}  // namespace scaler::study
