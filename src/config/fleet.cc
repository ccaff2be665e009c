#include "config/fleet.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/problems.h"
#include "config/names.h"
#include "config/policy_reader.h"
#include "json/reader.h"

namespace scaler {
namespace {

/// A text that is valid, or what it must be.
Result<std::string> read_name(const json::Reader& value, bool (*valid)(std::string_view),
                              std::string_view meaning) {
  std::string text = TRY(value.string());
  if (!valid(text)) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is not {}", value.path(), text, meaning));
  }
  return text;
}

Result<std::string> read_name(const json::Reader& object, std::string_view name,
                              bool (*valid)(std::string_view), std::string_view meaning) {
  const json::Reader value = TRY(object.field(name));
  return read_name(value, valid, meaning);
}

/// "https://..." or {"url": "https://...", "weight": 2}
Result<JobQueue> read_queue(const json::Reader& value) {
  if (std::holds_alternative<std::string>(value.value().data())) {
    return JobQueue{.url = TRY(read_name(value, is_queue_url, kQueueUrlMeaning))};
  }
  TRY(value.only_fields({"url", "weight"}));
  JobQueue queue{.url = TRY(read_name(value, "url", is_queue_url, kQueueUrlMeaning))};
  if (const auto weight = value.optional_field("weight")) {
    queue.weight = {TRY(weight->millionths(kWeightMin, kWeightMax))};
  }
  return queue;
}

std::vector<JobQueue> read_queues(const json::Reader& service, Problems& problems) {
  std::vector<JobQueue> queues;
  const Result<json::Reader> field = service.field("queues");
  const Result<std::vector<json::Reader>> items =
      field ? field->items() : std::unexpected(field.error());
  problems.add_if_failed(items);
  for (const json::Reader& item : items.value_or(std::vector<json::Reader>())) {
    Result<JobQueue> queue = read_queue(item);
    problems.add_if_failed(queue);
    if (queue && std::ranges::find(queues, queue->url, &JobQueue::url) != queues.end()) {
      problems.add(fmt::format("{}: '{}' stands twice", item.path(), queue->url));
    } else if (queue) {
      queues.push_back(*std::move(queue));
    }
  }
  if (items && items->empty()) {
    problems.add(fmt::format("{} is empty, but at least one queue is needed", field->path()));
  }
  return queues;
}

Result<Policy> read_policy_over(const PolicyOptions& defaults, const json::Reader& service) {
  PolicyOptions options = defaults;
  const auto own = service.optional_field("policy");
  if (own) {
    TRY(read_fields(*own, options));
  }
  Result<Policy> policy = Policy::create(options);
  if (!policy) {
    return fail(std::move(policy).error(), own ? own->path() : service.path());
  }
  return policy;
}

/// A member without a value is most likely a line that was not finished: it must not pass for the
/// default.
void refuse_nulls(const json::Reader& value, Problems& problems) {
  if (const auto* object = std::get_if<json::Object>(&value.value().data())) {
    const std::string_view dot = value.path().ends_with(": ") ? "" : ".";
    for (const auto& [name, member] : *object) {
      refuse_nulls(json::Reader(member, fmt::format("{}{}{}", value.path(), dot, name)), problems);
    }
  } else if (const auto items = value.items()) {
    std::ranges::for_each(*items, [&](const json::Reader& item) { refuse_nulls(item, problems); });
  } else if (value.value().is_null()) {
    problems.add(value.path() + " has no value");
  }
}

/// "arn:aws:ecs:eu-central-1:123456789012:cluster/main" -> "main": the same thing by either name.
std::string name_of(const std::string& name_or_arn) {
  return name_or_arn.substr(name_or_arn.rfind('/') + 1);
}

/// One service, if it is whole; what is wrong goes to the problems.
std::optional<ManagedService> read_service(const json::Reader& object,
                                           const PolicyOptions& defaults, Problems& problems) {
  problems.add_if_failed(object.only_fields({"cluster", "service", "queues", "policy"}));
  const auto cluster = read_name(object, "cluster", is_ecs_name, kClusterMeaning);
  const auto service = read_name(object, "service", is_ecs_name, kServiceMeaning);
  problems.add_if_failed(cluster);
  problems.add_if_failed(service);
  std::vector<JobQueue> queues = read_queues(object, problems);
  Result<Policy> policy = read_policy_over(defaults, object);
  problems.add_if_failed(policy);
  if (!cluster || !service || !policy) {
    return std::nullopt;
  }
  return ManagedService{.id = {.cluster = *cluster, .service = *service},
                        .queues = std::move(queues),
                        .policy = *std::move(policy)};
}

}  // namespace

Result<std::vector<ManagedService>> read_fleet(const json::Value& document, std::string_view file) {
  const json::Reader root = json::Reader::of_file(document, file);
  Problems problems;
  refuse_nulls(root, problems);
  problems.add_if_failed(root.only_fields({"defaults", "services"}));
  PolicyOptions defaults;
  if (const auto object = root.optional_field("defaults")) {
    problems.add_if_failed(read_fields(*object, defaults));
  }
  const json::Reader services = TRY(root.field("services"));
  const std::vector<json::Reader> items = TRY(services.items());
  if (items.empty() || items.size() > kFleetMax) {
    problems.add(fmt::format("{} has {} services, but must have from 1 to {}", services.path(),
                             items.size(), kFleetMax));
  }
  std::vector<ManagedService> fleet;
  std::set<std::pair<std::string, std::string>> known;
  for (const json::Reader& item : items) {
    std::optional<ManagedService> service = read_service(item, defaults, problems);
    if (!service) {
      continue;
    }
    if (!known.emplace(name_of(service->id.cluster), name_of(service->id.service)).second) {
      problems.add(fmt::format("{}: the service {}/{} stands twice", item.path(),
                               service->id.cluster, service->id.service));
    }
    fleet.push_back(*std::move(service));
  }
  TRY(problems.result());
  return fleet;
}

}  // namespace scaler
