#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <unistd.h>

#include <fmt/core.h>

#include "emulator/front/emulator.h"
#include "emulator/front/group_wishes.h"
#include "emulator/tasks/find_program.h"
#include "ground/base/command_words.h"
#include "ground/base/duration.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"
#include "ground/net/address.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/emulator_page.h"
#include "programs/ecs_scaler/signals.h"

namespace scaler::cli {
namespace {

using namespace std::chrono_literals;

constexpr Duration kVisibilityMax = 12h;  ///< of SQS

struct EmulateFlags {
  std::string host = net::kLoopback;
  int port = 0;
  std::string cluster = {};
  std::string service = {};
  std::string queue = {};
  std::string region = {};  ///< empty: that of the environment
  std::string lambda_path = {};
  Environment environment = {};     ///< of the function
  std::string tick_queue = {};      ///< empty: no ticks
  std::string doorbell_queue = {};  ///< empty: no doorbell
  world::DurationRange task_start = {.min = 5s, .max = 5s};
  world::DurationRange task_stop = {.min = 2s, .max = 2s};
  world::DurationRange work_time = {.min = 2s, .max = 2s};
  emulator::GroupOptions instances = {};
  world::DurationRange instance_start = {.min = 60s, .max = 60s};
  bool workers_protect = false;
  std::string worker = {};  ///< a command; empty: workers are emulated
  std::string worker_dir = {};
  Duration stop_timeout = 30s;
  int workers_max = 100;
  bool no_workers = false;
  Duration visibility_timeout = 30s;
  Duration count_lag = 0s;
  Duration metrics_delay = 0s;
  int max_receive_count = 5;
  Duration function_timeout = 30s;
  Duration schedule = 60s;
  Duration mapping_toggle = 30s;
  std::string state_dir = {};
};

/// Half of the time until EC2 has the instance, half until its agent has registered.
emulator::InstanceTimes instance_times(const world::DurationRange& start) {
  const world::DurationRange half{.min = start.min / 2, .max = start.max / 2};
  return {.launch = half, .agent = half};
}

emulator::EmulatorOptions options_from(const EmulateFlags& flags) {
  return {.port = flags.port,
          .host = flags.host,
          .cluster = flags.cluster,
          .service = flags.service,
          .queue = flags.queue,
          .task_start = flags.task_start,
          .task_stop = flags.task_stop,
          .work_time = flags.work_time,
          .workers_protect = flags.workers_protect,
          .group = flags.instances,
          .instance_times = instance_times(flags.instance_start),
          .max_receive_count = flags.max_receive_count,
          .visibility_timeout = flags.visibility_timeout,
          .count_lag = flags.count_lag,
          .metrics_delay = flags.metrics_delay,
          .lambda_path = flags.lambda_path,
          .lambda_environment = flags.environment,
          .lambda_timeout = flags.function_timeout,
          .tick_queue = flags.tick_queue,
          .doorbell_queue = flags.doorbell_queue,
          .schedule = flags.schedule,
          .mapping_toggle = flags.mapping_toggle,
          .state_dir = flags.state_dir};
}

/// Where clients of the same environment look for the queues.
std::optional<std::string> region_of(const EmulateFlags& flags, const Environment& environment) {
  if (!flags.region.empty()) {
    return flags.region;
  }
  const auto region = variable(environment, "AWS_REGION");
  return region ? region : variable(environment, "AWS_DEFAULT_REGION");
}

/// Errors: Malformed for a command that cannot be run, or that contradicts another flag.
Result<void> read_worker(const EmulateFlags& flags, const Environment& environment,
                         emulator::EmulatorOptions& options) {
  options.no_workers = flags.no_workers;
  options.worker_dir = flags.worker_dir;
  options.stop_timeout = flags.stop_timeout;
  options.processes_max = static_cast<std::size_t>(flags.workers_max);
  options.worker_environment = environment;
  std::error_code ignored;
  if (!flags.worker_dir.empty() && !std::filesystem::is_directory(flags.worker_dir, ignored)) {
    return fail(ErrorKind::Malformed,
                fmt::format("--worker-dir: there is no folder '{}'", shortened(flags.worker_dir)));
  }
  if (flags.worker.empty()) {
    return {};
  }
  if (flags.no_workers || flags.workers_protect) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("--worker and {}: one or the other",
                    flags.no_workers ? "--no-workers" : "--workers-protect (of emulated workers)"));
  }
  auto words = split_command(flags.worker);
  if (!words) {
    return fail(words.error(), "--worker");
  }
  const auto program = emulator::find_program(words->front(), environment);
  if (!program) {
    return fail(ErrorKind::Malformed, "--worker: " + program.error().message);
  }
  words->front() = *program;
  options.worker = *std::move(words);
  return {};
}

