#pragma once
// Emulator: an AWS on loopback, or on another address of the machine: SQS, ECS, STS and, with a
// bootstrap, Lambda, all at one endpoint over one World. It runs on an event loop's thread; the
// world follows the machine's clock. Besides AWS it answers
// /_emulator/status, events, faults, rates, queues and reset (docs/emulator.md).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/autoscaling/scaling_groups_api.h"
#include "emulator/front/services_now.h"
#include "ground/base/clock.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "ground/base/result.h"
#include "ground/net/event_loop.h"
#include "ground/net/http_server.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// An Auto Scaling group with a capacity provider of its name, on which the service's tasks run.
struct GroupOptions {
  std::string instance_type = {};  ///< empty: there is no group
  world::Resources resources = {};
  std::int64_t max = 4;
  bool managed_scaling = false;
};

/// A service beside the first one, with a job queue of its own that its workers take from.
struct FurtherService {
  std::string name = {};
  std::string queue = {};
  std::map<std::string, std::string> tags = {};
};

struct EmulatorOptions {
  int port = 0;                       ///< 0: the system chooses
  std::string host = net::kLoopback;  ///< an address to listen on, besides loopback
  std::string cluster = "main";
  std::string service = "worker";
  std::string queue = "jobs";
  std::vector<FurtherService> further_services = {};
  std::string region = "us-east-1";  ///< of the queues, the function and the ARNs that it sees
  world::DurationRange task_start = {.min = std::chrono::seconds(5),
                                     .max = std::chrono::seconds(5)};
  world::DurationRange task_stop = {.min = std::chrono::seconds(1), .max = std::chrono::seconds(1)};
  world::DurationRange work_time = {.min = std::chrono::seconds(2), .max = std::chrono::seconds(2)};
  bool workers_protect = false;  ///< while they work, by ECS task scale-in protection
  /// A program's path and its arguments: tasks are processes that run it. Empty: workers are
  /// emulated, unless `no_workers` says that they run elsewhere.
  std::vector<std::string> worker = {};
  std::string worker_dir = {};
  Duration stop_timeout = std::chrono::seconds(30);  ///< of such a process, from SIGTERM to SIGKILL
  std::size_t processes_max = 100;
  Environment worker_environment = {};  ///< what such processes inherit, but what is AWS's of it
  bool no_workers = false;
  GroupOptions group = {};
  InstanceTimes instance_times = {};
  std::int64_t max_receive_count = 5;  ///< of the job queue; then to "<queue>-dlq"
  Duration visibility_timeout = std::chrono::seconds(30);
  Duration count_lag = Duration(0);      ///< how old the job queue's approximate counts are
  Duration metrics_delay = Duration(0);  ///< until CloudWatch tells of a minute that is over
  std::string lambda_path = {};          ///< a bootstrap; empty: no Lambda
  Environment lambda_environment =
      {};  ///< with WAKE other than true there is no mapping on `queue`
  Duration lambda_timeout = std::chrono::seconds(30);
  std::string tick_queue = {};                   ///< the scaler's own, with a mapping; empty: none
  std::string doorbell_queue = {};               ///< the same
  Duration schedule = std::chrono::seconds(60);  ///< zero: none
  Duration mapping_toggle = std::chrono::seconds(30);  ///< to enable or disable the mapping
  std::string state_dir = {};  ///< where the queues survive a restart; empty: nowhere
  std::uint64_t seed = 1;
  const Clock* clock = &system_clock();  ///< the machine's, which signatures are checked with
  /// Receives the function's log lines; without it they go to the log.
  std::function<void(std::string_view line)> lambda_log_line = {};
  /// Answers those requests that it takes for its own; the others are AWS's.
  std::function<bool(const net::ServerRequest& request, const net::Respond& respond)> page = {};
};

class Emulator {
 public:
  /// Makes the cluster, a task definition, the service with no tasks, the job queue and its
  /// dead-letter queue, brings back what the state folder holds, and listens.
  /// Errors: Unavailable for the port or the state folder, also when another process holds that;
  ///         Malformed for names that AWS refuses, a corrupt state file, or options that Lambda
  ///         refuses.
  static Result<std::unique_ptr<Emulator>> create(net::EventLoop& loop, EmulatorOptions options,
                                                  const Log& log);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  /// As this machine reaches it: "http://127.0.0.1:<port>", or with the address that it listens on.
  std::string endpoint() const;
  std::string queue_url() const;
  /// Of any queue of that name; empty for the empty name.
  std::string queue_url(const std::string& name) const;
  int port() const;
  /// What /_emulator/status answers.
  std::string status() const;
  std::vector<ServiceNow> services() const;
  /// Stops the Lambda processes and saves the queues; to be called once, before the end.
  /// Errors: Unavailable when the last changes of the queues could not be saved.
  Result<void> shutdown();

 private:
  class Impl;
  explicit Emulator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace scaler::emulator
