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
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/emulator_thread.h"
#include "programs/ecs_scaler/commands/examined.h"
#include "programs/ecs_scaler/signals.h"
#include "scaler/core/decide.h"

namespace scaler::cli {
namespace {

using namespace std::chrono_literals;

emulator::EmulatorOptions emulator_options(const VerifyFlags& flags) {
  return {.cluster = "verify",
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
}

/// What the policy wants for one message and no task.
std::int64_t tasks_for_one(const Policy& policy) {
  const Observation one{.at = system_clock().now(), .queues = {QueueDepth{.visible = 1}}};
  return decide(policy, {}, one).desired;
}

/// What the function's variables say, as bootstrap reads them.
Result<void> read_settings(const Environment& functions, verify::ScalerUnderTest& deployment) {
  Result<ServiceConfig> config = service_from_environment(functions);
  if (!config) {
    return fail(std::move(config).error(),
                fmt::format("the function {} refuses its variables", deployment.function));
  }
  deployment.tasks_for_one = tasks_for_one(config->policy);
  deployment.wake = config->wake;
  deployment.tick_queue_url = config->tick > Duration::zero() ? config->tick_queue_url : "";
  deployment.doorbell_queue_url = config->doorbell_queue_url;
  return {};
}

Result<verify::ScalerUnderTest> find_deployment(Checkup& checkup, const Environment& own,
                                                const VerifyFlags& flags) {
  verify::ScalerUnderTest deployment{
      .function = PlaceVariables{.first = own}.value(flags.place.function, "ECS_SCALER_FUNCTION")};
  Environment functions;
  if (!deployment.function.empty()) {
    functions = TRY(checkup.function_environment(deployment.function));
    TRY(read_settings(functions, deployment));
  }
  const PlaceVariables words = PlaceVariables::of(own, functions, !flags.place.function.empty());
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
  LookRequest look = TRY(examined(checkup, deployment.queue_url,
                                  {.cluster = deployment.cluster, .service = deployment.service},
                                  deployment.function));
  deployment.queue_url = std::move(look.queue_urls.front());
  deployment.cluster = std::move(look.service.cluster);
  return deployment;
}

/// The times of a run on the embedded AWS, where everything is quicker.
void shorten_for_emulator(VerifyFlags& flags) {
  flags.emulator = true;
  flags.options.load_time = 4s;
  flags.options.load_rate = 4;
  flags.options.scale_out_limit = 2s;
  flags.options.scale_in_limit = 8s;
  flags.options.watch = {.poll = 50ms, .patience = 15s, .total_limit = 80s, .settle = 1500ms};
}

std::string formatted(const verify::VerifyReport& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::Text:
      return verify::text_of(report);
    case ReportFormat::Json:
      return verify::json_of(report);
    case ReportFormat::JUnit:
      return verify::junit_of(report);
  }
  return "";
}

/// In text the checks have been told while they ran.
Result<void> tell(const verify::VerifyReport& report, const VerifyFlags& flags) {
  if (flags.report_path.empty() && flags.format != ReportFormat::Text) {
    std::fputs(formatted(report, flags.format).c_str(), stdout);
    return {};
  }
  std::printf("\n%s", verify::summary_of(report).c_str());
  if (flags.report_path.empty()) {
    return {};
  }
  const Result<void> written = write_file(flags.report_path, formatted(report, flags.format));
  return written ? written : fail(written.error(), "the report could not be written");
}

int verify_deployment(const Environment& environment, const VerifyFlags& flags,
                      const StopOnSignal& stop, const Log& log) {
  const auto checkup = Checkup::create(environment, system_clock(), log);
  if (!checkup) {
    return complain(kConfiguration, checkup.error().message);
  }
  Result<verify::ScalerUnderTest> deployment = find_deployment(**checkup, environment, flags);
  if (!deployment) {
    return complain(deployment.error().kind == ErrorKind::Malformed ? kConfiguration : kFailed,
                    deployment.error().message);
  }
  const auto target = (*checkup)->target(*deployment);
  if (!target) {
    return complain(kFailed, target.error().message);
  }
  if (flags.interactive) {
    return verify_menu(**target, *deployment, flags.options, stop.token());
  }
  const bool aloud = flags.format == ReportFormat::Text || !flags.report_path.empty();
  verify::VerifyOptions options = flags.options;
  if (aloud) {
    options.progress = text_progress();
  }
  const verify::VerifyReport report =
      verify::verify(**target, *deployment, options, system_clock(), stop.token());
  const Result<void> told = tell(report, flags);
  if (!told) {
    return complain(kFailed, told.error().message);
  }
  return report.passed() ? kDone : kFailed;
}

}  // namespace

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
    return verify_deployment(environment, flags, stop, log);
  }
  // Some checks make the function fail, of which the emulator warns.
  const Log emulator_log(STDERR_FILENO, LogLevel::Error, system_clock());
  const auto emulator = EmulatorThread::start(emulator_options(flags), emulator_log);
  if (!emulator) {
    return complain(kFailed, emulator.error().message);
  }
  VerifyFlags local = flags;
  local.place.function = "ecs-scaler";
  return verify_deployment((*emulator)->client_environment(), local, stop, log);
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
          duration_option("--total-limit", options.watch.total_limit, "the end of the whole run"),
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
           text(flags.report_path)}};
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
          .example = "ecs-scaler verify --function ecs-scaler --check basic,timings",
          .run = [flags](const Environment& environment) {
            return verify_somewhere(environment, *flags);
          }};
}

}  // namespace scaler::cli
