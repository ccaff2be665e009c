#include "emulator/tasks/task_host.h"

#include <stop_token>
#include <utility>

#include "emulator/ecs/ecs_names.h"
#include "emulator/tasks/find_program.h"
#include "ground/net/no_proxy.h"

namespace scaler::emulator {
namespace {

/// What a container exits with when its command cannot be run.
constexpr int kCannotRun = 127;
constexpr int kSignalBase = 128;
constexpr std::size_t kShortId = 8;

/// Whoever runs the emulator has keys, profiles and regions of his own: they are not the worker's.
bool of_aws(std::string_view name) {
  return name.starts_with("AWS_") || name.starts_with("ECS_");
}

}  // namespace

TaskHost::TaskHost(net::EventLoop& loop, world::World& world, const TaskAgent& agent,
                   TaskHostOptions options, const Log& log)
    : loop_(loop), world_(world), agent_(agent), options_(std::move(options)), log_(log) {}

TaskHost::~TaskHost() {
  *alive_ = false;
}

TaskContainer TaskHost::container_of(const world::Task& task) const {
  const auto name = task_definition_name(task.task_definition);
  const auto* const definition =
      name ? world_.find_task_definition(name->family, name->revision) : nullptr;
  return definition == nullptr ? TaskContainer{}
                               : worker_container(*definition, overrides_of(task));
}

Environment TaskHost::environment_of(const world::Task& task,
                                     const TaskContainer& container) const {
  Environment environment = options_.surroundings;
  std::erase_if(environment, [](const auto& variable) { return of_aws(variable.first); });
  for (auto& [name, value] : agent_.variables(task)) {
    environment.insert_or_assign(name, value);
  }
  for (const auto& [name, value] : container.environment) {
    environment.insert_or_assign(name, value);
  }
  // Of the machine's proxies none leads to the emulator.
  net::reach_directly(environment, net::kLoopback);
  return environment;
}

Result<std::unique_ptr<ChildProcess>> TaskHost::start_process(const world::Task& task,
                                                              std::function<void(int code)> end) {
  if (running_.size() >= options_.processes_max) {
    return fail(ErrorKind::Unavailable, "the limit of worker processes is reached");
  }
  const TaskContainer container = container_of(task);
  const Environment environment = environment_of(task, container);
  std::vector<std::string> command = options_.command;
  if (is_local(container)) {
    command = container.command;
    command.front() = TRY(find_program(command.front(), environment));
  }
  const auto log_line = [this, id = task.id.substr(0, kShortId)](std::string_view line) {
    log_.write(LogLevel::Info, line, {{.name = "task", .value = std::string_view(id)}});
  };
  // A signal is told when it was the keeper that somebody killed.
  const auto on_exit = [end = std::move(end)](ProcessExit exit) {
    end(exit.signal == 0 ? exit.code : kSignalBase + exit.signal);
  };
  return ChildProcess::start(loop_, {.executable = command.front(),
                                     .arguments = {command.begin() + 1, command.end()},
                                     .directory = options_.directory,
                                     .environment = environment,
                                     .kept = true,
                                     .on_line = log_line,
                                     .on_exit = on_exit});
}

void TaskHost::start(const world::Task& task) {
  if (closing_) {
    return;
  }
  const auto end = [this, id = task.id](int code) { ended(id, code); };
  Result<std::unique_ptr<ChildProcess>> process = start_process(task, end);
  if (!process) {
    log_.write(LogLevel::Error, "a worker could not be started",
               {{.name = "task", .value = std::string_view(task.id)},
                {.name = "reason", .value = std::string_view(process.error().message)}});
    loop_.post([alive = alive_, end] {
      if (*alive) {
        end(kCannotRun);
      }
    });
    return;
  }
  running_.emplace(task.id,
                   Running{.process = std::move(*process), .kill_timer = net::Timer(loop_)});
}

void TaskHost::stop(const world::Task& task) {
  const auto found = running_.find(task.id);
  if (found == running_.end()) {
    return;
  }
  ChildProcess* const process = found->second.process.get();
  process->terminate();
  const Duration timeout = container_of(task).stop_timeout.value_or(options_.stop_timeout);
  found->second.kill_timer.start(timeout, [process] { process->kill(); });
}

void TaskHost::ended(const std::string& id, int code) {
  running_.erase(id);
  options_.advance();
  const world::FoundTask found = world_.find_task(id);
  if (found.task != nullptr) {
    world_.task_ended(*found.service, *found.task, code);
  }
  options_.advance();
}

void TaskHost::shutdown(Duration grace) {
  closing_ = true;
  if (running_.empty()) {
    return;
  }
  for (auto& [id, running] : running_) {
    running.process->terminate();
  }
  std::stop_source over;
  net::Timer limit(loop_);
  net::Timer look(loop_);
  limit.start(grace, [&over] { over.request_stop(); });
  const std::function<void()> ask = [&] {
    if (running_.empty()) {
      over.request_stop();
    } else {
      look.start(std::chrono::milliseconds(5), ask);
    }
  };
  ask();
  loop_.run(over.get_token());
  running_.clear();
}

}  // namespace scaler::emulator
