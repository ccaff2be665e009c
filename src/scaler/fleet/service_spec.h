#pragma once
// ServiceSpec: what one service of a fleet is to be scaled by, and where each setting comes from.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/core/policy.h"
#include "scaler/core/queue_names.h"
#include "scaler/pass/pass.h"

namespace scaler {

/// Who set a field of the policy: "tasks_max" by "ecs-scaler:policy", by "TASKS_MAX". What is not
/// named is a default of this program.
struct SettingOrigin {
  std::string field = {};
  std::string by = {};
  bool operator==(const SettingOrigin&) const = default;
};

struct ServiceSpec {
  ServiceId id = {};
  std::vector<JobQueue> queues = {};
  Policy policy;
  std::vector<SettingOrigin> origins = {};
  /// Whether messages of its queues may wake it; nothing: as the deployment says.
  std::optional<bool> wake = {};
  /// What is said with the settings and is not this service's to set, for people.
  std::vector<std::string> notes = {};
};

/// Names who set a field, in place of who set it before.
void set_origin(std::vector<SettingOrigin>& origins, std::string_view field, std::string_view by);

/// Whether a queue is one of those.
bool has_queue(std::span<const JobQueue> queues, const QueueAddress& queue);

/// The services of the specs, in their order. What `before` remembers of one of them goes on: a new
/// policy is no new service. The memory of those that are gone goes with them.
std::vector<ManagedService> adopted(std::vector<ManagedService> before,
                                    std::span<const ServiceSpec> specs);

}  // namespace scaler
