#pragma once
// What `simulate` and `advise` have in common: flags that describe a service and its arrivals, and
// how they become a question.

#include <optional>
#include <string>
#include <vector>

#include "ground/json/writer.h"
#include "lab/study/study.h"
#include "lab/trace/trace.h"
#include "programs/ecs_scaler/commands/commands.h"

namespace scaler::cli {

/// A question and where its arrivals come from.
struct Asked {
  study::Question question = {};
  std::optional<trace::Trace> trace = {};  ///< of --trace
  std::string source = {};                 ///< for people: the file or the specification
};

/// Errors: Malformed, naming flag or file.
Result<Asked> ask(const StudyFlags& flags);

/// The question over another part of its trace.
study::Question over(const Asked& asked, const StudyFlags& flags, const trace::Trace& part);

/// A policy file: a policy object as in `decide`, or
/// {"policy":{..},"tick_seconds":10,"schedule_seconds":60,"wake":true,"doorbell":false}.
Result<study::Candidate> read_policy_file(const std::string& path);

/// Answers the question for every candidate, side by side.
/// Errors: of the first candidate that is refused.
Result<std::vector<study::Answer>> answer_all(const std::string& title,
                                              const study::Question& question,
                                              const std::vector<study::Candidate>& candidates,
                                              bool moments);

/// As scaler::read_file(); "-" is standard input.
Result<std::string> read_input(const std::string& path);
/// Errors: Rejected, naming the file and why.
Result<void> write_file(const std::string& path, std::string_view text);

/// What people should know of how this was made, one sentence each.
std::vector<std::string> facts_of(const Asked& asked, const StudyFlags& flags);
/// "14.0 days from 2014-04-10T00:04:00Z, 249327 messages, 20 s of work each, fargate start".
std::string subtitle_of(const study::Question& question, const StudyFlags& flags,
                        std::int64_t messages);

/// The answers as a table for people, as CSV, as JSON and as a page.
std::string answers_text(const std::vector<study::Answer>& answers,
                         const study::Question& question);
std::string answers_csv(const std::vector<study::Answer>& answers);
void write_answers(json::Writer& writer, const std::vector<study::Answer>& answers);
report::Report report_of(const std::vector<study::Answer>& answers, const Asked& asked,
                         const StudyFlags& flags);

}  // namespace scaler::cli
