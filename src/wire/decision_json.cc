#include "wire/decision_json.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler {
namespace {

constexpr json::IntegerRange kCount{.min = 0};
constexpr std::int64_t kDesiredMax = std::numeric_limits<std::int32_t>::max();

/// A count that may be left out.
Result<std::int64_t> optional_count(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->integer(kCount) : Result<std::int64_t>(0);
}

/// {"at":..,"tasks":..}
Result<TasksAt> read_tasks_at(const json::Reader& object, std::int64_t min) {
  TRY(object.only_fields({"at", "tasks"}));
  TasksAt read;
  const json::Reader at = TRY(object.field("at"));
  read.at = TRY(at.instant());
  const json::Reader tasks = TRY(object.field("tasks"));
  read.tasks = TRY(tasks.integer({.min = min, .max = kDesiredMax}));
  return read;
}

/// {"since":..,"queues":..}
Result<QueuesGone> read_gone(const json::Reader& object) {
  TRY(object.only_fields({"since", "queues"}));
  const json::Reader since = TRY(object.field("since"));
  const json::Reader queues = TRY(object.field("queues"));
  QueuesGone gone;
  gone.since = TRY(since.instant());
  gone.queues = TRY(queues.integer({.min = 1}));
  return gone;
}

/// {"at":..,"messages":..}
Result<MessagesAt> read_full(const json::Reader& object) {
  TRY(object.only_fields({"at", "messages"}));
  const json::Reader at = TRY(object.field("at"));
  const json::Reader messages = TRY(object.field("messages"));
  MessagesAt full;
  full.at = TRY(at.instant());
  full.messages = TRY(messages.integer(kCount));
  return full;
}

Result<std::optional<Instant>> optional_instant(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  if (!field) {
    return std::optional<Instant>();
  }
  return std::optional(TRY(field->instant()));
}

/// [{"at":..,"tasks":..},..], oldest first. Changes are signed.
Result<std::vector<TasksAt>> optional_history(const json::Reader& object, std::string_view name,
                                              std::int64_t min) {
  std::vector<TasksAt> history;
  const auto field = object.optional_field(name);
  if (!field) {
    return history;
  }
  for (const json::Reader& item : TRY(field->items())) {
    history.push_back(TRY(read_tasks_at(item, min)));
  }
  std::ranges::stable_sort(history, {}, &TasksAt::at);
  return history;
}

/// One queue: its counts, or the error for which they could not be read.
Result<Result<QueueDepth>> read_queue(const json::Reader& object) {
  if (const auto error = object.optional_field("error")) {
    TRY(object.only_fields({"error", "weight"}));
    const std::string text = TRY(error->string());
    constexpr std::array<std::string_view, 3> kGone{"NotFound", "QueueDoesNotExist",
                                                    "AWS.SimpleQueueService.NonExistentQueue"};
    const bool gone = std::ranges::find(kGone, text) != kGone.end();
    return Result<QueueDepth>(fail(gone ? ErrorKind::NotFound : ErrorKind::Unavailable, text));
  }
  TRY(object.only_fields({"visible", "in_flight", "delayed", "weight"}));
  QueueDepth depth;
  const json::Reader visible = TRY(object.field("visible"));
  depth.visible = TRY(visible.integer(kCount));
  depth.in_flight = TRY(optional_count(object, "in_flight"));
  depth.delayed = TRY(optional_count(object, "delayed"));
  return Result<QueueDepth>(depth);
}

Result<ServiceStatus> read_status(const json::Reader& value) {
  const std::string word = TRY(value.string());
  constexpr std::array<std::string_view, 3> kWords{"ACTIVE", "DRAINING", "INACTIVE"};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (word == kWords.at(i)) {
      return static_cast<ServiceStatus>(i);
    }
  }
  return fail(ErrorKind::Malformed, fmt::format("{}: '{}' is not one of ACTIVE|DRAINING|INACTIVE",
                                                value.path(), shortened(word)));
}

Result<SchedulingStrategy> read_scheduling(const json::Reader& value) {
  const std::string word = TRY(value.string());
  if (word == "REPLICA" || word == "DAEMON") {
    return word == "DAEMON" ? SchedulingStrategy::Daemon : SchedulingStrategy::Replica;
  }
  return fail(ErrorKind::Malformed,
              fmt::format("{}: '{}' is not one of REPLICA|DAEMON", value.path(), shortened(word)));
}

