#include "checkup/doctor/service_checks.h"

#include <algorithm>
#include <array>
#include <ranges>

#include <fmt/core.h>

#include "edge/aws/ecs.h"
#include "ground/base/text.h"
#include "scaler/state/state_text.h"

namespace scaler::doctor {
namespace {

constexpr std::ptrdiff_t kTagsMax = 50;
/// For longer than that no scale-in waits for a rollout.
constexpr Duration kDeploymentHold = std::chrono::hours(1);

constexpr std::string_view kScaleInPage = "docs/runbook.md#it-does-not-scale-in";

/// "1 message is", "2 messages are".
std::string counted(std::int64_t count, std::string_view one, std::string_view more) {
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

struct Tool {
  std::string_view mark;  ///< in a tag's key, or in the value of a "managed by"; lower case
  std::string_view name;
  std::string_view page;
};

/// In the order in which they are looked for: what is made of CloudFormation names itself first.
constexpr std::array kTools{
    Tool{"copilot", "Copilot", "docs/infrastructure-tools.md#copilot"},
    Tool{"cdk", "CDK", "docs/infrastructure-tools.md#cdk"},
    Tool{"cloudformation", "CloudFormation", "docs/infrastructure-tools.md#cloudformation"},
    Tool{"pulumi", "Pulumi", "docs/infrastructure-tools.md#pulumi"},
    Tool{"terraform", "Terraform", "docs/infrastructure-tools.md#terraform"},
    Tool{"opentofu", "OpenTofu", "docs/infrastructure-tools.md#terraform"},
    Tool{"ecspresso", "ecspresso", "docs/infrastructure-tools.md#ecspresso"}};

bool says_who_manages(std::string_view key) {
  constexpr std::array<std::string_view, 3> kKeys{"managedby", "managed-by", "managed_by"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}

/// Whether the tag is one that the tool, or people who use it, put on what it manages:
/// "aws:cloudformation:stack-name", "copilot-application", "pulumi:stack", "ManagedBy=terraform".
bool is_mark_of(const Tool& tool, std::string_view key, std::string_view value) {
  const std::string low_key = lower_case(key);
  const std::string low_value = lower_case(value);
  if (says_who_manages(low_key)) {
    return low_value.contains(tool.mark);
  }
  std::string_view rest = low_key;
  rest.remove_prefix(rest.starts_with("aws:") ? 4 : 0);
  const bool begins =
      rest.starts_with(tool.mark) && (rest.size() == tool.mark.size() ||
                                      std::string_view("-:_/").contains(rest[tool.mark.size()]));
  return begins && low_value != "false" && low_value != "no";
}

void check_owner(const aws::ServiceDetails& service, Findings& findings) {
  for (const Tool& tool : kTools) {
    for (const auto& [key, value] : service.tags) {
      if (is_mark_of(tool, key, value)) {
        return findings.note(
            "service", fmt::format("its tag {}={} says that {} manages it", key, value, tool.name),
            "Take the desired count and the tags ecs-scaler:* out of that tool's hands: otherwise "
            "its next run may set the count back and remove what a pass has remembered.",
            tool.page);
      }
    }
  }
}

bool protects(const Facts& facts) {
  return facts.place.scale_in_when == "protected";
}

void check_kept_peak(const Facts& facts, const QueueDepth& depth, Findings& findings) {
  const bool idle = facts.place.scale_in_when.empty() || facts.place.scale_in_when == "idle";
  const std::int64_t spared = facts.service->desired - depth.in_flight - depth.visible;
  if (idle && depth.in_flight > 0 && spared > 0) {
    findings.note(
        "work",
        fmt::format("{} wanted for {} in flight and {} that wait",
                    counted(facts.service->desired, "task is", "tasks are"),
                    counted(depth.in_flight, "message", "messages"), depth.visible),
        fmt::format("SCALE_IN_WHEN=idle keeps every task while anything is in flight, because ECS "
                    "chooses which tasks it stops. At this moment that is {} an hour more than "
                    "there is work for. Put ecs-guard before the workers (docs/guard.md), or let "
                    "them protect their task themselves, and set SCALE_IN_WHEN=protected.",
                    counted(spared, "task-hour", "task-hours")),
        "docs/runbook.md#a-peak-is-kept");
  }
}

void check_window(const Facts& facts, Findings& findings) {
  constexpr double kCountsLag = 60;
  const auto seconds = number_of<double>(facts.place.busy_window);
  if (seconds && *seconds < kCountsLag && !protects(facts)) {
    findings.note("work",
                  fmt::format("BUSY_WINDOW is {}, and SQS's counts may be a minute late",
                              facts.place.busy_window),
                  "After a shorter time a scale-in may stop a task whose message the counts do not "
                  "tell of yet. Leave it at 60, or let workers protect themselves "
                  "(SCALE_IN_WHEN=protected).",
                  "docs/decision.md#6-stabilization");
  }
}

void check_protection(const Facts& facts, const QueueDepth& depth, Findings& findings) {
  const Result<std::int64_t>& protected_tasks = *facts.protected_tasks;
  if (!protected_tasks) {
    findings.failed("work", protected_tasks.error(), "ecs:ListTasks and ecs:GetTaskProtection");
  } else if (*protected_tasks == 0 && depth.in_flight > 0 && facts.service->running > 0) {
    findings.risk(
        "work",
        fmt::format("SCALE_IN_WHEN is protected, {} in flight, and none of {} is protected",
                    counted(depth.in_flight, "message is", "messages are"),
                    counted(facts.service->running, "task", "tasks")),
        "Put ecs-guard before the worker (docs/guard.md), or let it protect its task before it "
        "takes a message, and end that when the work is done: otherwise a scale-in may stop a busy "
        "task.",
        "docs/runbook.md#a-peak-is-kept");
  }
}

}  // namespace

void check_other_hands(const Facts& facts, Findings& findings) {
  const aws::ServiceDetails& service = *facts.service;
  check_owner(service, findings);
  if (service.zone_rebalancing == "ENABLED" && !protects(facts)) {
    findings.risk(
        "service",
        fmt::format("availability-zone rebalancing is on, and SCALE_IN_WHEN is {}",
                    facts.place.scale_in_when.empty() ? "idle" : facts.place.scale_in_when),
        "Turn it off (aws ecs update-service --availability-zone-rebalancing DISABLED), or let "
        "workers protect their task while they work: ECS stops running tasks to spread them over "
        "the zones, and spares only those that are protected.",
        "docs/infrastructure-tools.md#availability-zone-rebalancing");
  }
}

void check_state_tag(const Facts& facts, Findings& findings) {
  const aws::ServiceDetails& service = *facts.service;
  // "arn:...:service/name" lacks the cluster and cannot carry tags.
  if (std::ranges::count(service.arn, '/') == 1) {
    findings.problem(
        "service", fmt::format("its ARN {} is of the short form", service.arn),
        "Migrate it to the long form (TagResource with the long ARN): without tags the "
        "state between passes is lost, and nothing scales in.",
        kScaleInPage);
  }
  const auto tag = service.tags.find(aws::kStateTag);
  if (tag == service.tags.end()) {
    const auto own = std::ranges::count_if(
        service.tags | std::views::keys, [](const auto& key) { return !key.starts_with("aws:"); });
    if (own >= kTagsMax) {
      findings.problem("state",
                       fmt::format("the service has {} tags, and ecs-scaler:state is not among "
                                   "them; ECS takes no more than {}",
                                   own, kTagsMax),
                       "Remove a tag: without this one the state between passes is lost, and "
                       "nothing scales in.",
                       kScaleInPage);
    }
    return;
  }
  const auto state = parse_state(tag->second);
  if (!tag->second.empty() && !state) {
    findings.risk("state",
                  fmt::format("the tag ecs-scaler:state cannot be read: {}", state.error().message),
                  "Nothing needs to be done once: it counts as none, and the next pass replaces "
                  "it. If it comes back, something else writes the tag.");
  } else if (state && state->late_looks > 0) {
    findings.risk("state",
                  fmt::format("the last {} scale-ins or more were withheld, because queue and "
                              "service took too long to be looked at",
                              state->late_looks),
                  "Run the scaler nearer to its Region: tasks stay that are not needed.",
                  kScaleInPage);
  }
}

void check_deployments(const Facts& facts, Findings& findings) {
  const aws::ServiceDetails& service = *facts.service;
  constexpr std::string_view kPage = "docs/runbook.md#a-deployment-does-not-end";
  for (const aws::ServiceDeployment& deployment : service.deployments) {
    // Alone, it is the first rollout of a service: it goes on until its first tasks are steady, and
    // a service that rests at zero has none.
    const bool alone = service.deployments.size() == 1;
    const std::optional<Instant> begun = alone ? deployment.updated_at : deployment.created_at;
    const Duration age = begun ? facts.at - *begun : Duration(0);
    if (deployment.rollout == "FAILED") {
      findings.risk(
          "deployment",
          fmt::format("{} has failed: {}", deployment.id,
                      deployment.reason.empty() ? "ECS gives no reason" : deployment.reason),
          "See the service's events for why its tasks do not start or do not stay, and "
          "deploy a task definition that works.",
          kPage);
    } else if (deployment.rollout == "IN_PROGRESS" && age > kDeploymentHold &&
               (!alone || service.desired > 0)) {
      findings.risk(
          "deployment",
          fmt::format("{} has been in progress for {}", deployment.id, format_duration(age)),
          "See the service's events for why its tasks do not become steady, and end it: "
          "deploy a task definition that works, and switch on the deployment circuit "
          "breaker. A scale-in waits for a rollout for at most an hour "
          "(deployment_hold).",
          kPage);
    }
  }
}

void check_work(const Facts& facts, Findings& findings) {
  const aws::ServiceDetails& service = *facts.service;
  const QueueDepth depth = facts.queue && facts.queue->depth ? *facts.queue->depth : QueueDepth{};
  if (service.running > 0 && depth.in_flight == 0 && depth.visible > 0) {
    findings.note(
        "work",
        fmt::format("{}, {}, and none is in flight",
                    counted(service.running, "task runs", "tasks run"),
                    counted(depth.visible, "message waits", "messages wait")),
        "If it stays so, workers take no messages, or delete them before the work is done (Celery "
        "without acks_late, consumers that delete what they receive): those look idle while they "
        "are busy, and a scale-in stops them in the middle of it. Delete after the work.",
        "README.md#when-not-to-use-it");
  }
  if (service.running == 0 && depth.in_flight > 0) {
    findings.note(
        "work",
        counted(depth.in_flight, "message is", "messages are") + " in flight, and no task runs",
        fmt::format("They are those of workers that are gone, of consumers outside the service, or "
                    "of a wake. What nobody extends comes back within the visibility timeout of "
                    "{}; until then it counts as work.",
                    format_duration(facts.queue->visibility_timeout)),
        kScaleInPage);
  }
  check_kept_peak(facts, depth, findings);
  check_window(facts, findings);
  if (facts.protected_tasks) {
    check_protection(facts, depth, findings);
  }
}

}  // namespace scaler::doctor
