#pragma once
// The answers of a study as a table for people, as CSV, as JSON and as a page.

#include <string>
#include <vector>

#include "ground/json/writer.h"
#include "lab/study/ask.h"

namespace scaler::study {

/// One table, or as many as it takes for none to be wider than that.
std::string answers_text(const std::vector<Answer>& answers, const Question& question,
                         std::size_t width);
std::string answers_csv(const std::vector<Answer>& answers);
void write_answers(json::Writer& writer, const std::vector<Answer>& answers);

std::string replays_text(const std::vector<report::Replay>& replays);
void write_replays(json::Writer& writer, const std::vector<report::Replay>& replays);

report::Report report_of(const std::vector<Answer>& answers, const Asked& asked,
                         const Terms& terms);

}  // namespace scaler::study
