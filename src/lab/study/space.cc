#include "lab/study/space.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lab/study/instances.h"

namespace scaler::study {
namespace {

using std::chrono::seconds;

/// Parts of the work's time, for whom a message may hardly wait.
constexpr std::array kOfWork{0.35, 0.5, 0.8, 1.0, 1.5, 2.5};
/// Parts of the objective. More than one: what is waited for is the start, and rarely the longest.
constexpr std::array kOfObjective{0.25, 0.5, 0.75, 1.0, 1.3};
constexpr std::array<Duration, 5> kTicks{seconds(5), seconds(10), seconds(15), seconds(20),
                                         seconds(30)};
constexpr std::array<Duration, 8> kThresholds{seconds(0),   seconds(15),  seconds(30),
                                              seconds(60),  seconds(120), seconds(300),
                                              seconds(900), seconds(3600)};
constexpr std::array<Duration, 4> kOutWindows{seconds(0), seconds(20), seconds(40), seconds(90)};
constexpr std::array<Duration, 4> kCooldowns{seconds(0), seconds(30), seconds(90), seconds(300)};
constexpr std::array<Duration, 5> kIdles{seconds(0), seconds(30), seconds(60), seconds(180),
                                         seconds(600)};
constexpr std::array<std::int64_t, 4> kTolerances{0, 50'000, 100'000, 200'000};
/// Of the load: what always runs, unless schedules are learned.
constexpr std::array kQuantiles{0.1, 0.5, 0.8};
/// Parts of the usual load that learned schedules keep running.
constexpr std::array kFloorShares{0.5, 0.9};
constexpr std::array kShares{0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2};
constexpr Duration kTick = seconds(10);
/// Of an objective: one that speaks of fewer messages speaks of hardly any.
constexpr double kShareMin = 0.1;
constexpr Duration kLatencyMin = seconds(1);
/// A trickle's messages that may wait for one another.
constexpr std::int64_t kFew = 3;
/// Levels that are nearer than this are one.
constexpr double kApart = 1.12;

Duration scaled(Duration duration, double factor) {
  const double milliseconds = static_cast<double>(duration.count()) * factor;
  return std::clamp<Duration>(Duration(std::llround(milliseconds / 100) * 100), kLatencyMin,
                              kDurationLimit / 2);
}

/// So many times the count, at least one more or less, and at least one.
std::int64_t stepped(std::int64_t count, double factor) {
  const std::int64_t times = std::llround(static_cast<double>(count) * factor);
  return std::clamp<std::int64_t>(
      factor < 1 ? std::min(times, count - 1) : std::max(times, count + 1), 1, kMessagesLimit);
}

template <typename Values>
auto pick(const Values& values, Random& random) {
  return values.at(
      static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(values.size()) - 1)));
}

/// The settings that a search may leave as they are by default, and do without.
template <typename Change>
void for_each_default(const Change& change) {
  const auto policy = [&change](auto member) {
    change(
        [member](Settings& to, const Settings& from) { to.policy.*member = from.policy.*member; });
  };
  policy(&PolicyOptions::count_in_flight);
  policy(&PolicyOptions::activation_backlog);
  policy(&PolicyOptions::tasks_min);
  policy(&PolicyOptions::scale_down_threshold);
  policy(&PolicyOptions::zero_confirmations);
  policy(&PolicyOptions::tolerance);
  policy(&PolicyOptions::scale_in_window);
  policy(&PolicyOptions::scale_out_window);
  policy(&PolicyOptions::scale_in_cooldown);
  policy(&PolicyOptions::schedules);
  policy(&PolicyOptions::instance_idle);
  change([](Settings& to, const Settings& from) { to.triggers = from.triggers; });
}

}  // namespace

Space::Space(const Question& question, const Load& load, const Bound& bound)
    : bound_(bound),
      own_group_(bound.own_instances ? question.scenario.group : std::nullopt),
      work_(question.work_mean),
      limit_(question.objective.limit),
      pattern_(load),
      mean_load_(load.mean()) {
  const double per_second = mean_load_ / in_seconds(work_);
  in_time_ = static_cast<std::int64_t>(std::min(1e6, per_second * in_seconds(limit_)));
  spare_ = static_cast<std::int64_t>(1 / std::max(question.objective.share, kShareMin));
  may_ring_ = per_second * in_seconds(kTick) < 1;
  learn_floors(load);
}

void Space::learn_floors(const Load& load) {
  if (bound_.schedules) {
    for (const double share : kFloorShares) {
      auto windows = pattern_.windows(share, bound_.tasks_max);
      if (!windows.empty()) {
        floors_.push_back({.schedules = std::move(windows)});
      }
    }
  }
  if (!floors_.empty() || bound_.keep_zero) {
    return;
  }
  for (const double quantile : kQuantiles) {
    const std::int64_t tasks = std::clamp<std::int64_t>(load.tasks(quantile), 1, bound_.tasks_max);
    if (floors_.empty() || tasks > floors_.back().tasks_min) {
      floors_.push_back({.tasks_min = tasks});
    }
  }
}

