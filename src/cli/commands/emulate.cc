#include <cstdio>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/signals.h"
#include "emulator/emulator.h"
#include "json/writer.h"

namespace scaler::cli {
namespace {

world::DurationRange exactly(Duration duration) {
  return {.min = duration, .max = duration};
}

emulator::EmulatorOptions options_from(const EmulateFlags& flags) {
  emulator::EmulatorOptions options{.port = flags.port,
                                    .cluster = flags.cluster,
                                    .service = flags.service,
                                    .queue = flags.queue,
                                    .task_start = exactly(flags.task_start),
                                    .task_stop = exactly(flags.task_stop),
                                    .work_time = exactly(flags.work_time),
                                    .workers_protect = flags.workers_protect,
                                    .lambda_path = flags.lambda_path,
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
      .field("service", flags.service)
      .end_object();
  std::printf("%s\n", ready.text().c_str());
  std::fflush(stdout);
  loop.run(stop.token());
  (*emulator)->shutdown();
  return kDone;
}

}  // namespace scaler::cli
