#include "edge/aws/container_instances.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "edge/aws/ecs.h"
#include "edge/aws/error_table.h"
#include "edge/aws/reply_fields.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr std::size_t kPerCall = 100;
/// By kind of mark.
constexpr std::array<std::string_view, 4> kMarks{"", "idle", "drained", "recalled"};

Result<std::vector<json::Reader>> items_of(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->items() : Result<std::vector<json::Reader>>({});
}

Result<std::vector<json::Reader>> strings_of(const json::Reader& resource) {
  return items_of(resource, "stringSetValue");
}

Result<Room> read_room(const json::Reader& instance, std::string_view name) {
  Room room;
  const json::Reader resources = TRY(instance.field(name));
  for (const json::Reader& resource : TRY(resources.items())) {
    const std::string kind = TRY(text_or(resource, "name"));
    if (kind == "CPU" || kind == "MEMORY") {
      const json::Reader value = TRY(resource.field("integerValue"));
      (kind == "CPU" ? room.cpu : room.memory) = TRY(value.integer());
    } else if (kind == "GPU") {
      room.gpus = std::ssize(TRY(strings_of(resource)));
    } else if (kind == "PORTS" || kind == "PORTS_UDP") {
      for (const json::Reader& port : TRY(strings_of(resource))) {
        const std::string text = TRY(port.string());
        room.taken.push_back(
            {.port = number_of<std::int64_t>(text).value_or(0), .udp = kind == "PORTS_UDP"});
      }
    }
  }
  return room;
}

Result<std::string> instance_type(const json::Reader& instance) {
  for (const json::Reader& attribute : TRY(items_of(instance, "attributes"))) {
    if (TRY(text_or(attribute, "name")) == "ecs.instance-type") {
      return text_or(attribute, "value");
    }
  }
  return "";
}

Result<InstanceMark> read_mark(const json::Reader& instance) {
  for (const json::Reader& tag : TRY(items_of(instance, "tags"))) {
    if (TRY(text_or(tag, "key")) == kInstanceTag) {
      return parse_mark(TRY(text_or(tag, "value")));
    }
  }
  return InstanceMark{};
}

Result<ContainerInstance> read_instance(const json::Reader& element) {
  ContainerInstance instance;
  const json::Reader arn = TRY(element.field("containerInstanceArn"));
  instance.arn = TRY(arn.string());
  instance.ec2_id = TRY(text_or(element, "ec2InstanceId"));
  instance.type = TRY(instance_type(element));
  instance.status = TRY(text_or(element, "status"));
  const json::Reader connected = TRY(element.field("agentConnected"));
  instance.connected = TRY(connected.boolean());
  instance.running = TRY(count_of(element, "runningTasksCount"));
  instance.pending = TRY(count_of(element, "pendingTasksCount"));
  instance.registered = TRY(read_room(element, "registeredResources"));
  instance.remaining = TRY(read_room(element, "remainingResources"));
  instance.mark = TRY(read_mark(element));
  return instance;
}

Result<CapacityProvider> read_provider(const json::Reader& element) {
  CapacityProvider provider;
  provider.name = TRY(text_or(element, "name"));
  provider.type = TRY(text_or(element, "type"));
  if (const auto group = element.optional_field("autoScalingGroupProvider")) {
    provider.group_arn = TRY(text_or(*group, "autoScalingGroupArn"));
    provider.managed_protection = TRY(text_or(*group, "managedTerminationProtection")) == "ENABLED";
    if (const auto managed = group->optional_field("managedScaling")) {
      provider.managed_scaling = TRY(text_or(*managed, "status")) == "ENABLED";
      provider.target_capacity = TRY(count_or(*managed, "targetCapacity", 100));
    }
  }
  const auto managed = element.optional_field("managedInstancesProvider");
  const auto thrift = managed ? managed->optional_field("infrastructureOptimization") : managed;
  if (const auto after = thrift ? thrift->optional_field("scaleInAfter") : thrift) {
    provider.scale_in_after = TRY(after->integer());
  }
  return provider;
}

Result<void> add_gpus(const json::Reader& container, TaskNeed& need) {
  for (const json::Reader& requirement : TRY(items_of(container, "resourceRequirements"))) {
    if (TRY(text_or(requirement, "type")) == "GPU") {
      const std::string value = TRY(text_or(requirement, "value"));
      const auto gpus = number_of<std::int64_t>(value);  // Shared ones have none.
      need.gpus += gpus ? *gpus : 0;
    }
  }
  return {};
}

Result<void> add_ports(const json::Reader& container, bool on_host, TaskNeed& need) {
  for (const json::Reader& mapping : TRY(items_of(container, "portMappings"))) {
    std::int64_t port = TRY(count_or(mapping, "hostPort", 0));
    if (on_host && port == 0) {
      port = TRY(count_or(mapping, "containerPort", 0));
    }
    const bool udp = TRY(text_or(mapping, "protocol")) == "udp";
    if (port > 0) {
      need.ports.push_back({.port = port, .udp = udp});
    }
  }
  return {};
}

/// "1024", or "1 vCPU" and "0.5 GB" in what people wrote; ECS answers with numbers.
std::int64_t number_in(const std::string& text) {
  return number_of<std::int64_t>(text).value_or(0);
}

// A task's own sizes count; without them the sum of the containers': what a container may use at
// most, or else what is reserved for it.
Result<TaskNeed> read_need(const json::Reader& definition) {
  TaskNeed need;
  const std::string network = TRY(text_or(definition, "networkMode"));
  for (const json::Reader& container : TRY(items_of(definition, "containerDefinitions"))) {
    need.cpu += TRY(count_or(container, "cpu", 0));
    const std::int64_t reserved = TRY(count_or(container, "memoryReservation", 0));
    need.memory += reserved > 0 ? reserved : TRY(count_or(container, "memory", 0));
    TRY(add_gpus(container, need));
    if (network != "awsvpc") {  // There the ports are those of the task's own interface.
      TRY(add_ports(container, network == "host", need));
    }
  }
  const std::int64_t cpu = number_in(TRY(text_or(definition, "cpu")));
  const std::int64_t memory = number_in(TRY(text_or(definition, "memory")));
  need.cpu = cpu > 0 ? cpu : need.cpu;
  need.memory = memory > 0 ? memory : need.memory;
  return need;
}

void write_list(json::Writer& body, std::string_view name, std::span<const std::string> values) {
  body.name(name).begin_array();
  for (const std::string& value : values) {
    body.value(value);
  }
  body.end_array();
}

bool is_scaled_on(const ServiceReading& reading, const std::string& provider) {
  const std::vector<std::string>& providers = reading.runs_on.providers;
  return reading.service.status == ServiceStatus::Active && !reading.saved_state.empty() &&
         std::ranges::find(providers, provider) != providers.end();
}

/// How many have ended since they were listed. Of any other failure the reply is a partial one.
Result<std::size_t> gone_in(const json::Reader& root) {
  std::size_t gone = 0;
  for (const json::Reader& failure : TRY(items_of(root, "failures"))) {
    const std::string reason = harmless(TRY(text_or(failure, "reason")));
    if (reason != "MISSING") {
      return fail(ErrorKind::Rejected, reason);
    }
    ++gone;
  }
  return gone;
}

/// All that was asked for, but for what is gone. Errors: Malformed where nothing is told of some.
Result<std::vector<json::Reader>> instances_in(const ApiReply& reply, std::size_t asked,
                                               const ApiCall& call) {
  const json::Reader root(reply.value);
  const std::size_t gone = TRY(gone_in(root));
  const json::Reader found = TRY(root.field("containerInstances"));
  std::vector<json::Reader> items = TRY(found.items());
  if (items.size() + gone < asked) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: nothing is told of {} of {} instances", aws::describe(call),
                            asked - items.size() - gone, asked));
  }
  return items;
}

/// A reply that tells of a failure is a partial one.
Result<void> without_failures(const json::Reader& root) {
  for (const json::Reader& failure : TRY(items_of(root, "failures"))) {
    const std::string reason = harmless(TRY(text_or(failure, "reason")));
    return fail(reason == "MISSING" ? ErrorKind::NotFound : ErrorKind::Rejected, reason);
  }
  return {};
}

}  // namespace

