#pragma once
// What `simulate` and `advise` have in common: the flags that say what a study is asked, the files
// that they name, and asking on all cores.

#include <string>
#include <vector>

#include "lab/study/answers.h"
#include "lab/study/ask.h"
#include "programs/ecs_scaler/commands/common_options.h"

namespace scaler::cli {

struct StudyFlags {
  std::string trace = {};     ///< file; or
  std::string arrivals = {};  ///< "poisson:0.2", ...
  study::Terms terms = {};
  std::string prices = {};  ///< file; empty: the built-in prices
  std::string html = {};    ///< file to write
};

/// Who may drive instances: this program, and the ways in which AWS does.
std::vector<std::string_view> driver_names();

std::vector<Option> study_options(StudyFlags& flags);
/// What says something of a trace alone, or of arrivals alone, beside the other; and `more`.
std::vector<std::pair<std::string, std::string>> study_exclusive(
    std::vector<std::pair<std::string, std::string>> more = {});

/// A trace or arrivals: `Command::either`.
std::vector<std::pair<std::string, std::string>> study_either();
/// `Command::needs`.
std::vector<std::pair<std::string, std::string>> study_needs();

/// What is wrong with the flags together, before any file is read. `inputs`: files that are read
/// beside the trace.
Result<void> check_study(const StudyFlags& flags, std::vector<std::string> inputs);

/// Reads the files, and puts the flags as a question; the prices are in the terms afterwards.
/// Errors: Malformed, naming flag or file.
Result<study::Asked> ask(StudyFlags& flags);

/// Errors: Malformed, naming the file.
Result<study::Candidate> read_policy_file(const std::string& path);

/// Answers the question for every candidate, side by side.
/// Errors: of the first candidate that is refused.
Result<std::vector<study::Answer>> answer_all(const std::string& title,
                                              const study::Question& question,
                                              const std::vector<study::Candidate>& candidates,
                                              bool moments);

}  // namespace scaler::cli
