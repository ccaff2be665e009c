// aws_calls <operation> <arguments as JSON>: runs one operation of the AWS client with the
// process's environment and prints its result as JSON; an error as {"error":kind,"message":...}
// with exit code 1.

#include <array>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include "edge/aws/auto_scaling.h"
#include "edge/aws/container_instances.h"
#include "edge/aws/session.h"
#include "edge/aws/sts.h"
#include "edge/identity/workstation.h"
#include "edge/wiring/process_environment.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(20);

using json::Reader;
using json::Writer;

struct Operation {
  std::string_view name;
  std::function<Result<std::string>(aws::Session&, const Reader&)> run;
};

Result<std::string> text(const Reader& arguments, std::string_view name) {
  const Reader field = TRY(arguments.field(name));
  return field.string();
}

std::string text_or_empty(const Reader& arguments, std::string_view name) {
  const auto field = arguments.optional_field(name);
  return field ? field->string().value_or("") : "";
}

Result<std::vector<std::string>> texts(const Reader& arguments, std::string_view name) {
  const Reader field = TRY(arguments.field(name));
  const std::vector<Reader> items = TRY(field.items());
  std::vector<std::string> list;
  list.reserve(items.size());
  for (const Reader& item : items) {
    list.push_back(TRY(item.string()));
  }
  return list;
}

Result<std::vector<ServiceId>> services(const Reader& arguments) {
  const std::string cluster = TRY(text(arguments, "cluster"));
  const std::vector<std::string> names = TRY(texts(arguments, "services"));
  std::vector<ServiceId> ids;
  ids.reserve(names.size());
  for (const std::string& name : names) {
    ids.push_back({.cluster = cluster, .service = name});
  }
  return ids;
}

void write_error(Writer& out, const Error& error) {
  out.begin_object().field("error", to_string(error.kind)).field("message", error.message);
  out.end_object();
}

/// One element per result: what `write` makes of the value, or the error.
template <typename T, typename Write>
std::string list_of(const std::vector<Result<T>>& results, const Write& write) {
  Writer out;
  out.begin_array();
  for (const Result<T>& result : results) {
    if (result.has_value()) {
      write(out, result);
    } else {
      write_error(out, result.error());
    }
  }
  return std::move(out.end_array()).text();
}

void write_depth(Writer& out, const Result<QueueDepth>& depth) {
  out.begin_object().field("visible", depth->visible).field("in_flight", depth->in_flight);
  out.field("delayed", depth->delayed).end_object();
}

void write_service(Writer& out, const Result<ServiceReading>& reading) {
  out.begin_object().field("arn", reading->arn).field("saved_state", reading->saved_state);
  out.field("desired", reading->service.desired).field("running", reading->service.running);
  out.field("pending", reading->service.pending).field("deploying", reading->service.deploying);
  out.field("active", reading->service.status == ServiceStatus::Active).end_object();
}

void write_nothing(Writer& out, const Result<void>&) {
  out.begin_object().end_object();
}

void write_mapping(Writer& out, const aws::EventSourceMapping& mapping) {
  out.begin_object().field("id", mapping.id).field("event_source_arn", mapping.event_source_arn);
  out.field("function_arn", mapping.function_arn).field("batch_size", mapping.batch_size);
  out.field("enabled", mapping.state == aws::MappingState::Enabled);
  out.field("reports_batch_item_failures", mapping.reports_batch_item_failures).end_object();
}

std::string json_of(const aws::EventSourceMapping& mapping) {
  Writer out;
  write_mapping(out, mapping);
  return std::move(out).text();
}

Result<std::string> queue_depths(aws::Session& session, const Reader& arguments) {
  const auto urls = TRY(texts(arguments, "queue_urls"));
  return list_of(session.sqs().depths(urls, after(kTimeout)), write_depth);
}

Result<std::string> queue_settings(aws::Session& session, const Reader& arguments) {
  const std::string url = TRY(text(arguments, "queue_url"));
  const aws::QueueSettings settings = TRY(session.sqs().settings(url, after(kTimeout)));
  Writer out;
  out.begin_object().field("arn", settings.arn).field("fifo", settings.fifo);
  out.field("visibility_timeout", settings.visibility_timeout.count() / 1000);
  out.field("receives_max", settings.receives_max.value_or(0));
  out.field("dead_letter_arn", settings.dead_letter_arn).end_object();
  return std::move(out).text();
}

Result<std::string> send_messages(aws::Session& session, const Reader& arguments) {
  const std::string url = TRY(text(arguments, "queue_url"));
  const Reader delay = TRY(arguments.field("delay"));
  std::vector<aws::OutgoingMessage> messages;
  for (const std::string& body : TRY(texts(arguments, "bodies"))) {
    const Duration wait = TRY(delay.seconds());
    messages.push_back({.body = body, .delay = wait});
  }
  return list_of(session.sqs().send(url, messages, after(kTimeout)),
                 [](Writer& out, const Result<std::string>& id) { out.value(*id); });
}

