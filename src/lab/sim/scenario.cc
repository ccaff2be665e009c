#include "lab/sim/scenario.h"

#include <utility>

namespace scaler::sim {

using std::chrono::seconds;

ServiceModel service_model(Preset preset, const world::DurationRange& work_time) {
  ServiceModel model{.behaviour = {.work_time = work_time}};
  switch (preset) {
    case Preset::Fargate:
      model.behaviour.task_start = {.min = seconds(20), .max = seconds(40)};
      model.behaviour.task_stop = {.min = seconds(1), .max = seconds(30)};
      return model;
    case Preset::Ec2Warm:
      model.behaviour.task_start = {.min = seconds(1), .max = seconds(3)};
      model.behaviour.task_stop = {.min = seconds(1), .max = seconds(30)};
      return model;
    case Preset::Gpu:
      model.behaviour.task_start = {.min = seconds(5), .max = seconds(15)};
      model.behaviour.task_stop = {.min = seconds(1), .max = seconds(30)};
      return model;
  }
  std::unreachable();
}

Triggers controller(Duration interval) {
  return {.schedule = interval, .schedule_latency = {}, .cold_share = 0, .controller = true};
}

}  // namespace scaler::sim
