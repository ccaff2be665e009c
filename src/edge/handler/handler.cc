#include "edge/handler/handler.h"

#include <fmt/core.h>

#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "watch/metrics.h"
#include "wire/decision.h"
#include "wire/record.h"
#include "wire/shard_order.h"

namespace scaler {
namespace {

std::string joined(const std::vector<std::string>& errors) {
  std::string text;
  for (const std::string& error : errors) {
    text += (text.empty() ? "" : "; ") + error;
  }
  return text;
}

QueueDepth total_depth(const PassRecord& record) {
  QueueDepth total;
  for (const Result<QueueDepth>& queue : record.queues) {
    total.visible += queue ? queue->visible : 0;
    total.in_flight += queue ? queue->in_flight : 0;
    total.delayed += queue ? queue->delayed : 0;
  }
  return total;
}

/// One line. With metrics it is CloudWatch's embedded metric format as well, and then it is written
/// whatever LOG_LEVEL says.
void log_record(const Log& log, std::string_view trigger, const PassRecord& record,
                const MetricMembers& metrics, LogLevel usual) {
  const std::string text = record_json(record);
  std::vector<LogField> fields{{"trigger", trigger}, {"record", RawJson{text}}};
  const LogLevel level = record.failed() ? LogLevel::Error : usual;
  if (metrics.values.empty()) {
    return log.write(level, "pass", fields);
  }
  fields.push_back({"_aws", RawJson{metrics.aws}});
  fields.push_back({"Cluster", std::string_view(metrics.cluster)});
  fields.push_back({"Service", std::string_view(metrics.service)});
  for (const auto& [name, value] :
       {std::pair("Region", &metrics.region), std::pair("Account", &metrics.account)}) {
    if (!value->empty()) {
      fields.push_back({name, std::string_view(*value)});
    }
  }
  for (const MetricMembers::Value& metric : metrics.values) {
    fields.push_back({metric.name, metric.value});
  }
  log.at_level(LogLevel::Info).write(level, "pass", fields);
}

void append_members(std::vector<LogField>& fields, const FleetPassMembers& members) {
  if (!members.aws.empty()) {
    fields.push_back({"_aws", RawJson{members.aws}});
    fields.push_back({"Place", std::string_view(members.place)});
  }
  for (const MetricMembers::Value& value : members.values) {
    fields.push_back({value.name, value.value});
  }
}

/// What a person or a schedule is told.
std::string told(Trigger trigger, const PassRecord& record) {
  const QueueDepth depth = total_depth(record);
  json::Writer writer;
  writer.begin_object().field("statusCode", 200).name("body").begin_object();
  writer.field("trigger_source", to_string(trigger))
      .field("queue_depth", depth.visible)
      .field("in_flight", depth.in_flight)
      .field("delayed", depth.delayed)
      .field("current_tasks", record.reading->service.desired)
      .field("running_tasks", record.reading->service.running)
      .field("desired_tasks", record.decision->desired)
      .field("action_taken", to_string(record.decision->action))
      .field("timestamp", format_instant(record.at));
  writer.name("steps");
  write_steps(writer, record.decision->steps);
  writer.end_object().end_object();
  return std::move(writer).text();
}

/// The same for many services: how many, and by name those that are changed.
std::string told_of_fleet(Trigger trigger, const Effect& effect) {
  json::Writer writer;
  writer.begin_object().field("statusCode", 200).name("body").begin_object();
  writer.field("trigger_source", to_string(trigger))
      .field("services", static_cast<std::int64_t>(effect.records.size()))
      .field("wrong_settings", static_cast<std::int64_t>(effect.problems.size()))
      .name("changes")
      .begin_array();
  for (const PassRecord& record : effect.records) {
    if (record.decision && record.decision->action != Action::Hold) {
      writer.begin_object().field("cluster", record.id.cluster).field("service", record.id.service);
      if (const std::string_view region = region_of(record.id); !region.empty()) {
        writer.field("region", region);
      }
      writer.field("current_tasks", record.decision->before)
          .field("desired_tasks", record.decision->desired)
          .field("action_taken", to_string(record.decision->action))
          .end_object();
    }
  }
  writer.end_array().end_object().end_object();
  return std::move(writer).text();
}

/// What Lambda's poller is told. It documents this one member; were an answer with others taken for
/// a plain success, it would delete the jobs.
std::string batch_answer(std::span<const ArrivedMessage> messages, Returned returned) {
  json::Writer writer;
  writer.begin_object().name("batchItemFailures").begin_array();
  if (returned == Returned::All) {
    for (const ArrivedMessage& message : messages) {
      writer.begin_object().field("itemIdentifier", message.id).end_object();
    }
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

/// The one queue that all records came from: a mapping never mixes them.
Result<std::string> queue_arn_of(const lambda::SqsEvent& event) {
  const std::string& arn = event.records.front().queue_arn;
  for (const lambda::SqsRecord& record : event.records) {
    if (record.queue_arn != arn) {
      return fail(
          ErrorKind::Rejected,
          fmt::format("records of two queues came in one event, {} and {}: none is consumed", arn,
                      record.queue_arn));
    }
  }
  return arn;
}

/// Two shards would share the time of one.
Result<ShardOrder> order_of(const lambda::SqsEvent& event) {
  if (event.records.size() != 1) {
    return fail(
        ErrorKind::Rejected,
        fmt::format("{} records of {} came at once: the mapping of the queue of shards must "
                    "have BatchSize 1",
                    event.records.size(), event.records.front().queue_arn));
  }
  Result<ShardOrder> order = read_shard_order(event.records.front().body);
  if (!order) {
    return fail(std::move(order).error(),
                "a message of the queue of shards is no order: " + event.records.front().queue_arn);
  }
  return order;
}

std::vector<ManagedService> fleet_of(const ServiceConfig& config) {
  std::vector<ManagedService> fleet;
  fleet.push_back({.id = config.id, .queues = {{config.queue_url}}, .policy = config.policy});
  return fleet;
}

/// The sandbox sleeps between two invocations, and its steady clock perhaps with it.
InvocationSettings settings_of(const ServiceConfig& config) {
  return {.tick_queue_url = config.tick_queue_url,
          .tick = config.tick,
          .doorbell_queue_url = config.doorbell_queue_url,
          .wake = {.wake = config.wake, .many = config.queue_url.empty()},
          .wake_return = config.wake_return,
          .look_every = config.look_every,
          .patience = Patience::All,
          .steady = false,
          .shard_queue_url = config.shard_queue_url,
          .shard_size = config.shard_size};
}

}  // namespace

Handler::Handler(const ServiceConfig& config, const InvocationPorts& ports, const Log& log)
    : Handler(config, fleet_of(config), ports, log) {}

Handler::Handler(const ServiceConfig& config, std::vector<ManagedService> fleet,
                 const InvocationPorts& ports, const Log& log)
    : config_(config), log_(&log), invoker_(std::move(fleet), settings_of(config), ports) {}

// The job queue comes first: whatever else is configured, its messages are never consumed. Those of
// a fleet are none of the deployment's own queues.
Result<Trigger> Handler::trigger_of(const std::string& queue_arn) const {
  const std::optional<Arn> arn = parse_arn(queue_arn);
  const auto came_from = [&arn](const std::string& url) {
    const Result<QueueAddress> queue = parse_queue(url);
    return arn && arn->service == "sqs" && queue &&
           may_be_same(*queue,
                       {.region = arn->region, .account = arn->account, .name = arn->resource});
  };
  if (came_from(config_.queue_url)) {
    return Trigger::Wake;
  }
  if (came_from(config_.tick_queue_url)) {
    return Trigger::Tick;
  }
  if (came_from(config_.doorbell_queue_url)) {
    return Trigger::Doorbell;
  }
  if (came_from(config_.shard_queue_url)) {
    return Trigger::Shard;
  }
  if (is_fleet() && arn && arn->service == "sqs") {
    return Trigger::Wake;  // Of whom is known when the fleet is.
  }
  return fail(ErrorKind::Rejected,
              fmt::format("records of {} came, which is neither the job queue{} nor the queue of "
                          "ticks or doorbell: none is consumed",
                          queue_arn, is_fleet() ? "" : " " + config_.queue_url));
}

Result<Invocation> Handler::translate(const lambda::Event& event) const {
  if (const auto* sqs = std::get_if<lambda::SqsEvent>(&event)) {
    Invocation invocation;
    invocation.source = TRY(queue_arn_of(*sqs));
    invocation.trigger = TRY(trigger_of(invocation.source));
    if (invocation.trigger == Trigger::Shard) {
      invocation.order = TRY(order_of(*sqs));
    }
    for (const lambda::SqsRecord& record : sqs->records) {
      invocation.messages.push_back({.id = record.message_id,
                                     .receipt_handle = record.receipt_handle,
                                     .receive_count = record.receive_count});
    }
    return invocation;
  }
  if (const auto* call = std::get_if<lambda::ManualEvent>(&event)) {
    return Invocation{.trigger = Trigger::Manual, .dry_run = call->dry_run};
  }
  if (const auto* rung = std::get_if<lambda::SnsEvent>(&event)) {
    return Invocation{.trigger = Trigger::Doorbell,
                      .messages = std::vector<ArrivedMessage>(rung->notifications)};
  }
  if (std::holds_alternative<lambda::EcsEvent>(event)) {
    return Invocation{.trigger = Trigger::Doorbell};  // It tells of no message, only that we look.
  }
  return Invocation{.trigger = Trigger::Schedule};
}

Result<std::string> Handler::handle(std::string_view event, Deadline deadline,
                                    std::string function_arn) {
  const lambda::Event parsed = TRY(lambda::parse_event(event));
  Invocation invocation = TRY(translate(parsed));
  invocation.deadline = deadline;
  invocation.function_arn = std::move(function_arn);
  const Effect effect = invoker_.invoke(invocation);
  log(invocation, effect);
  if (!effect.errors.empty()) {
    return fail(ErrorKind::Unavailable, joined(effect.errors));
  }
  return std::holds_alternative<lambda::SqsEvent>(parsed)
             ? batch_answer(invocation.messages, effect.returned)
         : is_fleet() ? told_of_fleet(invocation.trigger, effect)
                      : told(invocation.trigger, effect.records.front());
}

/// One line for the whole invocation: what was ordered, or what became of an order.
void Handler::log_fleet(const Invocation& invocation, const Effect& effect) const {
  const FleetPass pass = fleet_pass(effect.records, effect.took);
  if (effect.orders > 0) {
    log_->write(LogLevel::Info, "shards ordered",
                {{"trigger", to_string(invocation.trigger)},
                 {"shards", static_cast<std::int64_t>(effect.orders)}});
  }
  if (invocation.trigger == Trigger::Shard) {
    const Shard& shard = invocation.order.shard;
    const std::string at = format_instant(invocation.order.at);
    std::vector<LogField> fields{{"by", to_string(invocation.order.by)},
                                 {"place", std::string_view(shard.place)},
                                 {"from", std::string_view(shard.from)},
                                 {"before", std::string_view(shard.before)},
                                 {"ordered_at", std::string_view(at)}};
    if (effect.out_of_date) {
      return log_->write(LogLevel::Info, "shard left out: its order is out of date", fields);
    }
    const FleetPassMembers members =
        fleet_pass_members(pass, shard.place, invocation.order.at, !config_.metrics.empty());
    append_members(fields, members);
    const Log log = members.aws.empty() ? *log_ : log_->at_level(LogLevel::Info);
    return log.write(LogLevel::Info, "shard", fields);
  }
  if (pass.unread > 0) {
    log_->write(LogLevel::Warn,
                "there was no time for some services; they come first in the next pass",
                {{"services", pass.services}, {"unread", pass.unread}});
  }
}

void Handler::log(const Invocation& invocation, const Effect& effect) const {
  const bool order = invocation.trigger == Trigger::Shard;
  const Trigger trigger = order ? invocation.order.by : invocation.trigger;
  // What would have happened is no metric.
  const std::span<const Metric> metrics =
      invocation.dry_run ? std::span<const Metric>() : std::span<const Metric>(config_.metrics);
  if (is_fleet()) {
    log_fleet(invocation, effect);
  }
  for (const PassRecord& record : effect.records) {
    if (!record.complaint.empty()) {
      log_->write(LogLevel::Warn, record.complaint, {{"service", record.id.service}});
    }
    // Of a fleet, a tick that changes nothing is told by the schedule's pass of the same minute.
    const bool quiet = is_fleet() && trigger == Trigger::Tick && !record.failed() &&
                       record.outcome == Outcome::Held;
    if (record.looked || !is_fleet()) {
      log_record(*log_, to_string(trigger), record, metric_members(metrics, record, effect.took),
                 quiet ? LogLevel::Debug : LogLevel::Info);
    }
  }
  for (const SpecProblem& problem : effect.problems) {
    log_->write(LogLevel::Error, problem.message, {{"service", std::string_view(problem.service)}});
  }
  for (const SpecProblem& note : effect.notes) {
    log_->write(LogLevel::Info, note.message, {{"service", std::string_view(note.service)}});
  }
}

}  // namespace scaler
