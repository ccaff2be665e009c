#pragma once
// Where services and queues are, by environment and profile alone: nothing is called.

#include <string>

#include "edge/aws/places.h"
#include "ground/base/environment.h"

namespace scaler {

class Places {
 public:
  /// Errors: Malformed for settings that are wrong (region, endpoints, profile).
  static Result<Places> create(const Environment& environment) {
    return Places(TRY(aws::read_settings(environment)));
  }

  /// Of services that are named without one; empty when none was given.
  const std::string& default_region() const { return settings_.region; }
  /// As aws::whereabouts().
  Result<aws::Whereabouts> of(const LookRequest& look) const {
    return aws::whereabouts(settings_, look);
  }

 private:
  explicit Places(aws::ClientSettings settings) : settings_(std::move(settings)) {}

  aws::ClientSettings settings_;
};

}  // namespace scaler
