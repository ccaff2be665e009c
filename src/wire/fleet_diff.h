#pragma once
// FleetDiff: what would change if another fleet came into force, by effective settings.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/fleet/service_spec.h"

namespace scaler {

/// One setting, or one queue, of a service that both fleets have.
struct SettingChange {
  std::string name = {};    ///< "tasks_max", "queue https://..."
  std::string before = {};  ///< as JSON; empty: there was none
  std::string after = {};   ///< likewise
  bool operator==(const SettingChange&) const = default;
};

struct FleetDiff {
  struct Changed {
    ServiceId id = {};  ///< as the fleet before names it
    std::vector<SettingChange> settings = {};
  };
  std::vector<ServiceId> added = {};
  std::vector<ServiceId> removed = {};
  std::vector<Changed> changed = {};

  bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

/// By what the services and queues are, not by how they are named: an ARN and the names in it are
/// one service where `default_region` or a missing account does not tell them apart.
FleetDiff compare_fleets(std::span<const ServiceSpec> before, std::span<const ServiceSpec> after,
                         std::string_view default_region);

/// For people; empty where nothing differs.
std::string diff_text(const FleetDiff& diff);
/// {"added":[..],"removed":[..],"changed":[{"cluster":..,"service":..,"settings":[..]}]}
std::string diff_json(const FleetDiff& diff);

}  // namespace scaler
