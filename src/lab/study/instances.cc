#include "lab/study/instances.h"

#include <algorithm>
#include <array>
#include <utility>

namespace scaler::study {
namespace {

using Driver = sim::GroupModel::Driver;
using std::chrono::seconds;

constexpr std::int64_t kWarm = 2;  // As many as managed scaling starts from none.

void manage(sim::GroupModel& group, Duration scale_in_after) {
  group.driver = Driver::ManagedInstances;
  group.scale_in_after = scale_in_after;
}

constexpr std::array kDrivers{
    InstanceDriver{.name = kManagedScaling,
                   .title = "ECS managed scaling",
                   .sentence = "a metric each minute, an alarm a minute later, two instances from "
                               "none, 300 s of warm-up, in after 15 min of a low metric",
                   .drive = [](sim::GroupModel& group) { group.driver = Driver::ManagedScaling; }},
    InstanceDriver{.name = "managed-instances-60s",
                   .title = "Managed Instances, 60 s",
                   .sentence = "ECS Managed Instances with scaleInAfter 60; its fee is counted",
                   .drive = [](sim::GroupModel& group) { manage(group, seconds(60)); }},
    InstanceDriver{.name = "managed-instances-300s",
                   .title = "Managed Instances, 300 s",
                   .sentence = "ECS Managed Instances with scaleInAfter 300; its fee is counted",
                   .drive = [](sim::GroupModel& group) { manage(group, seconds(300)); }},
    InstanceDriver{.name = "warm-pool",
                   .title = "managed scaling, warm pool",
                   .sentence =
                       "ECS managed scaling over a warm pool of two stopped instances, each "
                       "made ready anew after its use; their volumes are counted",
                   .drive = [](sim::GroupModel& group) {
                     group.driver = Driver::ManagedScaling;
                     group.warm_pool = world::WarmPool{.prepared_max = kWarm};
                   }}};

}  // namespace

std::span<const InstanceDriver> instance_drivers() {
  return kDrivers;
}

const InstanceDriver* find_driver(std::string_view name) {
  const auto* const found = std::ranges::find(kDrivers, name, &InstanceDriver::name);
  return found == kDrivers.end() ? nullptr : found;
}

Candidate driver_candidate(const InstanceDriver& driver, Settings settings) {
  settings.policy.capacity = Capacity::Off;
  settings.policy.instance_tasks.reset();
  return {.name = std::string(driver.title),
          .note = std::string(driver.sentence),
          .scaler = std::move(settings),
          .driver = &driver};
}

void own_instances(PolicyOptions& policy, const sim::GroupModel& group) {
  policy.capacity = Capacity::Own;
  policy.instance_tasks = group.tasks_per_instance;
}

double cost_of(const sim::Score& score, const sim::GroupModel& group, const Price& price) {
  const auto hours = [](Duration time) { return in_hours(time); };
  const InstancePrices& extra = instance_prices();
  const double fee = group.driver == Driver::ManagedInstances ? extra.managed_fee : 0;
  return price.per_hour * (1 + fee) * hours(score.instance_time) +
         extra.stopped_hour * hours(score.instances.stopped_time);
}

}  // namespace scaler::study
