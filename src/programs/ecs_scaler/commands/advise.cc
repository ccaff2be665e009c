// advise: the cheapest policy that meets an objective, chosen on the first two thirds of a trace
// and reported on the last.
#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "lab/study/search.h"
#include "programs/ecs_scaler/commands/study_flags.h"

namespace scaler::cli {
namespace {

constexpr std::size_t kRunnersUp = 3;
/// The part of a long trace that the choice is made on; the latest of the first two thirds.
constexpr Duration kTrainingMax = std::chrono::hours(24 * 21);

struct Parts {
  study::Question choose = {};  ///< the first two thirds
  study::Question report = {};  ///< the last third
};

Result<Parts> parts_of(const Asked& asked, const StudyFlags& flags) {
  Parts parts{.choose = asked.question, .report = asked.question};
  const Duration third = asked.question.scenario.length / 3;
  if (!asked.trace) {  // Arrivals without a history: another seed is what has not been seen.
    parts.report.seed += 1;
    return parts;
  }
  const Instant cut = asked.trace->begin() + 2 * third;
  const trace::Trace first = trace::before(*asked.trace, cut);
  const trace::Trace last = trace::from(*asked.trace, cut);
  if (first.messages() * flags.scale < 1 || last.messages() * flags.scale < 1) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("{}: its first two thirds hold {:.0f} messages, its last third {:.0f}; "
                    "advice needs both",
                    flags.trace, first.messages() * flags.scale, last.messages() * flags.scale));
  }
  const Instant from = std::max(first.begin(), cut - kTrainingMax);
  parts.choose = over(asked, flags, trace::from(first, from));
  parts.report = over(asked, flags, last);
  return parts;
}

Result<study::Search> searched(const study::Question& question, const AdviseFlags& flags) {
  const study::Load load(question);
  study::Search search(question, load,
                       {.trials = static_cast<std::size_t>(flags.trials),
                        .workers_protect = flags.study.workers_protect,
                        .tasks_max = flags.study.tasks_max,
                        .keep_zero = flags.keep_zero,
                        .schedules = flags.schedules});
  for (auto round = search.next(); !round.empty(); round = search.next()) {
    std::vector<study::Candidate> candidates;
    candidates.reserve(round.size());
    for (const study::Settings& settings : round) {
      candidates.push_back({.name = "trial", .scaler = settings});
    }
    const std::string title = fmt::format("trying {} to {} of {}", search.tried() + 1,
                                          search.tried() + round.size(), search.trials());
    auto answers = TRY(answer_all(title, question, candidates, false));
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
  for (const study::Trial& trial : search.ranked()) {
    if (list.size() > kRunnersUp) {
      break;
    }
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

std::string advice_text(const Advice& advice, const Asked& asked, const StudyFlags& flags) {
  const study::Settings& best = advice.search.ranked().front().settings;
  std::string text =
      fmt::format("{}: {}\n\n{}\n\nOn the last third:\n{}\n", asked.source,
                  subtitle_of(advice.parts.report, flags, advice.finals.front().sent),
                  verdict(advice), answers_text(advice.finals, advice.parts.report));
  for (const study::Answer& answer : advice.finals) {
    text += fmt::format("  {}: {}\n", answer.run.name, answer.run.note);
  }
  text += fmt::format(
      "\nSettings to paste (environment):\n\n{}\nThe same for `simulate --policy`:\n"
      "\n{}\n\n",
      study::to_environment(best), study::to_json(best));
  for (const std::string& fact : facts_of(asked, flags)) {
    text += fact + "\n";
  }
  return text;
}

std::string advice_json(const Advice& advice, const Asked& asked) {
  const study::Trial& best = advice.search.ranked().front();
  json::Writer writer;
  writer.begin_object()
      .field("source", asked.source)
      .field("objective", advice.parts.choose.objective.told)
      .field("met_where_chosen", best.answer.meets)
      .field("met_on_last_third", advice.finals.front().meets)
      .field("tried", advice.search.tried())
      .field("verdict", verdict(advice))
      .name("settings")
      .raw(study::to_json(best.settings))
      .field("environment", study::to_environment(best.settings))
      .name("last_third");
  write_answers(writer, advice.finals);
  return std::move(writer.end_object()).text() + "\n";
}

/// 0: met; 1: nothing meets it.
Result<int> advise(const AdviseFlags& flags) {
  const Asked asked = TRY(ask(flags.study));
  const Parts parts = TRY(parts_of(asked, flags.study));
  const study::Search search = TRY(searched(parts.choose, flags));
  const auto candidates = TRY(finalists(search, flags));
  const auto finals =
      TRY(answer_all("last third", parts.report, candidates, !flags.study.html.empty()));
  const Advice advice{.search = search, .parts = parts, .finals = finals};
  std::fputs((flags.output == Output::Json ? advice_json(advice, asked)
                                           : advice_text(advice, asked, flags.study))
                 .c_str(),
             stdout);
  if (!flags.study.html.empty()) {
    Asked last = asked;
    last.question = parts.report;
    report::Report page = report_of(finals, last, flags.study);
    page.title = asked.source + ": advice";
    page.facts.insert(page.facts.begin(), verdict(advice));
    TRY(write_file(flags.study.html, report::html(page)));
  }
  return search.ranked().front().answer.meets ? kDone : kFailed;
}

}  // namespace

int advise_command(const AdviseFlags& flags) {
  const Result<int> code = advise(flags);
  if (!code) {
    return complain(code.error().kind == ErrorKind::Rejected ? kFailed : kConfiguration,
                    fmt::format("advise: {}", code.error().message));
  }
  return *code;
}

}  // namespace scaler::cli