std::string mark_text(const InstanceMark& mark) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(mark.at.time_since_epoch()).count();
  return fmt::format("{} {}", kMarks.at(static_cast<std::size_t>(mark.kind)), seconds);
}

InstanceMark parse_mark(std::string_view text) {
  constexpr std::int64_t kSecondsMax = 1'000'000'000'000;
  const std::string_view word = text.substr(0, text.find(' '));
  const auto seconds = number_of<std::int64_t>(text.substr(std::min(word.size() + 1, text.size())));
  const auto kind = std::ranges::find(kMarks, word);
  if (word.empty() || kind == kMarks.end() || !seconds || *seconds < 0 || *seconds > kSecondsMax) {
    return {};
  }
  return {.kind = static_cast<InstanceMark::Kind>(kind - kMarks.begin()),
          .at = Instant(std::chrono::seconds(*seconds))};
}

ApiCall ContainerInstances::call_of(std::string operation, std::string body) const {
  return {.service = AwsService::Ecs,
          .region = std::string(region_of(of_)),
          .operation = std::move(operation),
          .subject = of_.cluster,
          .body = std::move(body),
          .role = of_.role};
}

Result<CapacityProvider> ContainerInstances::provider(const std::string& name, Deadline deadline) {
  json::Writer body;
  body.begin_object();
  write_list(body, "capacityProviders", std::span(&name, 1));
  body.end_object();
  ApiCall call = call_of("DescribeCapacityProviders", std::move(body).text());
  call.subject = name;
  const ApiReply reply = TRY(client_->call(call, deadline));
  const json::Reader root(reply.value);
  const std::vector<json::Reader> found = TRY(items_of(root, "capacityProviders"));
  if (found.empty()) {
    return fail(ErrorKind::NotFound, describe(call) + ": there is no such capacity provider");
  }
  const Result<CapacityProvider> provider = read_provider(found.front());
  if (!provider || found.size() > 1 || plain_name(provider->name) != plain_name(name)) {
    return fail(ErrorKind::Malformed,
                describe(call) + ": " +
                    (provider ? "the reply is about '" + shortened(provider->name) + "'"
                              : provider.error().message));
  }
  return provider;
}

Result<std::vector<std::string>> ContainerInstances::list(
    const std::string& operation, const std::string& member,
    const std::vector<std::pair<std::string, std::string>>& of, Deadline deadline, int pages) {
  std::vector<std::string> arns;
  std::string token;
  for (int page = 0; page < pages; ++page) {
    json::Writer body;
    // Where nothing is said ECS tells ten services a page: of more than a thousand the pages did
    // not end, and nothing was known of their group.
    body.begin_object().field("cluster", of_.cluster).field("maxResults", kPerCall);
    for (const auto& [name, value] : of) {
      body.field(name, value);
    }
    if (!token.empty()) {
      body.field("nextToken", token);
    }
    body.end_object();
    const ApiReply reply = TRY(client_->call(call_of(operation, std::move(body).text()), deadline));
    const json::Reader root(reply.value);
    const json::Reader list = TRY(root.field(member));
    for (const json::Reader& arn : TRY(list.items())) {
      arns.push_back(TRY(arn.string()));
    }
    token = TRY(text_or(root, "nextToken"));
    if (token.empty()) {
      return arns;
    }
  }
  return fail(pages < kPagesMax ? ErrorKind::TooMany : ErrorKind::Malformed,
              "ECS " + operation + ": the pages do not end");
}

Result<std::vector<ContainerInstance>> ContainerInstances::all(Deadline deadline) {
  return described(TRY(list("ListContainerInstances", "containerInstanceArns", {}, deadline)),
                   deadline);
}

