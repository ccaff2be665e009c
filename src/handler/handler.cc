#include "handler/handler.h"

#include <algorithm>

#include <fmt/format.h>

#include "journal/decision_json.h"
#include "journal/metrics.h"

namespace scaler {
namespace {

/// Kept of an invocation's time for each thing that is still to be done after the one at hand: two
/// seconds, or a sixth of what is left when that is less.
constexpr Duration kReserve = std::chrono::seconds(2);
/// SQS allows no message to stay invisible for longer.
constexpr Duration kVisibilityMax = std::chrono::hours(12);

std::string joined(const std::vector<std::string>& errors) {
  std::string text;
  for (const std::string& error : errors) {
    text += (text.empty() ? "" : "; ") + error;
  }
  return text;
}

/// The deadline of a thing after which so many others must still be done before `deadline`.
Deadline leaving_time_for(int things, Deadline deadline) {
  const auto left = std::chrono::floor<Duration>(deadline - after(Duration::zero()));
  const Duration reserve = std::clamp<Duration>(left / 6, Duration::zero(), kReserve);
  return deadline - things * reserve;
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

/// Doubles with each receive while the mapping cannot be switched off, so that a message that
/// bounces does not burn its receive count.
Duration return_visibility(Duration base, std::int64_t receive_count, bool disabled) {
  if (disabled) {
    return base;
  }
  Duration visibility = std::max<Duration>(base, std::chrono::seconds(1));
  for (std::int64_t i = 1; i < receive_count && visibility < kVisibilityMax; ++i) {
    visibility *= 2;
  }
  return std::min(visibility, kVisibilityMax);
}

/// One line. With metrics it is CloudWatch's embedded metric format as well, and then it is written
/// whatever LOG_LEVEL says.
void log_record(const Log& log, std::string_view trigger, const PassRecord& record,
                const MetricMembers& metrics) {
  const std::string text = record_json(record);
  std::vector<LogField> fields{{"trigger", trigger}, {"record", RawJson{text}}};
  const LogLevel level = record.failed() ? LogLevel::Error : LogLevel::Info;
  if (metrics.values.empty()) {
    return log.write(level, "pass", fields);
  }
  fields.push_back({"_aws", RawJson{metrics.aws}});
  fields.push_back({"Cluster", std::string_view(metrics.cluster)});
  fields.push_back({"Service", std::string_view(metrics.service)});
  for (const MetricMembers::Value& metric : metrics.values) {
    fields.push_back({metric.name, metric.value});
  }
  log.at_level(LogLevel::Info).write(level, "pass", fields);
}

/// Whether this pass woke the service: the wake mapping, if there is one, is not needed any more.
bool left_zero(const PassRecord& record) {
  return record.outcome == Outcome::Applied && record.decision->action == Action::ScaleOut &&
         record.reading->service.desired == 0;
}

/// The delays of a minute's ticks: the scheduled pass itself is the minute's first.
std::vector<Duration> tick_delays(Duration tick) {
  std::vector<Duration> delays;
  for (Duration delay = tick; delay < std::chrono::minutes(1); delay += tick) {
    delays.push_back(delay);
  }
  return delays;
}

/// Which messages of an SQS event stay in their queue.
enum class Returned { None, All };

void write_failures(json::Writer& writer, const lambda::SqsEvent& event, Returned returned) {
  writer.name("batchItemFailures").begin_array();
  if (returned == Returned::All) {
    for (const lambda::SqsRecord& record : event.records) {
      writer.begin_object().field("itemIdentifier", record.message_id).end_object();
    }
  }
  writer.end_array();
}

void write_body(json::Writer& writer, std::string_view trigger, const PassRecord& record) {
  const QueueDepth depth = total_depth(record);
  writer.field("statusCode", 200).name("body").begin_object();
  writer.field("trigger_source", trigger)
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
  writer.end_object();
}

std::string answer(std::string_view trigger, const PassRecord& record) {
  json::Writer writer;
  writer.begin_object();
  write_body(writer, trigger, record);
  writer.end_object();
  return std::move(writer).text();
}

std::string answer(std::string_view trigger, const PassRecord& record,
                   const lambda::SqsEvent& event, Returned returned) {
  json::Writer writer;
  writer.begin_object();
  write_body(writer, trigger, record);
  write_failures(writer, event, returned);
  writer.end_object();
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

}  // namespace

Handler::Handler(ServiceConfig config, const HandlerPorts& ports, const Log& log)
    : config_(std::move(config)),
      ports_(ports),
      log_(&log),
      wake_switch_(config_, ports.messages, ports.mapping) {
  fleet_.push_back({.id = config_.id, .queues = {{config_.queue_url}}, .policy = config_.policy});
}

std::string_view Handler::to_string(Trigger trigger) {
  constexpr std::array<std::string_view, 5> kNames{"schedule", "tick", "doorbell", "wake",
                                                   "manual"};
  return kNames.at(static_cast<std::size_t>(trigger));
}

Result<std::string> Handler::handle(std::string_view event, Deadline deadline) {
  const lambda::Event parsed = TRY(lambda::parse_event(event));
  if (const auto* sqs = std::get_if<lambda::SqsEvent>(&parsed)) {
    return from_queue(*sqs, deadline);
  }
  deadline = leaving_time_for(1, deadline);
  if (const auto* call = std::get_if<lambda::ManualEvent>(&parsed)) {
    return manual(*call, deadline);
  }
  if (std::holds_alternative<lambda::SnsEvent>(parsed)) {
    const PassRecord record = TRY(looked(Trigger::Doorbell, Permission::ScaleOutOnly, deadline));
    return answer(to_string(Trigger::Doorbell), record);
  }
  return scheduled(deadline);
}

// The job queue comes first: whatever else is configured, its messages are never consumed.
Result<std::string> Handler::from_queue(const lambda::SqsEvent& event, Deadline deadline) {
  const std::string arn = TRY(queue_arn_of(event));
  const auto came_from = [path = lambda::queue_path_of_arn(arn)](const std::string& url) {
    return !url.empty() && path == queue_path_of_url(url);
  };
  if (came_from(config_.queue_url)) {
    return woken(event, deadline);
  }
  const bool tick = came_from(config_.tick_queue_url);
  if (!tick && !came_from(config_.doorbell_queue_url)) {
    return fail(ErrorKind::Rejected,
                fmt::format("records of {} came, which is neither the job queue {} nor the queue "
                            "of ticks or doorbell: none is consumed",
                            arn, config_.queue_url));
  }
  const Trigger trigger = tick ? Trigger::Tick : Trigger::Doorbell;
  const PassRecord record =
      TRY(looked(trigger, tick ? Permission::Everything : Permission::ScaleOutOnly,
                 leaving_time_for(1, deadline)));
  return answer(to_string(trigger), record, event, Returned::None);
}

Result<std::string> Handler::scheduled(Deadline deadline) {
  const PassRecord record = pass(Trigger::Schedule, {.deadline = leaving_time_for(2, deadline)});
  std::vector<std::string> errors = record.errors;
  const auto note = [&errors](const Result<void>& result) {
    if (!result) {
      errors.push_back(result.error().message);
    }
  };
  if (config_.wake) {
    note(wake_switch_.follow(record, leaving_time_for(1, deadline)));
  }
  note(send_ticks(deadline));
  if (!errors.empty()) {
    return fail(ErrorKind::Unavailable, joined(errors));
  }
  return answer(to_string(Trigger::Schedule), record);
}

/// A pass whose trigger brings nothing that must be kept.
Result<PassRecord> Handler::looked(Trigger trigger, Permission permission, Deadline deadline) {
  PassRecord record =
      pass(trigger, {.permission = permission, .deadline = leaving_time_for(1, deadline)});
  std::vector<std::string> errors = record.errors;
  if (config_.wake && left_zero(record)) {
    const Result<void> switched = wake_switch_.follow(record, deadline);
    if (!switched) {
      errors.push_back(switched.error().message);
    }
  }
  if (!errors.empty()) {
    return fail(ErrorKind::Unavailable, joined(errors));
  }
  return record;
}

Result<std::string> Handler::manual(const lambda::ManualEvent& event, Deadline deadline) {
  const PassRecord record = TRY(looked(
      Trigger::Manual, event.dry_run ? Permission::Nothing : Permission::Everything, deadline));
  return answer(to_string(Trigger::Manual), record);
}

// A wake never consumes: whatever happens below, every message of the event goes back to its queue,
// either because the answer lists it as failed or because the invocation itself fails.
Result<std::string> Handler::woken(const lambda::SqsEvent& event, Deadline deadline) {
  const PassRecord record = pass(Trigger::Wake, {.permission = Permission::ScaleOutOnly,
                                                 .deadline = leaving_time_for(3, deadline)});
  std::vector<std::string> errors = record.errors;
  const Result<void> disabled = wake_switch_.disable(leaving_time_for(2, deadline));
  if (!disabled) {
    errors.push_back(disabled.error().message);
  }
  const Result<void> returned =
      hand_back(event, disabled.has_value(), leaving_time_for(1, deadline));
  if (!returned) {
    errors.push_back(returned.error().message);
  }
  if (!errors.empty()) {
    return fail(ErrorKind::Unavailable, joined(errors));
  }
  return answer(to_string(Trigger::Wake), record, event, Returned::All);
}

PassRecord Handler::pass(Trigger trigger, const PassOptions& options) {
  const Deadline started = after(Duration::zero());
  PassRecord record = std::move(run_pass(fleet_,
                                         {.reader = ports_.reader,
                                          .scaler = ports_.scaler,
                                          .states = &ports_.states,
                                          .clock = ports_.clock},
                                         options)
                                    .front());
  const auto took = std::chrono::floor<Duration>(after(Duration::zero()) - started);
  if (!record.complaint.empty()) {
    log_->write(LogLevel::Warn, record.complaint, {{"service", record.id.service}});
  }
  // What would have happened is no metric.
  const std::span<const Metric> metrics =
      options.permission == Permission::Nothing ? std::span<const Metric>() : config_.metrics;
  log_record(*log_, to_string(trigger), record, metric_members(metrics, record, took));
  return record;
}

Result<void> Handler::send_ticks(Deadline deadline) {
  if (config_.tick_queue_url.empty() || config_.tick == Duration::zero()) {
    return {};
  }
  return ports_.ticks.send(config_.tick_queue_url, tick_delays(config_.tick), deadline);
}

Result<void> Handler::hand_back(const lambda::SqsEvent& event, bool disabled, Deadline deadline) {
  std::vector<ReturnedMessage> messages;
  messages.reserve(event.records.size());
  for (const lambda::SqsRecord& record : event.records) {
    messages.push_back(
        {.receipt_handle = record.receipt_handle,
         .visibility = return_visibility(config_.wake_return, record.receive_count, disabled)});
  }
  for (const Result<void>& result :
       ports_.messages.hand_back(config_.queue_url, messages, deadline)) {
    if (!result) {
      return result;
    }
  }
  return {};
}

}  // namespace scaler
