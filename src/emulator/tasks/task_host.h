#pragma once
// TaskHost: ECS tasks as processes of this machine. A task that runs is a child: the command of its
// container when that has the image "local", else the one that is the same for all. It has the
// variables of its task definition and of ECS; a task that is to stop gets SIGTERM and, after the
// stop timeout, SIGKILL. Output goes to the log with the task's id.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "emulator/ecs/task_container.h"
#include "emulator/process/child_process.h"
#include "emulator/tasks/task_agent.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "ground/base/result.h"
#include "ground/net/event_loop.h"
#include "ground/net/timer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

struct TaskHostOptions {
  /// The program's path and its arguments, for containers without a local command.
  std::vector<std::string> command = {};
  std::string directory = {};  ///< where it runs; empty: where the emulator does
  Duration stop_timeout = std::chrono::seconds(30);  ///< of a container that says none
  std::size_t processes_max = 100;
  Environment surroundings = {};  ///< of the emulator: what is not AWS's of it is handed on
  /// Brings the world to the present: before and after it is changed from here.
  std::function<void()> advance = {};
};

class TaskHost {
 public:
  TaskHost(net::EventLoop& loop, world::World& world, const TaskAgent& agent,
           TaskHostOptions options, const Log& log);
  /// Kills what runs.
  ~TaskHost();
  TaskHost(const TaskHost&) = delete;
  TaskHost& operator=(const TaskHost&) = delete;

  // World's callbacks: none of them changes the world before they return.
  void start(const world::Task& task);
  void stop(const world::Task& task);

  std::size_t running() const { return running_.size(); }
  /// SIGTERM to all, and at most `grace` of running the loop until they have ended.
  void shutdown(Duration grace);

 private:
  struct Running {
    std::unique_ptr<ChildProcess> process = {};
    net::Timer kill_timer;
  };
  TaskContainer container_of(const world::Task& task) const;
  Environment environment_of(const world::Task& task, const TaskContainer& container) const;
  Result<std::unique_ptr<ChildProcess>> start_process(const world::Task& task,
                                                      std::function<void(int code)> end);
  void ended(const std::string& id, int code);

  net::EventLoop& loop_;
  world::World& world_;
  const TaskAgent& agent_;
  TaskHostOptions options_;
  const Log& log_;
  std::map<std::string, Running> running_ = {};  ///< by the task's id
  bool closing_ = false;                         ///< a task that ends is not followed by another
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace scaler::emulator
