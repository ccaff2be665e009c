#pragma once
// Score: how well a simulation went, for the jobs and for the bill. But for a few bytes for each
// part of the scenario, its memory does not depend on the simulation's length.

#include <cstdint>
#include <vector>

#include "ground/base/clock.h"
#include "lab/sim/faults.h"
#include "lab/sim/waiting.h"

namespace scaler::sim {

/// What became of the messages. sent == processed + dead_lettered + unfinished + vanished + lost.
struct MessageScore {
  std::int64_t sent = 0;
  std::int64_t processed = 0;      ///< received, worked on and deleted by a worker
  std::int64_t dead_lettered = 0;  ///< received too often
  std::int64_t unfinished = 0;     ///< still there at the end
  std::int64_t vanished = 0;       ///< in a queue that a person deleted
  std::int64_t lost = 0;           ///< expired, or deleted by anybody but the worker: must be 0
  std::int64_t refused = 0;        ///< not sent because there was no queue; not among the sent
};

/// Works that were cut short, by who did it.
struct KilledScore {
  std::int64_t by_scaler = 0;  ///< its last look told of messages in flight, or it did not look
  std::int64_t in_race = 0;    ///< the worker took its message after a look that was fresh, or the
                               ///< count that was lowered had not stood for a second
  std::int64_t misled = 0;     ///< SQS told that nothing was in flight, and was wrong or late
  std::int64_t by_deployment = 0;
  std::int64_t by_person = 0;  ///< a manual change of the desired count
  std::int64_t by_crash = 0;   ///< the worker itself died

  KilledScore operator-(const KilledScore& before) const {
    return {.by_scaler = by_scaler - before.by_scaler,
            .in_race = in_race - before.in_race,
            .misled = misled - before.misled,
            .by_deployment = by_deployment - before.by_deployment,
            .by_person = by_person - before.by_person,
            .by_crash = by_crash - before.by_crash};
  }
};

/// Changes of the desired count by the scaler.
struct ActionScore {
  std::int64_t scale_outs = 0;
  std::int64_t scale_ins = 0;
  std::int64_t direction_changes = 0;  ///< an out after an in, or an in after an out
  std::int64_t passes = 0;
  std::int64_t failed_passes = 0;
  std::int64_t calls = 0;  ///< of the ports
};

/// Of a group's instances.
struct InstanceScore {
  Duration stopped_time = Duration(0);  ///< in a warm pool
  std::int64_t launched = 0;
  std::int64_t failed_launches = 0;
  std::int64_t tasks_lost = 0;  ///< that had not stopped when their instance ended; without Spot
  /// From an instance's last task, or from its registration, to its end.
  WaitingTimes idle = {};
};

/// Messages, and how many of them waited for as long as the objective or longer.
struct Lateness {
  std::int64_t messages = 0;
  std::int64_t late = 0;
};

struct Score {
  MessageScore messages = {};
  /// From sending to the start of the work that finished the message. Messages that are unfinished
  /// at the end count with their age then, so that a scaler gains nothing by not finishing.
  WaitingTimes waiting = {};
  /// Those of a part of the arrivals' time each, by when they were sent.
  std::vector<Lateness> parts = {};
  double share_within_objective = 1;
  Duration task_time = Duration(0);      ///< of all tasks, from creation to stop
  Duration instance_time = Duration(0);  ///< of all instances, where capacity is modelled
  InstanceScore instances = {};
  std::int64_t tasks_started = 0;
  std::int64_t tasks_peak = 0;
  KilledScore killed = {};
  ActionScore actions = {};
  FaultCounts faults = {};
  /// Both sides of Little's law: the integral of the messages in the queue over time, and the sum
  /// of the times that the processed ones spent there. Equal when all were processed.
  Duration backlog_integral = Duration(0);
  Duration time_in_system = Duration(0);
  Duration simulated = Duration(0);
};

}  // namespace scaler::sim
