#pragma once
// The composition root of `verify` and `doctor`: a deployed scaler on AWS, seen from outside.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkup/doctor/facts.h"
#include "checkup/doctor/fleet_checks.h"
#include "checkup/verify/target.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"

namespace scaler {

/// The URL of a queue's dead-letter queue, which AWS keeps in the queue's own account and region.
/// To ask for it by its name alone found a queue of the same name in the caller's account.
std::string dead_letter_url(const std::string& queue_url, const std::string& dead_letter_arn);

class Checkup {
 public:
  /// Errors: Malformed for settings that are wrong (region, endpoints, profile). The clock must
  /// outlive it.
  static Result<std::unique_ptr<Checkup>> create(const Environment& environment, Clock& clock,
                                                 const Log& log);
  virtual ~Checkup() = default;

  /// The environment variables of the deployed function.
  virtual Result<Environment> function_environment(const std::string& function) = 0;
  /// The queues' settings, and the function's ARN where it is not known, are read. The service and
  /// its queues are reached as its role, the function as the program itself. The target must not
  /// outlive this.
  virtual Result<std::unique_ptr<verify::Target>> target(const ServiceId& service,
                                                         verify::ScalerUnderTest& deployment) = 0;
  /// A look at several services, none of which waits for another that is much slower.
  virtual std::vector<Result<verify::Sight>> look(std::span<const LookRequest> places) = 0;
  /// Whether such a look can be made at all. Errors: Malformed, as aws::check_places().
  virtual Result<void> check(const LookRequest& look) const = 0;
  virtual doctor::Facts examine(const doctor::Examination& place) = 0;
  /// Of many services; `news`: of the search for them; `function`: as doctor::examine_fleet().
  virtual doctor::FleetFacts examine(std::vector<ServiceSpec> services, FleetNews news,
                                     const std::string& function) = 0;
};

}  // namespace scaler
