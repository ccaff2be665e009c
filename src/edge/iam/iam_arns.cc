#include "edge/iam/iam_arns.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"

namespace scaler {
namespace {

std::string arn_in(const IamPlace& place, std::string_view service, std::string resource) {
  return text_of({.partition = std::string(partition_of(place.region).name),
                  .service = std::string(service),
                  .region = place.region,
                  .account = place.account,
                  .resource = std::move(resource)});
}

}  // namespace

std::string Arns::of_queue(const std::string& url) const {
  const Result<QueueAddress> queue = parse_queue(url);
  return queue ? arn_of(*queue, scope_->queue_region) : url;
}

std::string Arns::of_queues(const std::string& pattern) const {
  return pattern.starts_with("arn:") ? pattern : arn_in(scope_->service, "sqs", pattern);
}

std::string Arns::of_service(const ServiceId& id) const {
  return id.service.starts_with("arn:")
             ? id.service
             : of_ecs(id, fmt::format("service/{}/{}", plain_name(id.cluster), id.service));
}

std::string Arns::of_cluster(const ServiceId& id) const {
  return of_ecs(id, fmt::format("cluster/{}", plain_name(id.cluster)));
}

std::string Arns::of_tasks(const ServiceId& id) const {
  return of_ecs(id, fmt::format("task/{}/*", plain_name(id.cluster)));
}

std::string Arns::of_instances(const ServiceId& id) const {
  return of_ecs(id, fmt::format("container-instance/{}/*", plain_name(id.cluster)));
}

std::string Arns::of_ecs(const ServiceId& id, std::string resource) const {
  IamPlace place = scope_->service;
  if (const auto told = parse_service(id.cluster, id.service); told && !told->region.empty()) {
    place = {.region = told->region, .account = told->account};
  }
  return arn_in(place, "ecs", std::move(resource));
}

std::string Arns::of_clusters(const std::string& pattern, std::string_view kind) const {
  const std::string_view all = kind == "cluster" ? "" : "/*";
  std::string resource = fmt::format("{}/{}{}", kind, plain_name(pattern), all);
  return beside_clusters(pattern, "ecs", std::move(resource));
}

std::string Arns::beside_clusters(const std::string& pattern, std::string_view service,
                                  std::string resource) const {
  std::optional<Arn> arn = parse_arn(pattern);
  if (!arn) {
    return arn_in(scope_->service, service, std::move(resource));
  }
  arn->service = service;
  arn->resource = std::move(resource);
  return text_of(*arn);
}

std::string Arns::of_group(const std::string& name) const {
  return arn_in(scope_->service, "autoscaling", group_resource(name));
}

std::string Arns::group_resource(const std::string& name) {
  return "autoScalingGroup:*:autoScalingGroupName/" + name;
}

std::string Arns::of_function(std::string_view service, std::string resource) const {
  return arn_in(scope_->function, service, std::move(resource));
}

void add_once(std::vector<std::string>& texts, std::string text) {
  if (std::ranges::find(texts, text) == texts.end()) {
    texts.push_back(std::move(text));
  }
}

}  // namespace scaler
