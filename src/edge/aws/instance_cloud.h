#pragma once
// InstanceCloud: the ports of scaler/pass/instance_ports.h on ECS and EC2 Auto Scaling.

#include <map>
#include <string>

#include "edge/aws/auto_scaling.h"
#include "edge/aws/container_instances.h"
#include "scaler/pass/instance_ports.h"

namespace scaler::aws {

class InstanceCloud final : public InstanceReader, public InstanceScaler {
 public:
  explicit InstanceCloud(Client& client) : client_(&client) {}

  Result<GroupSeen> look(const GroupRequest& request, Deadline deadline) override;
  Result<void> carry_out(const GroupRequest& request, const InstanceAction& action,
                         Deadline leave_by, Deadline deadline) override;

 private:
  /// What one look has found so far.
  struct Looking;

  Result<void> read_group(Looking& looking) const;
  Result<void> read_instances(Looking& looking);
  void read_tasks(Looking& looking) const;
  Result<void> read_places(const Looking& looking, const ServiceId& id, GroupService& counts) const;
  Result<void> read_services(Looking& looking);
  Result<TaskNeed> need_of(const Looking& looking, const ServiceOnGroup& service);

  Client* client_;
  std::map<std::string, TaskNeed> needs_ = {};          ///< by task definition, which never changes
  std::map<std::string, std::string> containers_ = {};  ///< ARNs by EC2 id, of the latest looks
};

}  // namespace scaler::aws
