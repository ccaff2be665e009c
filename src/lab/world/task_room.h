#pragma once
// TaskRoom: where a service's tasks find room. Without instances there is always room (Fargate);
// with them, room grows and shrinks as ECS managed scaling lets it.

#include <cstdint>
#include <map>
#include <optional>

#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "lab/world/agenda.h"
#include "lab/world/duration_range.h"

namespace scaler::world {

/// Instances of a capacity provider under ECS managed scaling.
/// Source: ECS developer guide, managed-scaling-behavior and cluster-auto-scaling.
struct InstanceModel {
  std::int64_t tasks_per_instance = 1;
  std::int64_t instances_max = 100;
  std::int64_t first_step = 2;  ///< instances that come together when there was none
  DurationRange start = {.min = std::chrono::seconds(60), .max = std::chrono::seconds(120)};
  Duration warm_up = std::chrono::seconds(300);  ///< the next scale-out waits for it
  Duration scale_in = std::chrono::minutes(15);  ///< an instance must be free for so long
  bool operator==(const InstanceModel&) const = default;
};

class TaskRoom {
 public:
  TaskRoom(std::optional<InstanceModel> model, Random& random) : model_(model), random_(&random) {}

  /// Takes room for one task; the instance's number (0 where none is modelled), or nothing.
  std::optional<std::uint64_t> take(Instant now);
  /// The task is gone.
  void give_back(std::uint64_t instance, Instant now);
  /// So many tasks find no room: more instances are started when it is time.
  void want(std::int64_t waiting, Instant now);

  /// A shortage: nothing is placed until it ends. Tasks that run stay.
  void set_short(bool is_short) { short_ = is_short; }

  /// Does what is due: instances become ready, free ones end.
  void settle(Instant now);
  /// When something changes by itself next.
  Instant next_event() const;

  /// Of all instances, from launch to end, those that are there included.
  Duration instance_time(Instant now) const;
  std::int64_t instances() const { return static_cast<std::int64_t>(instances_.size()); }

 private:
  struct Instance {
    Instant launched_at = {};
    Instant ready_at = {};
    std::int64_t tasks = 0;
    std::optional<Instant> free_since = {};
    bool ready = false;
  };

  void launch(std::int64_t count, Instant now);
  void end_free_instances(Instant now);
  /// Instances that the waiting tasks need beyond those that are there, and that may be launched.
  std::int64_t missing() const;
  Instant ends_at(const Instance& instance) const;

  std::optional<InstanceModel> model_;
  Random* random_;
  bool short_ = false;
  std::map<std::uint64_t, Instance> instances_ = {};
  std::uint64_t next_instance_ = 1;
  std::int64_t waiting_ = 0;
  Instant scaled_out_at_ = {};
  Duration ended_time_ = Duration(0);
};

}  // namespace scaler::world
