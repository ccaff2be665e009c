#pragma once
// Where a service and its queues are, and which endpoints are asked about them: for whoever checks
// or shows it before a call is made.

#include <string>
#include <vector>

#include "edge/aws/settings.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

struct Location {
  std::string region = {};    ///< empty: none was given
  std::string account = {};   ///< empty: that of the credentials
  std::string endpoint = {};  ///< "https://sqs.eu-central-1.amazonaws.com"; empty without a region
};

struct Whereabouts {
  Location service = {};
  std::vector<Location> queues = {};  ///< in order
};

/// Errors: Malformed, naming all that contradicts itself or the settings: names, regions,
/// endpoints,
///         and a queue in another partition than the service.
Result<Whereabouts> whereabouts(const ClientSettings& settings, const LookRequest& look);

/// The same for calls that are to be made: without a region it is an error, too.
Result<void> check_places(const ClientSettings& settings, const LookRequest& look);

}  // namespace scaler::aws