Result<std::string> change_visibility(aws::Session& session, const Reader& arguments) {
  const std::string url = TRY(text(arguments, "queue_url"));
  const Reader visibility = TRY(arguments.field("visibility"));
  std::vector<aws::VisibilityChange> changes;
  for (const std::string& handle : TRY(texts(arguments, "receipt_handles"))) {
    const Duration hidden = TRY(visibility.seconds());
    changes.push_back({.receipt_handle = handle, .visibility = hidden});
  }
  return list_of(session.sqs().change_visibility(url, changes, after(kTimeout)), write_nothing);
}

Result<std::string> describe_services(aws::Session& session, const Reader& arguments) {
  const auto ids = TRY(services(arguments));
  return list_of(session.ecs().describe(ids, after(kTimeout)), write_service);
}

Result<std::string> set_desired(aws::Session& session, const Reader& arguments) {
  const Reader desired = TRY(arguments.field("desired"));
  std::vector<DesiredCount> changes;
  for (const ServiceId& id : TRY(services(arguments))) {
    const std::int64_t tasks = TRY(desired.integer());
    changes.push_back({.service = id, .desired = tasks});
  }
  return list_of(session.cloud().set_desired(changes, after(kTimeout)), write_nothing);
}

Result<std::string> tag(aws::Session& session, const Reader& arguments) {
  aws::Tag tag;
  tag.key = TRY(text(arguments, "key"));
  tag.value = TRY(text(arguments, "value"));
  const std::string arn = TRY(text(arguments, "arn"));
  TRY(session.ecs().tag(arn, std::span(&tag, 1), after(kTimeout)));
  return "{}";
}

Result<std::string> untag(aws::Session& session, const Reader& arguments) {
  const std::string arn = TRY(text(arguments, "arn"));
  const std::vector<std::string> keys = TRY(texts(arguments, "keys"));
  TRY(session.ecs().untag(arn, keys, after(kTimeout)));
  return "{}";
}

Result<std::string> save_state(aws::Session& session, const Reader& arguments) {
  const SavedState state{.service_arn = TRY(text(arguments, "arn")),
                         .text = text_or_empty(arguments, "text")};
  return list_of(session.cloud().save(std::span(&state, 1), after(kTimeout)), write_nothing);
}

Result<std::string> look(aws::Session& session, const Reader& arguments) {
  std::vector<LookRequest> requests;
  for (const ServiceId& id : TRY(services(arguments))) {
    requests.push_back({.service = id});
  }
  requests.front().queue_urls = TRY(texts(arguments, "queue_urls"));
  const auto looks = session.cloud().look(requests, Patience::All, after(kTimeout));
  std::vector<Result<ServiceReading>> readings;
  for (const Look& look : looks) {
    readings.push_back(look.service);
  }
  Writer out;
  out.begin_object().name("queues").raw(list_of(looks.front().queues, write_depth));
  out.name("services").raw(list_of(readings, write_service)).end_object();
  return std::move(out).text();
}

Result<std::string> get_mapping(aws::Session& session, const Reader& arguments) {
  const std::string id = TRY(text(arguments, "id"));
  return json_of(TRY(session.mappings().get(id, after(kTimeout))));
}

Result<std::string> list_mappings(aws::Session& session, const Reader& arguments) {
  const auto mappings = TRY(
      session.mappings().list({.function_name = text_or_empty(arguments, "function_name"),
                               .event_source_arn = text_or_empty(arguments, "event_source_arn")},
                              after(kTimeout)));
  Writer out;
  out.begin_array();
  for (const aws::EventSourceMapping& mapping : mappings) {
    write_mapping(out, mapping);
  }
  return std::move(out.end_array()).text();
}

Result<std::string> switch_mapping(aws::Session& session, const Reader& arguments) {
  const std::string id = TRY(text(arguments, "id"));
  const Reader enabled = TRY(arguments.field("enabled"));
  const bool wanted = TRY(enabled.boolean());
  return json_of(TRY(session.mappings().set_enabled(id, wanted, after(kTimeout))));
}

Result<std::string> caller_identity(aws::Session& session, const Reader&) {
  const auto identity = TRY(aws::caller_identity(session.client(), after(kTimeout)));
  Writer out;
  out.begin_object().field("account", identity.account).field("arn", identity.arn).end_object();
  return std::move(out).text();
}

Result<aws::GroupId> group_id(const Reader& arguments) {
  const std::string name = TRY(text(arguments, "group"));
  return aws::GroupId{.name = name};
}

Result<std::string> group(aws::Session& session, const Reader& arguments) {
  const aws::GroupId id = TRY(group_id(arguments));
  aws::AutoScaling groups(session.client());
  const aws::AutoScalingGroup found = TRY(groups.describe(id, after(kTimeout)));
  const std::int64_t policies = TRY(groups.count_policies(id, after(kTimeout)));
  Writer out;
  out.begin_object().field("arn", found.arn).field("min", found.min).field("max", found.max);
  out.field("desired", found.desired).field("protects_new", found.new_instances_protected);
  out.field("policies", policies).name("instances").begin_array();
  for (const aws::GroupInstance& instance : found.instances) {
    out.begin_object().field("id", instance.id).field("lifecycle", instance.lifecycle);
    out.field("protected", instance.protected_from_scale_in).end_object();
  }
  return std::move(out.end_array().end_object()).text();
}

