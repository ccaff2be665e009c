// simulate: a trace or a specification of arrivals, under one policy after another.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/file.h"
#include "lab/study/backtest.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/study_flags.h"

namespace scaler::cli {
namespace {

enum class Table { Text, Json, Csv };
constexpr std::array<Choice<Table>, 3> kTables{
    {{"text", Table::Text}, {"json", Table::Json}, {"csv", Table::Csv}}};

struct SimulateFlags {
  StudyFlags study = {};
  std::vector<std::string> policies = {};  ///< files
  std::vector<std::string> rivals = {};    ///< names, or "all"
  Table format = Table::Text;
};

constexpr std::size_t kDifferencesShown = 20;

std::vector<std::string_view> rival_names() {
  std::vector<std::string_view> names;
  for (const rivals::Rival& rival : rivals::all()) {
    names.push_back(rival.name);
  }
  names.emplace_back("all");
  return names;
}

Result<std::vector<study::Candidate>> candidates_of(const SimulateFlags& flags) {
  std::vector<study::Candidate> candidates;
  candidates.reserve(flags.policies.size() + flags.rivals.size());
  for (const std::string& path : flags.policies) {
    candidates.push_back(TRY(read_policy_file(path)));
  }
  for (const std::string& name : flags.rivals) {
    if (name == "all") {
      for (const rivals::Rival& rival : rivals::all()) {
        candidates.push_back(study::rival_candidate(rival));
      }
    } else if (const rivals::Rival* rival = rivals::find(name)) {
      candidates.push_back(study::rival_candidate(*rival));
    } else {
      const std::vector<std::string_view> known = rival_names();
      return fail(ErrorKind::Malformed,
                  fmt::format("--rival: '{}' is none of {}{}", name, fmt::join(known, ", "),
                              did_you_mean(name, known)));
    }
  }
  if (candidates.empty()) {
    return fail(ErrorKind::Malformed, "give --policy FILE, --rival NAME, or both");
  }
  return candidates;
}

/// What each own policy would have decided in the passes of a journal.
struct Backtested {
  std::string name = {};
  study::Backtest result = {};
};

std::vector<Backtested> backtest_all(const study::Asked& asked,
                                     const std::vector<study::Candidate>& candidates) {
  std::vector<Backtested> all;
  if (!asked.trace || asked.trace->passes.empty()) {
    return all;
  }
  for (const study::Candidate& candidate : candidates) {
    const auto* const settings = std::get_if<study::Settings>(&candidate.scaler);
    const auto policy = settings != nullptr ? Policy::create(settings->policy)
                                            : Result<Policy>(fail(ErrorKind::Malformed, "a rival"));
    if (policy) {
      all.push_back({candidate.name, study::backtest(*policy, asked.trace->passes)});
    }
  }
  return all;
}

std::string backtest_text(const std::vector<Backtested>& all) {
  std::string text;
  for (const auto& [name, result] : all) {
    text += fmt::format(
        "\n{}: of {} passes in the journal, it would have wanted more tasks in {} and fewer in "
        "{}\n",
        name, result.passes, result.out, result.in);
    const std::size_t shown = std::min(kDifferencesShown, result.differences.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const study::Difference& difference = result.differences.at(i);
      text += fmt::format("  {}  {} -> {}, really {}: {}\n", format_instant(difference.at),
                          difference.seen, difference.would, difference.really, difference.because);
    }
    if (shown < result.differences.size()) {
      text += fmt::format("  and {} more; all of them with --output json\n",
                          result.differences.size() - shown);
    }
  }
  return text;
}

void write_backtests(json::Writer& writer, const std::vector<Backtested>& all) {
  writer.begin_array();
  for (const auto& [name, result] : all) {
    writer.begin_object()
        .field("policy", name)
        .field("passes", result.passes)
        .field("more", result.out)
        .field("fewer", result.in)
        .name("differences")
        .begin_array();
    for (const study::Difference& difference : result.differences) {
      writer.begin_object()
          .field("at", format_instant(difference.at))
          .field("seen", difference.seen)
          .field("really", difference.really)
          .field("would", difference.would)
          .field("because", difference.because)
          .end_object();
    }
    writer.end_array().end_object();
  }
  writer.end_array();
}

void print(const SimulateFlags& flags, const study::Asked& asked,
           const std::vector<study::Answer>& answers, const std::vector<Backtested>& backtests) {
  std::string text;
  if (flags.format == Table::Csv) {
    text = study::answers_csv(answers);
  } else if (flags.format == Table::Json) {
    json::Writer writer;
    writer.begin_object().field("source", asked.source).name("facts").begin_array();
    for (const std::string& fact : study::facts_of(asked, flags.study.terms)) {
      writer.value(fact);
    }
    writer.end_array().field("objective", asked.question.objective.told).name("policies");
    study::write_answers(writer, answers);
    if (!backtests.empty()) {
      writer.name("backtest");
      write_backtests(writer, backtests);
    }
    text = std::move(writer.end_object()).text() + "\n";
  } else {
    text = fmt::format("{}: {}\n\n{}", asked.source,
                       study::subtitle_of(asked.question, flags.study.terms, answers.front().sent),
                       study::answers_text(answers, asked.question));
    text += backtest_text(backtests) + "\n";
    for (const std::string& fact : study::facts_of(asked, flags.study.terms)) {
      text += fact + "\n";
    }
  }
  std::fputs(text.c_str(), stdout);
}

Result<void> simulate(SimulateFlags& flags) {
  const auto candidates = TRY(candidates_of(flags));
  const study::Asked asked = TRY(ask(flags.study));
  const auto answers =
      TRY(answer_all("simulating", asked.question, candidates, !flags.study.html.empty()));
  print(flags, asked, answers, backtest_all(asked, candidates));
  if (!flags.study.html.empty()) {
    TRY(write_file(flags.study.html,
                   report::html(study::report_of(answers, asked, flags.study.terms))));
  }
  return {};
}

}  // namespace

Command simulate_command() {
  const auto flags = std::make_shared<SimulateFlags>();
  std::vector<Option> options = study_options(flags->study);
  options.push_back({.name = "--policy",
                     .value = "FILE",
                     .sentence = "JSON: a policy as in decide, or {\"policy\":{..},"
                                 "\"tick_seconds\":10,\"wake\":true}; may be given several times",
                     .take = texts(flags->policies),
                     .several = true});
  options.push_back({.name = "--rival",
                     .value = "NAME",
                     .sentence = fmt::format("{}", fmt::join(rival_names(), ", ")),
                     .take = texts(flags->rivals),
                     .several = true});
  options.push_back(
      {"--output", "text|json|csv", "text (default), json or csv", one_of(flags->format, kTables)});
  return {.name = "simulate",
          .sentence = "What policies would do with a trace: waiting, cost, and a page with charts",
          .options = std::move(options),
          .example = "ecs-scaler simulate --arrivals wave:0.2 --work 30s --rival all",
          .run = [flags](const Environment&) -> int {
            const Result<void> done = simulate(*flags);
            if (!done) {
              return complain(done.error().kind == ErrorKind::Rejected ? kFailed : kConfiguration,
                              fmt::format("simulate: {}", done.error().message));
            }
            return kDone;
          }};
}

}  // namespace scaler::cli
