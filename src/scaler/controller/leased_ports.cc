#include "scaler/controller/leased_ports.h"

#include <algorithm>

namespace scaler {

std::vector<Result<void>> LeasedScaler::set_desired(std::span<const DesiredCount> changes,
                                                    Deadline deadline) {
  std::vector<DesiredCount> bounded(changes.begin(), changes.end());
  const Deadline until = until_();
  for (DesiredCount& change : bounded) {
    change.leave_by = std::min(change.leave_by, until);
  }
  return scaler_->set_desired(bounded, deadline);
}

std::vector<Result<void>> LeasedStates::save(std::span<const SavedState> states,
                                             Deadline deadline) {
  return states_->save(states, std::min(deadline, until_()));
}

}  // namespace scaler
