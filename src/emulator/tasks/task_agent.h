#pragma once
// TaskAgent: what a task finds on its own host in AWS: the ECS agent's task protection, the
// metadata of its container and task (version 4), and its role's credentials. Each task has paths
// of its own below the emulator's endpoint.
// Source: the Amazon ECS Developer Guide, "task scale-in protection endpoint" and "task metadata
// endpoint version 4"; the rate limit is the default of the agent's ECS_TASK_METADATA_RPS_LIMIT.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/request/faults.h"
#include "emulator/request/places.h"
#include "ground/base/environment.h"
#include "ground/net/http_server.h"
#include "lab/world/world.h"

namespace scaler::emulator {

struct AgentReply {
  net::HttpResponse response = {};
  Duration later = Duration::zero();  ///< it goes out after this
};

class TaskAgent {
 public:
  /// The fault that strikes a call of ECS which the agent makes for a task, by operation and key.
  using Strike =
      std::function<std::optional<InjectedFault>(std::string_view operation, std::string_view key)>;

  TaskAgent(world::World& world, std::string endpoint, std::string home_region, Strike strike = {})
      : world_(world),
        endpoint_(std::move(endpoint)),
        places_(std::move(home_region)),
        strike_(std::move(strike)) {}

  /// Where a task's process finds all of it, and AWS: the variables that ECS sets, and those that
  /// keep the files of whoever runs the emulator out of the way.
  Environment variables(const world::Task& task) const;

  static bool handles(std::string_view target);
  AgentReply handle(const net::ServerRequest& request);

 private:
  /// A task's requests that the agent still takes at once.
  struct Allowance {
    double requests = 0;
    Instant at = {};
  };

  bool too_many(const world::Task& task);
  AgentReply protection(const net::ServerRequest& request, const world::FoundTask& place);
  bool has_role(const world::Task& task) const;
  net::HttpResponse protect(const net::ServerRequest& request, const world::FoundTask& place);
  net::HttpResponse metadata(std::string_view path, const world::FoundTask& place) const;
  net::HttpResponse credentials(const world::FoundTask& place) const;
  std::string arn_of(const world::FoundTask& place) const;

  world::World& world_;
  std::string endpoint_;
  WorldPlaces places_;
  Strike strike_;
  std::map<std::string, Allowance> allowances_ = {};
};

/// The key that a task's own credentials have: who calls is known by it.
std::string access_key_id_of(const world::Task& task);
/// Of the task that has the key; the emulator's own when there is none.
std::string_view account_of_task_key(const world::World& world, std::string_view access_key_id);

}  // namespace scaler::emulator
