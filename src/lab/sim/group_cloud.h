#pragma once
// GroupCloud: the ports of scaler/pass/instance_ports.h over the group of a simulated world. Each
// call takes its time and fails as those of SimulatedCloud do.

#include <cstdint>
#include <map>
#include <string>

#include "lab/sim/cloud.h"
#include "scaler/pass/instance_ports.h"

namespace scaler::sim {

class GroupCloud final : public InstanceReader, public InstanceScaler {
 public:
  /// The engine has a group.
  GroupCloud(Engine& engine, SimulatedCloud& cloud) : engine_(&engine), cloud_(&cloud) {}

  Result<GroupSeen> look(const GroupRequest& request, Deadline deadline) override;
  Result<void> carry_out(const GroupRequest& request, const InstanceAction& action,
                         Deadline leave_by, Deadline deadline) override;

 private:
  /// The tasks of one instance.
  struct TaskCounts {
    std::int64_t running = 0;
    std::int64_t pending = 0;
    std::int64_t lingering = 0;
  };
  using CountsByInstance = std::map<std::string, TaskCounts, std::less<>>;  ///< its ECS id

  CountsByInstance count_tasks();
  Result<void> read_group(GroupSeen& seen);
  Result<void> read_instances(GroupSeen& seen, const CountsByInstance& counts);
  void read_stopping(GroupSeen& seen, const CountsByInstance& counts);
  void count_places(GroupService& counts) const;
  Result<void> read_services(GroupSeen& seen, const GroupRequest& request);
  Result<void> set_desired(std::int64_t desired, Deadline leave_by);
  Result<void> end(const std::string& id, Deadline leave_by);
  Result<void> mark(const std::string& id, const InstanceMark& mark);
  Result<void> set_state(const InstanceAction& action, Deadline leave_by);
  Result<void> look_again(const std::string& id);
  Result<void> in_time(Deadline leave_by, std::string_view what) const;
  /// AWS's own time as the scaler's clock would have it.
  Instant told(Instant at) const { return at - engine_->left_out(); }

  Engine* engine_;
  SimulatedCloud* cloud_;
};

}  // namespace scaler::sim
