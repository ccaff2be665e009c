#include "scaler/fleet/service_spec.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "scaler/core/names.h"

namespace scaler {

void set_origin(std::vector<SettingOrigin>& origins, std::string_view field, std::string_view by) {
  const auto found = std::ranges::find(origins, field, &SettingOrigin::field);
  if (found != origins.end()) {
    found->by = by;
  } else {
    origins.push_back({.field = std::string(field), .by = std::string(by)});
  }
}

// Names are compared first: a large fleet is asked for one queue in a moment.
bool has_queue(std::span<const JobQueue> queues, const QueueAddress& queue) {
  return std::ranges::any_of(queues, [&queue](const JobQueue& one) {
    const Result<QueueAddress> address =
        one.url.ends_with(queue.name) ? parse_queue(one.url) : Result<QueueAddress>();
    return address && address->name == queue.name && may_be_same(*address, queue);
  });
}

std::vector<ManagedService> adopted(std::vector<ManagedService> before,
                                    std::span<const ServiceSpec> specs) {
  // A role that has another name, or another external id, leads to the same service.
  const auto key = [](const ServiceId& id) {
    const auto role = parse_arn(id.role.arn);
    return std::tuple(id.cluster, id.service, id.region, role ? role->account : "");
  };
  std::map<std::tuple<std::string, std::string, std::string, std::string>, ManagedService*> known;
  for (ManagedService& service : before) {
    known.emplace(key(service.id), &service);
  }
  std::vector<ManagedService> services;
  services.reserve(specs.size());
  for (const ServiceSpec& spec : specs) {
    services.push_back(
        {.id = spec.id, .queues = spec.queues, .policy = spec.policy, .wake = spec.wake});
    if (const auto found = known.find(key(spec.id)); found != known.end()) {
      services.back().memory = std::move(found->second->memory);
      services.back().looked_at = found->second->looked_at;
      services.back().waits = found->second->waits;
      services.back().group = std::move(found->second->group);
      services.back().rest = std::move(found->second->rest);
    }
  }
  return services;
}

}  // namespace scaler
