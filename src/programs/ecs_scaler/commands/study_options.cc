#include "programs/ecs_scaler/commands/study_options.h"

#include <CLI/CLI.hpp>
#include <map>

#include <fmt/core.h>

#include "lab/rivals/rivals.h"
#include "lab/study/objective.h"
#include "lab/study/prices.h"

namespace scaler::cli {
namespace {

constexpr double kScaleMin = 1e-9;
constexpr double kScaleMax = 1e6;
constexpr std::int64_t kTasksMaxLimit = 5000;
constexpr int kTrialsMax = 100'000;

void add_study_duration(CLI::App& command, const std::string& flag, Duration& value,
                        const std::string& help) {
  command
      .add_option_function<std::string>(
          flag, [&value](const std::string& text) { value = *study::parse_duration(text); },
          fmt::format("{} (default {})", help, format_duration(value)))
      ->check(CLI::Validator(
          [](const std::string& text) {
            const auto duration = study::parse_duration(text);
            if (!duration) {
              return duration.error().message;
            }
            return *duration < std::chrono::milliseconds(10) ||
                           *duration > std::chrono::hours(24 * 3660)
                       ? fmt::format("'{}' is not between 10ms and 3660d", text)
                       : std::string();
          },
          "DURATION"))
      ->option_text("DURATION");
}

void add_study(CLI::App& command, StudyFlags& flags) {
  flags.price = study::kDefaultPrice;
  command.add_option("--trace", flags.trace,
                     "what arrived: CSV (timestamp,value), the JSON of aws cloudwatch "
                     "get-metric-data (NumberOfMessagesSent), or this program's own log; - is "
                     "standard input");
  command.add_option("--arrivals", flags.arrivals,
                     "instead: poisson:RATE, constant:RATE, wave:RATE (messages a second), "
                     "bursts:MESSAGES");
  command.add_option("--scale", flags.scale, "multiply the trace's values by this (default 1)")
      ->check(CLI::Range(kScaleMin, kScaleMax));
  add_study_duration(command, "--length", flags.length, "how long arrivals come; of --arrivals");
  add_study_duration(command, "--work", flags.work, "mean time of one message");
  command
      .add_option("--start", flags.start,
                  "how tasks start: fargate (default, 20 to 40 s), ec2 (warm, 1 to 3 s), gpu "
                  "(managed scaling from zero)")
      ->check(CLI::IsMember({"fargate", "ec2", "gpu"}));
  command.add_flag("--workers-protect", flags.workers_protect,
                   "workers use ECS task scale-in protection while they work");
  command
      .add_option("--tasks-max", flags.tasks_max,
                  "limit of rivals and of advised policies (default 100)")
      ->check(CLI::Range(std::int64_t{1}, kTasksMaxLimit));
  command.add_option("--objective", flags.objective, "default 'p95 wait < 60s'");
  command.add_option("--price", flags.price,
                     fmt::format("of a task: fargate-x86:VCPU,GB, fargate-arm:VCPU,GB, an EC2 type "
                                 "or a number an hour (default {})",
                                 study::kDefaultPrice));
  command.add_option("--prices", flags.prices, "a prices file in place of the built-in one");
  command.add_option("--html", flags.html, "write a page with charts to this file");
  command.add_option("--seed", flags.seed, "of all chance (default 1)");
}

std::string rival_names() {
  std::string names;
  for (const rivals::Rival& rival : rivals::all()) {
    names += fmt::format("{}, ", rival.name);
  }
  return names + "all";
}

}  // namespace

void add_simulate(CLI::App& app, SimulateFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "simulate", "What policies would do with a trace: waiting, cost, and a page with charts");
  add_study(*command, flags.study);
  command->add_option("--policy", flags.policies,
                      "JSON: a policy as in decide, or {\"policy\":{..},\"tick_seconds\":10,"
                      "\"wake\":true}; may be given several times");
  command->add_option("--rival", flags.rivals, rival_names());
  command->add_option("--output", flags.format, "text (default), json or csv")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Table>{
          {"text", Table::Text}, {"json", Table::Json}, {"csv", Table::Csv}}))
      ->option_text("text|json|csv");
}

void add_advise(CLI::App& app, AdviseFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "advise",
      "The cheapest policy that meets an objective, chosen on the first two thirds of a "
      "trace, reported on the last");
  add_study(*command, flags.study);
  command->add_option("--policy", flags.present, "the present policy, to compare with");
  command->add_option("--trials", flags.trials, "policies to try (default 150)")
      ->check(CLI::Range(1, kTrialsMax));
  CLI::Option* const keep_zero = command->add_flag("--keep-zero", flags.keep_zero,
                                                   "no task may run while there is nothing to do");
  command
      ->add_flag(
          "--schedules", flags.schedules,
          "may keep tasks running at the hours that are usually busy, learned from the trace")
      ->excludes(keep_zero);
  command->add_flag("--compare", flags.compare, "show rivals, too");
  command->add_option("--output", flags.output, "text (default) or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Output>{{"text", Output::Text}, {"json", Output::Json}}))
      ->option_text("text|json");
  command->footer("Exit codes: 0 the objective is met, 1 no policy meets it, 2 usage, 3 input.");
}

}  // namespace scaler::cli