int emulate(const EmulateFlags& flags, const Environment& environment) {
  const StopOnSignal stop;
  const Log log(STDERR_FILENO, LogLevel::Info, system_clock());
  net::EventLoop loop;
  emulator::EmulatorOptions options = options_from(flags);
  if (const auto region = region_of(flags, environment)) {
    options.region = *region;
  }
  if (const auto read = read_worker(flags, environment, options); !read) {
    return complain(kConfiguration, read.error().message);
  }
  EmulatorPage page(loop, "embedded AWS");
  const auto emulator =
      emulator::Emulator::create(loop, page.attached_to(std::move(options), log), log);
  if (!emulator) {
    return complain(emulator.error().kind == ErrorKind::Malformed ? kConfiguration : kFailed,
                    emulator.error().message);
  }
  json::Writer ready;
  ready.begin_object()
      .field("endpoint", (*emulator)->endpoint())
      .field("queue_url", (*emulator)->queue_url())
      .field("cluster", flags.cluster)
      .field("service", flags.service);
  for (const auto& [name, queue] : {std::pair("tick_queue_url", flags.tick_queue),
                                    std::pair("doorbell_queue_url", flags.doorbell_queue)}) {
    if (!queue.empty()) {
      ready.field(name, (*emulator)->queue_url(queue));
    }
  }
  if (!flags.instances.instance_type.empty()) {
    ready.field("auto_scaling_group", emulator::kOwnGroup);
  }
  ready.end_object();
  std::printf("%s\n", ready.text().c_str());
  std::fflush(stdout);
  page.watch(**emulator);
  loop.run(stop.token());
  page.forget();
  const auto saved = (*emulator)->shutdown();
  return saved ? kDone : complain(kFailed, "the queues are not saved: " + saved.error().message);
}

/// "K=V"
Take setting(Environment& environment) {
  return [&environment](const std::string& text) -> Result<void> {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' is not K=V", shortened(text)));
    }
    environment.insert_or_assign(text.substr(0, equals), text.substr(equals + 1));
    return {};
  };
}

/// "TYPE:CPU:MEMORY:GPU[:MAX]"
Take instances(emulator::GroupOptions& group) {
  return [&group](const std::string& text) -> Result<void> {
    constexpr std::size_t kPartsMin = 4;
    constexpr std::int64_t kMost = 1'000'000'000;
    const std::vector<std::string_view> parts = split(text, ":");
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (const auto number = number_of<std::int64_t>(parts[i]); number && *number <= kMost) {
        numbers.push_back(*number);
      }
    }
    const bool complete = (parts.size() == kPartsMin || parts.size() == kPartsMin + 1) &&
                          numbers.size() + 1 == parts.size() && !parts.front().empty();
    const bool none = numbers.size() == kPartsMin && numbers.back() < 1;
    if (!complete || none || numbers[0] < 1 || numbers[1] < 1 || numbers[2] < 0) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is not TYPE:CPU:MEMORY:GPU[:MAX], such as "
                              "g5.xlarge:4096:15000:1:4 (CPU in parts of 1024 a vCPU, MiB)",
                              shortened(text)));
    }
    group.instance_type = parts.front();
    group.resources = {.cpu = numbers[0], .memory = numbers[1], .gpus = numbers[2]};
    group.max = numbers.size() > kPartsMin - 1 ? numbers[3] : group.max;
    return {};
  };
}

/// A name could have several addresses, and a URL or a port is a mistake that is better told.
Take address(std::string& value) {
  return [&value](const std::string& text) -> Result<void> {
    if (net::fixed_addresses(text, 0).empty()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is no address to listen on, such as 127.0.0.1, 0.0.0.0 (all of "
                              "this machine), ::1 or ::",
                              shortened(text)));
    }
    value = text;
    return {};
  };
}

/// "20s-40s", or one duration that is both ends.
Option range_option(const std::string& name, world::DurationRange& range,
                    const std::string& sentence) {
  const auto take = [&range](const std::string& text) -> Result<void> {
    const std::size_t dash = text.find('-');
    const Duration min = TRY(parse_duration(std::string_view(text).substr(0, dash)));
    const Duration max = dash == std::string::npos
                             ? min
                             : TRY(parse_duration(std::string_view(text).substr(dash + 1)));
    if (min > max) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' ends before it begins", shortened(text)));
    }
    range = {.min = min, .max = max};
    return {};
  };
  return {name, "DURATION[-DURATION]", with_default(sentence + ", or a range of it", range.min),
          take};
}

