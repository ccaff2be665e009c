#pragma once
// InstanceCloud: the ports of scaler/pass/instance_ports.h on ECS and EC2 Auto Scaling.

#include <map>
#include <string>

#include "edge/aws/auto_scaling.h"
#include "edge/aws/group_tasks.h"
#include "edge/aws/side_by_side.h"
#include "scaler/pass/instance_ports.h"

namespace scaler::aws {

class InstanceCloud final : public InstanceReader, public InstanceScaler {
 public:
  explicit InstanceCloud(Client& client) : client_(&client), tasks_(client.clock()) {}

  /// A look at a group that was never seen whole may take the most of these: `once` has no other.
  /// Later ones are given twice what the last one needed, within the two.
  static constexpr Duration kPatienceLeast = std::chrono::milliseconds(500);
  static constexpr Duration kPatienceMost = std::chrono::milliseconds(4500);

  /// A group that does not answer in time is left alone for 10 s, doubled up to 5 min: no pass ends
  /// before it has waited for it. One whole look ends that.
  Result<GroupSeen> look(const GroupRequest& request, Deadline deadline) override;
  void together(std::span<const std::function<void()>> works) override {
    SideBySide(*client_).run(works);
  }
  Result<void> carry_out(const GroupRequest& request, const InstanceAction& action,
                         Deadline leave_by, Deadline deadline) override;

 private:
  /// How long a group is waited for, and when it is asked again.
  struct Pace {
    Duration patience = kPatienceMost;
    Duration pause = {};
    Deadline again = {};
  };

  Result<GroupSeen> look_at(const GroupRequest& request, Deadline deadline);

  Result<void> read_group(GroupLook& looking) const;
  Result<void> read_instances(GroupLook& looking);
  static void take_in(GroupLook& looking, ContainerInstance instance);
  std::vector<ServiceId> known_others(const GroupLook& looking) const;
  Result<void> find_others(GroupLook& looking, std::span<const ServiceId> known);
  Result<void> read_others(GroupLook& looking, std::span<const ServiceId> others);
  void read_what_holds(GroupLook& looking);
  Result<void> read_places(const GroupLook& looking, const ServiceId& id,
                           GroupService& counts) const;
  Result<void> read_services(GroupLook& looking, std::span<const ServiceOnGroup> services);
  Result<TaskNeed> need_of(const GroupLook& looking, const ServiceOnGroup& service);

  Deadline set_by(const GroupRequest& request, const InstanceAction& action,
                  Deadline leave_by) const;
  Result<void> change_group(const GroupRequest& request, const InstanceAction& action,
                            Deadline leave_by, Deadline deadline);
  Result<void> change_instance(const GroupRequest& request, const InstanceAction& action,
                               Deadline leave_by, Deadline deadline);
  Result<std::string> container_of(const std::string& instance) const;
  Result<void> look_again(const GroupRequest& request, const InstanceAction& action,
                          Deadline deadline);

  Client* client_;
  GroupTasks tasks_;
  /// Who was found, and until when that is taken for true.
  struct Others {
    std::vector<ServiceId> scaled = {};
    Deadline until = {};
  };

  std::map<std::string, Others> others_ = {};           ///< as the next
  std::map<std::string, Pace> paces_ = {};              ///< by place, cluster and provider
  std::map<std::string, TaskNeed> needs_ = {};          ///< by task definition, which never changes
  std::map<std::string, std::string> containers_ = {};  ///< ARNs by EC2 id, of the latest looks
};

}  // namespace scaler::aws