Settings Space::base(Duration latency) const {
  Settings settings;
  settings.policy.mode = Mode::Latency;
  settings.policy.seconds_per_message = Millionths{work_.count() * 1000};
  settings.policy.target_latency = latency;
  settings.policy.tasks_max = bound_.tasks_max;
  settings.policy.scale_in_when =
      bound_.workers_protect ? ScaleInWhen::Protected : ScaleInWhen::Idle;
  settings.triggers.tick = kTick;
  if (own_group_) {
    own_instances(settings.policy, *own_group_);
  }
  return settings;
}

Settings Space::fixed(std::int64_t tasks) const {
  Settings settings = base(limit_);
  settings.policy.mode = Mode::Fixed;
  settings.policy.scale_up_target = tasks;
  settings.policy.target_latency.reset();
  settings.policy.seconds_per_message.reset();
  return settings;
}

std::vector<Duration> Space::levels() const {
  std::vector<Duration> levels;
  for (const double share : kOfObjective) {
    levels.push_back(scaled(limit_, share));
  }
  const auto near = [&levels](Duration level) {
    return std::ranges::any_of(levels, [level](Duration other) {
      return level < scaled(other, kApart) && other < scaled(level, kApart);
    });
  };
  for (const double share : kOfWork) {
    if (const Duration level = scaled(work_, share); level < 2 * limit_ + work_ && !near(level)) {
      levels.push_back(level);
    }
  }
  return levels;
}

std::vector<Settings> Space::by_hand() const {
  std::vector<Settings> list;
  for (const Duration level : levels()) {
    const Settings plain = base(level);
    list.push_back(plain);
    Settings woken = plain;
    woken.triggers.wake = true;
    woken.policy.scale_down_threshold = seconds(30);
    list.push_back(woken);
    woken.policy.scale_down_threshold = seconds(0);
    woken.policy.zero_confirmations = 1;
    list.push_back(woken);
    Settings smooth = plain;
    smooth.policy.scale_in_window = seconds(120);
    list.push_back(smooth);
  }
  add_modes(list);
  add_floors(list);
  return list;
}

void Space::add_modes(std::vector<Settings>& list) const {
  for (const double share : {0.5, 1.0}) {
    Settings gathered = base(scaled(limit_, share));
    gathered.policy.scale_down_threshold = seconds(0);
    gathered.policy.zero_confirmations = 1;
    list.push_back(gathered);
    for (const std::int64_t messages : {kFew, spare_, in_time_ / 3, 2 * in_time_ / 3}) {
      if (messages > 1) {
        gathered.policy.activation_backlog = messages;
        list.push_back(gathered);
      }
    }
    Settings sparing = base(scaled(limit_, share));
    sparing.triggers = {.wake = true};
    list.push_back(sparing);
  }
  // One task for the messages that it works off in the objective's time, AWS's recipe; every other
  // number of messages is a target latency of so many works.
  Settings backlog = fixed(1);
  backlog.policy.mode = Mode::Backlog;
  backlog.policy.backlog_per_task =
      std::max<std::int64_t>(1, limit_ / std::max(work_, Duration(1)));
  list.push_back(backlog);
  for (const double share : {0.0, 1.2, 2.0}) {
    const auto tasks =
        std::clamp<std::int64_t>(std::llround(std::ceil(mean_load_ * share)), 1, bound_.tasks_max);
    Settings settings = fixed(tasks);
    if (list.back().policy.scale_up_target == tasks && share > 0) {
      continue;
    }
    settings.policy.scale_down_threshold = seconds(30);
    list.push_back(settings);
  }
}

void Space::add_floors(std::vector<Settings>& list) const {
  const auto add = [&](const Floor& floor, double share, bool count_in_flight) {
    Settings settings = base(std::max(scaled(limit_, share), scaled(work_, 0.35)));
    settings.policy.tasks_min = floor.tasks_min;
    settings.policy.schedules = floor.schedules;
    settings.policy.count_in_flight = count_in_flight;
    list.push_back(settings);
  };
  for (const Floor& floor : floors_) {
    for (const double share : {0.25, 0.6, 1.0}) {
      add(floor, share, true);
    }
  }
  // What always runs works off what is in flight, which need not be counted then. Of jobs of 1 s
  // that may hardly wait, a search that always counted it found 525 task-hours where 455 do.
  if (!floors_.empty()) {
    for (const double share : {0.6, 1.0, 1.3}) {
      add(floors_.front(), share, false);
    }
  }
}

