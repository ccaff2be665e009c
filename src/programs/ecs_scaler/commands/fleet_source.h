#pragma once
// Where config, explain, once and run take their services from: a fleet file, or the environment
// variables of a single service.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "edge/wiring/wiring.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "scaler/pass/pass.h"

namespace scaler::cli {

/// The services of the file, or that of the environment when `config_file` is empty.
/// Errors: Malformed, naming file, line or path, or variable; Unavailable for a file that cannot be
///         read.
Result<std::vector<ManagedService>> load_fleet(const Environment& environment,
                                               const std::string& config_file);

/// What a look at the service and all of its queues asks for.
LookRequest look_at_all_of(const ManagedService& service);

/// Whether all of them can be looked at. Errors: those of Wiring::check(), all at once.
Result<void> check_fleet(std::span<const ManagedService> services, const Wiring& wiring);

/// Services, and the AWS that they live in.
struct LiveFleet {
  Log log;
  std::unique_ptr<Wiring> wiring = {};
  std::vector<ManagedService> services = {};

  /// Of the wiring, on the machine's clock.
  Ports ports() const;
};

/// Reads the services and makes their wiring, which logs to the descriptor. Nothing is called yet.
/// Errors: those of load_fleet(), Wiring::create_on_workstation() and Wiring::check().
Result<std::unique_ptr<LiveFleet>> open_fleet(const Environment& environment,
                                              const std::string& config_file, int log_descriptor);

}  // namespace scaler::cli
