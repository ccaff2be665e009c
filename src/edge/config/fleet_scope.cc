#include "edge/config/fleet_scope.h"

#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "scaler/core/queue_names.h"

namespace scaler {

FleetScope scope_of_tags(const FleetConfig& config) {
  FleetScope scope{.rules = config.rules};
  if (!config.accounts.empty()) {
    scope.places = searched_places(config.accounts);
  }
  return scope;
}

FleetScope scope_of(const FleetConfig& config, FleetDocument document) {
  FleetScope scope{.fixed = std::move(document.services),
                   .places = searched_places(document.accounts),
                   .rules = config.rules};
  scope.rules.defaults = std::move(document.defaults);
  for (auto& [name, base] : document.profiles) {
    scope.rules.profiles.insert_or_assign(name, std::move(base));
  }
  return scope;
}

Result<void> check_job_queues(const FleetConfig& config, std::span<const ServiceSpec> fleet) {
  Problems problems;
  for (const ServiceSpec& service : fleet) {
    for (const JobQueue& jobs : service.queues) {
      const Result<QueueAddress> address = parse_queue(jobs.url);
      for (const QueueAddress& own : config.rules.ceilings.own_queues) {
        if (address && may_be_same(own, *address)) {
          problems.add(
              fmt::format("{} is a job queue of {} and the scaler's own queue of ticks, doorbell "
                          "or shards: its "
                          "jobs would be consumed",
                          jobs.url, service.id.service));
        }
      }
    }
  }
  return problems.result();
}

}  // namespace scaler
