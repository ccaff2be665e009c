#include "emulator/sqs/message_moves.h"

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

namespace scaler::emulator {
namespace {

constexpr Duration kStep = std::chrono::seconds(1);
constexpr std::size_t kTasksMax = 1000;

}  // namespace

std::string_view to_string(MoveStatus status) {
  switch (status) {
    case MoveStatus::Running:
      return "RUNNING";
    case MoveStatus::Completed:
      return "COMPLETED";
    case MoveStatus::Cancelled:
      return "CANCELLED";
    case MoveStatus::Failed:
      return "FAILED";
  }
  std::unreachable();
}

const MoveTask& MessageMoves::start(std::string source, std::string destination,
                                    std::optional<std::int64_t> rate, std::string handle) {
  if (tasks_.size() >= kTasksMax) {
    tasks_.erase(tasks_.begin());
  }
  const std::int64_t to_move = world_.find_queue(source)->depth().visible;
  return tasks_.emplace_back(MoveTask{.handle = std::move(handle),
                                      .source = std::move(source),
                                      .destination = std::move(destination),
                                      .rate = rate,
                                      .to_move = to_move,
                                      .started = world_.now(),
                                      .next = world_.now()});
}

MoveTask* MessageMoves::find(std::string_view handle) {
  const auto found = std::ranges::find(tasks_, handle, &MoveTask::handle);
  return found == tasks_.end() ? nullptr : &*found;
}

bool MessageMoves::runs_from(std::string_view source) const {
  return std::ranges::any_of(tasks_, [&](const MoveTask& task) {
    return task.source == source && task.status == MoveStatus::Running;
  });
}

std::vector<const MoveTask*> MessageMoves::latest(std::string_view source, std::size_t max) const {
  std::vector<const MoveTask*> found;
  for (const MoveTask& task : tasks_ | std::views::reverse) {
    if (task.source == source && found.size() < max) {
      found.push_back(&task);
    }
  }
  return found;
}

void MessageMoves::run() {
  for (MoveTask& task : tasks_) {
    while (task.status == MoveStatus::Running && task.next <= world_.now()) {
      step(task);
    }
  }
}

Instant MessageMoves::next() const {
  Instant first = world::kNever;
  for (const MoveTask& task : tasks_) {
    if (task.status == MoveStatus::Running) {
      first = std::min(first, task.next);
    }
  }
  return first;
}

void MessageMoves::step(MoveTask& task) {
  std::int64_t allowed = task.rate.value_or(std::numeric_limits<std::int64_t>::max());
  while (allowed > 0 && move_one(task)) {
    --allowed;
  }
  task.next += kStep;
}

bool MessageMoves::move_one(MoveTask& task) {
  world::Queue* const source = world_.find_queue(task.source);
  const world::StoredMessage* const message =
      source == nullptr ? nullptr : source->peek(world_.now());
  if (message == nullptr || task.moved == task.to_move) {
    // What came after the start is left alone, or a queue that redrives to itself had no end.
    task.status = source == nullptr ? MoveStatus::Failed : MoveStatus::Completed;
    task.failure = source == nullptr ? "AWS.SimpleQueueService.NonExistentQueue" : "";
    return false;
  }
  const std::string target = !task.destination.empty() ? task.destination
                             : message->from           ? *message->from
                                                       : "";
  world::Queue* const destination = target.empty() ? nullptr : world_.find_queue(target);
  if (destination == nullptr) {
    task.status = MoveStatus::Failed;
    task.failure = target.empty() ? "CouldNotDetermineMessageSource"
                                  : "AWS.SimpleQueueService.NonExistentQueue";
    return false;
  }
  world_.move_message(*source, *destination);
  ++task.moved;
  return true;
}

}  // namespace scaler::emulator
