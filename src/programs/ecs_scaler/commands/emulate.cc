#include <cstdio>
#include <unistd.h>

#include "emulator/front/emulator.h"
#include "ground/json/writer.h"
#include "programs/ecs_scaler/commands/commands.h"
#include "programs/ecs_scaler/signals.h"

namespace scaler::cli {
namespace {

emulator::EmulatorOptions options_from(const EmulateFlags& flags) {
  emulator::EmulatorOptions options{.port = flags.port,
                                    .cluster = flags.cluster,
                                    .service = flags.service,
                                    .queue = flags.queue,
                                    .task_start = flags.task_start,
                                    .task_stop = flags.task_stop,
                                    .work_time = flags.work_time,
                                    .workers_protect = flags.workers_protect,
                                    .max_receive_count = flags.max_receive_count,
                                    .visibility_timeout = flags.visibility_timeout,
                                    .count_lag = flags.count_lag,
                                    .lambda_path = flags.lambda_path,
                                    .lambda_timeout = flags.function_timeout,
                                    .tick_queue = flags.tick_queue,
                                    .doorbell_queue = flags.doorbell_queue,
                                    .schedule = flags.schedule,
                                    .mapping_toggle = flags.mapping_toggle,
                                    .state_dir = flags.state_dir};
  for (const std::string& setting : flags.environment) {
    const std::size_t equals = setting.find('=');
    options.lambda_environment.insert_or_assign(setting.substr(0, equals),
                                                setting.substr(equals + 1));
  }
  return options;
}

}  // namespace

int emulate_command(const EmulateFlags& flags) {
  const StopOnSignal stop;
  const Log log(STDERR_FILENO, LogLevel::Info, system_clock());
  net::EventLoop loop;
  const auto emulator = emulator::Emulator::create(loop, options_from(flags), log);
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
  ready.end_object();
  std::printf("%s\n", ready.text().c_str());
  std::fflush(stdout);
  loop.run(stop.token());
  (*emulator)->shutdown();
  return kDone;
}

}  // namespace scaler::cli
