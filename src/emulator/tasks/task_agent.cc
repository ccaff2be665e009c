#include "emulator/tasks/task_agent.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_json.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_container.h"
#include "emulator/ecs/task_protection.h"
#include "emulator/request/aws_request.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

using world::Service;
using world::Task;
using world::TaskState;

constexpr std::string_view kAgent = "/api/";
constexpr std::string_view kMetadata = "/v4/";
constexpr std::string_view kCredentials = "/credentials/";
constexpr std::string_view kProtection = "/task-protection/v1/state";
constexpr Duration kCredentialLife = std::chrono::hours(6);
constexpr double kRequestsAtOnce = 60;
constexpr double kRequestsPerSecond = 40;
constexpr std::size_t kAllowances = 1000;  ///< tasks of which some is kept
/// So long the agent waits for ECS.
constexpr Duration kCallLimit = std::chrono::seconds(4);

net::HttpResponse answer(int status, json::Writer writer) {
  return {.status = status,
          .headers = {{.name = "Content-Type", .value = "application/json"}},
          .body = std::move(writer).text()};
}

/// As the agent puts it: `kind` is "failure" (of the task, with status 200) or "error".
net::HttpResponse refusal(int status, std::string_view kind, std::string_view arn,
                          std::string_view code, std::string_view text) {
  json::Writer writer;
  writer.begin_object().field("requestID", "emulated").name(kind).begin_object();
  writer.field("Arn", arn);
  if (kind == "failure") {
    writer.field("Detail", text).field("Reason", code);
  } else {
    writer.field("Code", code).field("Message", text);
  }
  writer.end_object().end_object();
  return answer(status, std::move(writer));
}

Result<ProtectionWish> read_wish(const std::string& text) {
  const json::Value document = TRY(json::parse(text));
  const json::Reader root(document);
  const json::Reader enabled = TRY(root.field("ProtectionEnabled"));
  ProtectionWish wish;
  wish.enabled = TRY(enabled.boolean());
  if (const auto minutes = root.optional_field("ExpiresInMinutes")) {
    wish.minutes = TRY(minutes->integer({.min = 1, .max = kProtectionMinutesMax}));
  }
  return wish;
}

net::HttpResponse protection_answer(std::string_view arn, const std::optional<Instant>& until) {
  json::Writer writer;
  writer.begin_object().name("protection").begin_object();
  if (until) {
    writer.field("ExpirationDate", format_instant(*until));
  }
  writer.field("ProtectionEnabled", until.has_value()).field("TaskArn", arn);
  return answer(200, std::move(writer.end_object().end_object()));
}

/// "<id>" of "<prefix><id>" or "<prefix><id>/rest".
std::string_view id_in(std::string_view target, std::string_view prefix) {
  const std::string_view rest = target.substr(prefix.size());
  return rest.substr(0, rest.find_first_of("/?"));
}

}  // namespace

std::string access_key_id_of(const Task& task) {
  return "ASIA" + upper_case(std::string_view(task.id).substr(0, 16));
}

std::string_view account_of_task_key(const world::World& world, std::string_view access_key_id) {
  for (const auto& [name, cluster] : world.clusters()) {
    const std::string_view account = account_in(name);
    if (account == kAccount) {
      continue;
    }
    for (const Service* const holder : cluster.task_holders()) {
      if (std::ranges::any_of(holder->tasks(), [&](const auto& task) {
            return access_key_id_of(task.second) == access_key_id;
          })) {
        return account;
      }
    }
  }
  return kAccount;
}

Environment TaskAgent::variables(const Task& task) const {
  const std::string region = places_.place_of(task.task_definition).region;
  return {{"AWS_ENDPOINT_URL", endpoint_},
          {"AWS_REGION", region},
          {"AWS_DEFAULT_REGION", region},
          {"AWS_EXECUTION_ENV", "AWS_ECS_FARGATE"},
          {"AWS_CONTAINER_CREDENTIALS_FULL_URI",
           fmt::format("{}{}{}", endpoint_, kCredentials, task.id)},
          {"ECS_AGENT_URI", fmt::format("{}{}{}", endpoint_, kAgent, task.id)},
          {"ECS_CONTAINER_METADATA_URI_V4", fmt::format("{}{}{}", endpoint_, kMetadata, task.id)},
          {"AWS_CONFIG_FILE", "/dev/null"},
          {"AWS_SHARED_CREDENTIALS_FILE", "/dev/null"},
          {"AWS_EC2_METADATA_DISABLED", "true"}};
}