std::vector<Option> what_there_is(EmulateFlags& flags) {
  constexpr int kPortMax = 65'535;
  return {{"--host", "ADDRESS",
           "listen on this address of the machine (default 127.0.0.1); 0.0.0.0 is all of them, for "
           "other containers and machines",
           address(flags.host)},
          {"--port", "PORT", "port to listen on; 0 lets the system choose (default)",
           integer(flags.port, 0, kPortMax)},
          {.name = "--cluster",
           .value = "NAME",
           .sentence = "cluster to create",
           .take = text(flags.cluster),
           .required = true},
          {.name = "--service",
           .value = "NAME",
           .sentence = "service to create, at zero tasks",
           .take = text(flags.service),
           .required = true},
          {.name = "--queue",
           .value = "NAME",
           .sentence = "job queue to create",
           .take = text(flags.queue),
           .required = true},
          {"--region", "NAME",
           "of the queues and the function (default: AWS_REGION, else AWS_DEFAULT_REGION, else "
           "us-east-1)",
           text(flags.region)},
          {"--lambda", "FILE", "host this bootstrap as the default deployment would",
           existing_file(flags.lambda_path)},
          {.name = "--env",
           .value = "K=V",
           .sentence = "for the function; may be given several times",
           .take = setting(flags.environment),
           .several = true},
          {"--tick-queue", "NAME",
           "tick queue to create, with its mapping; the function sends ticks to it",
           text(flags.tick_queue)},
          {"--doorbell-queue", "NAME", "doorbell queue to create, with its mapping",
           text(flags.doorbell_queue)},
          {"--worker", "COMMAND",
           "run each task as a process of this machine: this command, without a shell, with the "
           "variables of ECS and of the task definition",
           text(flags.worker)},
          {"--worker-dir", "FOLDER", "where those processes run", text(flags.worker_dir)},
          {"--no-workers", "", "leave the job queue to workers that you run elsewhere",
           flag(flags.no_workers)},
          {"--state-dir", "FOLDER", "keep the queues here across restarts", text(flags.state_dir)}};
}

std::vector<Option> how_it_behaves(EmulateFlags& flags) {
  constexpr int kReceivesMax = 1000;
  constexpr int kWorkersMax = 5000;
  return {range_option("--task-start", flags.task_start, "time from desired to running"),
          range_option("--task-stop", flags.task_stop, "time a task takes to stop"),
          range_option("--work-time", flags.work_time, "time a worker needs for a message"),
          {"--instances", "TYPE:CPU:MEMORY:GPU[:MAX]",
           "run the tasks on an Auto Scaling group of such instances, with a capacity provider; at "
           "most MAX (default 4)",
           instances(flags.instances)},
          {"--instances-managed", "", "ECS managed scaling scales that group",
           flag(flags.instances.managed_scaling)},
          range_option("--instance-start", flags.instance_start,
                       "time from an instance's launch to the first task on it"),
          {"--workers-protect", "", "workers protect their task from scale-in while they work",
           flag(flags.workers_protect)},
          duration_option(
              "--stop-timeout", flags.stop_timeout,
              "of a process of --worker, from SIGTERM to SIGKILL, where its container says no "
              "stopTimeout"),
          {"--workers-max", "N", "processes of --worker at the same time (default 100)",
           integer(flags.workers_max, 1, kWorkersMax)},
          {"--visibility-timeout", "DURATION",
           with_default("of the job queue", flags.visibility_timeout),
           duration(flags.visibility_timeout, 0s, kVisibilityMax)},
          duration_option("--count-lag", flags.count_lag,
                          "how old the job queue's counts are that GetQueueAttributes tells"),
          duration_option("--metrics-delay", flags.metrics_delay,
                          "until CloudWatch tells of a minute that is over"),
          {"--max-receive-count", "N",
           "receives of a job before it goes to the dead-letter queue (default 5)",
           integer(flags.max_receive_count, 1, kReceivesMax)},
          duration_option("--function-timeout", flags.function_timeout,
                          "time that the function has for an invocation"),
          duration_option("--schedule", flags.schedule, "how often the clock invokes the function"),
          duration_option("--mapping-toggle", flags.mapping_toggle,
                          "time the event source mapping takes to be enabled or disabled")};
}

}  // namespace

Command emulate_command() {
  const auto flags = std::make_shared<EmulateFlags>();
  Command command{
      .name = "emulate",
      .sentence =
          "Serve an embedded AWS (SQS, ECS, Lambda host, clock) and its live page until stopped",
      .options = what_there_is(*flags),
      .needs = {{"--env", "--lambda"}, {"--instances-managed", "--instances"}},
      .example = "ecs-scaler emulate --cluster main --service worker --queue jobs",
      .run = [flags](const Environment& environment) { return emulate(*flags, environment); }};
  std::ranges::move(how_it_behaves(*flags), std::back_inserter(command.options));
  return command;
}

}  // namespace scaler::cli
