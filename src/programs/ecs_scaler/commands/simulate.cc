// simulate: a trace or a specification of arrivals, under one policy after another.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "lab/study/advice.h"
#include "lab/study/answers.h"
#include "lab/study/backtest.h"
#include "lab/study/instances.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/help.h"
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

std::vector<std::string_view> rival_names() {
  std::vector<std::string_view> names;
  for (const rivals::Rival& rival : rivals::all()) {
    names.push_back(rival.name);
  }
  for (const study::InstanceDriver& driver : study::instance_drivers()) {
    names.push_back(driver.name);
  }
  names.emplace_back("all");
  return names;
}

std::vector<study::Candidate> all_drivers(const study::Settings& plain) {
  std::vector<study::Candidate> candidates;
  for (const study::InstanceDriver& driver : study::instance_drivers()) {
    candidates.push_back(study::driver_candidate(driver, plain));
  }
  return candidates;
}

study::Candidate rival_of(const std::string& name, const study::Settings& plain) {
  const study::InstanceDriver* const driver = study::find_driver(name);
  return driver != nullptr ? study::driver_candidate(*driver, plain)
                           : study::rival_candidate(*rivals::find(name));
}

/// One after another.
Take known_rivals(std::vector<std::string>& names) {
  return [&names](const std::string& word) -> Result<void> {
    TRY(find_word(word, rival_names()));
    names.push_back(word);
    return {};
  };
}

/// Files of one name in several folders are told apart by their paths.
void tell_apart(std::vector<study::Candidate>& candidates, const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto same = std::ranges::count(candidates, candidates[i].name, &study::Candidate::name);
    const std::filesystem::path path = paths[i];
    names.push_back(same == 1 ? candidates[i].name
                              : shortened((path.parent_path() / path.stem()).string()));
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].name = names[i];
  }
}

Result<std::vector<study::Candidate>> candidates_of(const SimulateFlags& flags,
                                                    const study::Asked& asked,
                                                    const study::Settings& plain) {
  std::vector<study::Candidate> candidates;
  candidates.reserve(flags.policies.size() + flags.rivals.size());
  for (const std::string& path : flags.policies) {
    candidates.push_back(TRY(read_policy_file(path)));
  }
  tell_apart(candidates, flags.policies);
  for (const std::string& name : flags.rivals) {
    if (name == "all") {
      std::ranges::transform(rivals::all(), std::back_inserter(candidates), study::rival_candidate);
      if (asked.question.scenario.group) {
        std::ranges::move(all_drivers(plain), std::back_inserter(candidates));
      }
    } else {
      candidates.push_back(rival_of(name, plain));
    }
  }
  return candidates;
}

/// Who is compared when nobody is named: this program as it is, and all rivals; where instances are
/// what matters, those who drive them.
std::vector<study::Candidate> everybody(const study::Asked& asked, study::Candidate plain) {
  const auto settings = std::get<study::Settings>(plain.scaler);
  std::vector<study::Candidate> candidates{std::move(plain)};
  if (asked.question.scenario.group) {
    std::ranges::move(all_drivers(settings), std::back_inserter(candidates));
  } else {
    std::ranges::transform(rivals::all(), std::back_inserter(candidates), study::rival_candidate);
  }
  return candidates;
}

/// What each own policy would have decided in the passes of a journal.
std::vector<report::Replay> replay_all(const study::Asked& asked,
                                       const std::vector<study::Candidate>& candidates) {
  std::vector<report::Replay> all;
  if (!asked.trace || asked.trace->passes.empty()) {
    return all;
  }
  for (const study::Candidate& candidate : candidates) {
    const auto* const settings = std::get_if<study::Settings>(&candidate.scaler);
    const auto policy = settings != nullptr ? Policy::create(settings->policy)
                                            : Result<Policy>(fail(ErrorKind::Malformed, "a rival"));
    if (policy) {
      all.push_back(study::backtest(*policy, asked.trace->passes));
      all.back().name = candidate.name;
    }
  }
  return all;
}

