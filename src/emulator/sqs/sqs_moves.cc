#include <algorithm>

#include <fmt/core.h>

#include "emulator/sqs/sqs_api.h"
#include "emulator/sqs/sqs_input.h"

// The part of SqsApi that tells of message move tasks.

namespace scaler::emulator {
namespace {

using world::Queue;

constexpr std::int64_t kRateMax = 500;
constexpr std::int64_t kResultsMax = 10;
constexpr int kNotFound = 404;

std::unexpected<ApiError> no_such_resource(std::string_view parameter) {
  return refuse(
      "ResourceNotFoundException",
      fmt::format("The resource that you specified for the {} parameter doesn't exist.", parameter),
      kNotFound);
}

}  // namespace

/// The dead-letter queue of some queue that SourceArn names.
ApiResult<Queue*> SqsApi::find_move_source(const Input& input, const Caller& caller) {
  Queue* const source = find_by_arn(input.text("SourceArn"), caller);
  if (source == nullptr) {
    return no_such_resource("SourceArn");
  }
  return source;
}

ApiAnswer SqsApi::start_message_move(const Input& input, const Caller& caller) {
  const Queue* const source = TRY(find_move_source(input, caller));
  const bool is_dead_letter_queue = std::ranges::any_of(world_.queues(), [&](const auto& queue) {
    const auto& redrive = queue.second->settings().redrive;
    return redrive && redrive->dead_letter_queue == source->name();
  });
  if (!is_dead_letter_queue) {
    return refuse("InvalidParameterValue",
                  "Source queue must be configured as a Dead Letter Queue.");
  }
  const Queue* destination = nullptr;
  if (input.has("DestinationArn")) {
    destination = find_by_arn(input.text("DestinationArn"), caller);
    if (destination == nullptr) {
      return no_such_resource("DestinationArn");
    }
    if (destination == source ||
        destination->settings().fifo.has_value() != source->settings().fifo.has_value()) {
      return refuse("InvalidParameterValue",
                    "Source and destination must be two queues of the same type.");
    }
  }
  const auto rate = TRY(ranged(input, "MaxNumberOfMessagesPerSecond", 1, kRateMax));
  if (moves_.runs_from(source->name())) {
    return refuse("UnsupportedOperation",
                  "There is already a task running. Only one active task is allowed for a source "
                  "queue arn at a given time.");
  }
  const MoveTask& task =
      moves_.start(source->name(), destination == nullptr ? "" : destination->name(), rate,
                   source->message_id(next_move_++));
  json::Writer writer;
  writer.begin_object().field("TaskHandle", task.handle).end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::list_message_moves(const Input& input, const Caller& caller) {
  const Queue* const source = TRY(find_move_source(input, caller));
  const auto results = TRY(ranged(input, "MaxResults", 1, kResultsMax)).value_or(1);
  json::Writer writer;
  writer.begin_object().name("Results").begin_array();
  for (const MoveTask* task : moves_.latest(source->name(), static_cast<std::size_t>(results))) {
    writer.begin_object();
    if (task->status == MoveStatus::Running) {
      writer.field("TaskHandle", task->handle);
    }
    writer.field("Status", to_string(task->status))
        .field("SourceArn", places_.queue_arn(task->source));
    if (!task->destination.empty()) {
      writer.field("DestinationArn", places_.queue_arn(task->destination));
    }
    if (task->rate) {
      writer.field("MaxNumberOfMessagesPerSecond", *task->rate);
    }
    writer.field("ApproximateNumberOfMessagesMoved", task->moved)
        .field("ApproximateNumberOfMessagesToMove", task->to_move);
    if (!task->failure.empty()) {
      writer.field("FailureReason", task->failure);
    }
    writer.field("StartedTimestamp", task->started.time_since_epoch().count()).end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::cancel_message_move(const Input& input, const Caller& caller) {
  MoveTask* const task = moves_.find(input.text("TaskHandle"));
  if (task == nullptr || !places_.place_of(task->source).is_of(caller)) {
    return refuse("ResourceNotFoundException", "Task does not exist.", kNotFound);
  }
  if (task->status != MoveStatus::Running) {
    return refuse("UnsupportedOperation", "Only active tasks can be cancelled.");
  }
  task->status = MoveStatus::Cancelled;
  json::Writer writer;
  writer.begin_object().field("ApproximateNumberOfMessagesMoved", task->moved).end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
