#pragma once
// OtherServices: what stands beside SQS and ECS as far as the scaler and its users need it:
// CloudWatch, Application Auto Scaling, Resource Groups Tagging.

#include <string>
#include <string_view>

#include "emulator/others/auto_scaling_api.h"
#include "emulator/others/cloudwatch_api.h"
#include "emulator/others/queue_sampler.h"
#include "emulator/others/tagging_api.h"

namespace scaler::emulator {

class OtherServices {
 public:
  OtherServices(const world::World& world, const std::string& home_region, Duration metrics_delay)
      : sampler_(world, metrics_, QueuePlaces(home_region)),
        cloudwatch_(world, metrics_, metrics_delay),
        auto_scaling_(world),
        tagging_(world, QueuePlaces(home_region)) {}

  /// By the name that requests are signed for.
  static bool offers(std::string_view service) {
    return service == "monitoring" || service == "application-autoscaling" || service == "tagging";
  }
  ApiAnswer handle(std::string_view service, const JsonCall& call) {
    if (service == "monitoring") {
      return cloudwatch_.handle(call);
    }
    return service == "tagging" ? tagging_.handle(call) : auto_scaling_.handle(call);
  }

  QueueSampler& sampler() { return sampler_; }

 private:
  MetricStore metrics_ = {};
  QueueSampler sampler_;
  CloudWatchApi cloudwatch_;
  AutoScalingApi auto_scaling_;
  TaggingApi tagging_;
};

}  // namespace scaler::emulator
