#pragma once
// Instances: who may start and end those under the tasks in a study, and what they cost beside
// their own price.

#include <span>
#include <string_view>

#include "lab/study/study.h"

namespace scaler::study {

/// A way in which AWS drives instances. This program sets the tasks and leaves instances alone.
struct InstanceDriver {
  std::string_view name = {};      ///< in flags: "managed-scaling"
  std::string_view title = {};     ///< for people
  std::string_view sentence = {};  ///< what it does
  void (*drive)(sim::GroupModel& group) = nullptr;
};

inline constexpr std::string_view kManagedScaling = "managed-scaling";

std::span<const InstanceDriver> instance_drivers();
/// nullptr when there is none of that name.
const InstanceDriver* find_driver(std::string_view name);
/// The same tasks as under `settings`, on instances that AWS drives.
Candidate driver_candidate(const InstanceDriver& driver, Settings settings);

/// This program drives them.
void own_instances(PolicyOptions& policy, const sim::GroupModel& group);

/// What the question's instances cost under that driver, in the price's currency.
double cost_of(const sim::Score& score, const sim::GroupModel& group, const Price& price);

}  // namespace scaler::study
