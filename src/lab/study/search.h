#pragma once
// Search: the cheapest settings that meet an objective. It begins with what a person would try, on
// a part of the question; the best are tried on all of it, and what is near them, until more does
// not help. The choice must meet the objective a second time, on other messages, for the cheapest
// of so many trials may owe it to luck. Seeded, and told the results from outside, so that each
// round's trials may run side by side.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ground/base/random.h"
#include "lab/study/space.h"
#include "lab/study/study.h"

namespace scaler::study {

struct TriedSettings {
  Settings settings = {};
  Answer answer = {};
  std::optional<bool> again = {};  ///< whether it met the objective the second time
};

/// Whether it meets the objective, and is expected to at another time.
bool lasts(const TriedSettings& trial);
/// The best first: the cheapest of what lasts; then what meets the objective without, and what does
/// not, each by its likely wait. Where nothing lasts: the cheapest of what waits hardly longer than
/// what waits least.
void rank(std::vector<TriedSettings>& trials);

class Search {
 public:
  struct Options {
    /// At most, each on all of the question: those of a smaller limit are the first of a larger
    /// one, so that more are never worse. 0: as many as help.
    std::size_t trials = 0;
    Bound bound = {};
  };

  Search(const Question& question, const Load& load, const Options& options);

  /// What to try next, all of it independent; nothing when it is over.
  std::vector<Settings> next();
  /// What it is to be tried on: a part, all, or other messages.
  const Question& question() const { return on_again_ ? again_ : on_part_ ? part_ : whole_; }
  void tell(std::vector<TriedSettings> trials);

  /// All that was tried on the whole question, the best first; of equals the simplest.
  const std::vector<TriedSettings>& ranked() const { return ranked_; }
  /// Policies in all, each counted once.
  std::size_t tried() const { return seen_.size(); }
  /// Why it ended, in a sentence.
  std::string ended() const;

 private:
  enum class End { NotYet, NoGain, Trials, Effort };
  enum class Tidying { NotYet, AloneOnPart, AtOnce, Alone, AtOnceAgain, Done };

  /// Trials on the part or on the whole, the most promising first.
  struct Stage {
    std::vector<TriedSettings> trials = {};
    std::set<std::string> known = {};
    Duration limit = Duration(0);  ///< of the objective, as waiting on this stage tells it
    double effort = 0;
    double best = 0;        ///< the lowest cost that meets it
    std::size_t stale = 0;  ///< trials since that was lowered
  };

  /// What the objective limits on this stage. Only all of the time tells how parts of it differ.
  Duration wait_on(const Stage& stage, const Answer& answer) const {
    return &stage == &of_part_ ? answer.objective_wait : answer.likely_wait();
  }
  Stage& stage() { return on_part_ ? of_part_ : of_whole_; }
  bool promising(const Stage& stage, const TriedSettings& a, const TriedSettings& b) const;
  std::vector<const TriedSettings*> parents(const Stage& stage) const;
  Settings child(const Stage& stage, const TriedSettings& parent);
  std::vector<Settings> children(std::size_t count);
  std::vector<Settings> promoted(std::size_t count);
  std::vector<Settings> doubted();
  std::vector<Settings> tidied();
  std::vector<Settings> closing();
  void keep(Stage& stage, TriedSettings trial);
  void tell_again(const std::vector<TriedSettings>& trials);
  std::size_t room(std::size_t wanted) const;
  std::size_t affordable(std::size_t wanted, std::size_t least) const;
  bool over();
  void compare_stages();

  Options options_;
  Question whole_;
  Question part_;
  Question again_;
  Space space_;
  Random random_;
  double effort_;  ///< what may be spent in all, unless trials are limited
  bool limited_;
  bool has_part_;
  bool on_part_;
  bool on_again_ = false;
  std::size_t doubted_ = 0;            ///< trials a second time
  std::vector<Settings> mended_ = {};  ///< what failed it, aimed lower
  bool compared_ = false;              ///< the limit on the part is known
  Tidying tidying_ = Tidying::NotYet;  ///< the round in which the best is tried with less
  std::string at_once_ = {};           ///< it without all that made no difference
  Stage of_part_ = {};
  Stage of_whole_ = {};
  std::vector<TriedSettings> ranked_ = {};
  std::set<std::string> seen_ = {};
  End end_ = End::NotYet;
};

}  // namespace scaler::study