Settings Space::aimed(Settings settings, double factor) const {
  PolicyOptions& policy = settings.policy;
  if (policy.activation_backlog > 1) {
    policy.activation_backlog = stepped(policy.activation_backlog, factor);
  }
  switch (policy.mode) {
    case Mode::Latency:
      policy.target_latency = scaled(*policy.target_latency, factor);
      return settings;
    case Mode::Backlog:
      policy.backlog_per_task = stepped(*policy.backlog_per_task, factor);
      return settings;
    case Mode::Fixed:
      policy.scale_up_target =
          std::min(stepped(policy.scale_up_target, 1 / factor), bound_.tasks_max);
      return settings;
  }
  return settings;
}

std::vector<Settings> Space::simpler(const Settings& settings) {
  std::vector<Settings> list;
  for_each_default([&](const auto& copy) {
    Settings one = settings;
    Settings defaults;
    defaults.triggers = {.tick = settings.triggers.tick};
    copy(one, defaults);
    if (tell(one) != tell(settings)) {
      list.push_back(one);
    }
  });
  return list;
}

Settings Space::simpler_by(Settings settings, const std::vector<Settings>& others) {
  for_each_default([&](const auto& copy) {
    for (const Settings& other : others) {
      Settings one = settings;
      copy(one, other);
      if (tell(one).size() < tell(settings).size()) {
        settings = one;
      }
    }
  });
  return settings;
}

std::string Space::kind_of(Settings settings) {
  PolicyOptions& policy = settings.policy;
  policy.target_latency = policy.target_latency ? std::optional(kLatencyMin) : std::nullopt;
  policy.backlog_per_task = policy.backlog_per_task ? std::optional(1) : std::nullopt;
  policy.scale_up_target = 1;
  policy.activation_backlog = std::min<std::int64_t>(policy.activation_backlog, 2);
  return tell(settings);
}

Settings Space::changed(const Settings& from, Random& random) const {
  Settings settings = from;
  if (own_group_ && random.uniform() < 0.2) {
    settings.policy.instance_idle = pick(kIdles, random);
    return settings;
  }
  const std::int64_t times = random.uniform() < 0.3 ? 2 : 1;
  for (std::int64_t i = 0; i < times; ++i) {
    const double what = random.uniform();
    if (what < 0.4) {
      change_pace(settings.policy, random);
    } else if (what < 0.8) {
      change_need(settings, random);
    } else {
      change_floor(settings.policy, random);
    }
  }
  return settings;
}

/// How soon less is run, or more.
void Space::change_pace(PolicyOptions& policy, Random& random) const {
  switch (random.between(0, 6)) {
    case 0:
    case 1:
      policy.scale_in_window = seconds(10 * random.between(0, 12)) + policy.scale_in_window / 2;
      break;
    case 2:
    case 3:
      policy.scale_down_threshold = pick(kThresholds, random);
      policy.zero_confirmations = random.between(1, 3);
      break;
    case 4:
      policy.scale_out_window = pick(kOutWindows, random);
      break;
    case 5:
      policy.scale_in_cooldown = pick(kCooldowns, random);
      break;
    default:
      policy.tolerance = Millionths{pick(kTolerances, random)};
      break;
  }
}

/// What starts a pass, and what it counts.
void Space::change_need(Settings& settings, Random& random) const {
  PolicyOptions& policy = settings.policy;
  sim::Triggers& triggers = settings.triggers;
  switch (random.between(0, 5)) {
    case 0:
    case 1:
      triggers.tick = random.uniform() < 0.15 ? std::nullopt : std::optional(pick(kTicks, random));
      break;
    case 2:
      triggers.wake = !triggers.wake;
      triggers.doorbell = false;
      break;
    case 3:
      triggers.doorbell = may_ring_ && !triggers.doorbell;
      triggers.wake = triggers.wake && !triggers.doorbell;
      break;
    case 4:
      policy.count_in_flight = !policy.count_in_flight;
      break;
    default: {
      const std::int64_t most = std::max(spare_, in_time_ + in_time_ / 2);
      const std::int64_t step = std::max<std::int64_t>(1, policy.activation_backlog / 3);
      policy.activation_backlog =
          random.uniform() < 0.4
              ? random.between(1, most)
              : std::clamp<std::int64_t>(policy.activation_backlog + random.between(-step, step), 1,
                                         most);
      break;
    }
  }
}

/// What runs always, or at certain hours.
void Space::change_floor(PolicyOptions& policy, Random& random) const {
  if (bound_.schedules && random.uniform() < 0.6) {
    policy.schedules = pattern_.windows(pick(kShares, random), bound_.tasks_max);
    return;
  }
  if (bound_.keep_zero) {
    policy.tasks_min = 0;
    return;
  }
  const std::int64_t most = policy.mode == Mode::Fixed
                                ? std::min(policy.scale_up_target, bound_.tasks_max)
                                : bound_.tasks_max;
  const std::int64_t step = std::max<std::int64_t>(2, policy.tasks_min / 4);
  policy.tasks_min =
      random.uniform() < 0.25
          ? 0
          : std::clamp<std::int64_t>(policy.tasks_min + random.between(-step, step), 0, most);
}

}  // namespace scaler::study