void print(const SimulateFlags& flags, const study::Asked& asked,
           const std::vector<study::Answer>& answers, const std::vector<report::Replay>& replays,
           std::size_t width) {
  std::string text;
  if (flags.format == Table::Csv) {
    text = study::answers_csv(answers);
  } else if (flags.format == Table::Json) {
    json::Writer writer;
    writer.begin_object().field("source", asked.source).name("facts").begin_array();
    for (const std::string& fact : study::facts_of(asked, flags.study.terms)) {
      writer.value(fact);
    }
    writer.end_array()
        .field("objective", asked.question.objective.told)
        .field("sentence", study::sentence_of(answers, asked.question))
        .name("policies");
    study::write_answers(writer, answers);
    if (!replays.empty()) {
      writer.name("backtest");
      study::write_replays(writer, replays);
    }
    text = std::move(writer.end_object()).text() + "\n";
  } else {
    text =
        fmt::format("{}\n\n{}: {}\n\n{}", study::sentence_of(answers, asked.question), asked.source,
                    study::subtitle_of(asked.question, flags.study.terms, answers.front().sent),
                    study::answers_text(answers, asked.question, width));
    text += study::replays_text(replays) + "\n";
    for (const std::string& fact : study::facts_of(asked, flags.study.terms)) {
      text += fact + "\n";
    }
  }
  std::fputs(text.c_str(), stdout);
}

/// What no file tells.
Result<void> check(const SimulateFlags& flags) {
  for (const std::string& path : flags.policies) {
    if (std::ranges::count(flags.policies, path) > 1) {
      return fail(ErrorKind::Malformed, fmt::format("--policy: '{}' is given twice", path));
    }
  }
  for (const std::string& name : flags.rivals) {
    if (study::find_driver(name) != nullptr && !flags.study.terms.has_instances()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("--rival {} drives instances: it needs --instance-start", name));
    }
  }
  return check_study(flags.study, flags.policies);
}

Result<void> simulate(SimulateFlags& flags, std::size_t width) {
  const study::Asked asked = TRY(ask(flags.study));
  study::Candidate plain = study::plain_candidate(asked.question, flags.study.terms);
  auto candidates = TRY(candidates_of(flags, asked, std::get<study::Settings>(plain.scaler)));
  if (candidates.empty()) {
    candidates = everybody(asked, std::move(plain));
  }
  const auto answers =
      TRY(answer_all("simulating", asked.question, candidates, !flags.study.html.empty()));
  const auto replays = replay_all(asked, candidates);
  print(flags, asked, answers, replays, width);
  if (!flags.study.html.empty()) {
    report::Report page = study::report_of(answers, asked, flags.study.terms);
    page.sentence = study::sentence_of(answers, asked.question);
    page.replays = replays;
    TRY(write_file(flags.study.html, report::html(page)));
  }
  return {};
}

}  // namespace

Command simulate_command() {
  const auto flags = std::make_shared<SimulateFlags>();
  std::vector<Option> options = study_options(flags->study);
  options.push_back(
      {.name = "--policy",
       .value = "FILE",
       .sentence =
           "JSON: a policy as in decide, or {\"policy\":{..},"
           "\"tick_seconds\":10,\"wake\":true}; may be given several times (default: without "
           "any --rival, this program's defaults and all rivals)",
       .take = texts(flags->policies),
       .several = true});
  options.push_back({.name = "--rival",
                     .value = "NAME",
                     .sentence = fmt::format("{}", fmt::join(rival_names(), ", ")),
                     .take = known_rivals(flags->rivals),
                     .several = true,
                     .words = rival_names()});
  options.push_back(
      {"--output", "text|json|csv", "text (default), json or csv", one_of(flags->format, kTables)});
  return {.name = "simulate",
          .sentence = "What policies would do with a trace: waiting, cost, and a page with charts",
          .options = std::move(options),
          .exclusive = study_exclusive(),
          .needs = study_needs(),
          .either = study_either(),
          .check = [flags] { return check(*flags); },
          .example = "ecs-scaler simulate --trace sent.csv --work 30s --html report.html",
          .run = [flags](const Environment& environment) -> int {
            const Result<void> done = simulate(*flags, help_width(environment));
            if (!done) {
              return complain(done.error().kind == ErrorKind::Rejected ? kFailed : kConfiguration,
                              fmt::format("simulate: {}", done.error().message));
            }
            return kDone;
          }};
}

}  // namespace scaler::cli
