#pragma once
// OtherServices: what stands beside SQS and ECS as far as the scaler and its users need it:
// EC2 Auto Scaling, CloudWatch, Application Auto Scaling, Resource Groups Tagging, and a register
// of what a deployment makes besides.

#include <string>
#include <string_view>
#include <utility>

#include "emulator/autoscaling/scaling_groups_api.h"
#include "emulator/others/auto_scaling_api.h"
#include "emulator/others/cloudwatch_api.h"
#include "emulator/others/queue_sampler.h"
#include "emulator/others/register_api.h"
#include "emulator/others/tagging_api.h"

namespace scaler::emulator {

class OtherServices {
 public:
  OtherServices(world::World& world, const std::string& home_region, Duration metrics_delay,
                InstanceTypes types = {}, InstanceTimes times = {})
      : sampler_(world, metrics_, WorldPlaces(home_region)),
        cloudwatch_(world, metrics_, metrics_delay),
        auto_scaling_(world),
        groups_(world, std::move(types), times),
        tagging_(world, WorldPlaces(home_region)),
        register_(world) {}

  /// By the name that requests are signed for.
  static bool offers(std::string_view service) {
    return service == "monitoring" || service == "application-autoscaling" ||
           service == "autoscaling" || service == "tagging" || service == "logs" ||
           service == "events" || service == "iam";
  }
  ApiAnswer handle(std::string_view service, const JsonCall& call) {
    if (RegisterApi::offers(service, call.operation)) {
      return register_.handle(service, call);
    }
    if (service == "monitoring") {
      return cloudwatch_.handle(call);
    }
    if (service == "autoscaling") {
      return groups_.handle(call);
    }
    if (service == "tagging") {
      return tagging_.handle(call);
    }
    // Of what else there is, the register says that the operation is not here.
    return service == "application-autoscaling" ? auto_scaling_.handle(call)
                                                : register_.handle(service, call);
  }

  ScalingGroupsApi& groups() { return groups_; }
  QueueSampler& sampler() { return sampler_; }

 private:
  MetricStore metrics_ = {};
  QueueSampler sampler_;
  CloudWatchApi cloudwatch_;
  AutoScalingApi auto_scaling_;
  ScalingGroupsApi groups_;
  TaggingApi tagging_;
  RegisterApi register_;
};

}  // namespace scaler::emulator
