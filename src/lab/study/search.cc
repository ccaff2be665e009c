#include "lab/study/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "lab/study/excerpts.h"

namespace scaler::study {
namespace {

using std::chrono::seconds;

/// What may be spent in all: about the time of so many trials of usual settings on the whole. Where
/// one takes longer than this there are fewer, by the root of how much longer, down to the least.
constexpr double kEffort = 88;
constexpr double kEffortLeast = 20;
constexpr double kLong = 150'000;
/// Of which so much on the part.
constexpr double kEffortOnPart = 0.5;
constexpr std::size_t kTrialsMax = 3000;
constexpr std::size_t kRound = 16;
constexpr std::size_t kWholeRound = 8;
constexpr std::size_t kCompared = 5;   ///< tried on both, to compare part and whole
constexpr std::size_t kPromoted = 16;  ///< where there is time for so many
constexpr std::size_t kPromotedLeast = 6;
constexpr std::size_t kParents = 6;
constexpr std::size_t kOfOneKind = 2;  ///< among the parents
/// So many trials without a gain, by more than this part of the cost, are enough.
constexpr std::size_t kStaleOnPart = 160;
constexpr std::size_t kStaleOnWhole = 56;
constexpr double kGain = 0.002;
/// Where trials are quick, so many times as many.
constexpr std::size_t kPatience = 16;
constexpr double kQuick = 0.42;  ///< of what may be spent
constexpr int kAttempts = 200;
/// So many are tried a second time at most, so many at once; what fails is aimed a little lower
/// than it missed.
constexpr std::size_t kDoubted = 32;
constexpr std::size_t kDoubtedRound = 4;
constexpr double kAimedLower = 0.98;
constexpr double kAimedLeast = 0.5;
/// What waits less than it may is worth a little more than its cost says: it can be aimed lower.
constexpr double kSlope = 0.03;
constexpr double kPenalty = 2;
/// Where nothing meets the objective, nobody pays for a wait that is shorter by less than this.
constexpr double kNoLonger = 0.02;
/// A fixed count is advised where it costs less by more than this.
constexpr double kNoGrowth = 0.05;

bool same_figures(const Answer& a, const Answer& b) {
  return a.cost() == b.cost() && a.likely_wait() == b.likely_wait();
}

/// What a trial with ticks of 10 s takes, in the time of one message.
double usual_effort(const Load& load, const Question& question) {
  return messages_of(load, question) +
         kEffortOfPass * static_cast<double>(question.scenario.length / seconds(10));
}

/// What may be spent, in the time of one message.
double effort_for(const Load& load, const Question& question) {
  const double usual = usual_effort(load, question);
  return usual * std::clamp(kEffort * std::sqrt(kLong / usual), kEffortLeast, kEffort);
}

/// What is far from the objective is not told apart by the longest wait of all, which may be the
/// same for everybody: the margin of what does not meet it is no matter.
Duration nearness(const Answer& answer) {
  return answer.meets ? answer.likely_wait() : answer.objective_wait;
}

/// What its cost counts as. A fixed count cannot grow with what its history has not seen.
double worth(const TriedSettings& trial) {
  const bool fixed = trial.settings.policy.mode == Mode::Fixed;
  return trial.answer.cost() * (fixed ? 1 + kNoGrowth : 1);
}

double ratio(Duration a, Duration b) {
  return static_cast<double>(a.count()) / static_cast<double>(std::max<std::int64_t>(b.count(), 1));
}

Duration times(Duration duration, double factor) {
  return Duration(std::llround(static_cast<double>(duration.count()) * factor));
}

/// Whether both were tried, and came to the same.
bool make_no_difference(const std::vector<TriedSettings>& trials, const Settings& a,
                        const Settings& b) {
  const auto found = [&trials](const Settings& settings) {
    return std::ranges::find(trials, study::tell(settings), [](const TriedSettings& trial) {
      return study::tell(trial.settings);
    });
  };
  const auto of_a = found(a);
  const auto of_b = found(b);
  return of_a != trials.end() && of_b != trials.end() && same_figures(of_a->answer, of_b->answer);
}

/// What it would cost where it waits as long as it may.
double promise(const Answer& answer, Duration wait, Duration limit) {
  if (answer.run.figures.lost > 0) {
    return std::numeric_limits<double>::max();
  }
  const double waits = ratio(wait, limit);
  return answer.cost() *
         (waits >= 1 ? std::pow(waits, kPenalty) : std::pow(std::max(waits, 0.3), kSlope));
}

}  // namespace

bool lasts(const TriedSettings& trial) {
  return trial.answer.meets && !trial.answer.doubtful && trial.again.value_or(true);
}

void rank(std::vector<TriedSettings>& trials) {
  const auto place = [](const TriedSettings& trial) {
    const bool last = lasts(trial);
    return std::tuple(!trial.answer.meets, !last, last ? worth(trial) : 0.0, nearness(trial.answer),
                      trial.answer.cost());
  };
  std::ranges::stable_sort(trials, [&place](const TriedSettings& a, const TriedSettings& b) {
    const auto at_a = place(a);
    const auto at_b = place(b);
    return at_a != at_b ? at_a < at_b
                        : study::tell(a.settings).size() < study::tell(b.settings).size();
  });
  if (trials.empty() || lasts(trials.front())) {
    return;
  }
  const Answer& least = trials.front().answer;
  const auto as_near = [&least](const TriedSettings& trial) {
    return trial.answer.meets == least.meets &&
           trial.answer.run.figures.lost <= least.run.figures.lost &&
           ratio(nearness(trial.answer), nearness(least)) <= 1 + kNoLonger;
  };
  auto nearest = trials.begin();
  for (auto it = trials.begin(); it != trials.end(); ++it) {
    if (as_near(*it) && it->answer.cost() < nearest->answer.cost()) {
      nearest = it;
    }
  }
  std::rotate(trials.begin(), nearest, nearest + 1);
}

Search::Search(const Question& question, const Load& load, const Options& options)
    : options_(options),
      whole_(question),
      part_(part_of(question, load)),
      again_(again_of(question, load)),
      space_(question, load, options.bound),
      random_(question.seed),
      effort_(effort_for(load, question)),
      limited_(options.trials > 0),
      has_part_(part_.scenario.length < question.scenario.length && !limited_),
      on_part_(has_part_) {
  options_.trials = limited_ ? options.trials : kTrialsMax;
  of_part_.limit = of_whole_.limit = question.objective.limit;
}

/// How many of these may still be tried.
std::size_t Search::room(std::size_t wanted) const {
  return std::min(wanted, options_.trials - std::min(options_.trials, tried()));
}

/// For how many more on the whole there is time, as those before took it.
std::size_t Search::affordable(std::size_t wanted, std::size_t least) const {
  const double each =
      of_whole_.effort / static_cast<double>(std::max<std::size_t>(ranked_.size(), 1));
  const double left = std::max(0.0, effort_ - of_part_.effort - of_whole_.effort);
  return each * static_cast<double>(wanted) <= left
             ? wanted
             : std::max(least, static_cast<std::size_t>(left / each));
}

bool Search::promising(const Stage& stage, const TriedSettings& a, const TriedSettings& b) const {
  const Duration wait_a = wait_on(stage, a.answer);
  const Duration wait_b = wait_on(stage, b.answer);
  const bool hopeless = stage.best == 0;  // Nothing meets it yet: what waits least leads there.
  if (hopeless && &stage == &of_whole_ && !(a.answer.meets && b.answer.meets)) {
    return a.answer.meets || (!b.answer.meets && nearness(a.answer) < nearness(b.answer));
  }
  return hopeless ? wait_a < wait_b
                  : promise(a.answer, wait_a, stage.limit) < promise(b.answer, wait_b, stage.limit);
}

std::vector<const TriedSettings*> Search::parents(const Stage& stage) const {
  std::vector<const TriedSettings*> parents;
  std::vector<std::string> kinds;
  for (const TriedSettings& trial : stage.trials) {
    // A setting that has no effect makes no other parent.
    if (std::ranges::any_of(parents, [&](const TriedSettings* other) {
          return same_figures(other->answer, trial.answer);
        })) {
      continue;
    }
    std::string kind = Space::kind_of(trial.settings);
    if (std::ranges::count(kinds, kind) < static_cast<std::ptrdiff_t>(kOfOneKind)) {
      parents.push_back(&trial);
      kinds.push_back(std::move(kind));
    }
    if (parents.size() == kParents) {
      break;
    }
  }
  return parents;
}

Settings Search::child(const Stage& stage, const TriedSettings& parent) {
  const double aim = 0.99 * ratio(stage.limit, wait_on(stage, parent.answer));
  const double near = 0.97 + 0.06 * random_.uniform();
  const double kind = random_.uniform();
  if (kind < 0.3) {
    return space_.aimed(parent.settings, std::clamp(aim, 0.6, 1.7) * near);
  }
  const Settings settings = space_.changed(parent.settings, random_);
  return kind < 0.65 ? settings : space_.aimed(settings, 0.8 + 0.45 * random_.uniform());
}

std::vector<Settings> Search::children(std::size_t count) {
  Stage& stage = this->stage();
  const std::vector<const TriedSettings*> from = parents(stage);
  std::vector<Settings> round;
  for (int attempt = 0; attempt < kAttempts && round.size() < count; ++attempt) {
    // The best has the most children.
    const double which = random_.uniform() * random_.uniform();
    const auto place = static_cast<std::size_t>(which * static_cast<double>(from.size()));
    const Settings settings = child(stage, *from.at(place));
    if (stage.known.insert(study::tell(settings)).second) {
      round.push_back(settings);
    }
  }
  return round;
}

/// The most promising of the part that the whole has not seen.
std::vector<Settings> Search::promoted(std::size_t count) {
  std::vector<Settings> round;
  for (const TriedSettings& trial : of_part_.trials) {
    if (round.size() < count && of_whole_.known.insert(study::tell(trial.settings)).second) {
      round.push_back(trial.settings);
    }
  }
  return round;
}

/// The cheapest that meet it, until one meets it a second time.
std::vector<Settings> Search::doubted() {
  if (!mended_.empty()) {
    return std::exchange(mended_, {});
  }
  std::vector<Settings> round;
  for (const TriedSettings& trial : ranked_) {
    const bool enough = doubted_ + round.size() >= kDoubted || round.size() == kDoubtedRound;
    if (enough || !lasts(trial) || trial.again) {
      break;
    }
    round.push_back(trial.settings);
  }
  doubted_ += round.size();
  on_again_ = !round.empty();
  return round;
}

void Search::tell_again(const std::vector<TriedSettings>& trials) {
  on_again_ = false;
  bool all_failed = true;
  Duration bearable(0);  // What waits longer on the whole would fail as these did.
  std::map<std::string, const Answer*> told;
  for (const TriedSettings& second : trials) {
    told.emplace(study::tell(second.settings), &second.answer);
  }
  for (TriedSettings& trial : ranked_) {
    if (const auto found = told.find(study::tell(trial.settings)); found != told.end()) {
      const Answer& second = *found->second;
      trial.again = second.meets;
      bearable = std::max(bearable, times(trial.answer.objective_wait,
                                          ratio(of_whole_.limit, second.objective_wait)));
    }
  }
  for (const TriedSettings& second : trials) {
    of_whole_.effort += second.answer.effort;
    all_failed = all_failed && !second.answer.meets;
    const double share = ratio(of_whole_.limit, second.answer.objective_wait);
    const Settings lower =
        space_.aimed(second.settings, kAimedLower * std::clamp(share, kAimedLeast, 1.0));
    if (!second.answer.meets && of_whole_.known.insert(study::tell(lower)).second) {
      mended_.push_back(lower);
    }
  }
  for (TriedSettings& trial : ranked_) {
    if (all_failed && trial.answer.meets && !trial.again &&
        trial.answer.objective_wait >= bearable) {
      trial.again = false;
    }
  }
  rank(ranked_);
}

/// What has no effect need not stand in the advice: each of the best's settings alone as it is by
/// default, then all at once of those that made no difference. Alone they are tried on the part,
/// and on all of it only where all at once do make a difference there.
std::vector<Settings> Search::tidied() {
  const TriedSettings& best = ranked_.front();
  switch (tidying_) {
    case Tidying::NotYet:
      tidying_ = has_part_ ? Tidying::AloneOnPart : Tidying::Alone;
      break;
    case Tidying::AloneOnPart:
      tidying_ = Tidying::AtOnce;
      break;
    case Tidying::AtOnce:
      tidying_ = study::tell(best.settings) == at_once_ ? Tidying::Done : Tidying::Alone;
      break;
    case Tidying::Alone:
      tidying_ = Tidying::AtOnceAgain;
      break;
    case Tidying::AtOnceAgain:
    case Tidying::Done:
      tidying_ = Tidying::Done;
      return {};
  }
  std::vector<Settings> round = Space::simpler(best.settings);
  on_part_ = tidying_ == Tidying::AloneOnPart;
  if (on_part_) {
    round.push_back(best.settings);
  } else if (tidying_ != Tidying::Alone) {
    const auto& trials = tidying_ == Tidying::AtOnce ? of_part_.trials : ranked_;
    std::erase_if(round, [&](const Settings& one) {
      return !make_no_difference(trials, one, best.settings);
    });
    round = {Space::simpler_by(best.settings, round)};
    at_once_ = study::tell(round.front());
  }
  std::erase_if(round, [this](const Settings& one) {
    return !stage().known.insert(study::tell(one)).second;
  });
  return round;
}

/// The second times, and what they lead to. They are no new policies, so that the choice is tried a
/// second time also where as many as were allowed have been.
std::vector<Settings> Search::closing() {
  while (true) {
    std::vector<Settings> round = doubted();
    if (on_again_) {
      return round;
    }
    if (round.empty() && tidying_ == Tidying::Done) {
      return {};
    }
    round = round.empty() ? tidied() : std::move(round);
    round.resize(room(round.size()));
    if (!round.empty()) {
      return round;
    }
  }
}

bool Search::over() {
  const bool quick = of_part_.effort + of_whole_.effort < kQuick * effort_;
  const bool stale = of_whole_.stale >= kStaleOnWhole * (quick ? kPatience : 1);
  const bool enough = !limited_ && of_part_.effort + of_whole_.effort >= effort_;
  if (end_ == End::NotYet && (stale || room(1) == 0 || enough)) {
    end_ = stale ? End::NoGain : enough ? End::Effort : End::Trials;
  }
  return end_ != End::NotYet;
}

std::vector<Settings> Search::next() {
  std::vector<Settings> round;
  on_part_ = on_part_ && tidying_ == Tidying::NotYet;
  if (stage().trials.empty() && !compared_) {
    round = space_.by_hand();
  } else if (on_part_ && !compared_) {
    on_part_ = false;
    return promoted(kCompared);
  } else if (on_part_ && of_part_.stale < kStaleOnPart && room(1) > 0 &&
             of_part_.effort < kEffortOnPart * effort_) {
    round = children(kRound);
  } else if (on_part_) {
    on_part_ = false;
    return promoted(affordable(kPromoted, kPromotedLeast));
  } else if (!over()) {
    round = children(kWholeRound);
  }
  if (round.empty() && !on_part_ && !ranked_.empty()) {
    round = closing();
    if (on_again_) {
      return round;
    }
  }
  if (round.empty() && end_ == End::NotYet) {
    end_ = End::NoGain;
  }
  round.resize(room(round.size()));
  return round;
}

/// By how much the part's waiting differs from the whole's.
void Search::compare_stages() {
  std::vector<double> ratios;
  for (const TriedSettings& whole : of_whole_.trials) {
    const std::string told = study::tell(whole.settings);
    for (const TriedSettings& part : of_part_.trials) {
      if (study::tell(part.settings) == told) {
        ratios.push_back(ratio(part.answer.objective_wait, whole.answer.likely_wait()));
      }
    }
  }
  const auto middle = ratios.begin() + std::ssize(ratios) / 2;
  std::ranges::nth_element(ratios, middle);
  of_part_.limit = Duration(
      std::llround(static_cast<double>(of_whole_.limit.count()) * std::clamp(*middle, 0.5, 2.0)));
  of_part_.best = 0;
  for (const TriedSettings& trial : of_part_.trials) {
    const double cost = trial.answer.cost();
    if (trial.answer.objective_wait < of_part_.limit &&
        (of_part_.best == 0 || cost < of_part_.best)) {
      of_part_.best = cost;
    }
  }
}

void Search::keep(Stage& stage, TriedSettings trial) {
  std::string told = study::tell(trial.settings);
  seen_.insert(told);
  stage.known.insert(std::move(told));
  stage.effort += trial.answer.effort;
  const Answer& answer = trial.answer;
  const bool meets = answer.run.figures.lost == 0 && wait_on(stage, answer) < stage.limit;
  const double cost = answer.cost();
  const bool gains = meets && (stage.best == 0 || cost < (1 - kGain) * stage.best);
  if (end_ == End::NotYet) {  // What comes after it seeks no gain.
    stage.stale = gains ? 0 : stage.stale + 1;
  }
  if (meets && (stage.best == 0 || cost < stage.best)) {
    stage.best = cost;
  }
  stage.trials.push_back(std::move(trial));
}

void Search::tell(std::vector<TriedSettings> trials) {
  if (on_again_) {
    tell_again(trials);
    return;
  }
  if (!on_part_) {
    ranked_.insert(ranked_.end(), trials.begin(), trials.end());
  }
  for (TriedSettings& trial : trials) {
    keep(stage(), std::move(trial));
  }
  rank(ranked_);
  if (!on_part_ && has_part_ && !compared_) {
    compare_stages();
    compared_ = true;
    on_part_ = true;
  }
  for (Stage* sorted : {&of_part_, &of_whole_}) {
    std::ranges::stable_sort(sorted->trials, [&](const TriedSettings& a, const TriedSettings& b) {
      return promising(*sorted, a, b);
    });
  }
}

std::string Search::ended() const {
  const std::string on_all =
      has_part_ ? fmt::format(", {} of them on all of it", ranked_.size()) : "";
  switch (end_) {
    case End::NotYet:
    case End::NoGain:
      return fmt::format("{} policies were tried{}; the last {} gained less than {:g} %", tried(),
                         on_all, of_whole_.stale, 100 * kGain);
    case End::Trials:
      return fmt::format("{} policies were tried{}; that is as many as were allowed", tried(),
                         on_all);
    case End::Effort:
      return fmt::format("{} policies were tried{}; more would take too long", tried(), on_all);
  }
  return {};
}

}  // namespace scaler::study
