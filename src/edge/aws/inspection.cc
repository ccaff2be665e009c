#include "edge/aws/inspection.h"

#include <algorithm>
#include <span>
#include <utility>

#include "edge/aws/container_instances.h"
#include "edge/aws/ecs.h"
#include "edge/aws/error_table.h"
#include "edge/aws/reply_fields.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

Result<std::string> controller_of(const json::Reader& service) {
  const auto controller = service.optional_field("deploymentController");
  return controller ? text_or(*controller, "type", "ECS") : Result<std::string>("ECS");
}

Result<std::map<std::string, std::string, std::less<>>> tags_of(const json::Reader& service) {
  std::map<std::string, std::string, std::less<>> tags;
  if (const auto list = service.optional_field("tags")) {
    for (const json::Reader& tag : TRY(list->items())) {
      tags.insert_or_assign(TRY(text_or(tag, "key")), TRY(text_or(tag, "value")));
    }
  }
  return tags;
}

/// Seconds since 1970.
Result<std::optional<Instant>> time_of(const json::Reader& object, std::string_view name) {
  constexpr double kSecondsMax = 1e12;
  const auto field = object.optional_field(name);
  if (!field) {
    return std::optional<Instant>();
  }
  return std::optional(Instant(Duration(TRY(field->millionths(0, kSecondsMax)) / 1000)));
}

Result<std::vector<ServiceDeployment>> deployments_of(const json::Reader& service) {
  std::vector<ServiceDeployment> deployments;
  if (const auto list = service.optional_field("deployments")) {
    for (const json::Reader& deployment : TRY(list->items())) {
      ServiceDeployment& added = deployments.emplace_back();
      added.id = TRY(text_or(deployment, "id"));
      added.rollout = TRY(text_or(deployment, "rolloutState"));
      added.reason = harmless(TRY(text_or(deployment, "rolloutStateReason")));
      added.created_at = TRY(time_of(deployment, "createdAt"));
      added.updated_at = TRY(time_of(deployment, "updatedAt"));
    }
  }
  return deployments;
}

Result<std::vector<std::string>> providers_of(const json::Reader& service) {
  std::vector<std::string> names;
  if (const auto strategy = service.optional_field("capacityProviderStrategy")) {
    for (const json::Reader& item : TRY(strategy->items())) {
      names.push_back(TRY(text_or(item, "capacityProvider")));
    }
  }
  return names;
}

Result<ServiceDetails> read_details(const json::Reader& service) {
  ServiceDetails details;
  details.arn = TRY(text_or(service, "serviceArn"));
  details.cluster_arn = TRY(text_or(service, "clusterArn"));
  details.status = TRY(text_or(service, "status"));
  details.scheduling_strategy = TRY(text_or(service, "schedulingStrategy", "REPLICA"));
  details.deployment_controller = TRY(controller_of(service));
  details.launch_type = TRY(text_or(service, "launchType"));
  details.capacity_providers = TRY(providers_of(service));
  details.desired = TRY(count_of(service, "desiredCount"));
  details.running = TRY(count_of(service, "runningCount"));
  details.zone_rebalancing = TRY(text_or(service, "availabilityZoneRebalancing"));
  details.deployments = TRY(deployments_of(service));
  details.tags = TRY(tags_of(service));
  return details;
}

/// The only element of `list` in the reply; nothing when there is none.
Result<std::optional<json::Reader>> only_element(const json::Value& reply, std::string_view list) {
  const auto field = json::Reader(reply).optional_field(list);
  if (!field) {
    return std::optional<json::Reader>();
  }
  const std::vector<json::Reader> items = TRY(field->items());
  return items.empty() ? std::optional<json::Reader>() : std::optional(items.front());
}

bool all_suspended(const json::Reader& target) {
  const auto state = target.optional_field("SuspendedState");
  bool all = state.has_value();
  for (const char* name :
       {"DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"}) {
    const auto field = state ? state->optional_field(name) : std::nullopt;
    all = all && field && field->boolean().value_or(false);
  }
  return all;
}

}  // namespace

