// advise: the cheapest policy that meets an objective, chosen on the first two thirds of a trace
// and reported on the last.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/file.h"
#include "ground/base/text.h"
#include "lab/study/advice.h"
#include "lab/study/answers.h"
#include "lab/study/blocks.h"
#include "lab/study/search.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/help.h"
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
constexpr double kMillisecondsPerDay = 86'400'000;
/// The part of a long trace that the choice is made on; the latest of the first two thirds.
constexpr Duration kTrainingMax = std::chrono::hours(24 * 21);

struct Parts {
  study::Question choose = {};                ///< the first two thirds
  study::Question report = {};                ///< the last third
  std::optional<study::Question> whole = {};  ///< both, where one follows the other
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
  parts.whole = study::over(asked, flags.terms, trace::from(*asked.trace, from));
  return parts;
}

/// Where nobody can wait as long as the objective allows, everything would meet it.
Result<void> check_length(const study::Question& question) {
  const Duration length = question.scenario.length;
  if (question.objective.limit > length) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}': nobody can wait so long in the {} that the choice is made on; "
                            "give a shorter objective or a longer history",
                            question.objective.told, format_duration(length)));
  }
  return {};
}

Result<study::Search> searched(const study::Question& question, const AdviseFlags& flags) {
  const study::Load load(question);
  study::Search search(question, load,
                       {.trials = static_cast<std::size_t>(flags.trials),
                        .bound = {.workers_protect = flags.study.terms.work_is_protected(),
                                  .tasks_max = flags.study.terms.tasks_max,
                                  .keep_zero = flags.keep_zero,
                                  .schedules = flags.schedules,
                                  .own_instances = flags.study.terms.owns_instances()}});
  for (auto round = search.next(); !round.empty(); round = search.next()) {
    std::vector<study::Candidate> candidates;
    candidates.reserve(round.size());
    for (const study::Settings& settings : round) {
      candidates.push_back({.name = "trial", .scaler = settings});
    }
    const std::string title =
        fmt::format("trying {} to {}", search.tried() + 1, search.tried() + round.size());
    auto answers = TRY(answer_all(title, search.question(), candidates, false));
    std::vector<study::TriedSettings> trials;
    trials.reserve(round.size());
    for (std::size_t i = 0; i < round.size(); ++i) {
      trials.push_back({.settings = round.at(i), .answer = std::move(answers.at(i))});
    }
    search.tell(std::move(trials));
  }
  return search;
}

/// The policy that is in force: a file, a rival, or this program's defaults.
Result<study::Candidate> present_of(const study::Asked& asked, const AdviseFlags& flags) {
  if (flags.present.empty()) {
    return study::plain_candidate(asked.question, flags.study.terms);
  }
  const rivals::Rival* const rival = rivals::find(flags.present);
  Result<study::Candidate> read =
      rival != nullptr ? study::rival_candidate(*rival) : read_policy_file(flags.present);
  if (!read && rival == nullptr && !std::filesystem::exists(flags.present)) {
    std::vector<std::string_view> names;
    std::ranges::transform(rivals::all(), std::back_inserter(names), &rivals::Rival::name);
    return fail(std::move(read).error().kind,
                fmt::format("--policy: '{}' is neither a file nor one of {}{}", flags.present,
                            fmt::join(names, ", "), did_you_mean(flags.present, names)));
  }
  study::Candidate present = TRY(std::move(read));
  present.name.insert(0, study::kPresent);
  return present;
}

/// What is compared on the last third: the advice, the runners-up, the present policy, and the
/// rivals when asked.
Result<std::vector<study::Candidate>> finalists(const study::Search& search,
                                                const std::vector<std::size_t>& chosen,
                                                const study::Asked& asked,
                                                const AdviseFlags& flags) {
  const study::Settings& best = search.ranked().front().settings;
  std::vector<study::Candidate> list;
  for (const std::size_t index : chosen) {
    const study::Settings& settings = search.ranked().at(index).settings;
    list.push_back({.name = list.empty() ? "advised" : fmt::format("runner-up {}", list.size()),
                    .note = list.empty()
                                ? study::tell(settings)
                                : "as advised but for " + study::differences_of(settings, best),
                    .scaler = settings});
  }
  list.push_back(TRY(present_of(asked, flags)));
  for (const rivals::Rival& rival : rivals::all()) {
    if (flags.compare && rival.name != flags.present) {
      list.push_back(study::rival_candidate(rival));
    }
  }
  return list;
}

