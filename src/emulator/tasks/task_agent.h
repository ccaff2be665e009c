#pragma once
// TaskAgent: what a task finds on its own host in AWS: the ECS agent's task protection, the
// metadata of its container and task (version 4), and its role's credentials. Each task has paths
// of its own below the emulator's endpoint.
// Source: the Amazon ECS Developer Guide, "task scale-in protection endpoint" and "task metadata
// endpoint version 4".

#include <string>
#include <string_view>

#include "ground/base/environment.h"
#include "ground/net/http_server.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class TaskAgent {
 public:
  TaskAgent(world::World& world, std::string endpoint, std::string region)
      : world_(world), endpoint_(std::move(endpoint)), region_(std::move(region)) {}

  /// Where a task's process finds all of it, and AWS: the variables that ECS sets, and those that
  /// keep the files of whoever runs the emulator out of the way.
  Environment variables(const world::Task& task) const;

  static bool handles(std::string_view target);
  net::HttpResponse handle(const net::ServerRequest& request);

 private:
  net::HttpResponse protection(const net::ServerRequest& request, const world::FoundTask& place);
  net::HttpResponse protect(const net::ServerRequest& request, const world::FoundTask& place);
  net::HttpResponse metadata(std::string_view path, const world::FoundTask& place) const;
  net::HttpResponse credentials(const world::FoundTask& place) const;
  std::string arn_of(const world::FoundTask& place) const;

  world::World& world_;
  std::string endpoint_;
  std::string region_;
};

/// The key that a task's own credentials have: who calls is known by it.
std::string access_key_id_of(const world::Task& task);

}  // namespace scaler::emulator