bool TaskAgent::handles(std::string_view target) {
  return target.starts_with(kAgent) || target.starts_with(kMetadata) ||
         target.starts_with(kCredentials);
}

std::string TaskAgent::arn_of(const world::FoundTask& place) const {
  const std::string& cluster = place.service->definition().cluster;
  return task_arn(places_.place_of(cluster).region, cluster, place.task->id);
}

bool TaskAgent::too_many(const Task& task) {
  const Instant now = world_.now();
  if (allowances_.size() >= kAllowances) {  // Those of tasks that are gone are full again.
    std::erase_if(allowances_,
                  [now](const auto& one) { return now - one.second.at > std::chrono::seconds(2); });
  }
  Allowance& left =
      allowances_.try_emplace(task.id, Allowance{.requests = kRequestsAtOnce, .at = now})
          .first->second;
  const double passed = in_seconds(now - left.at);
  left = {.requests = std::min(kRequestsAtOnce, left.requests + passed * kRequestsPerSecond),
          .at = now};
  if (left.requests < 1) {
    return true;
  }
  left.requests -= 1;
  return false;
}

AgentReply TaskAgent::handle(const net::ServerRequest& request) {
  const std::string_view target = request.target;
  const std::string_view prefix = target.starts_with(kAgent)      ? kAgent
                                  : target.starts_with(kMetadata) ? kMetadata
                                                                  : kCredentials;
  const std::string_view id = id_in(target, prefix);
  const std::string_view path = target.substr(prefix.size() + id.size());
  const world::FoundTask place = world_.find_task(id);
  if (place.task == nullptr) {
    return {refusal(404, "error", "", "ResourceNotFoundException", "no such task runs here")};
  }
  if (too_many(*place.task)) {
    return {refusal(429, "error", arn_of(place), "TooManyRequestsException",
                    fmt::format("the agent takes {:.0f} requests a second, and {:.0f} at once",
                                kRequestsPerSecond, kRequestsAtOnce))};
  }
  if (prefix == kAgent) {
    return path == kProtection
               ? protection(request, place)
               : AgentReply{refusal(404, "error", "", "ResourceNotFoundException",
                                    fmt::format("the agent here has {} only", kProtection))};
  }
  if (request.method != "GET") {
    return {refusal(405, "error", "", "InvalidParameterException", "only GET")};
  }
  return {prefix == kMetadata ? metadata(path, place) : credentials(place)};
}

bool TaskAgent::has_role(const Task& task) const {
  const auto name = task_definition_name(task.task_definition).value_or(TaskDefinitionName{});
  const auto* const definition = world_.find_task_definition(name.family, name.revision);
  const Result<json::Value> document =
      json::parse(definition == nullptr ? "" : definition->document);
  return document && json::Reader(*document).optional_field("taskRoleArn").has_value();
}

AgentReply TaskAgent::protection(const net::ServerRequest& request, const world::FoundTask& place) {
  const std::string arn = arn_of(place);
  const bool asks = request.method == "GET";
  if (!asks && request.method != "PUT") {
    return {refusal(405, "error", arn, "InvalidParameterException", "only GET and PUT")};
  }
  if (!has_role(*place.task)) {
    return {refusal(403, "error", arn, "AccessDeniedException",
                    "the task has no role: its task definition names no taskRoleArn")};
  }
  const std::string_view operation = asks ? "GetTaskProtection" : "UpdateTaskProtection";
  const auto fault = strike_ ? strike_(operation, access_key_id_of(*place.task)) : std::nullopt;
  if (fault && fault->kind == FaultKind::Hang) {
    return {refusal(504, "error", arn, "InternalServerError",
                    fmt::format("{} took too long", operation)),
            kCallLimit};
  }
  if (fault && fault->kind != FaultKind::Slow) {
    const ApiError error = fault_error(fault->kind, "ecs");
    return {refusal(error.status, "error", arn, error.code, error.message)};
  }
  return {asks ? protection_answer(arn, place.task->protected_until) : protect(request, place),
          fault ? fault->delay : Duration::zero()};
}

