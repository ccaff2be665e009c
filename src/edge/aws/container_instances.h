#pragma once
// ECS: what services run on. Capacity providers, the instances of a cluster with their resources,
// the tasks on them, and what a task definition asks of an instance.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "edge/aws/client.h"
#include "scaler/core/instances.h"
#include "scaler/pass/instance_ports.h"

namespace scaler::aws {

using scaler::kInstanceTag;

/// "idle 1795435200", "drained 1795435200", "recalled 1795435200": with seconds since 1970. Text of
/// any other kind is no mark of this program.
std::string mark_text(const InstanceMark& mark);
InstanceMark parse_mark(std::string_view text);

/// A capacity provider, in AWS's own words.
struct CapacityProvider {
  std::string name = {};
  std::string type = {};       ///< EC2_AUTOSCALING, MANAGED_INSTANCES, FARGATE, FARGATE_SPOT
  std::string group_arn = {};  ///< of its Auto Scaling group
  bool managed_scaling = false;
  bool managed_protection = false;  ///< from scale-in, of instances with tasks
  std::int64_t target_capacity = 100;
  /// Of Managed Instances: seconds from the last task to the end; -1 never; nothing: ECS's choice.
  std::optional<std::int64_t> scale_in_after = {};
};

/// A cluster's instance as ECS knows it; its tasks are all that it counts.
struct ContainerInstance {
  std::string arn = {};
  std::string ec2_id = {};
  std::string type = {};
  std::string status = {};  ///< ACTIVE, DRAINING, REGISTERING, ...
  bool connected = false;
  std::int64_t running = 0;
  std::int64_t pending = 0;
  Room registered = {};
  Room remaining = {};
  InstanceMark mark = {};
};

/// A task and where it stands.
struct TaskPlace {
  std::string instance_arn = {};  ///< empty: it has none yet
  std::string group = {};         ///< "service:NAME", or another
  std::string last_status = {};
};

class ContainerInstances {
 public:
  /// Of the cluster of this service.
  ContainerInstances(Client& client, ServiceId of) : client_(&client), of_(std::move(of)) {}

  /// Errors: NotFound for a provider that does not exist.
  Result<CapacityProvider> provider(const std::string& name, Deadline deadline);
  /// All of the cluster.
  Result<std::vector<ContainerInstance>> all(Deadline deadline);
  /// Of these, by ARN, those that are still there.
  Result<std::vector<ContainerInstance>> described(std::span<const std::string> arns,
                                                   Deadline deadline);
  /// The tasks on an instance that are to run, or those that are to stop.
  enum class To { Run, Stop };
  Result<std::vector<TaskPlace>> tasks_on(const std::string& instance_arn, To to,
                                          Deadline deadline);
  /// The tasks of the whole cluster that are to stop, and those that have stopped of late.
  /// Errors: TooMany where they take more pages of a hundred.
  Result<std::vector<TaskPlace>> tasks_to_stop(int pages, Deadline deadline);
  /// The tasks of a service of the cluster that are to run.
  Result<std::vector<TaskPlace>> tasks_of(const std::string& service, Deadline deadline);
  /// The service's own tasks that are to run.
  Result<std::vector<TaskPlace>> tasks_of_service(Deadline deadline);
  /// The cluster's services, by name and region.
  Result<std::vector<ServiceId>> services(Deadline deadline);
  /// Of those on this capacity provider that a program of this kind scales: they have its tag.
  /// Errors: Unavailable, too, where the service itself is not among what ECS tells of.
  Result<std::vector<ServiceId>> scaled(const std::string& provider, Deadline deadline);
  /// Of those that are DAEMON services.
  Result<std::vector<std::string>> daemons(Deadline deadline);
  Result<TaskNeed> need_of(const std::string& task_definition, Deadline deadline);

  /// To ACTIVE or DRAINING. Not repeated.
  Result<void> set_state(const std::string& instance_arn, std::string_view status,
                         Deadline leave_by, Deadline deadline);
  Result<void> set_mark(const std::string& instance_arn, const InstanceMark& mark,
                        Deadline leave_by, Deadline deadline);
  Result<void> remove_mark(const std::string& instance_arn, Deadline leave_by, Deadline deadline);

 private:
  static constexpr int kPagesMax = 100;

  Result<std::vector<std::string>> list(const std::string& operation, const std::string& member,
                                        const std::vector<std::pair<std::string, std::string>>& of,
                                        Deadline deadline, int pages = kPagesMax);
  Result<std::vector<std::string>> services_with(
      const std::vector<std::pair<std::string, std::string>>& of, Deadline deadline);
  /// What is told of tasks, and how many of them are gone. Nothing may be told of some.
  struct DescribedTasks {
    std::vector<TaskPlace> places = {};
    std::size_t gone = 0;
  };
  Result<DescribedTasks> describe_tasks(std::span<const std::string> arns, Deadline deadline);
  /// Errors: Malformed where nothing is told of some.
  Result<std::vector<TaskPlace>> all_described(const std::vector<std::string>& arns,
                                               Deadline deadline);
  ApiCall call_of(std::string operation, std::string body) const;
  ApiCall change_of(std::string operation, const std::string& instance_arn, std::string body,
                    Deadline leave_by) const;

  Client* client_;
  ServiceId of_;
};

}  // namespace scaler::aws