Result<ServiceDetails> service_details(Client& client, const ServiceId& id, Deadline deadline) {
  const ApiCall call = describe_call(std::span(&id, 1), WithTags::Yes);
  const ApiReply reply = TRY(client.call(call, deadline));
  const auto service = TRY(only_element(reply.value, "services"));
  if (!service) {
    return fail(ErrorKind::NotFound,
                fmt::format("ECS DescribeServices {}: {}", call.subject, kNoSuchService));
  }
  Result<ServiceDetails> details = read_details(*service);
  if (!details) {
    return fail(std::move(details).error(), "ECS DescribeServices " + call.subject);
  }
  return details;
}

Result<std::vector<std::string>> neighbours_on(Client& client, const ServiceId& id,
                                               const std::string& provider, Deadline deadline) {
  std::vector<ServiceId> others = TRY(ContainerInstances(client, id).services(deadline));
  std::erase_if(others,
                [&id](const ServiceId& other) { return other.service == plain_name(id.service); });
  std::vector<std::string> found;
  for (std::span<const ServiceId> left(others); !left.empty();) {
    const auto chunk = left.first(std::min(left.size(), kServicesPerDescription));
    left = left.subspan(chunk.size());
    ApiCall call = describe_call(chunk, WithTags::No);
    call.subject = id.cluster;
    const ApiReply reply = TRY(client.call(call, deadline));
    const json::Reader root(reply.value);
    const json::Reader services = TRY(root.field("services"));
    for (const json::Reader& service : TRY(services.items())) {
      const std::vector<std::string> providers = TRY(providers_of(service));
      if (std::ranges::find(providers, provider) != providers.end()) {
        found.push_back(TRY(text_or(service, "serviceName")));
      }
    }
  }
  return found;
}

Result<std::int64_t> container_instances(Client& client, const ServiceId& id, Deadline deadline) {
  json::Writer body;
  body.begin_object().name("clusters").begin_array().value(id.cluster).end_array().end_object();
  const ApiCall call{.service = AwsService::Ecs,
                     .region = std::string(region_of(id)),
                     .operation = "DescribeClusters",
                     .subject = id.cluster,
                     .body = std::move(body).text(),
                     .role = id.role};
  const ApiReply reply = TRY(client.call(call, deadline));
  const auto found = TRY(only_element(reply.value, "clusters"));
  if (!found) {
    return fail(ErrorKind::NotFound, "ECS DescribeClusters " + id.cluster + ": MISSING");
  }
  return count_of(*found, "registeredContainerInstancesCount");
}

Result<std::optional<ScalableTarget>> scalable_target(Client& client, const ServiceId& id,
                                                      Deadline deadline) {
  const std::string resource =
      "service/" + std::string(plain_name(id.cluster)) + "/" + std::string(plain_name(id.service));
  json::Writer body;
  body.begin_object().field("ServiceNamespace", "ecs").name("ResourceIds").begin_array();
  body.value(resource).end_array().field("ScalableDimension", "ecs:service:DesiredCount");
  body.end_object();
  const ApiCall call{.service = AwsService::AutoScaling,
                     .region = std::string(region_of(id)),
                     .operation = "DescribeScalableTargets",
                     .subject = resource,
                     .body = std::move(body).text(),
                     .role = id.role};
  const ApiReply reply = TRY(client.call(call, deadline));
  const auto target = TRY(only_element(reply.value, "ScalableTargets"));
  if (!target) {
    return std::optional<ScalableTarget>();
  }
  ScalableTarget found{.suspended = all_suspended(*target)};
  found.tasks_min = TRY(count_of(*target, "MinCapacity"));
  found.tasks_max = TRY(count_of(*target, "MaxCapacity"));
  return std::optional(found);
}

}  // namespace scaler::aws