struct Advised {
  study::Advice advice = {};
  std::vector<study::Candidate> candidates = {};
  std::vector<study::Answer> answers = {};  ///< of the candidates, on the last third
};

Result<Advised> advised_of(const study::Search& search, const study::Asked& asked,
                           const Parts& parts, const AdviseFlags& flags) {
  const auto chosen = study::different(search.ranked(), kRunnersUp);
  Advised advised{.candidates = TRY(finalists(search, chosen, asked, flags))};
  // Charts show both parts, where there are two; the figures are always those of the last third.
  const bool charts = !flags.study.html.empty() && !parts.whole;
  advised.answers = TRY(answer_all("last third", parts.report, advised.candidates, charts));
  study::Advice& advice = advised.advice;
  advice.objective = parts.choose.objective;
  advice.currency = parts.choose.price.currency;
  advice.ranked = &search.ranked();
  advice.tried = search.tried();
  advice.ended = search.ended();
  if (asked.trace) {
    advice.history = asked.trace->end() - asked.trace->begin();
  }
  advice.part = parts.whole ? "the last third" : "other arrivals of the same kind";
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    advice.finals.push_back(
        {.trial = &search.ranked().at(chosen.at(i)), .answer = advised.answers.at(i)});
  }
  advice.present = advised.answers.at(chosen.size());
  advice.others.assign(advised.answers.begin() + static_cast<std::ptrdiff_t>(chosen.size()) + 1,
                       advised.answers.end());
  if (const auto* own =
          std::get_if<study::Settings>(&advised.candidates.at(chosen.size()).scaler)) {
    advice.present_settings = *own;
  }
  return advised;
}

std::string advice_text(const Advised& advised, const study::Asked& asked, const Parts& parts,
                        const study::Terms& terms, std::size_t width) {
  const study::Advice& advice = advised.advice;
  std::string text = study::sentence_of(advice) + "\n";
  for (const report::Block& block : study::blocks_of(advice.best().settings)) {
    text += fmt::format("\n--- {}: {}\n{}", block.name, block.note, block.text);
  }
  text += "\nWhy this one:\n";
  for (const std::string& reason : study::reasons_of(advice)) {
    text += "  " + reason + "\n";
  }
  text += fmt::format("\n{}: {}\nOn {}:\n{}\n", asked.source,
                      study::subtitle_of(parts.report, terms, advised.answers.front().sent),
                      advice.part, study::answers_text(advised.answers, parts.report, width));
  for (const study::Answer& answer : advised.answers) {
    text += fmt::format("  {}: {}\n", answer.run.name, answer.run.note);
  }
  text += fmt::format("\nThe same for `simulate --policy`:\n\n{}\n\n",
                      study::to_json(advice.best().settings));
  for (const std::string& fact : study::facts_of(asked, terms)) {
    text += fact + "\n";
  }
  return text;
}

std::string advice_json(const Advised& advised, const study::Asked& asked) {
  const study::Advice& advice = advised.advice;
  const auto blocks = study::blocks_of(advice.best().settings);
  json::Writer writer;
  writer.begin_object()
      .field("source", asked.source)
      .field("sentence", study::sentence_of(advice))
      .field("objective", advice.objective.told)
      .field("met_where_chosen", advice.best().answer.meets)
      .field("met_on_last_third", advice.unseen().meets)
      .field("tried", advice.tried)
      .field("ended", advice.ended)
      .field("verdict", study::verdict_of(advice))
      .name("reasons")
      .begin_array();
  for (const std::string& reason : study::reasons_of(advice)) {
    writer.value(reason);
  }
  writer.end_array()
      .name("settings")
      .raw(study::to_json(advice.best().settings))
      .field("environment", blocks.front().text)
      .name("blocks")
      .begin_array();
  for (const report::Block& block : blocks) {
    writer.begin_object()
        .field("name", block.name)
        .field("note", block.note)
        .field("text", block.text)
        .end_object();
  }
  writer.end_array().name("last_third");
  study::write_answers(writer, advised.answers);
  return std::move(writer.end_object()).text() + "\n";
}

