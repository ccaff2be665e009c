#pragma once
// GroupTasks: what tasks are on a group's instances beside what ECS counts there.

#include <map>
#include <string>

#include "edge/aws/container_instances.h"
#include "scaler/pass/instance_ports.h"

namespace scaler::aws {

/// What one look at a group has found so far.
struct GroupLook {
  const GroupRequest& request;
  Deadline deadline = {};
  ContainerInstances cluster;
  GroupSeen seen = {};
  std::map<std::string, std::string> containers = {};  ///< ARNs by EC2 id

  void missed(const Error& error) {
    seen.complete = false;
    seen.unread = error.message;
  }
  /// Of one instance, which alone may not end then.
  void missed(InstanceSeen& instance, const Error& error) {
    instance.looked = false;
    seen.unread = seen.complete ? error.message : seen.unread;
  }
};

class GroupTasks {
 public:
  explicit GroupTasks(const Clock& clock) : clock_(&clock) {}

  /// Takes the tasks of DAEMON services out of the counts, and counts those that are still stopping
  /// on instances that look empty. What cannot be read only takes away the right to end.
  void read(GroupLook& looking);

 private:
  /// The names of DAEMON services.
  struct Daemons;

  static void read_on(GroupLook& looking, const Daemons& daemons, InstanceSeen& instance);
  static void take_out(GroupLook& looking, const Daemons& daemons);
  void read_stopping(GroupLook& looking, const Daemons& daemons);

  const Clock* clock_;
  std::map<std::string, Deadline> read_at_ = {};  ///< by EC2 id, of those that are read in turns
};

}  // namespace scaler::aws
