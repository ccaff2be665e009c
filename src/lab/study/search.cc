#include "lab/study/search.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace scaler::study {
namespace {

using std::chrono::seconds;

constexpr std::array kRatios{0.35, 0.5, 0.65, 0.8, 1.0, 1.5, 2.5};  // target latency / work time
constexpr std::array<Duration, 3> kWindows{seconds(0), seconds(60), seconds(300)};
constexpr std::array<Duration, 4> kTicks{seconds(5), seconds(10), seconds(20), seconds(30)};
constexpr std::array<Duration, 5> kThresholds{seconds(30), seconds(60), seconds(120), seconds(300),
                                              seconds(900)};
/// Of the load: what always runs, unless schedules are learned.
constexpr std::array kGridQuantiles{0.1, 0.5, 0.8};
/// Parts of the usual load that learned schedules keep running.
constexpr std::array kGridShares{0.5, 0.9};
constexpr std::array kShares{0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2};
constexpr Duration kLatencyMin = seconds(1);
constexpr std::size_t kParents = 4;
constexpr std::size_t kRound = 16;
constexpr int kAttempts = 50;

Duration scaled(Duration duration, double factor) {
  const auto milliseconds = static_cast<double>(duration.count()) * factor;
  return std::max(kLatencyMin, Duration(std::llround(milliseconds / 100) * 100));
}

template <typename Values>
auto pick(const Values& values, Random& random) {
  return values.at(
      static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(values.size()) - 1)));
}

}  // namespace

bool better(const Answer& a, const Answer& b) {
  if (a.meets != b.meets) {
    return a.meets;
  }
  if (!a.meets) {
    return a.objective_wait < b.objective_wait;
  }
  return a.cost() != b.cost() ? a.cost() < b.cost() : a.objective_wait < b.objective_wait;
}

Search::Search(const Question& question, const Load& load, Options options)
    : options_(options),
      work_(question.work_mean),
      pattern_(load),
      floors_{Floor{}},
      random_(question.seed) {
  if (options_.schedules) {
    learn_floors();
  }
  if (floors_.size() > 1 || options_.keep_zero) {
    return;
  }
  for (const double quantile : kGridQuantiles) {
    const std::int64_t tasks = std::min(load.tasks(quantile), options_.tasks_max);
    if (tasks > floors_.back().tasks_min) {
      floors_.push_back({.tasks_min = tasks});
    }
  }
}

void Search::learn_floors() {
  for (const double share : kGridShares) {
    auto windows = pattern_.windows(share, options_.tasks_max);
    if (!windows.empty()) {
      floors_.push_back({.schedules = std::move(windows)});
    }
  }
}

Settings Search::base() const {
  Settings settings;
  settings.policy.mode = Mode::Latency;
  settings.policy.seconds_per_message = Millionths{work_.count() * 1000};
  settings.policy.target_latency = work_;
  settings.policy.tasks_max = options_.tasks_max;
  settings.policy.scale_in_when =
      options_.workers_protect ? ScaleInWhen::Protected : ScaleInWhen::Idle;
  settings.triggers.tick = seconds(10);
  settings.triggers.wake = true;
  return settings;
}

std::vector<Settings> Search::grid() const {
  std::vector<Settings> grid;
  for (const double ratio : kRatios) {
    for (const Duration window : kWindows) {
      for (const Floor& floor : floors_) {
        Settings settings = base();
        settings.policy.target_latency = scaled(work_, ratio);
        settings.policy.scale_in_window = window;
        settings.policy.tasks_min = floor.tasks_min;
        settings.policy.schedules = floor.schedules;
        grid.push_back(settings);
      }
    }
  }
  return grid;
}

Settings Search::changed(const Settings& from) {
  Settings settings = from;
  PolicyOptions& policy = settings.policy;
  switch (random_.between(0, options_.schedules ? 6 : 5)) {
    case 0:
    case 1:
      policy.target_latency = scaled(*policy.target_latency, 0.75 + 0.6 * random_.uniform());
      break;
    case 2:
      policy.scale_in_window = seconds(10 * random_.between(0, 12)) + policy.scale_in_window / 2;
      break;
    case 3:
      policy.tasks_min = options_.keep_zero
                             ? 0
                             : std::clamp<std::int64_t>(policy.tasks_min + random_.between(-2, 2),
                                                        0, options_.tasks_max);
      break;
    case 4:
      settings.triggers.tick = pick(kTicks, random_);
      break;
    case 5:
      policy.scale_down_threshold = pick(kThresholds, random_);
      break;
    default:
      policy.schedules = pattern_.windows(pick(kShares, random_), options_.tasks_max);
      break;
  }
  return settings;
}

bool Search::known(const Settings& settings) const {
  return std::ranges::find(seen_, study::tell(settings)) != seen_.end();
}

std::vector<Settings> Search::next() {
  std::vector<Settings> round;
  if (ranked_.size() >= options_.trials) {
    return round;
  }
  if (ranked_.empty()) {
    round = grid();
  } else {
    const std::size_t parents = std::min(kParents, ranked_.size());
    for (int attempt = 0; attempt < kAttempts && round.size() < kRound; ++attempt) {
      const auto parent =
          static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(parents) - 1));
      const Settings settings = changed(ranked_.at(parent).settings);
      if (!known(settings)) {
        seen_.push_back(study::tell(settings));
        round.push_back(settings);
      }
    }
  }
  round.resize(std::min(round.size(), options_.trials - ranked_.size()));
  return round;
}

void Search::tell(std::vector<Trial> trials) {
  for (Trial& trial : trials) {
    seen_.push_back(study::tell(trial.settings));
    ranked_.push_back(std::move(trial));
  }
  std::ranges::stable_sort(
      ranked_, [](const Trial& a, const Trial& b) { return better(a.answer, b.answer); });
}

}  // namespace scaler::study
