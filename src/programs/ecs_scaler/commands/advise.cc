// advise: the cheapest policy that meets an objective, chosen on the first two thirds of a trace
// and reported on the last.
#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "ground/base/file.h"
#include "lab/study/search.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/study_flags.h"

namespace scaler::cli {
namespace {

struct AdviseFlags {
  StudyFlags study = {};
  std::string present = {};  ///< file of the policy that is in force
  int trials = 0;            ///< at most; 0: as many as help
  bool keep_zero = false;    ///< no tasks while idle, whatever it costs in waiting
  bool schedules = false;    ///< hours with a minimum may be learned from the weekly pattern
  bool compare = false;      ///< show the rivals, too
  Output output = Output::Text;
};

constexpr std::size_t kRunnersUp = 3;
/// The part of a long trace that the choice is made on; the latest of the first two thirds.
constexpr Duration kTrainingMax = std::chrono::hours(24 * 21);

struct Parts {
  study::Question choose = {};  ///< the first two thirds
  study::Question report = {};  ///< the last third
};

Result<Parts> parts_of(const study::Asked& asked, const StudyFlags& flags) {
  Parts parts{.choose = asked.question, .report = asked.question};
  const Duration third = asked.question.scenario.length / 3;
  if (!asked.trace) {  // Arrivals without a history: another seed is what has not been seen.
    parts.report.seed += 1;
    return parts;
  }
  const Instant cut = asked.trace->begin() + 2 * third;
  const trace::Trace first = trace::before(*asked.trace, cut);
  const trace::Trace last = trace::from(*asked.trace, cut);
  if (first.messages() * flags.terms.scale < 1 || last.messages() * flags.terms.scale < 1) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: its first two thirds hold {:.0f} messages, its last third {:.0f}; "
                            "advice needs both",
                            flags.trace, first.messages() * flags.terms.scale,
                            last.messages() * flags.terms.scale));
  }
  const Instant from = std::max(first.begin(), cut - kTrainingMax);
  parts.choose = study::over(asked, flags.terms, trace::from(first, from));
  parts.report = study::over(asked, flags.terms, last);
  return parts;
}

Result<study::Search> searched(const study::Question& question, const AdviseFlags& flags) {
  const study::Load load(question);
  study::Search search(question, load,
                       {.trials = static_cast<std::size_t>(flags.trials),
                        .bound = {.workers_protect = flags.study.terms.workers_protect,
                                  .tasks_max = flags.study.terms.tasks_max,
                                  .keep_zero = flags.keep_zero,
                                  .schedules = flags.schedules}});
  for (auto round = search.next(); !round.empty(); round = search.next()) {
    std::vector<study::Candidate> candidates;
    candidates.reserve(round.size());
    for (const study::Settings& settings : round) {
      candidates.push_back({.name = "trial", .scaler = settings});
    }
    const std::string title =
        fmt::format("trying {} to {}", search.tried() + 1, search.tried() + round.size());
    auto answers = TRY(answer_all(title, search.question(), candidates, false));
    std::vector<study::Trial> trials;
    trials.reserve(round.size());
    for (std::size_t i = 0; i < round.size(); ++i) {
      trials.push_back({.settings = round.at(i), .answer = std::move(answers.at(i))});
    }
    search.tell(std::move(trials));
  }
  return search;
}

/// What is compared on the last third: the advice, the runners-up, the present policy or this
/// program's defaults, and the rivals when asked.
Result<std::vector<study::Candidate>> finalists(const study::Search& search,
                                                const AdviseFlags& flags) {
  std::vector<study::Candidate> list;
  for (const study::Trial& trial : search.finalists(kRunnersUp)) {
    list.push_back({.name = list.empty() ? "advised" : fmt::format("runner-up {}", list.size()),
                    .note = study::tell(trial.settings),
                    .scaler = trial.settings});
  }
  if (!flags.present.empty()) {
    study::Candidate present = TRY(read_policy_file(flags.present));
    present.name = "present: " + present.name;
    list.push_back(std::move(present));
  }
  if (flags.compare) {
    for (const rivals::Rival& rival : rivals::all()) {
      list.push_back(study::rival_candidate(rival));
    }
  }
  return list;
}

struct Advice {
  const study::Search& search;
  const Parts& parts;
  const std::vector<study::Answer>& finals;  ///< on the last third, the advised first
};

std::string verdict(const Advice& advice) {
  const study::Trial& best = advice.search.ranked().front();
  const study::Answer& seen = best.answer;
  const study::Answer& unseen = advice.finals.front();
  const std::string& objective = advice.parts.choose.objective.told;
  const std::string figures =
      fmt::format("{} where it was chosen, {} on the last third, which it had not seen",
                  format_duration(seen.objective_wait), format_duration(unseen.objective_wait));
  if (!seen.meets) {
    return fmt::format("No policy of {} meets '{}'. The nearest: {}.", advice.search.tried(),
                       objective, figures);
  }
  return fmt::format("The cheapest of {} policies that meets '{}': {}{}.", advice.search.tried(),
                     objective, figures, unseen.meets ? "" : ": there it misses the objective");
}

