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

// Marks are written without a time to leave by: of these the deadline is the lease's end.
Result<void> LeasedInstances::carry_out(const GroupRequest& request, const InstanceAction& action,
                                        Deadline leave_by, Deadline deadline) {
  const Deadline until = until_();
  return scaler_->carry_out(request, action, std::min(leave_by, until), std::min(deadline, until));
}

}  // namespace scaler
