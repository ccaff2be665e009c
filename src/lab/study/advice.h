#pragma once
// Advice: what a search found, as a decision: one sentence, the text to copy, why this one, and
// what comes close. Every sentence is made of figures that stand in the answers.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/study/ask.h"
#include "lab/study/search.h"

namespace scaler::study {

/// Before the name of what is in force, where it was said.
inline constexpr std::string_view kPresent = "present: ";

/// This program with nothing told but what must be: the objective as the target latency.
Candidate plain_candidate(const Question& question, const Terms& terms);

/// Where in `ranked` the best stands, and after it those, at most `count`, that are different: they
/// cost or wait noticeably more or less than each before.
std::vector<std::size_t> different(const std::vector<TriedSettings>& ranked, std::size_t count);

/// A chosen trial and what became of it on the part that had not been seen.
struct Final {
  const TriedSettings* trial = nullptr;
  Answer answer = {};
};

struct Advice {
  Objective objective = {};
  std::string currency = {};
  const std::vector<TriedSettings>* ranked =
      nullptr;                                    ///< on all of the part where the choice was made
  std::size_t tried = 0;                          ///< policies, those on a part of it among them
  std::string ended = {};                         ///< why no more were
  std::vector<Final> finals = {};                 ///< the advised first, then the runners-up
  std::optional<Settings> present_settings = {};  ///< nothing of a rival
  Answer present = {};                            ///< what is in force, on the same part
  std::vector<Answer> others = {};                ///< rivals, likewise
  std::string part = "the last third";
  std::optional<Duration> history = {};  ///< how long the trace is, if there is one

  const TriedSettings& best() const { return *finals.front().trial; }
  const Answer& unseen() const { return finals.front().answer; }
};

/// From what it is to what it will be.
std::string sentence_of(const Advice& advice);
/// Whether the objective is met, where it was chosen and where it had not been seen.
std::string verdict_of(const Advice& advice);
/// Why this one, the verdict first; also when another looks better where it had not been seen.
std::vector<std::string> reasons_of(const Advice& advice);
/// Each setting of the advised or the present policy that is not the default.
std::vector<report::Setting> settings_of(const Advice& advice);
/// What `other` has in place of `advised`: "tasks_min=2 (0), wake=false (true)".
std::string differences_of(const Settings& other, const Settings& advised);
/// Of several policies: which meets the objective for the least money, and which waits least.
std::string sentence_of(const std::vector<Answer>& answers, const Question& question);

}  // namespace scaler::study
