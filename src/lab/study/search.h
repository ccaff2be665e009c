#pragma once
// Search: the cheapest settings that meet an objective. First a grid over what matters most, then
// small changes of the best so far; seeded, and told the results from outside, so that each round's
// trials may run side by side.

#include <cstdint>
#include <vector>

#include "ground/base/random.h"
#include "lab/study/pattern.h"
#include "lab/study/study.h"

namespace scaler::study {

struct Trial {
  Settings settings = {};
  Answer answer = {};
};

/// The better first: what meets the objective, the cheapest of these; otherwise what waits least.
bool better(const Answer& a, const Answer& b);

class Search {
 public:
  struct Options {
    std::size_t trials = 150;      ///< in all
    bool workers_protect = false;  ///< tasks protect themselves: `protected`, otherwise `idle`
    std::int64_t tasks_max = 100;
    bool keep_zero = false;  ///< tasks_min stays 0
    bool schedules = false;  ///< hours with a minimum may be learned from the weekly pattern
  };

  Search(const Question& question, const Load& load, Options options);

  /// What to try next, all of it independent; nothing when it is over.
  std::vector<Settings> next();
  void tell(std::vector<Trial> trials);

  /// All that was tried, the best first.
  const std::vector<Trial>& ranked() const { return ranked_; }
  std::size_t trials() const { return options_.trials; }
  std::size_t tried() const { return ranked_.size(); }

 private:
  /// What always runs: a minimum, and at certain hours a higher one.
  struct Floor {
    std::int64_t tasks_min = 0;
    std::vector<ScheduleOptions> schedules = {};
  };

  void learn_floors();
  Settings base() const;
  std::vector<Settings> grid() const;
  Settings changed(const Settings& from);
  bool known(const Settings& settings) const;

  Options options_;
  Duration work_;
  Pattern pattern_;
  std::vector<Floor> floors_;
  Random random_;
  std::vector<Trial> ranked_ = {};
  std::vector<std::string> seen_ = {};
};

}  // namespace scaler::study
