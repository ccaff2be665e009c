#pragma once
// What `ecs-scaler run` is made of: the loop of passes, the fleet that is read again, the page that
// tells of it, and the lease.

#include <optional>
#include <string>

#include "edge/aws/lease_table.h"
#include "ground/base/file_watch.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/listen_address.h"
#include "programs/ecs_scaler/signals.h"

namespace scaler::cli {

struct RunSettings {
  FleetChoice choice = {};
  std::optional<ListenAddress> listen = {};  ///< where /metrics and the others are served
  std::string token_file = {};               ///< empty: no token is asked for
  std::optional<aws::LeaseItem> lease = {};  ///< nothing: this controller is the only one
  Duration interval = std::chrono::seconds(10);
  std::string version = {};
  std::string commit = {};
};

/// Runs until the stop; the exit code. Takes the fleet, so that its wiring goes while the watcher
/// of signals still bounds every wait. The watch knows the file as it was when the fleet was read.
int run_fleet(std::unique_ptr<LiveFleet> fleet, FileWatch watch, const Environment& environment,
              const RunSettings& settings, StopOnSignal& stop);

}  // namespace scaler::cli
