#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_json.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/ecs_tags.h"
#include "emulator/ecs/task_protection.h"

// The part of EcsApi that deals with tasks and tags.

namespace scaler::emulator {
namespace {

using world::Cluster;
using world::Service;

constexpr std::size_t kTasksPerDescribe = 100;

/// A task of any of the cluster's services.
struct FoundTask {
  const Service* service = nullptr;
  const world::Task* task = nullptr;
};

const world::Task* find_task(const Service& service, std::string_view id) {
  for (const auto& [number, task] : service.tasks()) {
    if (task.id == id) {
      return &task;
    }
  }
  const auto stopped = std::ranges::find(service.stopped_tasks(), id, &world::Task::id);
  return stopped == service.stopped_tasks().end() ? nullptr : &*stopped;
}

/// By its id or ARN; nothing is found for a name of another cluster.
FoundTask find_task(const Cluster& cluster, std::string_view text) {
  const auto id = name_in_cluster(text, "task", cluster.name);
  for (const auto& [name, service] : cluster.services) {
    const world::Task* const task = id ? find_task(*service, *id) : nullptr;
    if (task != nullptr) {
      return {.service = service.get(), .task = task};
    }
  }
  return {};
}

std::string arn_of_task(const Caller& caller, const Cluster& cluster, std::string_view text) {
  return text.starts_with("arn:") ? std::string(text) : task_arn(caller.region, cluster.name, text);
}

/// Whether the request's name and launch type, if it has any, are the service's.
bool asked_for(const Input& input, const Cluster& cluster, const Service& service) {
  const bool named =
      !input.has("serviceName") ||
      name_in_cluster(input.text("serviceName"), "service", cluster.name) == service.name();
  return named &&
         (!input.has("launchType") || input.text("launchType") == service.definition().launch_type);
}

/// The tasks whose desired status it is.
std::vector<const world::Task*> tasks_by_status(const Service& service, std::string_view status) {
  std::vector<const world::Task*> tasks;
  for (const auto& [number, task] : service.tasks()) {
    if (desired_status(task) == status) {
      tasks.push_back(&task);
    }
  }
  if (status == "STOPPED") {
    for (const world::Task& task : service.stopped_tasks()) {
      tasks.push_back(&task);
    }
  }
  return tasks;
}

}  // namespace

ApiAnswer EcsApi::list_tasks(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::string_view status =
      input.has("desiredStatus") ? input.text("desiredStatus") : "RUNNING";
  if (!listed(std::array{"RUNNING", "PENDING", "STOPPED"}, status)) {
    return bad_parameter("desiredStatus must be RUNNING, PENDING or STOPPED.");
  }
  const auto wanted = name_in_cluster(input.text("serviceName"), "service", cluster->name);
  if (input.has("serviceName") &&
      (!wanted || world_.find_service(cluster->name, *wanted) == nullptr)) {
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  const std::string family = fmt::format("{}:", input.text("family"));
  std::vector<std::string> arns;
  for (const auto& [name, service] : cluster->services) {
    if (!asked_for(input, *cluster, *service)) {
      continue;
    }
    for (const world::Task* const task : tasks_by_status(*service, status)) {
      if (!input.has("family") || task->task_definition.starts_with(family)) {
        arns.push_back(task_arn(caller.region, cluster->name, task->id));
      }
    }
  }
  return arn_page("taskArns", std::move(arns), input, 100);
}

ApiAnswer EcsApi::describe_tasks(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  TRY(check_include(input, {"TAGS"}));
  const std::vector<std::string_view> texts = input.texts("tasks");
  TRY(check_size("Tasks", texts.size(), kTasksPerDescribe));
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("tasks").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    const auto [service, task] = find_task(*cluster, text);
    if (task != nullptr) {
      write_task(writer, *service, *task, caller.region);
    } else {
      write_failure(failures, arn_of_task(caller, *cluster, text), "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

namespace {

// An emulated worker that protects its task does so while it works, without an end that is known.
void write_protection(json::Writer& writer, const Service& service, const world::Task& task,
                      std::string_view region) {
  writer.begin_object()
      .field("taskArn", task_arn(region, service.definition().cluster, task.id))
      .field("protectionEnabled", service.is_protected(task));
  if (task.protected_until) {
    write_time(writer, "expirationDate", *task.protected_until);
  }
  writer.end_object();
}

/// The answer of both calls: `act` says why a task that is there cannot have its wish, or nothing.
/// It may stop the task, which is then looked for among the stopped.
template <typename Act>
std::string protection_answer(const Cluster& cluster, const std::vector<std::string_view>& texts,
                              const Caller& caller, const Act& act) {
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("protectedTasks").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    const auto [service, task] = find_task(cluster, text);
    const bool there = task != nullptr && task->state != world::TaskState::Stopped;
    const std::string_view failure = there ? act(*service, *task) : "MISSING";
    if (failure.empty()) {
      write_protection(writer, *service, *find_task(cluster, text).task, caller.region);
    } else {
      write_failure(failures, arn_of_task(caller, cluster, text), failure);
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

}  // namespace

ApiAnswer EcsApi::get_task_protection(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::vector<std::string_view> texts = input.texts("tasks");
  TRY(check_size("Tasks", texts.size(), kTasksPerDescribe));
  return protection_answer(*cluster, texts, caller,
                           [](const Service&, const world::Task&) { return ""; });
}

ApiAnswer EcsApi::update_task_protection(const Input& input, const Caller& caller) {
  constexpr std::size_t kTasksPerUpdate = 10;
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::vector<std::string_view> texts = input.texts("tasks");
  TRY(check_size("Tasks", texts.size(), kTasksPerUpdate));
  const ProtectionWish wish{
      .enabled = input.flag("protectionEnabled"),
      .minutes = input.integer("expiresInMinutes").value_or(kProtectionMinutes)};
  if (wish.minutes < 1 || wish.minutes > kProtectionMinutesMax) {
    return bad_parameter("expiresInMinutes must be between 1 and 2880.");
  }
  return protection_answer(
      *cluster, texts, caller, [&](const Service& of, const world::Task& task) {
        Service& service = *world_.find_service(cluster->name, of.name());
        return ask_protection(world_, service, *service.find_task(task.id), wish);
      });
}

ApiAnswer EcsApi::stop_task(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::string_view text = input.text("task");
  const auto [of, task] = find_task(*cluster, text);
  if (task == nullptr) {
    return bad_parameter("The referenced task was not found.");
  }
  Service& service = *world_.find_service(cluster->name, of->name());
  if (task->state < world::TaskState::Stopping) {
    const std::string_view reason = input.text("reason");
    world_.stop(service, *service.find_task(task->id),
                std::string(reason.empty() ? "Task stopped by a user" : reason));
  }
  json::Writer writer;
  writer.begin_object().name("task");
  // Anew: a task that takes no time to stop is among the stopped by now.
  write_task(writer, service, *find_task(*cluster, text).task, caller.region);
  writer.end_object();
  return std::move(writer).text();
}

ApiResult<std::map<std::string, std::string>*> EcsApi::find_tags(std::string_view arn) {
  if (const auto cluster = arn_rest(arn, "cluster")) {
    Cluster* const found = world_.find_cluster(*cluster);
    if (found == nullptr) {
      return refuse("ClusterNotFoundException", "Cluster not found.");
    }
    return &found->tags;
  }
  const auto rest = arn_rest(arn, "service");
  if (!rest) {
    return bad_parameter("Invalid resource ARN: the emulator tags clusters and services.");
  }
  const std::size_t slash = rest->find('/');
  if (slash == std::string_view::npos) {
    return bad_parameter("Long arn format must be used for tagging operations");
  }
  Service* const service = world_.find_service(rest->substr(0, slash), rest->substr(slash + 1));
  if (service == nullptr || service->status() == ServiceStatus::Inactive) {
    return refuse("ResourceNotFoundException", "The specified resource could not be found.");
  }
  return &service->tags();
}

ApiAnswer EcsApi::tag_resource(const Input& input, const Caller&) {
  Tags* const tags = TRY(find_tags(input.text("resourceArn")));
  if (input.objects("tags").empty()) {
    return bad_parameter("Tags can not be empty.");
  }
  *tags = TRY(with_tags(*tags, input));
  return "{}";
}

ApiAnswer EcsApi::untag_resource(const Input& input, const Caller&) {
  Tags* const tags = TRY(find_tags(input.text("resourceArn")));
  const std::vector<std::string_view> keys = input.texts("tagKeys");
  if (keys.empty()) {
    return bad_parameter("Tag keys can not be empty.");
  }
  for (const std::string_view key : keys) {
    tags->erase(std::string(key));
  }
  return "{}";
}

ApiAnswer EcsApi::list_tags_for_resource(const Input& input, const Caller&) {
  const Tags* const tags = TRY(find_tags(input.text("resourceArn")));
  json::Writer writer;
  writer.begin_object();
  write_tags(writer, *tags);
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
