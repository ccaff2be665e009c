#include "programs/ecs_scaler/commands/study_flags.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/duration.h"
#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/json/value.h"
#include "lab/study/instances.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/parallel.h"

namespace scaler::cli {
namespace {

constexpr double kScaleMin = 1e-9;
constexpr double kScaleMax = 1e6;
constexpr std::int64_t kTasksMaxLimit = 5000;
constexpr Duration kLongestStart = std::chrono::hours(24);

/// As read_file(); "-" is standard input. Of what is endless it takes one byte more than any reader
/// accepts.
Result<std::string> read_input(const std::string& path) {
  constexpr std::size_t kMost = trace::kBytesLimit + 1;
  if (path == "-") {
    tell_what_is_waited_for("rows of a time and a number, or a policy,");
    return read_open_file(STDIN_FILENO, "standard input", kMost);
  }
  TRY(check_file(path));
  return read_file(path, kMost);
}

/// What no event of a simulation could be shorter than, up to ten years.
Option study_duration(const std::string& name, Duration& value, const std::string& sentence) {
  return {name, "DURATION", with_default(sentence, value),
          duration(value, std::chrono::milliseconds(10), std::chrono::hours(24 * 3660))};
}

/// A word of the list.
Take start(std::string& value) {
  return [&value](const std::string& word) -> Result<void> {
    TRY(find_word(word, {study::kStarts.begin(), study::kStarts.end()}));
    value = word;
    return {};
  };
}

/// A text that `parse` can read.
template <typename Parse>
Take checked(std::string& value, Parse parse) {
  return [&value, parse](const std::string& word) -> Result<void> {
    TRY(parse(word));
    value = word;
    return {};
  };
}

std::vector<Option> arrival_options(StudyFlags& flags) {
  return {
      {"--trace", "FILE",
       "what arrived: CSV, as ecs-scaler trace writes it; the JSON of aws cloudwatch, of a "
       "Prometheus range query or of records; or this program's own log; also packed with gzip "
       "or zstd; - is standard input",
       text(flags.trace)},
      {"--column", "NAME",
       "of several columns, metrics or series of the trace the one that counts what arrived, of a "
       "log's services the one that is meant (default: by its name)",
       text(flags.terms.column)},
      {"--arrivals", "SPEC",
       "instead: poisson:RATE, constant:RATE, wave:RATE (messages a second), bursts:MESSAGES",
       checked(flags.arrivals, study::parse_arrivals)},
      {"--scale", "FACTOR", "multiply the trace's values by this (default 1)",
       real_number(flags.terms.scale, kScaleMin, kScaleMax)},
      study_duration("--length", flags.terms.length, "how long arrivals come; of --arrivals")};
}

/// "3m-4m", or "3m" for one that is always the same.
Result<world::DurationRange> parse_range(const std::string& word) {
  const std::size_t dash = word.find('-');
  const Duration from = TRY(parse_duration(word.substr(0, dash)));
  const Duration to = dash == std::string::npos ? from : TRY(parse_duration(word.substr(dash + 1)));
  if (to < from || to > kLongestStart) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is no range of times, such as 3m-4m, up to a day", word));
  }
  return world::DurationRange{.min = from, .max = to};
}

template <typename Range>
Take range(Range& value) {
  return [&value](const std::string& word) -> Result<void> {
    value = TRY(parse_range(word));
    return {};
  };
}

Take driver(std::string& value) {
  return [&value](const std::string& word) -> Result<void> {
    TRY(find_word(word, driver_names()));
    value = word;
    return {};
  };
}

std::vector<Option> instance_options(StudyFlags& flags) {
  study::Terms& terms = flags.terms;
  return {{"--task-start", "FROM-TO", "from a task's placement to its work (default: by --start)",
           range(terms.task_start)},
          {"--instance-start", "FROM-TO",
           "tasks run on EC2 instances that take so long from their launch to the first task, such "
           "as 3m-4m (default: there is always room, or what --start gpu says)",
           range(terms.instance_start)},
          {.name = "--instances",
           .value = "NAME",
           .sentence = fmt::format("who starts and ends them: {} (default own: this program)",
                                   fmt::join(driver_names(), ", ")),
           .take = driver(terms.instances),
           .words = driver_names()},
          {"--tasks-per-instance", "N", "how many an instance holds (default 1)",
           integer(terms.tasks_per_instance, 1, kTasksMaxLimit)},
          {"--instances-max", "N", "of the group (default 100)",
           integer(terms.instances_max, 1, kTasksMaxLimit)},
          {"--image-pull", "FROM-TO", "before an instance's first task (default 0s)",
           range(terms.image_pull)},
          {"--instance-price", "PRICE",
           "an EC2 type or a number an hour (default: --price, or g5.xlarge)",
           text(terms.instance_price)}};
}

std::vector<Option> service_options(StudyFlags& flags) {
  study::Terms& terms = flags.terms;
  return {
      study_duration("--work", terms.work, "mean time of one message"),
      {"--start", "fargate|ec2|gpu",
       "how tasks start: fargate (default, 20 to 40 s), ec2 (warm, 1 to 3 s), gpu (managed "
       "scaling from zero)",
       start(terms.start)},
      {"--workers-protect", "", "workers use ECS task scale-in protection while they work",
       flag(terms.workers_protect)},
      {"--workers-guarded", "", "workers run under ecs-guard, which does that for them",
       flag(terms.workers_guarded)},
      study_duration("--guard-linger", terms.guard_linger, "the --linger of that ecs-guard"),
      {"--tasks-max", "N", "limit of rivals and of advised policies (default 100)",
       integer(terms.tasks_max, 1, kTasksMaxLimit)},
      {"--objective", "TEXT", "default 'p95 wait < 60s'",
       checked(terms.objective, study::parse_objective)},
      {"--price", "PRICE",
       fmt::format("of a task: fargate-x86:VCPU,GB, fargate-arm:VCPU,GB, an EC2 type or a number "
                   "an hour (default {})",
                   study::kDefaultPrice),
       text(terms.price)},
      {"--prices", "FILE", "a prices file in place of the built-in one", text(flags.prices)},
      {"--html", "FILE", "write a page with charts to this file", written_file(flags.html)},
      {"--seed", "N", "of all chance (default 1)", integer(terms.seed)}};
}

}  // namespace

