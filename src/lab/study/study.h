#pragma once
// Study: one service and its arrivals under one policy after another, each in the simulator, and
// what each came to. It starts no thread: whoever asks may run several side by side.

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "lab/report/report.h"
#include "lab/rivals/rivals.h"
#include "lab/sim/simulator.h"
#include "lab/study/objective.h"
#include "lab/study/prices.h"
#include "lab/study/settings.h"

namespace scaler::study {

/// A service, its arrivals and what counts.
struct Question {
  sim::Scenario scenario = {};        ///< without policy and triggers
  rivals::RivalSettings rivals = {};  ///< what the rivals are set to
  Duration work_mean = std::chrono::seconds(20);
  Objective objective = {};
  Price price = {};  ///< of a task; with a group, of an instance
  std::uint64_t seed = 1;
};

struct InstanceDriver;

/// A policy that is tried: this program's own or a rival.
struct Candidate {
  std::string name = {};
  std::string note = {};
  std::variant<Settings, const rivals::Rival*> scaler = Settings{};
  /// Who drives the instances of the question's group; nullptr: the settings, or the group's own.
  const InstanceDriver* driver = nullptr;
};
Candidate rival_candidate(const rivals::Rival& rival);

/// A pass takes the time of so many messages (`./dev bench sim`).
inline constexpr double kEffortOfPass = 4;

struct Answer {
  report::ReportedRun run = {};
  Duration objective_wait = Duration(0);  ///< the waiting time that the objective limits
  Duration margin = Duration(0);          ///< so much longer it may be at another time
  std::int64_t sent = 0;
  std::int64_t unfinished = 0;
  std::optional<sim::InstanceScore> instances = {};  ///< of a group
  bool meets = false;     ///< the objective, and nothing was lost; also in the run
  bool doubtful = false;  ///< meets it, and may miss it at another time
  double effort = 0;      ///< what the simulation took, in the time of one message
  /// The money of a month, what the scaler itself costs included.
  Duration likely_wait() const { return objective_wait + margin; }
  double cost() const { return run.figures.month.value_or(run.figures.task_hours); }
};

struct Watch {
  bool moments = true;                           ///< keep what the charts need
  std::function<void(double)> on_progress = {};  ///< the part that is done, 0..1
};

/// Errors: Malformed for a policy that Policy::create refuses, naming the candidate.
Result<Answer> answer(const Question& question, const Candidate& candidate, const Watch& watch);

/// How many tasks the arrivals keep busy, in pieces of time.
class Load {
 public:
  static constexpr Duration kPiece = std::chrono::minutes(5);

  explicit Load(const Question& question);
  Instant begin() const { return begin_; }
  /// Of each piece, in order of time.
  const std::vector<double>& pieces() const { return pieces_; }
  /// By quantile (0..1) of the pieces.
  std::int64_t tasks(double quantile) const;
  double mean() const;

 private:
  Instant begin_;
  std::vector<double> pieces_ = {};
};

}  // namespace scaler::study
