#pragma once
// What became of the last time that the configuration was read, as log, status and metrics tell it.

#include <string>

#include "ground/base/clock.h"

namespace scaler {

struct ReloadStatus {
  bool success = true;
  Instant last_success = {};
  std::string error = {};  ///< why not; empty when it was one
};

}  // namespace scaler