Result<ServiceObservation> read_service(const json::Reader& object) {
  TRY(object.only_fields({"desired", "running", "pending", "protected", "status",
                          "scheduling_strategy", "deploying", "deploying_since"}));
  ServiceObservation service;
  const json::Reader desired = TRY(object.field("desired"));
  service.desired = TRY(desired.integer({.min = 0, .max = kDesiredMax}));
  const auto running = object.optional_field("running");
  service.running = running ? TRY(running->integer(kCount)) : service.desired;
  service.pending = TRY(optional_count(object, "pending"));
  service.protected_tasks = TRY(optional_count(object, "protected"));
  if (const auto status = object.optional_field("status")) {
    service.status = TRY(read_status(*status));
  }
  if (const auto scheduling = object.optional_field("scheduling_strategy")) {
    service.scheduling = TRY(read_scheduling(*scheduling));
  }
  if (const auto deploying = object.optional_field("deploying")) {
    service.deploying = TRY(deploying->boolean());
  }
  service.deploying_since = TRY(optional_instant(object, "deploying_since"));
  return service;
}

void write_instant(json::Writer& writer, std::string_view name,
                   const std::optional<Instant>& instant) {
  if (instant) {
    writer.field(name, format_instant(*instant));
  }
}

void write_tasks_at(json::Writer& writer, const TasksAt& entry) {
  writer.begin_object()
      .field("at", format_instant(entry.at))
      .field("tasks", entry.tasks)
      .end_object();
}

void write_history(json::Writer& writer, std::string_view name,
                   const std::vector<TasksAt>& history) {
  if (history.empty()) {
    return;
  }
  writer.name(name).begin_array();
  for (const TasksAt& entry : history) {
    write_tasks_at(writer, entry);
  }
  writer.end_array();
}

void write_queues(json::Writer& writer, const PassRecord& record) {
  writer.name("queues").begin_array();
  for (const Result<QueueDepth>& queue : record.queues) {
    writer.begin_object();
    if (queue) {
      writer.field("visible", queue->visible)
          .field("in_flight", queue->in_flight)
          .field("delayed", queue->delayed);
    } else {
      writer.field("error", to_string(queue.error().kind));
    }
    writer.end_object();
  }
  writer.end_array();
}

void write_service(json::Writer& writer, const ServiceObservation& service) {
  constexpr std::array<std::string_view, 3> kStatus{"ACTIVE", "DRAINING", "INACTIVE"};
  writer.name("service")
      .begin_object()
      .field("desired", service.desired)
      .field("running", service.running)
      .field("pending", service.pending)
      .field("status", kStatus.at(static_cast<std::size_t>(service.status)))
      .field("deploying", service.deploying);
  write_instant(writer, "deploying_since", service.deploying_since);
  writer.end_object();
}