std::string advice_text(const Advice& advice, const study::Asked& asked,
                        const study::Terms& terms) {
  const study::Settings& best = advice.search.ranked().front().settings;
  std::string text =
      fmt::format("{}: {}\n\n{}\n\nOn the last third:\n{}\n", asked.source,
                  study::subtitle_of(advice.parts.report, terms, advice.finals.front().sent),
                  verdict(advice), study::answers_text(advice.finals, advice.parts.report));
  for (const study::Answer& answer : advice.finals) {
    text += fmt::format("  {}: {}\n", answer.run.name, answer.run.note);
  }
  text += fmt::format(
      "\nSettings to paste (environment):\n\n{}\nThe same for `simulate --policy`:\n"
      "\n{}\n\n",
      study::to_environment(best), study::to_json(best));
  text += fmt::format("The search: {}.\n", advice.search.ended());
  for (const std::string& fact : study::facts_of(asked, terms)) {
    text += fact + "\n";
  }
  return text;
}

std::string advice_json(const Advice& advice, const study::Asked& asked) {
  const study::Trial& best = advice.search.ranked().front();
  json::Writer writer;
  writer.begin_object()
      .field("source", asked.source)
      .field("objective", advice.parts.choose.objective.told)
      .field("met_where_chosen", best.answer.meets)
      .field("met_on_last_third", advice.finals.front().meets)
      .field("tried", advice.search.tried())
      .field("ended", advice.search.ended())
      .field("verdict", verdict(advice))
      .name("settings")
      .raw(study::to_json(best.settings))
      .field("environment", study::to_environment(best.settings))
      .name("last_third");
  study::write_answers(writer, advice.finals);
  return std::move(writer.end_object()).text() + "\n";
}

/// 0: met; 1: nothing meets it.
Result<int> advise(AdviseFlags& flags) {
  const study::Asked asked = TRY(ask(flags.study));
  const Parts parts = TRY(parts_of(asked, flags.study));
  const study::Search search = TRY(searched(parts.choose, flags));
  const auto candidates = TRY(finalists(search, flags));
  const auto finals =
      TRY(answer_all("last third", parts.report, candidates, !flags.study.html.empty()));
  const Advice advice{.search = search, .parts = parts, .finals = finals};
  std::fputs((flags.output == Output::Json ? advice_json(advice, asked)
                                           : advice_text(advice, asked, flags.study.terms))
                 .c_str(),
             stdout);
  if (!flags.study.html.empty()) {
    study::Asked last = asked;
    last.question = parts.report;
    report::Report page = study::report_of(finals, last, flags.study.terms);
    page.title = asked.source + ": advice";
    page.facts.insert(page.facts.begin(), verdict(advice));
    TRY(write_file(flags.study.html, report::html(page)));
  }
  return search.ranked().front().answer.meets ? kDone : kFailed;
}

}  // namespace

Command advise_command() {
  constexpr int kTrialsMax = 100'000;
  const auto flags = std::make_shared<AdviseFlags>();
  std::vector<Option> options = study_options(flags->study);
  options.insert(
      options.end(),
      {{"--policy", "FILE", "the present policy, to compare with", text(flags->present)},
       {"--trials", "N", "policies to try at most (default: until more do not help)",
        integer(flags->trials, 1, kTrialsMax)},
       {"--keep-zero", "", "no task may run while there is nothing to do", flag(flags->keep_zero)},
       {"--schedules", "",
        "may keep tasks running at the hours that are usually busy, learned from the trace",
        flag(flags->schedules)},
       {"--compare", "", "show rivals, too", flag(flags->compare)},
       output_option(flags->output)});
  return {
      .name = "advise",
      .sentence =
          "The cheapest policy that meets an objective, chosen on the first two thirds "
          "of a trace, reported on the last",
      .options = std::move(options),
      .exclusive = {{"--schedules", "--keep-zero"}},
      .footer = "Exit codes: 0 the objective is met, 1 no policy meets it, 2 usage, 3 input.",
      .example = "ecs-scaler advise --arrivals wave:0.2 --length 7d --objective 'p95 wait < 2m'",
      .run = [flags](const Environment&) -> int {
        const Result<int> code = advise(*flags);
        return code ? *code
                    : complain(code.error().kind == ErrorKind::Rejected ? kFailed : kConfiguration,
                               fmt::format("advise: {}", code.error().message));
      }};
}

}  // namespace scaler::cli
