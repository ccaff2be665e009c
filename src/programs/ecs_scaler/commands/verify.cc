#include "programs/ecs_scaler/commands/verify.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unistd.h>

#include <fmt/core.h>

#include "checkup/access/checkup.h"
#include "edge/config/environment.h"
#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/emulator_thread.h"
#include "programs/ecs_scaler/commands/examined.h"
#include "programs/ecs_scaler/signals.h"
#include "scaler/core/decide.h"
#include "scaler/fleet/service_tags.h"

namespace scaler::cli {
namespace {

using namespace std::chrono_literals;

/// Three services that say by their tags how they are to be scaled, beside one that says nothing.
void add_fleet(emulator::EmulatorOptions& options) {
  for (const std::string name : {"mails", "reports", "thumbnails"}) {
    const std::string queue = "jobs-" + name;
    options.further_services.push_back(
        {.name = name, .queue = queue, .tags = {{std::string(kQueueTag), queue}}});
  }
  options.lambda_environment.insert_or_assign("FLEET", std::string(FleetConfig::kFleetByTags));
  options.lambda_environment.insert_or_assign("WAKE", "false");
}

emulator::EmulatorOptions emulator_options(const VerifyFlags& flags) {
  emulator::EmulatorOptions options{
      .cluster = "verify",
      .service = "workers",
      .queue = "jobs",
      .task_start = {.min = 400ms, .max = 800ms},
      .task_stop = {.min = 100ms, .max = 200ms},
      .work_time = {.min = 100ms, .max = 300ms},
      .lambda_path = flags.lambda_path.empty() ? default_lambda_path() : flags.lambda_path,
      .lambda_environment = {{"SCALE_UP_TARGET", "2"},
                             {"SCALE_DOWN_THRESHOLD", "0.02"},
                             {"BUSY_WINDOW", "1"},  // These counts never lag.
                             {"WAKE_RETURN_SECONDS", "1"},
                             {"TICK_SECONDS", "20"}},
      .tick_queue = "ticks",
      .doorbell_queue = "doorbell",
      .schedule = 1s,
      .mapping_toggle = 300ms,
      .lambda_log_line = [](std::string_view) {}};
  if (!flags.choice.fleet.empty()) {
    add_fleet(options);
  }
  return options;
}

Result<DeployedFunction> find_function(Checkup& checkup, const Environment& own,
                                       const VerifyFlags& flags) {
  DeployedFunction function{
      .name = PlaceVariables{.first = own}.value(flags.place.function, "ECS_SCALER_FUNCTION")};
  if (!function.name.empty()) {
    function.variables = TRY(checkup.function_environment(function.name));
  }
  return function;
}

Result<verify::ScalerUnderTest> find_deployment(const Checkup& checkup, const Environment& own,
                                                const VerifyFlags& flags,
                                                const DeployedFunction& function) {
  verify::ScalerUnderTest deployment;
  TRY(read_settings(function, deployment));
  const PlaceVariables words =
      PlaceVariables::of(own, function.variables, !flags.place.function.empty());
  Problems problems;
  const auto find = [&](const std::string& flag, const char* flag_name, const char* name) {
    std::string value = words.value(flag, name);
    if (value.empty()) {
      problems.add(fmt::format(
          "neither {} nor {} is given, nor does a function (--function) have it", flag_name, name));
    }
    return value;
  };
  deployment.queue_url = find(flags.place.queue_url, "--queue-url", "SQS_QUEUE_URL");
  deployment.cluster = find(flags.place.cluster, "--cluster", "ECS_CLUSTER_NAME");
  deployment.service = find(flags.place.service, "--service", "ECS_SERVICE_NAME");
  TRY(problems.result());
  LookRequest look =
      TRY(examined(checkup, deployment.queue_url,
                   {.cluster = deployment.cluster, .service = deployment.service}, function.name));
  deployment.queue_url = std::move(look.queue_urls.front());
  deployment.cluster = std::move(look.service.cluster);
  return deployment;
}

/// The times of a run on the embedded AWS, where everything is quicker.
void shorten_for_emulator(VerifyFlags& flags) {
  flags.emulator = true;
  flags.options.load_time = 4s;
  flags.options.load_rate = 4;
  flags.options.scale_out_limit = 5s;
  flags.options.scale_in_limit = 8s;
  flags.options.watch = {.poll = 50ms, .patience = 15s, .total_limit = 80s, .settle = 1500ms};
}

int complain_of(const Error& error) {
  return complain(error.kind == ErrorKind::Malformed ? kConfiguration : kFailed, error.message);
}

int verify_one(Checkup& checkup, const VerifyFlags& flags, verify::ScalerUnderTest deployment,
               const std::stop_token& stop) {
  const auto target =
      checkup.target({.cluster = deployment.cluster, .service = deployment.service}, deployment);
  if (!target) {
    return complain(kFailed, target.error().message);
  }
  if (flags.interactive) {
    return verify_menu(**target, deployment, flags.options, stop);
  }
  verify::VerifyOptions options = flags.options;
  if (is_aloud(flags)) {
    options.progress = text_progress();
  }
  const verify::VerifyReport report =
      verify::verify(**target, deployment, options, system_clock(), stop);
  const Result<void> told =
      tell(verify::summary_of(report), formatted(report, flags.format), flags);
  if (!told) {
    return complain(kFailed, told.error().message);
  }
  return report.passed() ? kDone : kFailed;
}

int verify_deployment(const Environment& environment, const VerifyFlags& flags,
                      const std::stop_token& stop, const Log& log) {
  const auto checkup = Checkup::create(environment, system_clock(), log);
  if (!checkup) {
    return complain(kConfiguration, checkup.error().message);
  }
  const Result<DeployedFunction> function = find_function(**checkup, environment, flags);
  if (!function) {
    return complain_of(function.error());
  }
  const Result<std::optional<FleetWish>> fleet = wished_fleet(environment, flags, *function);
  if (!fleet) {
    return complain_of(fleet.error());
  }
  if (*fleet) {
    return verify_fleet(**fleet, {.environment = environment,
                                  .flags = flags,
                                  .function = *function,
                                  .stop = stop,
                                  .log = log});
  }
  Result<verify::ScalerUnderTest> deployment =
      find_deployment(**checkup, environment, flags, *function);
  return deployment ? verify_one(**checkup, flags, *std::move(deployment), stop)
                    : complain_of(deployment.error());
}

}  // namespace

std::int64_t tasks_for_one(const Policy& policy, std::span<const Millionths> weights) {
  Observation one{.at = system_clock().now(), .weights = {weights.begin(), weights.end()}};
  one.queues.assign(std::max<std::size_t>(weights.size(), 1), QueueDepth{});
  one.queues.front() = QueueDepth{.visible = 1};
  return decide(policy, {}, one).desired;
}

Result<void> read_settings(const DeployedFunction& function, verify::ScalerUnderTest& deployment) {
  deployment.function = function.name;
  if (function.name.empty()) {
    return {};
  }
  const auto read = [&]() -> Result<ServiceConfig> {
    if (is_fleet(function.variables)) {
      return TRY(fleet_from_environment(function.variables)).deployment;
    }
    ServiceConfig config = TRY(service_from_environment(function.variables));
    deployment.tasks_for_one = tasks_for_one(config.policy);
    return config;
  };
  const Result<ServiceConfig> config = read();
  if (!config) {
    return fail(config.error(),
                fmt::format("the function {} refuses its variables", function.name));
  }
  deployment.wake = config->wake;
  deployment.tick_queue_url = config->tick > Duration::zero() ? config->tick_queue_url : "";
  deployment.doorbell_queue_url = config->doorbell_queue_url;
  return {};
}

bool is_aloud(const VerifyFlags& flags) {
  return flags.format == ReportFormat::Text || !flags.report_path.empty();
}

Result<void> tell(const std::string& summary, const std::string& report, const VerifyFlags& flags) {
  if (!is_aloud(flags)) {
    std::fputs(report.c_str(), stdout);
    return {};
  }
  std::printf("\n%s", summary.c_str());
  if (flags.report_path.empty()) {
    return {};
  }
  const Result<void> written = write_file(flags.report_path, report);
  return written ? written : fail(written.error(), "the report could not be written");
}

verify::Progress text_progress() {
  verify::Progress progress;
  progress.checked = [](const verify::CheckResult& result) {
    std::fputs(verify::text_of(result).c_str(), stdout);
    std::fflush(stdout);
  };
  if (isatty(STDERR_FILENO) == 1) {
    progress.looked = [before = std::string()](const verify::Sight& sight) mutable {
      const std::string now = verify::describe(sight);
      if (now != before) {
        std::fprintf(stderr, "         %s\n", now.c_str());
        before = now;
      }
    };
  }
  return progress;
}

namespace {

int verify_somewhere(const Environment& environment, const VerifyFlags& flags) {
  const StopOnSignal stop;
  const Log log(STDERR_FILENO, LogLevel::Warn, system_clock());
  if (!flags.emulator) {
    return verify_deployment(environment, flags, stop.token(), log);
  }
  if (!flags.choice.fleet.empty() && flags.choice.fleet != FleetConfig::kFleetByTags) {
    return complain(kUsage, fmt::format("--emulator has a fleet of its own: --fleet tags, not '{}'",
                                        shortened(flags.choice.fleet)));
  }
  // Some checks make the function fail, of which the emulator warns.
  const Log emulator_log(STDERR_FILENO, LogLevel::Error, system_clock());
  const auto emulator = EmulatorThread::start(emulator_options(flags), emulator_log);
  if (!emulator) {
    return complain(kFailed, emulator.error().message);
  }
  VerifyFlags local = flags;
  local.place.function = "ecs-scaler";
  return verify_deployment((*emulator)->client_environment(), local, stop.token(), log);
}

/// The time limits of a run, and how it looks.
std::vector<Option> time_options(verify::VerifyOptions& options) {
  constexpr int kRateMax = 100;
  return {duration_option("--load-time", options.load_time, "how long the check load sends"),
          {"--load-rate", "N", "its messages a second (default 2)",
           integer(options.load_rate, 1, kRateMax)},
          duration_option("--scale-out-limit", options.scale_out_limit,
                          "the check timings: first message to desired count"),
          duration_option("--scale-in-limit", options.scale_in_limit,
                          "the check timings: queue empty to desired count zero"),
          duration_option("--patience", options.watch.patience,
                          "after this, what has not happened has failed"),
          duration_option("--total-limit", options.watch.total_limit,
                          "the end of the whole run; in a fleet, of each service's"),
          duration_option("--poll", options.watch.poll, "time between two looks"),
          duration_option("--settle", options.watch.settle,
                          "for as long, SQS's counts may be wrong after messages were sent")};
}

constexpr std::array<Choice<ReportFormat>, 3> kFormats{
    {{"text", ReportFormat::Text}, {"json", ReportFormat::Json}, {"junit", ReportFormat::JUnit}}};

std::vector<Option> output_options(VerifyFlags& flags) {
  return {{"--body", "TEXT", "what each test message says", text(flags.options.body)},
          {"--wait-for-rest", "",
           "wait until the queue is empty and the service at zero; else it refuses",
           flag(flags.options.wait_for_rest)},
          {"--interactive", "", "ask what to do", flag(flags.interactive)},
          {"--output", "text|json|junit", "text (default), json or junit",
           one_of(flags.format, kFormats)},
          {"--report", "FILE", "write the report there; standard output gets the text",
           written_file(flags.report_path)}};
}

/// The names of all checks.
const auto& check_choices() {
  static const auto choices = [] {
    std::array<Choice<verify::Check>, verify::kAllChecks.size()> all;
    std::ranges::transform(verify::kAllChecks, all.begin(), [](verify::Check check) {
      return Choice<verify::Check>(verify::to_string(check), check);
    });
    return all;
  }();
  return choices;
}

}  // namespace

Command verify_command() {
  constexpr int kMessagesMax = 1000;
  const auto flags = std::make_shared<VerifyFlags>();
  std::vector<Option> options = {
      // First, so that the times given below it count.
      {"--emulator", "", "on an embedded AWS that runs the real bootstrap, with short times",
       flag([flags = flags.get()] { shorten_for_emulator(*flags); })},
      {"--lambda", "FILE", "with --emulator: the bootstrap to host",
       existing_file(flags->lambda_path)}};
  add_place(options, flags->place);
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(options));
  options.push_back(
      {.name = "--check",
       .value = "NAME,...",
       .sentence =
           "run these only, in their order: basic, several, load, errors, triggers, timings",
       .take = list_of(flags->options.checks, check_choices()),
       .several = true,
       .words = words_of(check_choices())});
  options.push_back({"--messages", "N", "messages of the check several (default 5)",
                     integer(flags->options.messages, 1, kMessagesMax)});
  std::ranges::move(time_options(flags->options), std::back_inserter(options));
  std::ranges::move(output_options(*flags), std::back_inserter(options));
  return {.name = "verify",
          .sentence = "End-to-end check of a deployed scaler: sends messages, watches, reports",
          .options = std::move(options),
          .exclusive = {{kConfigFlag, kFleetFlag},
                        {"--emulator", kConfigFlag},
                        {"--emulator", "--function"},
                        {"--interactive", kConfigFlag},
                        {"--interactive", kFleetFlag},
                        {"--queue-url", kConfigFlag},
                        {"--queue-url", kFleetFlag},
                        {"--cluster", kConfigFlag},
                        {"--cluster", kFleetFlag},
                        {"--service", kConfigFlag},
                        {"--service", kFleetFlag}},
          .needs = {{"--lambda", "--emulator"}},
          .example = "ecs-scaler verify --function ecs-scaler --check basic,timings",
          .run = [flags](const Environment& environment) {
            return verify_somewhere(environment, *flags);
          }};
}

}  // namespace scaler::cli
