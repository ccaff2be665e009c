#include "pass/dry_run.h"

namespace scaler {

std::vector<Result<void>> DryRun::set_desired(std::span<const DesiredCount> changes,
                                              Deadline /*deadline*/) {
  asked_.insert(asked_.end(), changes.begin(), changes.end());
  return std::vector<Result<void>>(changes.size());
}

std::vector<Result<void>> DryRun::save(std::span<const SavedState> states, Deadline /*deadline*/) {
  return std::vector<Result<void>>(states.size());
}

}  // namespace scaler
