#pragma once
// Where commands take their services from: a fleet file, here or in S3, the tags of services, or
// the environment variables of a single service.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "edge/config/environment.h"
#include "edge/wiring/wiring.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "scaler/fleet/document_fleet.h"
#include "scaler/fleet/fleet_account.h"
#include "scaler/pass/pass.h"
#include "watch/fleet_status.h"

namespace scaler::cli {

/// What a single look by hand may take.
inline constexpr Duration kLookTimeout = std::chrono::seconds(30);

/// What is scaled.
struct ChosenFleet {
  FleetScope scope = {};  ///< without places: its fixed services alone
  ServiceConfig deployment{.policy = Policy::create({}).value()};  ///< of no service
  std::vector<FleetAccount> accounts = {};
  std::string object = {};  ///< of S3, that says all the rest; empty: there is none

  bool searches() const { return !scope.places.empty(); }
  /// Whether AWS is asked for any services.
  bool asks() const { return searches() || !object.empty(); }
};

/// The environment with FLEET as the flag has it.
Environment with_choice(const Environment& environment, const FleetChoice& choice);

/// The services of a file, or that of the environment, and where others are found by their tags; of
/// a file in S3 its name. Nothing is called.
/// Errors: Malformed, naming file, line or path, or variable; Unavailable for a file that cannot be
///         read.
Result<ChosenFleet> load_fleet(const Environment& environment, const FleetChoice& choice);

/// The file that may change while the program runs; empty when there is none.
std::string watched_file(const FleetChoice& choice);

/// Whether all of them can be looked at. Errors: those of Wiring::check(), all at once.
Result<void> check_fleet(std::span<const ManagedService> services, const Wiring& wiring);

/// Services, and the AWS that they live in.
struct LiveFleet {
  Log log;
  std::unique_ptr<Wiring> wiring = {};
  std::vector<ManagedService> services = {};
  std::unique_ptr<TaggedFleet> tagged = {};      ///< nullptr: the services never change
  std::unique_ptr<DocumentStore> store = {};     ///< of a file in S3
  std::unique_ptr<DocumentFleet> document = {};  ///< the same, which says what `tagged` is
  FleetNews news = {};                           ///< what the source said when it was asked first
  std::vector<ServiceSpec> specs = {};           ///< of the services as they were then

  FleetSource* source() const {
    return document ? static_cast<FleetSource*>(document.get()) : tagged.get();
  }

  /// Of the wiring, on the machine's clock.
  Ports ports() const;
};

/// Reads the services and makes their wiring, which logs to the descriptor. Where AWS is asked for
/// the services it is asked now; of others nothing is called yet.
/// Errors: those of load_fleet(), Wiring::create_on_workstation() and Wiring::check(); why there is
///         no file in S3 to begin with.
Result<std::unique_ptr<LiveFleet>> open_fleet(const Environment& environment,
                                              const FleetChoice& choice, int log_descriptor);

/// What is wrong with services' settings, as status and metrics tell it.
std::vector<SettingsProblem> settings_problems(std::span<const SpecProblem> problems);

/// Complains of what the source found wrong when it was asked first; the exit code for that.
int tell_news(const LiveFleet& fleet);

}  // namespace scaler::cli
