#pragma once
// The instances under services, as a pass sees and changes them. As in ports.h: blocking, and an
// error is a value of its own.

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "scaler/core/instances.h"
#include "scaler/pass/ports.h"

namespace scaler {

/// The tag of a container instance that keeps this program's mark.
inline constexpr std::string_view kInstanceTag = "ecs-scaler:instance";

/// A service whose tasks run on the group, as the pass knows it.
struct ServiceOnGroup {
  ServiceId id = {};
  GroupService counts = {};  ///< without `provisioning` and `need`, which the look brings
  std::vector<std::string> task_definitions = {};  ///< of the deployments that live
};

inline ServiceOnGroup on_group(const ServiceId& id, const ServiceReading& reading,
                               std::int64_t desired) {
  return {.id = id,
          .counts = {.name = std::string(plain_name(id.service)),
                     .desired = desired,
                     .running = reading.service.running,
                     .pending = reading.service.pending,
                     .deploying = reading.service.deploying,
                     .maximum_percent = reading.runs_on.maximum_percent},
          .task_definitions = reading.runs_on.task_definitions};
}

/// All of one cluster and one capacity provider.
struct GroupRequest {
  std::string cluster = {};
  std::string provider = {};
  std::vector<ServiceOnGroup> services = {};  ///< at least one
  /// Names of all that this pass has in the cluster, those that could not be read included: on the
  /// group or not, they are no other process's.
  std::vector<std::string> fleet = {};
};

class InstanceReader {
 public:
  virtual ~InstanceReader() = default;
  /// What is not certain makes the look incomplete; what would make the need wrong is an error.
  /// Errors: NotFound for a provider or group that does not exist, Rejected for a provider without
  ///         a group, and those of the calls.
  virtual Result<GroupSeen> look(const GroupRequest& request, Deadline deadline) = 0;
  /// Runs works that look and carry out, each for a group of its own, until all have ended. Where
  /// calls take time none waits for another; and yet one alone runs at any moment.
  virtual void together(std::span<const std::function<void()>> works) {
    std::ranges::for_each(works, [](const std::function<void()>& work) { work(); });
  }
};

class InstanceScaler {
 public:
  virtual ~InstanceScaler() = default;
  /// Carries out an action that was decided on the latest look at the group. Nothing leaves after
  /// `leave_by`, and nothing is repeated. SetDesired is told none but the pass's own: what it is
  /// fresh by is the group as it is read once more just before.
  /// Errors: Overdue, Conflict when things are not as they were seen, and those of the calls.
  virtual Result<void> carry_out(const GroupRequest& request, const InstanceAction& action,
                                 Deadline leave_by, Deadline deadline) = 0;
};

}  // namespace scaler