std::string_view to_string(Outcome outcome) {
  constexpr std::array<std::string_view, 4> kNames{"held", "applied", "failed", "waiting"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

}  // namespace

Result<Observation> read_observation(const json::Reader& object) {
  TRY(object.only_fields({"at", "queues", "service", "delivered", "look_every"}));
  Observation observation;
  const json::Reader at = TRY(object.field("at"));
  observation.at = TRY(at.instant());
  const json::Reader queues = TRY(object.field("queues"));
  for (const json::Reader& queue : TRY(queues.items())) {
    observation.queues.push_back(TRY(read_queue(queue)));
    const auto weight = queue.optional_field("weight");
    observation.weights.push_back(
        {weight ? TRY(weight->millionths(kWeightMin, kWeightMax)) : Millionths::kOne});
  }
  if (observation.queues.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: at least one queue is needed", queues.path()));
  }
  const json::Reader service = TRY(object.field("service"));
  observation.service = TRY(read_service(service));
  observation.delivered = TRY(optional_count(object, "delivered"));
  if (const auto every = object.optional_field("look_every")) {
    observation.look_every = TRY(every->seconds());
  }
  return observation;
}

Result<ServiceState> read_state(const json::Reader& object) {
  TRY(object.only_fields({"last_look", "empty_since", "empty_observations", "last_scale_out",
                          "last_scale_in", "recommendations", "changes", "last_set", "manual",
                          "short_since", "failures", "deploying_since", "gone", "stray_since",
                          "refused", "kept_since", "full", "late_looks"}));
  ServiceState state;
  state.last_look = TRY(optional_instant(object, "last_look"));
  state.empty_since = TRY(optional_instant(object, "empty_since"));
  state.empty_observations = TRY(optional_count(object, "empty_observations"));
  state.last_scale_out = TRY(optional_instant(object, "last_scale_out"));
  state.last_scale_in = TRY(optional_instant(object, "last_scale_in"));
  if (const auto last_set = object.optional_field("last_set")) {
    state.last_set = TRY(last_set->integer(kCount));
  }
  state.recommendations = TRY(optional_history(object, "recommendations", 0));
  state.changes = TRY(optional_history(object, "changes", -kDesiredMax));
  if (const auto manual = object.optional_field("manual")) {
    state.manual = TRY(read_tasks_at(*manual, 0));
  }
  state.short_since = TRY(optional_instant(object, "short_since"));
  state.failures = TRY(optional_count(object, "failures"));
  state.deploying_since = TRY(optional_instant(object, "deploying_since"));
  if (const auto gone = object.optional_field("gone")) {
    state.gone = TRY(read_gone(*gone));
  }
  state.stray_since = TRY(optional_instant(object, "stray_since"));
  if (const auto refused = object.optional_field("refused")) {
    state.refused = TRY(read_tasks_at(*refused, 0));
  }
  state.kept_since = TRY(optional_instant(object, "kept_since"));
  if (const auto full = object.optional_field("full")) {
    state.full = TRY(read_full(*full));
  }
  state.late_looks = TRY(optional_count(object, "late_looks"));
  return state;
}

void write_state(json::Writer& writer, const ServiceState& state) {
  writer.begin_object();
  write_instant(writer, "last_look", state.last_look);
  write_instant(writer, "empty_since", state.empty_since);
  if (state.empty_since) {
    writer.field("empty_observations", state.empty_observations);
  }
  write_instant(writer, "last_scale_out", state.last_scale_out);
  write_instant(writer, "last_scale_in", state.last_scale_in);
  write_history(writer, "recommendations", state.recommendations);
  write_history(writer, "changes", state.changes);
  if (state.last_set) {
    writer.field("last_set", *state.last_set);
  }
  if (state.manual) {
    writer.name("manual");
    write_tasks_at(writer, *state.manual);
  }
  write_instant(writer, "short_since", state.short_since);
  if (state.failures > 0) {
    writer.field("failures", state.failures);
  }
  write_instant(writer, "deploying_since", state.deploying_since);
  if (state.gone) {
    writer.name("gone").begin_object().field("since", format_instant(state.gone->since));
    writer.field("queues", state.gone->queues).end_object();
  }
  write_instant(writer, "stray_since", state.stray_since);
  if (state.refused) {
    writer.name("refused");
    write_tasks_at(writer, *state.refused);
  }
  write_instant(writer, "kept_since", state.kept_since);
  if (state.full) {
    writer.name("full").begin_object().field("at", format_instant(state.full->at));
    writer.field("messages", state.full->messages).end_object();
  }
  if (state.late_looks > 0) {
    writer.field("late_looks", state.late_looks);
  }
  writer.end_object();
}

void write_steps(json::Writer& writer, const Steps& steps) {
  writer.begin_array();
  for (const Step& step : steps) {
    writer.begin_object()
        .field("rule", to_string(step.rule))
        .field("tasks", step.tasks)
        .field("note", explain(step))
        .end_object();
  }
  writer.end_array();
}

void write_decision(json::Writer& writer, const Decision& decision, const ServiceState& state) {
  writer.begin_object()
      .field("action", to_string(decision.action))
      .field("desired", decision.desired)
      .field("demand", decision.demand);
  writer.name("steps");
  write_steps(writer, decision.steps);
  writer.name("state");
  write_state(writer, state);
  writer.end_object();
}

std::string record_json(const PassRecord& record) {
  json::Writer writer;
  writer.begin_object()
      .field("at", format_instant(record.at))
      .field("cluster", record.id.cluster)
      .field("service_name", record.id.service);
  write_queues(writer, record);
  if (record.reading) {
    write_service(writer, record.reading->service);
  }
  if (record.decision) {
    writer.name("decision");
    write_decision(writer, *record.decision, record.state);
  }
  writer.field("outcome", to_string(record.outcome));
  if (record.look_bound > Duration::zero()) {
    writer.field("look_age_ms", record.look_age.count())
        .field("look_bound_ms", record.look_bound.count());
  }
  writer.name("errors").begin_array();
  for (const std::string& error : record.errors) {
    writer.value(error);
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

}  // namespace scaler
