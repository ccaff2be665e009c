#pragma once
// EC2 Auto Scaling, by its Query protocol: one group, its activities and policies, and the three
// calls that change it. Nothing here lowers a desired capacity but the end of a named instance.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/aws/client.h"

namespace scaler::aws {

struct GroupId {
  std::string region = {};  ///< empty: the default one
  std::string name = {};
  AccountRole role = {};  ///< as whom it is reached; an ARN does not tell it
  bool operator==(const GroupId&) const = default;
};

/// "arn:aws:autoscaling:R:A:autoScalingGroup:<uuid>:autoScalingGroupName/gpu". Errors: Malformed.
Result<GroupId> parse_group_arn(std::string_view arn);

/// As AWS words it, where there are words.
struct GroupInstance {
  std::string id = {};
  std::string type = {};
  std::string lifecycle = {};  ///< "InService", "Pending:Wait", "Terminating", ...
  bool healthy = true;
  bool protected_from_scale_in = false;
};

struct AutoScalingGroup {
  std::string arn = {};
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t desired = 0;
  bool new_instances_protected = false;
  bool weighted = false;  ///< the desired capacity counts something else than instances
  bool warm_pool = false;
  bool reuses_instances = false;            ///< the warm pool takes back instances that leave
  std::vector<std::string> suspended = {};  ///< processes: "Launch", "Terminate", ...
  std::vector<GroupInstance> instances = {};
};

struct ScalingActivity {
  std::string status = {};   ///< "Successful", "Failed", "InProgress", ...
  std::string message = {};  ///< why it failed
  std::string description = {};
  std::optional<Instant> started = {};
};

class AutoScaling {
 public:
  explicit AutoScaling(Client& client) : client_(&client) {}

  /// Errors: NotFound for a group that does not exist; Malformed for a reply that lacks a count.
  Result<AutoScalingGroup> describe(const GroupId& id, Deadline deadline);
  static constexpr std::ptrdiff_t kActivitiesMost = 100;
  /// The latest so many, newest first.
  Result<std::vector<ScalingActivity>> activities(const GroupId& id, Deadline deadline);
  Result<std::int64_t> count_policies(const GroupId& id, Deadline deadline);

  /// Not repeated: the number is right at the moment of the look that it follows from only.
  Result<void> set_desired(const GroupId& id, std::int64_t desired, Deadline leave_by,
                           Deadline deadline);
  /// Ends that instance, protected or not, and lowers the desired capacity by one.
  Result<void> end(const GroupId& id, const std::string& instance, Deadline leave_by,
                   Deadline deadline);

 private:
  Client* client_;
};

/// "Launching a new EC2 instance: i-0123": the instance; empty for any other activity.
std::string launched_instance(const ScalingActivity& activity);

}  // namespace scaler::aws
