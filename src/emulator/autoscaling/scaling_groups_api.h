#pragma once
// ScalingGroupsApi: EC2 Auto Scaling over the world's groups of instances. Codes, messages and
// shapes are AWS's; what it models and what it only accepts: docs/emulator.md. It takes JSON with
// AWS's names; front/scaling_groups_query.cc has the tables of the Query protocol.
// Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emulator/autoscaling/instance_types.h"
#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "ground/json/writer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// How instances of groups come and go here.
struct InstanceTimes {
  world::DurationRange launch = {.min = std::chrono::seconds(20), .max = std::chrono::seconds(40)};
  world::DurationRange agent = {.min = std::chrono::seconds(20), .max = std::chrono::seconds(40)};
  Duration termination = std::chrono::seconds(30);
};

class ScalingGroupsApi {
 public:
  ScalingGroupsApi(world::World& world, InstanceTypes types, InstanceTimes times)
      : world_(world), types_(std::move(types)), times_(times) {}

  /// Errors: ValidationError, AlreadyExists, ResourceInUse, ScalingActivityInProgress,
  ///         InvalidNextToken.
  ApiAnswer handle(const JsonCall& call);

  const InstanceTypes& types() const { return types_; }
  const InstanceTimes& times() const { return times_; }

 private:
  using Method = ApiAnswer (ScalingGroupsApi::*)(const Input&, const Caller&);
  struct Operation {
    std::vector<Field> fields = {};
    Method method = nullptr;
  };
  /// What a group has beyond its instances: members of the request by name, and its tags. Its warm
  /// pool is a member, too.
  struct Kept {
    json::Object shown = {};
    std::map<std::string, json::Object, std::less<>> policies = {};
    bool pool_is_bounded = false;  ///< by a number of its own, not the group's maximum
  };
  static const std::unordered_map<std::string_view, Operation>& operations();

  ApiAnswer create_launch_configuration(const Input& input, const Caller& caller);
  ApiAnswer create_group(const Input& input, const Caller& caller);
  ApiAnswer update_group(const Input& input, const Caller& caller);
  ApiAnswer delete_group(const Input& input, const Caller& caller);
  ApiAnswer describe_groups(const Input& input, const Caller& caller);
  ApiAnswer describe_instances(const Input& input, const Caller& caller);
  ApiAnswer describe_activities(const Input& input, const Caller& caller);
  ApiAnswer put_warm_pool(const Input& input, const Caller& caller);
  ApiAnswer delete_warm_pool(const Input& input, const Caller& caller);
  ApiAnswer describe_warm_pool(const Input& input, const Caller& caller);
  ApiAnswer put_policy(const Input& input, const Caller& caller);
  ApiAnswer delete_policy(const Input& input, const Caller& caller);
  ApiAnswer describe_policies(const Input& input, const Caller& caller);
  ApiAnswer tag(const Input& input, const Caller& caller);
  ApiAnswer untag(const Input& input, const Caller& caller);

  ApiAnswer set_desired_capacity(const Input& input, const Caller& caller);
  ApiAnswer terminate_instance(const Input& input, const Caller& caller);
  ApiAnswer set_instance_protection(const Input& input, const Caller& caller);
  ApiAnswer suspend_processes(const Input& input, const Caller& caller);
  ApiAnswer resume_processes(const Input& input, const Caller& caller);
  ApiAnswer suspend(const Input& input, bool is_suspended);

  ApiResult<world::InstanceGroup*> find_group(const Input& input);
  ApiResult<world::GroupSettings> sizes_of(const Input& input, world::GroupSettings settings) const;
  ApiResult<std::string> instance_type_of(const Input& input) const;
  void write_group(json::Writer& writer, const world::InstanceGroup& group, const Caller& caller,
                   bool with_instances) const;
  const Kept& kept(const world::InstanceGroup& group) const;

  world::World& world_;
  InstanceTypes types_;
  InstanceTimes times_;
  std::map<std::string, json::Object, std::less<>> launch_configurations_ = {};
  std::map<std::string, Kept, std::less<>> kept_ = {};
};

/// "arn:aws:autoscaling:<region>:<account>:autoScalingGroup:<uuid>:autoScalingGroupName/<name>"
std::string scaling_group_arn(std::string_view region, std::string_view name);

// How EC2 Auto Scaling writes its things.
void write_instance(json::Writer& writer, const world::InstanceGroup& group,
                    const world::Instance& instance, std::string_view region);
void write_zone(json::Writer& writer, std::string_view region, std::size_t zone);
void write_activity(json::Writer& writer, const world::InstanceGroup& group,
                    const world::Activity& activity, const Caller& caller);

std::unexpected<ApiError> validation_error(std::string message);

/// Whose instances are ECS's own: EC2 Auto Scaling knows nothing of them.
inline bool is_hidden(const world::InstanceGroup& group) {
  return group.settings().scale_in_after.has_value();
}

}  // namespace scaler::emulator
