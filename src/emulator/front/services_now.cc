#include "emulator/front/services_now.h"

namespace scaler::emulator {
namespace {

std::optional<std::int64_t> instances_of(const world::World& world,
                                         const world::ServiceDefinition& definition) {
  std::optional<std::int64_t> count;
  for (const std::string& name : definition.groups) {
    if (const auto group = world.groups().find(name); group != world.groups().end()) {
      count = count.value_or(0) + static_cast<std::int64_t>(group->second->instances().size());
    }
  }
  return count;
}

ServiceNow service_now(const world::World& world, const world::Service& service,
                       const std::string& queue_name) {
  ServiceNow now{.cluster = service.definition().cluster,
                 .service = service.name(),
                 .desired = service.desired(),
                 .running = service.running(),
                 .pending = service.pending(),
                 .instances = instances_of(world, service.definition())};
  if (const world::Queue* queue = world.find_queue(queue_name)) {
    now.depth = queue->depth();
  }
  return now;
}

}  // namespace

std::vector<ServiceNow> services_now(const world::World& world, const ServiceName& own,
                                     const std::string& queue) {
  std::vector<ServiceNow> services;
  for (const auto& [cluster_name, cluster] : world.clusters()) {
    for (const auto& [name, service] : cluster.services) {
      const bool is_own = cluster_name == own.cluster && name == own.service;
      services.push_back(
          service_now(world, *service, is_own ? queue : service->definition().behaviour.job_queue));
    }
  }
  return services;
}

}  // namespace scaler::emulator
