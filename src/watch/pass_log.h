#pragma once
// PassLog: at which level a controller logs each pass, so that a fleet at rest does not fill the
// log.

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ground/base/log.h"
#include "scaler/pass/pass.h"

namespace scaler {

class PassLog {
 public:
  /// A service whose passes change nothing is told this often at INFO, at the least.
  static constexpr Duration kQuiet = std::chrono::minutes(1);

  /// One level per record, in order: ERROR for a failure, INFO for a change and for a service that
  /// was not told for kQuiet, DEBUG for the others.
  std::vector<LogLevel> levels(std::span<const PassRecord> records, Instant now);

 private:
  using Name = std::string;  ///< as described() has it

  std::map<Name, Instant> told_ = {};  ///< of the fleet's services
};

}  // namespace scaler