Result<std::vector<ContainerInstance>> ContainerInstances::described(
    std::span<const std::string> arns, Deadline deadline) {
  std::vector<ContainerInstance> instances;
  for (std::span<const std::string> left = arns; !left.empty();) {
    const auto chunk = left.first(std::min(left.size(), kPerCall));
    left = left.subspan(chunk.size());
    json::Writer body;
    body.begin_object().field("cluster", of_.cluster);
    write_list(body, "containerInstances", chunk);
    body.name("include").begin_array().value("TAGS").end_array().end_object();
    const ApiCall call = call_of("DescribeContainerInstances", std::move(body).text());
    const ApiReply reply = TRY(client_->call(call, deadline));
    for (const json::Reader& element : TRY(instances_in(reply, chunk.size(), call))) {
      instances.push_back(TRY(read_instance(element)));
    }
  }
  return instances;
}

Result<ContainerInstances::DescribedTasks> ContainerInstances::describe_tasks(
    std::span<const std::string> arns, Deadline deadline) {
  std::vector<ApiCall> calls;
  while (!arns.empty()) {
    const auto chunk = arns.first(std::min(arns.size(), kPerCall));
    arns = arns.subspan(chunk.size());
    json::Writer body;
    body.begin_object().field("cluster", of_.cluster);
    write_list(body, "tasks", chunk);
    body.end_object();
    calls.push_back(call_of("DescribeTasks", std::move(body).text()));
  }
  DescribedTasks described;
  for (Result<ApiReply>& result : client_->call(calls, deadline)) {
    const ApiReply reply = TRY(std::move(result));
    const json::Reader root(reply.value);
    for (const json::Reader& failure : TRY(items_of(root, "failures"))) {
      described.gone += TRY(text_or(failure, "reason")) == "MISSING" ? 1U : 0U;
    }
    const json::Reader tasks = TRY(root.field("tasks"));
    for (const json::Reader& task : TRY(tasks.items())) {
      TaskPlace& place = described.places.emplace_back();
      place.instance_arn = TRY(text_or(task, "containerInstanceArn"));
      place.group = TRY(text_or(task, "group"));
      const json::Reader status = TRY(task.field("lastStatus"));
      place.last_status = TRY(status.string());
    }
  }
  return described;
}

Result<std::vector<TaskPlace>> ContainerInstances::tasks_on(const std::string& instance_arn, To to,
                                                            Deadline deadline) {
  return all_described(TRY(list("ListTasks", "taskArns",
                                {{"containerInstance", instance_arn},
                                 {"desiredStatus", to == To::Run ? "RUNNING" : "STOPPED"}},
                                deadline)),
                       deadline);
}

Result<std::vector<TaskPlace>> ContainerInstances::tasks_to_stop(int pages, Deadline deadline) {
  return all_described(
      TRY(list("ListTasks", "taskArns", {{"desiredStatus", "STOPPED"}}, deadline, pages)),
      deadline);
}

Result<std::vector<TaskPlace>> ContainerInstances::tasks_of(const std::string& service,
                                                            Deadline deadline) {
  return all_described(TRY(list("ListTasks", "taskArns", {{"serviceName", service}}, deadline)),
                       deadline);
}

Result<std::vector<TaskPlace>> ContainerInstances::all_described(
    const std::vector<std::string>& arns, Deadline deadline) {
  DescribedTasks described = TRY(describe_tasks(arns, deadline));
  if (const std::size_t told = described.places.size() + described.gone; told < arns.size()) {
    return fail(ErrorKind::Malformed,
                fmt::format("ECS DescribeTasks {}: nothing is told of {} of {} tasks", of_.cluster,
                            arns.size() - told, arns.size()));
  }
  return std::move(described.places);
}

Result<std::vector<TaskPlace>> ContainerInstances::tasks_of_service(Deadline deadline) {
  const std::vector<std::string> arns =
      TRY(list("ListTasks", "taskArns", {{"serviceName", of_.service}}, deadline));
  DescribedTasks described = TRY(describe_tasks(arns, deadline));
  return std::move(described.places);
}

Result<std::vector<ServiceId>> ContainerInstances::services(Deadline deadline) {
  std::vector<ServiceId> ids;
  for (std::string& name : TRY(services_with({}, deadline))) {
    ServiceId& id = ids.emplace_back(of_);
    id.service = std::move(name);
    id.region = region_of(of_);  // A name does not tell it, as the ARN did.
  }
  return ids;
}

