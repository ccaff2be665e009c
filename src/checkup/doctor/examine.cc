#include <algorithm>
#include <span>
#include <utility>

#include "checkup/doctor/facts.h"
#include "edge/aws/ecs.h"
#include "edge/aws/task_protection.h"
#include "edge/wiring/wake_mapping.h"
#include "scaler/invocation/wake_rules.h"

namespace scaler::doctor {
namespace {

/// The function's own; of several the one that is bound to what was named.
Result<std::optional<aws::EventSourceMapping>> mapping_on(aws::Client& client,
                                                          const std::string& queue_arn,
                                                          const std::string& function_arn,
                                                          Deadline deadline) {
  aws::EventSourceMappings mappings(client);
  const auto found = TRY(mappings_of(mappings, queue_arn, function_arn, deadline));
  if (found.empty()) {
    return std::optional<aws::EventSourceMapping>();
  }
  const auto bound = std::ranges::find_if(found, [&](const aws::EventSourceMapping& mapping) {
    return is_bound_to(mapping.function_arn, function_arn);
  });
  return std::optional(bound == found.end() ? found.front() : *bound);
}

std::vector<ProxyUse> proxy_uses(const aws::ClientSettings& settings, std::string_view region) {
  std::vector<ProxyUse> uses;
  // Those that a scaler or the doctor calls: not CloudWatch, which only `trace` does.
  for (const auto service :
       {aws::AwsService::Sqs, aws::AwsService::Ecs, aws::AwsService::Lambda, aws::AwsService::Sts,
        aws::AwsService::AutoScaling, aws::AwsService::Ec2AutoScaling}) {
    const auto destination = settings.destination(service, region);
    const auto* proxy =
        destination ? settings.proxies.of(destination->endpoint.origin).value_or(nullptr) : nullptr;
    if (proxy == nullptr) {
      continue;
    }
    const std::string text = to_string(*proxy);
    auto use = std::ranges::find(uses, text, &ProxyUse::proxy);
    if (use == uses.end()) {
      use = uses.insert(use, {.proxy = text, .variable = proxy->variable});
    }
    use->services += (use->services.empty() ? "" : ", ") + std::string(display_name(service));
  }
  return uses;
}

CapacityFacts capacity_of(aws::Client& client, const Examination& place, const std::string& name,
                          Deadline deadline) {
  CapacityFacts facts{.provider =
                          aws::ContainerInstances(client, place.service).provider(name, deadline)};
  if (facts.provider && !facts.provider->group_arn.empty()) {
    aws::AutoScaling groups(client);
    const Result<aws::GroupId> id = aws::parse_group_arn(facts.provider->group_arn);
    if (!id) {
      facts.group = std::unexpected(id.error());
      return facts;
    }
    facts.group = groups.describe(*id, deadline);
    facts.activities = groups.activities(*id, deadline);
    if (place.capacity == "own") {
      facts.policies = groups.count_policies(*id, deadline);
      facts.neighbours = aws::neighbours_on(client, place.service, name, deadline);
    }
  }
  return facts;
}

/// Fargate has no instances, and no description but its name.
bool has_instances(std::string_view provider) {
  return provider != "FARGATE" && provider != "FARGATE_SPOT";
}

}  // namespace

Facts examine(aws::Client& client, const Examination& place, Instant now, Deadline deadline) {
  const std::string_view region = region_of(place.service);
  Facts facts{.place = place, .proxies = proxy_uses(client.settings(), region)};
  facts.caller = aws::caller_identity(client, deadline, region);
  facts.credential_source = client.credential_source();
  facts.queue = aws::Sqs(client).settings(place.queue_url, deadline);
  facts.service = aws::service_details(client, place.service, deadline);
  if (facts.service && facts.service->launch_type == "EC2") {
    facts.instances = aws::container_instances(client, place.service, deadline);
  }
  if (facts.service) {
    for (const std::string& name : facts.service->capacity_providers) {
      if (has_instances(name)) {
        facts.capacity.push_back(capacity_of(client, place, name, deadline));
      }
    }
  }
  if (facts.service && place.scale_in_when == "protected") {
    facts.protected_tasks = aws::protected_tasks(client, place.service, deadline);
  }
  facts.scalable_target = aws::scalable_target(client, place.service, deadline);
  if (!place.function.empty()) {
    facts.function = aws::Functions(client).configuration(place.function, deadline);
    if (facts.queue && *facts.function) {
      facts.mapping = mapping_on(client, facts.queue->arn, (*facts.function)->arn, deadline);
    }
  }
  facts.clock_difference = client.clock_difference();
  facts.at = now + facts.clock_difference;
  return facts;
}

}  // namespace scaler::doctor