net::HttpResponse TaskAgent::protect(const net::ServerRequest& request,
                                     const world::FoundTask& place) {
  const std::string arn = arn_of(place);
  const Result<ProtectionWish> wish = read_wish(request.body);
  if (!wish) {
    return refusal(400, "error", arn, "InvalidParameterException", wish.error().message);
  }
  const std::string_view reason = ask_protection(world_, *place.service, *place.task, *wish);
  if (!reason.empty()) {
    return refusal(200, "failure", arn, reason,
                   reason == "TASK_NOT_VALID" ? "the task is to stop"
                                              : "more tasks would be protected than are desired");
  }
  // Without its protection the task may be gone by now.
  return protection_answer(arn, wish->enabled ? place.task->protected_until : std::nullopt);
}

net::HttpResponse TaskAgent::metadata(std::string_view path, const world::FoundTask& place) const {
  const Service& service = *place.service;
  const Task& task = *place.task;
  const auto name = task_definition_name(task.task_definition).value_or(TaskDefinitionName{});
  const auto* const definition = world_.find_task_definition(name.family, name.revision);
  const std::string& cluster = service.definition().cluster;
  const std::string region = places_.place_of(cluster).region;
  std::vector<TaskContainer> containers;
  if (definition != nullptr) {
    containers = containers_of(*definition, overrides_of(task));
  }
  const std::size_t index = worker_index(containers).value_or(0);
  const TaskContainer worker = containers.empty() ? TaskContainer{} : containers[index];
  json::Writer container;
  container.begin_object()
      .field("DockerId", fmt::format("{}-{}", task.id, index + 1))
      .field("Name", worker.name)
      .field("DockerName", worker.name)
      .field("Image", worker.image)
      .field("ContainerARN", container_arn(region, cluster, task.id, index));
  container.name("Labels")
      .begin_object()
      .field("com.amazonaws.ecs.cluster", own_name(cluster))
      .field("com.amazonaws.ecs.task-arn", arn_of(place))
      .field("com.amazonaws.ecs.task-definition-family", own_name(name.family))
      .field("com.amazonaws.ecs.task-definition-version", fmt::format("{}", name.revision))
      .end_object();
  container.field("DesiredStatus", desired_status(task))
      .field("KnownStatus", to_string(task.state))
      .field("CreatedAt", format_instant(task.created_at))
      .field("StartedAt", format_instant(task.started_at.value_or(task.created_at)))
      .field("Type", "NORMAL")
      .end_object();
  if (path.empty()) {
    return answer(200, std::move(container));
  }
  if (path == "/stats" || path == "/task/stats") {
    json::Writer none;
    none.begin_object().end_object();
    return answer(200, std::move(none));
  }
  if (path != "/task" && path != "/taskWithTags") {
    return refusal(404, "error", "", "ResourceNotFoundException",
                   "there are /task, /taskWithTags, /stats and /task/stats");
  }
  json::Writer writer;
  writer.begin_object().field("Cluster", cluster_arn(region, cluster));
  if (!service.name().empty()) {
    writer.field("ServiceName", service.name());
  }
  writer.field("TaskARN", arn_of(place))
      .field("Family", own_name(name.family))
      .field("Revision", fmt::format("{}", name.revision))
      .field("DesiredStatus", desired_status(task))
      .field("KnownStatus", to_string(task.state))
      .field("LaunchType", task.launch_type)
      .field("AvailabilityZone", zone_name(region, task));
  writer.name("Containers").begin_array().raw(container.text()).end_array().end_object();
  return answer(200, std::move(writer));
}

net::HttpResponse TaskAgent::credentials(const world::FoundTask& place) const {
  json::Writer writer;
  writer.begin_object()
      .field("RoleArn", fmt::format("arn:aws:iam::{}:role/task",
                                    account_in(place.service->definition().cluster)))
      .field("AccessKeyId", access_key_id_of(*place.task))
      .field("SecretAccessKey", "emulated")
      .field("Token", "emulated")
      .field("Expiration", format_instant(world_.now() + kCredentialLife))
      .end_object();
  return answer(200, std::move(writer));
}

}  // namespace scaler::emulator
