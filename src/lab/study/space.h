#pragma once
// Space: the settings that a search may choose from, all but those of safety: scale_in_when and
// busy_window stay what they are. Where a search begins, and how it goes on from there.

#include <cstdint>
#include <optional>
#include <vector>

#include "ground/base/random.h"
#include "lab/study/pattern.h"
#include "lab/study/study.h"

namespace scaler::study {

/// What the advice is bound to.
struct Bound {
  bool workers_protect = false;  ///< tasks protect themselves: `protected`, otherwise `idle`
  std::int64_t tasks_max = 100;
  bool keep_zero = false;      ///< tasks_min stays 0
  bool schedules = false;      ///< hours with a minimum may be learned from the weekly pattern
  bool own_instances = false;  ///< this program drives those of the question's group
};

class Space {
 public:
  Space(const Question& question, const Load& load, const Bound& bound);

  /// What a person would try by hand: modes and levels from the objective and from the work's time,
  /// each with the usual triggers, thresholds and windows.
  std::vector<Settings> by_hand() const;
  /// One setting changed, or two.
  Settings changed(const Settings& from, Random& random) const;
  /// With so many times as much waiting aimed at: fewer tasks, or more when below one.
  Settings aimed(Settings settings, double factor) const;
  /// One setting as it is by default, for each that is not.
  static std::vector<Settings> simpler(const Settings& settings);
  /// All of these at once: what one of `others` has as it is by default.
  static Settings simpler_by(Settings settings, const std::vector<Settings>& others);
  /// The same whatever the settings aim at.
  static std::string kind_of(Settings settings);

 private:
  /// What always runs: a minimum, and at certain hours a higher one.
  struct Floor {
    std::int64_t tasks_min = 0;
    std::vector<ScheduleOptions> schedules = {};
  };
  void learn_floors(const Load& load);
  Settings base(Duration latency) const;
  Settings fixed(std::int64_t tasks) const;
  std::vector<Duration> levels() const;
  void add_modes(std::vector<Settings>& list) const;
  void add_floors(std::vector<Settings>& list) const;
  void change_pace(PolicyOptions& policy, Random& random) const;
  void change_need(Settings& settings, Random& random) const;
  void change_floor(PolicyOptions& policy, Random& random) const;

  Bound bound_;
  std::optional<sim::GroupModel> own_group_ = {};
  Duration work_;
  Duration limit_;
  Pattern pattern_;
  double mean_load_;
  std::int64_t in_time_;  ///< messages that come within the objective's time, on average
  std::int64_t spare_;    ///< of so many messages the objective lets all but one wait for ever
  bool may_ring_;         ///< messages are rarer than ticks: a doorbell costs no more passes
  std::vector<Floor> floors_ = {};
};

}  // namespace scaler::study
