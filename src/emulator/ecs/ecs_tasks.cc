#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_protection.h"

// The part of EcsApi that deals with tasks.

namespace scaler::emulator {
namespace {

using world::Cluster;
using world::Service;

constexpr std::size_t kTasksPerDescribe = 100;

std::string arn_of_task(const Caller& caller, const Cluster& cluster, std::string_view text) {
  return text.starts_with("arn:") ? std::string(text) : task_arn(caller.region, cluster.name, text);
}

/// What cannot be a task's id at all is no missing task: "None" of a script that found none.
ApiResult<void> check_id(std::string_view text) {
  constexpr std::size_t kLength = 32;
  constexpr std::size_t kLengthWithHyphens = 36;
  const std::size_t length = text.size() - (text.rfind('/') + 1);
  if (length != kLength && length != kLengthWithHyphens) {
    return bad_parameter("taskId length should be one of [32,36]");
  }
  return {};
}

/// Whether the task is of the service, the launch type, the family and the starter that the request
/// names, if it names any.
bool asked_for(const Input& input, const EcsPlace& place, const Service& holder,
               const world::Task& task) {
  const auto is = [&](std::string_view field, std::string_view value) {
    return !input.has(field) || input.text(field) == value;
  };
  const auto definition = task_definition_name(task.task_definition).value_or(TaskDefinitionName{});
  const bool named = !input.has("serviceName") ||
                     place.name_in_cluster(input.text("serviceName"), "service",
                                           holder.definition().cluster) == holder.name();
  return named && is("launchType", task.launch_type) && is("family", own_name(definition.family)) &&
         is("startedBy", task.started_by);
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

EcsApi::Operations EcsApi::task_operations() {
  using enum FieldKind;
  return {
      {"ListTasks",
       {{kCluster,
         kToken,
         kLimit,
         {"serviceName"},
         {"desiredStatus"},
         {"family"},
         {"launchType"},
         {"startedBy"},
         {"containerInstance"}},
        &EcsApi::list_tasks}},
      {"DescribeTasks", {{kCluster, kTasks, kInclude}, &EcsApi::describe_tasks}},
      {"GetTaskProtection", {{kOfCluster, kTasks}, &EcsApi::get_task_protection}},
      {"UpdateTaskProtection",
       {{kOfCluster, kTasks, {"protectionEnabled", Flag, kNeeded}, {"expiresInMinutes", Integer}},
        &EcsApi::update_task_protection}},
      {"StopTask", {{kCluster, {"task", Text, kNeeded}, {"reason"}}, &EcsApi::stop_task}},
  };
}

/// By its id or ARN, also a stopped one; nothing is found for a name of another cluster.
world::FoundTask EcsApi::find_task(const Cluster& cluster, std::string_view text) const {
  const auto id = place_.name_in_cluster(text, "task", cluster.name);
  for (Service* const holder : cluster.task_holders()) {
    world::Task* const task = id ? holder->find_any_task(*id) : nullptr;
    if (task != nullptr) {
      return {.service = holder, .task = task};
    }
  }
  return {};
}

ApiAnswer EcsApi::list_tasks(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::string_view status =
      input.has("desiredStatus") ? input.text("desiredStatus") : "RUNNING";
  if (!listed(std::array{"RUNNING", "PENDING", "STOPPED"}, status)) {
    return bad_parameter("desiredStatus must be RUNNING, PENDING or STOPPED.");
  }
  TRY(check_launch(input));
  const auto wanted = place_.name_in_cluster(input.text("serviceName"), "service", cluster->name);
  if (input.has("serviceName") &&
      (!wanted || world_.find_service(cluster->name, *wanted) == nullptr)) {
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  if (input.has("containerInstance")) {
    TRY(find_container_instance(*cluster, input.text("containerInstance")));
  }
  const std::string_view instance =
      place_.name_in_cluster(input.text("containerInstance"), "container-instance", cluster->name)
          .value_or("");
  std::vector<std::string> arns;
  for (const Service* const holder : cluster->task_holders()) {
    for (const world::Task* const task : tasks_by_status(*holder, status)) {
      if (asked_for(input, place_, *holder, *task) &&
          (instance.empty() || instance == task->container_instance)) {
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
  for (const std::string_view text : texts) {
    TRY(check_id(text));
  }
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("tasks").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    const auto [service, task] = find_task(*cluster, text);
    if (task != nullptr) {
      write_task_of(writer, *service, *task, caller.region, wants_tags(input));
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
template <typename Find, typename Act>
std::string protection_answer(const Cluster& cluster, const std::vector<std::string_view>& texts,
                              const Caller& caller, const Find& find, const Act& act) {
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("protectedTasks").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    const auto [service, task] = find(cluster, text);
    const bool there = task != nullptr && task->state != world::TaskState::Stopped;
    const std::string_view failure = there ? act(*service, *task) : "MISSING";
    if (failure.empty()) {
      write_protection(writer, *service, *find(cluster, text).task, caller.region);
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
  return protection_answer(
      *cluster, texts, caller,
      [this](const Cluster& in, std::string_view text) { return find_task(in, text); },
      [](Service&, world::Task&) { return ""; });
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
      *cluster, texts, caller,
      [this](const Cluster& in, std::string_view text) { return find_task(in, text); },
      [&](Service& service, world::Task& task) {
        return ask_protection(world_, service, task, wish);
      });
}

ApiAnswer EcsApi::stop_task(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::string_view text = input.text("task");
  TRY(check_id(text));
  const auto [service, task] = find_task(*cluster, text);
  if (task == nullptr) {
    return bad_parameter("The referenced task was not found.");
  }
  if (task->state < world::TaskState::Stopping) {
    const std::string_view reason = input.text("reason");
    world_.stop(*service, *task, std::string(reason.empty() ? "Task stopped by a user" : reason));
  }
  json::Writer writer;
  writer.begin_object().name("task");
  // Anew: a task that takes no time to stop is among the stopped by now.
  write_task_of(writer, *service, *find_task(*cluster, text).task, caller.region, WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
