#include "emulator/front/status.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

using world::Queue;
using world::Service;

void write_queue_status(json::Writer& writer, const Queue& queue) {
  const QueueDepth depth = queue.depth();
  const world::QueueTotals& totals = queue.totals();
  writer.name(queue.name())
      .begin_object()
      .field("visible", depth.visible)
      .field("in_flight", depth.in_flight)
      .field("delayed", depth.delayed)
      .field("sent", totals.sent)
      .field("received", totals.received)
      .field("deleted", totals.deleted)
      .field("redriven", totals.redriven)
      .field("dead_letters_in", totals.dead_letters_in)
      .field("moved_out", totals.moved_out)
      .field("expired", totals.expired)
      .field("purged", totals.purged)
      .field("receive_count_max", totals.receive_count_max)
      .field("count_lag", in_seconds(queue.settings().count_lag))
      .end_object();
}

void write_service(json::Writer& writer, const Service& service, Instant now) {
  const world::ServiceTotals& totals = service.totals();
  writer.begin_object()
      .field("cluster", service.definition().cluster)
      .field("service", service.name())
      .field("desired", service.desired())
      .field("running", service.running())
      .field("pending", service.pending())
      .field("working", service.working())
      .field("processed", totals.processed)
      .field("killed_while_working", totals.killed_while_working)
      .field("lost_with_instance", totals.lost_with_instance)
      .field("tasks_started", totals.tasks_started)
      .field("peak_tasks", totals.tasks_peak)
      .field("task_seconds", in_seconds(service.task_time(now)))
      .end_object();
}

/// What was deleted from the job queue, but by the function's mappings: they delete what they
/// deliver and what the function does not hand back, and that counts as lost.
std::int64_t deleted_by_clients_and_workers(const StatusSubject& subject) {
  std::int64_t by_mappings = 0;
  if (subject.lambda != nullptr) {
    for (const auto& mapping : subject.lambda->mappings()) {
      if (mapping->identity().queue == subject.queue->name()) {
        by_mappings += mapping->totals().deleted;
      }
    }
  }
  return subject.queue->totals().deleted - by_mappings;
}

void write_totals(json::Writer& writer, const StatusSubject& subject) {
  const QueueDepth depth = subject.queue == nullptr ? QueueDepth{} : subject.queue->depth();
  const world::QueueTotals totals =
      subject.queue == nullptr ? world::QueueTotals{} : subject.queue->totals();
  const world::ServiceTotals service =
      subject.service == nullptr ? world::ServiceTotals{} : subject.service->totals();
  const std::int64_t deleted =
      subject.queue == nullptr ? 0 : deleted_by_clients_and_workers(subject);
  const std::int64_t processed = subject.emulated_workers || subject.queue == nullptr
                                     ? service.processed + subject.processed_before
                                     : deleted;
  // A service that left may have processed more than is left to tell of.
  const std::int64_t by_others = std::max<std::int64_t>(0, deleted - processed);
  const std::int64_t there = depth.visible + depth.in_flight + depth.delayed;
  writer.name("totals")
      .begin_object()
      .field("sent", totals.sent)
      .field("processed", processed)
      .field("killed_while_working", service.killed_while_working)
      .field("dead_lettered", totals.redriven)
      .field("deleted_by_others", by_others)
      .field("lost", totals.sent + totals.dead_letters_in - processed - by_others -
                         totals.redriven - totals.moved_out - there)
      .end_object();
}

void write_calls(json::Writer& writer, const CallCounts& calls) {
  writer.name("api_calls").begin_object();
  for (const auto& [operation, callers] : calls) {
    writer.name(operation).begin_object();
    for (const auto& [caller, count] : callers) {
      writer.field(caller, count);
    }
    writer.end_object();
  }
  writer.end_object();
}

void write_mapping(json::Writer& writer, const EventSourceMapping& mapping) {
  const MappingTotals& totals = mapping.totals();
  writer.begin_object()
      .field("uuid", mapping.identity().uuid)
      .field("state", to_string(mapping.state()))
      .field("received", totals.received)
      .field("deleted", totals.deleted)
      .field("returned", totals.returned)
      .field("batches", totals.batches)
      .field("failed_batches", totals.failed_batches)
      .field("receive_count_max", totals.receive_count_max)
      .end_object();
}

/// The queue's name, and behind it the alias or version that the mapping is for.
std::string mapping_name(const EventSourceMapping& mapping) {
  constexpr std::size_t kColons = 6;  // Of a function's ARN without a qualifier.
  const MappingIdentity& identity = mapping.identity();
  const bool plain = std::ranges::count(identity.function_arn, ':') <= std::ptrdiff_t{kColons};
  return plain ? identity.queue
               : identity.queue + identity.function_arn.substr(identity.function_arn.rfind(':'));
}

void write_lambda(json::Writer& writer, const LambdaHost* host) {
  writer.name("lambda");
  if (host == nullptr) {
    writer.null();
    return;
  }
  const FunctionTotals& totals = host->function().totals();
  writer.begin_object()
      .field("access_key_id", host->function().settings().access_key_id)
      .field("invocations", totals.invocations)
      .field("errors", totals.errors)
      .field("timeouts", totals.timeouts)
      .field("throttles", totals.throttles)
      .field("cold_starts", totals.cold_starts);
  if (const EventSourceMapping* mapping = host->mapping()) {
    writer.name("mapping");
    write_mapping(writer, *mapping);
  }
  writer.name("mappings").begin_object();
  for (const auto& mapping : host->mappings()) {
    writer.name(mapping_name(*mapping));
    write_mapping(writer, *mapping);
  }
  writer.end_object().end_object();
}

}  // namespace

std::string write_status(const StatusSubject& subject) {
  const Instant now = subject.world.now();
  json::Writer writer;
  writer.begin_object().field("now", format_instant(now)).name("queues").begin_object();
  for (const auto& [name, queue] : subject.world.queues()) {
    write_queue_status(writer, *queue);
  }
  writer.end_object().name("service");
  if (subject.service == nullptr) {
    writer.null();
  } else {
    write_service(writer, *subject.service, now);
  }
  writer.name("services").begin_object();
  for (const auto& [cluster_name, cluster] : subject.world.clusters()) {
    for (const auto& [name, service] : cluster.services) {
      writer.name(fmt::format("{}/{}", cluster_name, name));
      write_service(writer, *service, now);
    }
  }
  writer.end_object();
  write_totals(writer, subject);
  write_calls(writer, subject.calls);
  write_lambda(writer, subject.lambda);
  const Service* const service = subject.service;
  writer.field("peak_tasks", service == nullptr ? 0 : service->totals().tasks_peak)
      .field("task_seconds", service == nullptr ? 0.0 : in_seconds(service->task_time(now)))
      .end_object();
  return std::move(writer).text();
}

std::string write_events(const world::World& world, std::uint64_t after) {
  json::Writer writer;
  std::uint64_t last = after;
  writer.begin_object().name("events").begin_array();
  for (const world::HistoryEvent& event : world.history()) {
    last = event.number;
    if (event.number <= after) {
      continue;
    }
    writer.begin_object()
        .field("number", static_cast<std::int64_t>(event.number))
        .field("at", format_instant(event.at))
        .field("kind", to_string(event.kind))
        .field("subject", event.subject)
        .field("detail", event.detail)
        .end_object();
  }
  writer.end_array().field("last", static_cast<std::int64_t>(last)).end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
