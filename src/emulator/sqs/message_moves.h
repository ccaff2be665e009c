#pragma once
// MessageMoves: SQS's message move tasks, which bring dead letters back: each message comes as a
// new one to the queue that is asked for, or to the one it came from. Time passes in steps of a
// second, in which a task moves as many as it may.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/world/world.h"

namespace scaler::emulator {

enum class MoveStatus { Running, Completed, Cancelled, Failed };
/// "RUNNING", ...
std::string_view to_string(MoveStatus status);

struct MoveTask {
  std::string handle = {};
  std::string source = {};                ///< the world's name of a queue
  std::string destination = {};           ///< the same; empty: where each message came from
  std::optional<std::int64_t> rate = {};  ///< messages a second; nothing: all at once
  MoveStatus status = MoveStatus::Running;
  std::int64_t moved = 0;
  std::int64_t to_move = 0;  ///< when it began
  std::string failure = {};
  Instant started = {};
  Instant next = {};
};

class MessageMoves {
 public:
  explicit MessageMoves(world::World& world) : world_(world) {}

  /// The queue must exist and have no task that runs. Valid until the next task is started.
  const MoveTask& start(std::string source, std::string destination,
                        std::optional<std::int64_t> rate, std::string handle);
  /// The task of this handle, or nullptr.
  MoveTask* find(std::string_view handle);
  bool runs_from(std::string_view source) const;
  /// The latest tasks of the queue, the last one first.
  std::vector<const MoveTask*> latest(std::string_view source, std::size_t max) const;

  /// Does what is due.
  void run();
  /// When run() has something to do next.
  Instant next() const;

 private:
  void step(MoveTask& task);
  /// Whether there may be more to move.
  bool move_one(MoveTask& task);

  world::World& world_;
  std::vector<MoveTask> tasks_ = {};  ///< in the order of their start
};

}  // namespace scaler::emulator