Result<std::string> set_group(aws::Session& session, const Reader& arguments) {
  const aws::GroupId id = TRY(group_id(arguments));
  const Reader desired = TRY(arguments.field("desired"));
  const std::int64_t instances = TRY(desired.integer());
  TRY(aws::AutoScaling(session.client())
          .set_desired(id, instances, Deadline::max(), after(kTimeout)));
  return "{}";
}

Result<std::string> end_instance(aws::Session& session, const Reader& arguments) {
  const aws::GroupId id = TRY(group_id(arguments));
  const std::string instance = TRY(text(arguments, "instance"));
  TRY(aws::AutoScaling(session.client()).end(id, instance, Deadline::max(), after(kTimeout)));
  return "{}";
}

Result<std::string> provider(aws::Session& session, const Reader& arguments) {
  const std::string name = TRY(text(arguments, "provider"));
  const aws::CapacityProvider found =
      TRY(aws::ContainerInstances(session.client(), {}).provider(name, after(kTimeout)));
  Writer out;
  out.begin_object().field("name", found.name).field("group_arn", found.group_arn);
  out.field("managed_scaling", found.managed_scaling);
  return std::move(out.field("target_capacity", found.target_capacity).end_object()).text();
}

Result<std::string> container_instances(aws::Session& session, const Reader& arguments) {
  const std::string cluster = TRY(text(arguments, "cluster"));
  const auto found =
      TRY(aws::ContainerInstances(session.client(), {.cluster = cluster}).all(after(kTimeout)));
  Writer out;
  out.begin_array();
  for (const aws::ContainerInstance& instance : found) {
    out.begin_object().field("arn", instance.arn).field("id", instance.ec2_id);
    out.field("status", instance.status).field("cpu", instance.registered.cpu);
    out.field("memory_left", instance.remaining.memory).field("running", instance.running);
    out.end_object();
  }
  return std::move(out.end_array()).text();
}

Result<std::string> set_instance_state(aws::Session& session, const Reader& arguments) {
  const std::string cluster = TRY(text(arguments, "cluster"));
  const std::string instance = TRY(text(arguments, "instance"));
  const std::string status = TRY(text(arguments, "status"));
  TRY(aws::ContainerInstances(session.client(), {.cluster = cluster})
          .set_state(instance, status, Deadline::max(), after(kTimeout)));
  return "{}";
}

Result<std::string> need(aws::Session& session, const Reader& arguments) {
  const std::string definition = TRY(text(arguments, "task_definition"));
  const TaskNeed found =
      TRY(aws::ContainerInstances(session.client(), {}).need_of(definition, after(kTimeout)));
  Writer out;
  out.begin_object().field("cpu", found.cpu).field("memory", found.memory);
  return std::move(out.field("gpus", found.gpus).end_object()).text();
}

const std::array<Operation, 22>& operations() {
  static const std::array<Operation, 22> table{{
      {"queue_depths", queue_depths},
      {"queue_settings", queue_settings},
      {"send_messages", send_messages},
      {"change_visibility", change_visibility},
      {"describe_services", describe_services},
      {"set_desired", set_desired},
      {"tag", tag},
      {"untag", untag},
      {"save_state", save_state},
      {"look", look},
      {"get_mapping", get_mapping},
      {"list_mappings", list_mappings},
      {"switch_mapping", switch_mapping},
      {"caller_identity", caller_identity},
      {"group", group},
      {"set_group", set_group},
      {"end_instance", end_instance},
      {"provider", provider},
      {"container_instances", container_instances},
      {"set_instance_state", set_instance_state},
      {"need", need},
  }};
  return table;
}

Result<std::string> run(std::string_view name, std::string_view arguments_text) {
  const Log log(STDERR_FILENO, LogLevel::Debug, system_clock());
  const auto session = TRY(aws::Session::create(process_environment(), system_clock(),
                                                {.sources = identity::workstation_sources}, log));
  const json::Value arguments = TRY(json::parse(arguments_text));
  for (const Operation& operation : operations()) {
    if (operation.name == name) {
      return operation.run(*session, Reader(arguments));
    }
  }
  return fail(ErrorKind::Malformed, "no such operation");
}

}  // namespace
}  // namespace scaler

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: aws_calls <operation> <arguments as JSON>\n", stderr);
    return 2;
  }
  const scaler::Result<std::string> result = scaler::run(argv[1], argv[2]);
  if (result.has_value()) {
    std::puts(result->c_str());
    return 0;
  }
  scaler::json::Writer out;
  scaler::write_error(out, result.error());
  std::puts(out.text().c_str());
  return 1;
}
