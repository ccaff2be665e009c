#include "handler/handler.h"

#include <algorithm>

#include <fmt/format.h>

#include "journal/decision_json.h"
#include "pass/dry_run.h"

namespace scaler {
namespace {

/// Kept of an invocation's time for each thing that is still to be done after the one at hand: two
/// seconds, or a sixth of what is left when that is less.
constexpr Duration kReserve = std::chrono::seconds(2);
/// SQS allows no message to stay invisible for longer.
constexpr Duration kVisibilityMax = std::chrono::hours(12);

/// The last two parts of a queue URL: "https://sqs.../123456789012/jobs" -> "123456789012/jobs".
std::string queue_path_of_url(const std::string& url) {
  const std::size_t name = url.rfind('/');
  return url.substr(url.rfind('/', name - 1) + 1);
}

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

/// Whether the mapping may wake the service: it rests at zero, wholly empty, and nothing pauses it.
bool may_wake(const PassRecord& record, const Policy& policy) {
  return record.decision && record.decision->empty && record.decision->desired == 0 &&
         record.reading->service.desired == 0 && !policy->paused && !policy->scale_out_paused;
}

}  // namespace

Handler::Handler(ServiceConfig config, const HandlerPorts& ports, const Log& log)
    : config_(std::move(config)),
      ports_(ports),
      log_(&log),
      queue_path_(queue_path_of_url(config_.queue_url)) {
  fleet_.push_back({.id = config_.id, .queues = {{config_.queue_url}}, .policy = config_.policy});
}

std::string_view Handler::to_string(Trigger trigger) {
  constexpr std::array<std::string_view, 3> kNames{"schedule", "wake", "manual"};
  return kNames.at(static_cast<std::size_t>(trigger));
}

Ports Handler::pass_ports() const {
  return {.reader = ports_.reader,
          .scaler = ports_.scaler,
          .states = &ports_.states,
          .clock = ports_.clock};
}

Result<std::string> Handler::handle(std::string_view event, Deadline deadline) {
  const lambda::Event parsed = TRY(lambda::parse_event(event));
  if (const auto* sqs = std::get_if<lambda::SqsEvent>(&parsed)) {
    return woken(*sqs, deadline);
  }
  if (const auto* call = std::get_if<lambda::ManualEvent>(&parsed)) {
    return manual(*call, leaving_time_for(1, deadline));
  }
  return scheduled(leaving_time_for(1, deadline));
}

Result<std::string> Handler::scheduled(Deadline deadline) {
  const PassRecord record =
      pass(Trigger::Schedule, pass_ports(), {.deadline = leaving_time_for(1, deadline)});
  std::vector<std::string> errors = record.errors;
  if (config_.wake) {
    const Result<void> switched = switch_mapping(record, deadline);
    if (!switched) {
      errors.push_back(switched.error().message);
    }
  }
  if (!errors.empty()) {
    return fail(ErrorKind::Unavailable, joined(errors));
  }
  return answer(Trigger::Schedule, record, nullptr);
}

Result<std::string> Handler::manual(const lambda::ManualEvent& event, Deadline deadline) {
  DryRun dry;
  const Ports dry_ports{
      .reader = ports_.reader, .scaler = dry, .states = &dry, .clock = ports_.clock};
  std::vector<ManagedService> untouched = fleet_;
  const PassRecord record =
      pass(Trigger::Manual, event.dry_run ? dry_ports : pass_ports(), {.deadline = deadline});
  if (event.dry_run) {
    fleet_ = std::move(untouched);
  }
  if (record.failed()) {
    return fail(ErrorKind::Unavailable, joined(record.errors));
  }
  return answer(Trigger::Manual, record, nullptr);
}

// A wake never consumes: whatever happens below, every message of the event goes back to its queue,
// either because the answer lists it as failed or because the invocation itself fails.
Result<std::string> Handler::woken(const lambda::SqsEvent& event, Deadline deadline) {
  for (const lambda::SqsRecord& record : event.records) {
    if (lambda::queue_path_of_arn(record.queue_arn) != queue_path_) {
      return fail(
          ErrorKind::Rejected,
          fmt::format("records of the queue {} came, but the job queue is {}: none is consumed",
                      record.queue_arn, config_.queue_url));
    }
  }
  const PassRecord record =
      pass(Trigger::Wake, pass_ports(),
           {.permission = Permission::ScaleOutOnly, .deadline = leaving_time_for(3, deadline)});
  std::vector<std::string> errors = record.errors;
  const Result<void> disabled = disable_mapping(leaving_time_for(2, deadline));
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
  return answer(Trigger::Wake, record, &event);
}

PassRecord Handler::pass(Trigger trigger, const Ports& ports, const PassOptions& options) {
  PassRecord record = std::move(run_pass(fleet_, ports, options).front());
  if (!record.complaint.empty()) {
    log_->write(LogLevel::Warn, record.complaint, {{"service", record.id.service}});
  }
  log_->write(record.failed() ? LogLevel::Error : LogLevel::Info, "pass",
              {{"trigger", to_string(trigger)}, {"record", RawJson{record_json(record)}}});
  return record;
}

/// Puts right what a crash or a person left behind: enabled only while the service rests at zero.
Result<void> Handler::switch_mapping(const PassRecord& record, Deadline deadline) {
  const std::optional<MappingStatus> status = TRY(ports_.mapping.find(queue_path_, deadline));
  if (!status) {
    return fail(ErrorKind::NotFound,
                fmt::format("WAKE is true, but this function has no event source mapping on {}",
                            config_.queue_url));
  }
  const bool wanted = may_wake(record, config_.policy);
  if (status->enabled == wanted || status->in_transition) {
    return {};
  }
  if (wanted && !status->reports_failures) {
    return fail(
        ErrorKind::Rejected,
        fmt::format("the event source mapping {} lacks ReportBatchItemFailures: it is not enabled, "
                    "for its messages would be deleted",
                    status->id));
  }
  Result<void> set = ports_.mapping.set_enabled(status->id, wanted, deadline);
  if (!set && set.error().kind == ErrorKind::Conflict) {
    return {};  // In transition after all; the next scheduled pass looks again.
  }
  return set;
}

Result<void> Handler::disable_mapping(Deadline deadline) {
  std::optional<MappingStatus> status = TRY(ports_.mapping.find(queue_path_, deadline));
  if (!status) {
    return fail(
        ErrorKind::NotFound,
        fmt::format("no event source mapping of this function on {} was found to be disabled",
                    config_.queue_url));
  }
  if (!status->reports_failures) {
    return fail(
        ErrorKind::Rejected,
        fmt::format("the event source mapping {} lacks ReportBatchItemFailures: the invocation "
                    "fails so that no message is deleted",
                    status->id));
  }
  if (!status->enabled) {
    return {};
  }
  Result<void> set = ports_.mapping.set_enabled(status->id, false, deadline);
  if (set || set.error().kind != ErrorKind::Conflict) {
    return set;
  }
  status = TRY(ports_.mapping.find(queue_path_, deadline));
  if (status && !status->enabled) {
    return {};  // An overlapping invocation was quicker.
  }
  return set;
}

Result<void> Handler::hand_back(const lambda::SqsEvent& event, bool disabled, Deadline deadline) {
  std::vector<ReturnedMessage> messages;
  messages.reserve(event.records.size());
  for (const lambda::SqsRecord& record : event.records) {
    messages.push_back(
        {.receipt_handle = record.receipt_handle,
         .visibility = return_visibility(config_.wake_return, record.receive_count, disabled)});
  }
  for (Result<void>& result : ports_.messages.hand_back(config_.queue_url, messages, deadline)) {
    if (!result) {
      return result;
    }
  }
  return {};
}

std::string Handler::answer(Trigger trigger, const PassRecord& record,
                            const lambda::SqsEvent* event) const {
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
      .field("action_taken", scaler::to_string(record.decision->action))
      .field("timestamp", format_instant(record.at));
  writer.name("steps");
  write_steps(writer, record.decision->steps);
  writer.end_object();
  if (event != nullptr) {
    writer.name("batchItemFailures").begin_array();
    for (const lambda::SqsRecord& returned : event->records) {
      writer.begin_object().field("itemIdentifier", returned.message_id).end_object();
    }
    writer.end_array();
  }
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler
