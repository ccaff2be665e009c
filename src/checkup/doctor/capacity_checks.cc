#include "checkup/doctor/capacity_checks.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "scaler/core/instances.h"

namespace scaler::doctor {
namespace {

constexpr std::string_view kSubject = "capacity";
constexpr std::string_view kCapacityPage = "docs/how-to-gpu.md#what-the-service-runs-on";

// Beyond ten minutes a machine costs more than it saves in starts for work in bursts.
constexpr std::int64_t kLongScaleIn = 600;

void check_managed_instances(const aws::CapacityProvider& provider, Findings& findings) {
  if (!provider.scale_in_after) {
    findings.note(
        kSubject,
        fmt::format("{} leaves it to ECS when an instance without tasks ends", provider.name),
        "Set infrastructureOptimization.scaleInAfter to 60 to 300 seconds: for work in "
        "bursts the instances then end soon after their last task.",
        kCapacityPage);
  } else if (*provider.scale_in_after < 0) {
    findings.risk(kSubject,
                  fmt::format("{} never ends an instance for being without tasks (scaleInAfter is "
                              "{})",
                              provider.name, *provider.scale_in_after),
                  "Set infrastructureOptimization.scaleInAfter to 60 to 300 seconds: a service at "
                  "zero tasks saves nothing while its instances run.",
                  kCapacityPage);
  } else if (*provider.scale_in_after > kLongScaleIn) {
    findings.note(kSubject,
                  fmt::format("{} keeps an instance for {} s after its last task", provider.name,
                              *provider.scale_in_after),
                  "Shorten infrastructureOptimization.scaleInAfter where work comes in bursts.",
                  kCapacityPage);
  }
}

/// The newest launch that has an end, when it failed.
const aws::ScalingActivity* failed_launch(const CapacityFacts& facts) {
  if (!facts.activities || !*facts.activities) {
    return nullptr;
  }
  const auto newest =
      std::ranges::find_if(**facts.activities, [](const aws::ScalingActivity& activity) {
        const bool launch = activity.description.starts_with("Launching") ||
                            (activity.description.empty() && activity.status == "Failed");
        return launch && (activity.status == "Failed" || activity.status == "Successful");
      });
  return newest != (*facts.activities)->end() && newest->status == "Failed" ? &*newest : nullptr;
}

void check_launches(const CapacityFacts& facts, const aws::AutoScalingGroup& group,
                    std::string_view name, Findings& findings) {
  if (std::ranges::find(group.suspended, "Launch") != group.suspended.end()) {
    findings.problem(
        kSubject, fmt::format("the group {} may not launch: Launch is suspended", name),
        "Resume the process: tasks wait for an instance that never comes.", kCapacityPage);
  }
  if (const aws::ScalingActivity* const failed = failed_launch(facts)) {
    findings.risk(kSubject,
                  fmt::format("the latest launch of the group {} failed: {}", name,
                              failed->message.empty() ? "AWS gives no reason" : failed->message),
                  "Allow more instance types or zones: the group goes on trying, and tasks wait as "
                  "long.",
                  kCapacityPage);
  }
}

bool is_own(const Facts& facts) {
  return facts.place.capacity == "own";
}

/// What a scaler of one service does not know of.
void check_neighbours(const CapacityFacts& capacity, Findings& findings) {
  if (!capacity.neighbours) {
    return;
  }
  if (!*capacity.neighbours) {
    findings.failed(kSubject, capacity.neighbours->error(),
                    "ecs:ListServices and ecs:DescribeServices");
    return;
  }
  const std::vector<std::string>& others = **capacity.neighbours;
  if (!others.empty()) {
    findings.risk(
        kSubject,
        fmt::format("the capacity provider {} is also that of {}{}", capacity.provider->name,
                    others.front(),
                    others.size() == 1 ? "" : fmt::format(" and {} more", others.size() - 1)),
        "Where one scaler serves all of them as a fleet, this is right. Otherwise make it one, or "
        "give each a group of its own: where two scalers share one neither ends an instance, and "
        "each learns of the other's tasks late.",
        kCapacityPage);
  }
}

/// Whether the scaler would drive the group, by its own rule.
void check_own(const CapacityFacts& capacity, const aws::AutoScalingGroup& group,
               std::string_view name, Findings& findings) {
  if (capacity.policies && !*capacity.policies) {
    findings.failed(kSubject, capacity.policies->error(), "autoscaling:DescribePolicies");
  }
  GroupSeen seen{
      .managed_scaling = capacity.provider->managed_scaling,
      .scaling_policies = capacity.policies ? capacity.policies->value_or(std::int64_t{0}) : 0,
      .new_instances_protected = group.new_instances_protected,
      .weighted = group.weighted};
  for (const aws::GroupInstance& instance : group.instances) {
    seen.instances.push_back(
        {.id = instance.id,
         .state = instance.lifecycle == "InService" ? GroupState::InService : GroupState::Pending,
         .protected_from_scale_in = instance.protected_from_scale_in});
  }
  if (const std::string refusal = refusal_of(seen); !refusal.empty()) {
    findings.problem(
        kSubject, fmt::format("CAPACITY is own, but the group {} is left alone: {}", name, refusal),
        "Until then nothing starts or ends its instances for this program.", kCapacityPage);
  }
  if (capacity.provider->managed_protection && !capacity.provider->managed_scaling) {
    findings.risk(kSubject,
                  fmt::format("the capacity provider {} has managed termination protection on, and "
                              "managed scaling off",
                              capacity.provider->name),
                  "Turn managedTerminationProtection off: it works with managed scaling alone. The "
                  "group's own NewInstancesProtectedFromScaleIn is what counts here.",
                  kCapacityPage);
  }
  check_neighbours(capacity, findings);
  if (group.min > 0) {
    findings.note(
        kSubject,
        fmt::format("the group {} never has fewer than {}", name, plural(group.min, "instance")),
        "Set MinSize to 0 where they may cost nothing at rest.", kCapacityPage);
  }
  if (std::ranges::find(group.suspended, "Terminate") != group.suspended.end()) {
    findings.problem(kSubject,
                     fmt::format("the group {} may end no instance: Terminate is suspended", name),
                     "Resume the process: instances without tasks stay and cost.", kCapacityPage);
  }
}

void check_group(const Facts& facts, const CapacityFacts& capacity,
                 const aws::AutoScalingGroup& group, Findings& findings) {
  const aws::CapacityProvider& provider = *capacity.provider;
  const std::string name = aws::parse_group_arn(provider.group_arn).value_or(aws::GroupId{}).name;
  check_launches(capacity, group, name, findings);
  if (group.reuses_instances) {
    findings.risk(kSubject, fmt::format("the warm pool of the group {} takes instances back", name),
                  "Turn ReuseOnScaleIn off: ECS does not support it.", kCapacityPage);
  }
  if (is_own(facts)) {
    check_own(capacity, group, name, findings);
  } else if (provider.managed_scaling) {
    findings.note(
        kSubject,
        fmt::format("ECS's managed scaling drives the group {}: from none it starts two instances, "
                    "and each stays about 15 minutes after its last task",
                    name),
        "For work in short bursts Managed Instances with scaleInAfter of 60 seconds cost less. A "
        "SCALE_DOWN_THRESHOLD far below 15 minutes saves tasks here, not instances.",
        kCapacityPage);
  } else if (group.desired == 0 && facts.service->desired > 0) {
    findings.problem(kSubject,
                     fmt::format("the group {} has no instance, and managed scaling is off", name),
                     "Turn managed scaling on, or set CAPACITY=own: otherwise nothing starts an "
                     "instance, and tasks wait for ever.",
                     kCapacityPage);
  }
  if (group.desired >= group.max && facts.service->running < facts.service->desired) {
    findings.risk(kSubject,
                  fmt::format("the group {} is at its maximum of {}, and {} of {} tasks run", name,
                              group.max, facts.service->running, facts.service->desired),
                  "Raise MaxSize, or set TASKS_MAX to what the group can hold.", kCapacityPage);
  }
}

}  // namespace

void check_capacity(const Facts& facts, Findings& findings) {
  if (is_own(facts) && facts.service && facts.service->capacity_providers.size() != 1) {
    findings.problem(
        kSubject,
        fmt::format("CAPACITY is own, but the service has {}",
                    plural(std::ssize(facts.service->capacity_providers), "capacity provider")),
        "Give it one alone, of an Auto Scaling group: that tells which group to drive.",
        kCapacityPage);
  }
  for (const CapacityFacts& capacity : facts.capacity) {
    if (!capacity.provider) {
      findings.failed(kSubject, capacity.provider.error(), "ecs:DescribeCapacityProviders");
      continue;
    }
    if (capacity.provider->type == "MANAGED_INSTANCES") {
      check_managed_instances(*capacity.provider, findings);
    }
    if (is_own(facts) && !capacity.group) {
      findings.problem(kSubject,
                       fmt::format("CAPACITY is own, but the capacity provider {} has no Auto "
                                   "Scaling group",
                                   capacity.provider->name),
                       "Set CAPACITY=follow: AWS starts and ends its instances.", kCapacityPage);
    }
    if (capacity.group && !*capacity.group) {
      findings.failed(kSubject, capacity.group->error(), "autoscaling:DescribeAutoScalingGroups");
    } else if (capacity.group) {
      check_group(facts, capacity, **capacity.group, findings);
    }
    if (capacity.activities && !*capacity.activities) {
      findings.failed(kSubject, capacity.activities->error(),
                      "autoscaling:DescribeScalingActivities");
    }
  }
}

}  // namespace scaler::doctor