Result<std::vector<std::string>> ContainerInstances::daemons(Deadline deadline) {
  return services_with({{"schedulingStrategy", "DAEMON"}}, deadline);
}

Result<std::vector<std::string>> ContainerInstances::services_with(
    const std::vector<std::pair<std::string, std::string>>& of, Deadline deadline) {
  std::vector<std::string> names = TRY(list("ListServices", "serviceArns", of, deadline));
  for (std::string& name : names) {
    name = std::string(plain_name(name));
  }
  return names;
}

Result<std::vector<ServiceId>> ContainerInstances::scaled(const std::string& provider,
                                                          Deadline deadline) {
  const std::vector<ServiceId> all = TRY(services(deadline));
  std::vector<ServiceId> found;
  bool itself = false;
  std::vector<Result<ServiceReading>> readings = Ecs(*client_).describe(all, deadline);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!readings[i] && readings[i].error().kind == ErrorKind::NotFound) {
      continue;  // It is gone since it was listed.
    }
    const ServiceReading reading = TRY(std::move(readings[i]));
    itself = itself || all[i].service == plain_name(of_.service);
    if (is_scaled_on(reading, provider)) {
      found.push_back(all[i]);
    }
  }
  if (!itself) {
    // Asked in a wrong place, all were "gone": an instance that another process scales on ended.
    return fail(ErrorKind::Unavailable,
                fmt::format("ECS tells of {} services of the cluster {}, and not of '{}', which is "
                            "one of them: who else scales there is not known",
                            all.size(), of_.cluster, plain_name(of_.service)));
  }
  return found;
}

Result<TaskNeed> ContainerInstances::need_of(const std::string& task_definition,
                                             Deadline deadline) {
  json::Writer body;
  body.begin_object().field("taskDefinition", task_definition).end_object();
  ApiCall call = call_of("DescribeTaskDefinition", std::move(body).text());
  call.subject = task_definition;
  const ApiReply reply = TRY(client_->call(call, deadline));
  const json::Reader root(reply.value);
  const json::Reader definition = TRY(root.field("taskDefinition"));
  return read_need(definition);
}

ApiCall ContainerInstances::change_of(std::string operation, const std::string& instance_arn,
                                      std::string body, Deadline leave_by) const {
  ApiCall call = call_of(std::move(operation), std::move(body));
  call.subject = instance_arn;
  call.leave_by = leave_by;
  return call;
}

Result<void> ContainerInstances::set_state(const std::string& instance_arn, std::string_view status,
                                           Deadline leave_by, Deadline deadline) {
  json::Writer body;
  body.begin_object().field("cluster", of_.cluster);
  write_list(body, "containerInstances", std::span(&instance_arn, 1));
  body.field("status", status).end_object();
  ApiCall call =
      change_of("UpdateContainerInstancesState", instance_arn, std::move(body).text(), leave_by);
  call.once = true;
  const ApiReply reply = TRY(client_->call(call, deadline));
  return without_failures(json::Reader(reply.value));
}

// A mark that comes late would be older than it says, or undo a later one.
Result<void> ContainerInstances::set_mark(const std::string& instance_arn, const InstanceMark& mark,
                                          Deadline leave_by, Deadline deadline) {
  json::Writer body;
  body.begin_object().field("resourceArn", instance_arn).name("tags").begin_array();
  body.begin_object().field("key", kInstanceTag).field("value", mark_text(mark)).end_object();
  body.end_array().end_object();
  TRY(client_->call(change_of("TagResource", instance_arn, std::move(body).text(), leave_by),
                    deadline));
  return {};
}

Result<void> ContainerInstances::remove_mark(const std::string& instance_arn, Deadline leave_by,
                                             Deadline deadline) {
  json::Writer body;
  body.begin_object().field("resourceArn", instance_arn);
  body.name("tagKeys").begin_array().value(kInstanceTag).end_array().end_object();
  TRY(client_->call(change_of("UntagResource", instance_arn, std::move(body).text(), leave_by),
                    deadline));
  return {};
}

}  // namespace scaler::aws