/// The first two thirds and the last of the trace, as the page shades them.
std::vector<report::Part> shaded(const Parts& parts) {
  const auto part = [](const char* name, const study::Question& question) {
    const Instant from = question.scenario.begin;
    return report::Part{.name = name, .from = from, .to = from + question.scenario.length};
  };
  return {part("chosen on this part", parts.choose), part("not seen before", parts.report)};
}

Result<void> write_page(const Advised& advised, study::Asked asked, const Parts& parts,
                        const StudyFlags& flags) {
  asked.question = parts.report;
  report::Report page = study::report_of(advised.answers, asked, flags.terms);
  page.title = asked.source + ": advice";
  page.sentence = study::sentence_of(advised.advice);
  page.advice = report::AdviceSection{.present = advised.advice.finals.size(),
                                      .blocks = study::blocks_of(advised.advice.best().settings),
                                      .reasons = study::reasons_of(advised.advice),
                                      .settings = study::settings_of(advised.advice)};
  if (parts.whole) {
    const auto whole = TRY(answer_all("charts", *parts.whole, advised.candidates, true));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      page.runs.at(i).moments = whole.at(i).run.moments;
    }
    page.parts = shaded(parts);
    page.facts.insert(
        page.facts.begin(),
        fmt::format(
            "All figures are those of the last third ({:.1f} days), which the search had "
            "not seen; charts over time show both parts.",
            static_cast<double>(parts.report.scenario.length.count()) / kMillisecondsPerDay));
  }
  return write_file(flags.html, report::html(page));
}

/// 0: met; 1: nothing meets it.
Result<int> advise(AdviseFlags& flags, std::size_t width) {
  const study::Asked asked = TRY(ask(flags.study));
  const Parts parts = TRY(parts_of(asked, flags.study));
  TRY(check_length(parts.choose));
  TRY(present_of(asked, flags));  // What is wrong with it is told before the search.
  const study::Search search = TRY(searched(parts.choose, flags));
  const Advised advised = TRY(advised_of(search, asked, parts, flags));
  std::fputs(
      (flags.output == Output::Json ? advice_json(advised, asked)
                                    : advice_text(advised, asked, parts, flags.study.terms, width))
          .c_str(),
      stdout);
  if (!flags.study.html.empty()) {
    TRY(write_page(advised, asked, parts, flags.study));
  }
  return advised.advice.best().answer.meets ? kDone : kFailed;
}

}  // namespace

Command advise_command() {
  constexpr int kTrialsMax = 100'000;
  const auto flags = std::make_shared<AdviseFlags>();
  std::vector<Option> options = study_options(flags->study);
  options.insert(
      options.end(),
      {{"--policy", "FILE|RIVAL",
        "what is in force today, to compare with: a policy's file or a rival's name (default: "
        "this program's defaults)",
        text(flags->present)},
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
      .exclusive = study_exclusive({{"--schedules", "--keep-zero"}}),
      .needs = study_needs(),
      .either = study_either(),
      .check = [flags] { return check_study(flags->study, {flags->present}); },
      .footer = "Exit codes: 0 the objective is met, 1 no policy meets it, 2 usage, 3 input.",
      .example = "ecs-scaler advise --arrivals wave:0.2 --length 7d --objective 'p95 wait < 2m'",
      .run = [flags](const Environment& environment) -> int {
        const Result<int> code = advise(*flags, help_width(environment));
        return code ? *code
                    : complain(code.error().kind == ErrorKind::Rejected ? kFailed : kConfiguration,
                               fmt::format("advise: {}", code.error().message));
      }};
}

}  // namespace scaler::cli