std::vector<std::string_view> driver_names() {
  std::vector<std::string_view> names{study::kOwnInstances};
  for (const study::InstanceDriver& driver : study::instance_drivers()) {
    names.push_back(driver.name);
  }
  return names;
}

std::vector<Option> study_options(StudyFlags& flags) {
  std::vector<Option> options = arrival_options(flags);
  std::ranges::move(service_options(flags), std::back_inserter(options));
  std::ranges::move(instance_options(flags), std::back_inserter(options));
  return options;
}

std::vector<std::pair<std::string, std::string>> study_exclusive(
    std::vector<std::pair<std::string, std::string>> more) {
  for (const char* const of_a_trace : {"--column", "--scale"}) {
    more.emplace_back(of_a_trace, "--arrivals");
  }
  more.emplace_back("--length", "--trace");
  return more;
}

std::vector<std::pair<std::string, std::string>> study_either() {
  return {{"--trace", "--arrivals"}};
}

std::vector<std::pair<std::string, std::string>> study_needs() {
  return {{"--guard-linger", "--workers-guarded"}};
}

Result<void> check_study(const StudyFlags& flags, std::vector<std::string> inputs) {
  inputs.push_back(flags.trace);
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!flags.html.empty() && std::filesystem::equivalent(flags.html, input, error)) {
      return fail(ErrorKind::Malformed, fmt::format("--html: '{}' is read: the page would take its "
                                                    "place",
                                                    shortened(flags.html)));
    }
  }
  study::Terms terms = flags.terms;
  if (!flags.prices.empty()) {  // What is known there is told when that file is read.
    terms.price = "1";
    terms.instance_price = terms.instance_price.empty() ? "" : "1";
  }
  return study::check_terms(terms);
}

Result<study::Asked> ask(StudyFlags& flags) {
  if (!flags.prices.empty()) {
    flags.terms.prices = TRY(read_input(flags.prices));
    if (const auto prices = json::parse(flags.terms.prices); !prices) {
      return fail(prices.error(), flags.prices);
    }
  }
  if (flags.trace.empty()) {
    return study::ask_about_arrivals(flags.terms, flags.arrivals);
  }
  const std::string text = TRY(read_input(flags.trace));
  return study::ask_about_trace(flags.terms, text, flags.trace);
}

Result<study::Candidate> read_policy_file(const std::string& path) {
  const std::string text = TRY(read_input(path));
  auto candidate =
      study::read_candidate(text, shortened(std::filesystem::path(path).stem().string()));
  if (!candidate) {
    return fail(std::move(candidate).error(), path);
  }
  return candidate;
}

Result<std::vector<study::Answer>> answer_all(const std::string& title,
                                              const study::Question& question,
                                              const std::vector<study::Candidate>& candidates,
                                              bool moments) {
  std::vector<std::optional<Result<study::Answer>>> results(candidates.size());
  run_parallel(title, candidates.size(),
               [&](std::size_t index, const std::function<void(double)>& progress) {
                 study::Watch watch{.moments = moments};
                 if (shows_progress()) {  // It takes samples, and samples take time.
                   watch.on_progress = progress;
                 }
                 results.at(index) = study::answer(question, candidates.at(index), watch);
               });
  std::vector<study::Answer> answers;
  answers.reserve(results.size());
  for (auto& result : results) {
    answers.push_back(TRY(std::move(*result)));
  }
  return answers;
}

}  // namespace scaler::cli
