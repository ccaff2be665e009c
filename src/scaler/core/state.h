#pragma once
// ServiceState: what one service's past contributes to its next decision. A plain value; where it
// lives is a matter of src/state.

#include <cstdint>
#include <optional>
#include <vector>

#include "ground/base/clock.h"

namespace scaler {

/// A count, or a change of one, at an instant.
struct TasksAt {
  Instant at = {};
  std::int64_t tasks = 0;
  bool operator==(const TasksAt&) const = default;
};

/// Queues that do not exist.
struct QueuesGone {
  Instant since = {};  ///< every look since then has missed as many
  std::int64_t queues = 0;
  bool operator==(const QueuesGone&) const = default;
};

/// A backlog at an instant.
struct MessagesAt {
  Instant at = {};
  std::int64_t messages = 0;
  bool operator==(const MessagesAt&) const = default;
};

/// A default-constructed state means that nothing is known.
struct ServiceState {
  /// Whether somebody else set that desired count, as far as is known.
  bool is_foreign(std::int64_t desired) const;

  /// When it was looked at last. Nothing: nobody told, and the rest is taken at its word.
  std::optional<Instant> last_look = {};
  std::optional<Instant> empty_since = {};  ///< first of the unbroken run of empty observations
  std::int64_t empty_observations = 0;      ///< their number
  std::optional<Instant> last_scale_out = {};
  std::optional<Instant> last_scale_in = {};
  /// What was needed, or busy, within the windows, oldest first, without those that a later one
  /// makes needless. Empty: nothing is known of the past.
  std::vector<TasksAt> recommendations = {};
  std::vector<TasksAt> changes = {};          ///< own changes within the budgets' periods, signed
  std::optional<std::int64_t> last_set = {};  ///< the last desired count that this program set
  /// What this program is about to set, as told before it does: no other's count.
  std::optional<TasksAt> announced = {};
  std::optional<TasksAt> manual = {};       ///< another's desired count, and when it was noticed
  std::optional<Instant> short_since = {};  ///< since when fewer tasks run than are desired
  std::int64_t failures = 0;                ///< passes in a row that could not read any queue
  std::optional<Instant> deploying_since = {};
  std::optional<QueuesGone> gone = {};
  std::optional<Instant> stray_since = {};  ///< at zero, and nothing but messages in flight is seen
  std::optional<TasksAt> refused = {};  ///< the lowest count that ECS refused, and when it did last
  std::optional<Instant> kept_since = {};  ///< messages in flight keep tasks beyond the need
  std::optional<MessagesAt> full = {};     ///< the smallest backlog while at the maximum
  std::int64_t late_looks = 0;  ///< scale-ins in a row that were withheld: looks took too long
  bool operator==(const ServiceState&) const = default;
};

/// Looks that are farther apart than this say nothing about the time between them: whatever waits
/// on past looks begins anew.
Duration longest_gap(Duration look_every);

/// What of a state is evidence at a moment.
struct Past {
  bool known = false;       ///< something is known at all
  bool continuous = false;  ///< and looks have followed each other closely enough
  /// Since when the queue has been seen empty, as time counts for waits: what lies between two
  /// looks counts as two distances at most, so that a clock set forward ends no wait.
  std::optional<Instant> empty_since = {};
  Duration gap = Duration::zero();  ///< from the last look to this one

  /// Whether looks found the queue empty throughout the last `window`.
  bool empty_throughout(Duration window, Instant at) const;
};
Past past_of(const ServiceState& state, Instant at, Duration look_every);

/// Time since `past`; a past that lies in the future (a clock was set back) counts as this moment.
Duration since(Instant past, Instant at);

/// Adds one to the recommendations and drops those that no rule will look at again: too old, or
/// made needless by a later one. More than kHistoryLimit are merged as merge_nearest() does.
void remember_recommendation(std::vector<TasksAt>& recommendations, const TasksAt& latest,
                             Duration in_window, Duration out_window);

/// Looks that are farther apart than this leave a time that nobody speaks for, though they are near
/// enough to count: a second sandbox of a function wakes after a minute in which the first one saw
/// all tasks at work. Where ticks look between the looks of the schedule, a minute is long: two
/// ticks in a row that came to the second sandbox once stopped what the first one saw at work.
Duration usual_gap(Duration look_every, Duration tick);

/// After such a time: what the look before it needed may have been needed until the latest one.
void bridge_gap(std::vector<TasksAt>& recommendations, const TasksAt& latest);

/// Adds one to the changes (unless its tasks are 0) and drops those older than `period`.
void remember_change(std::vector<TasksAt>& changes, const TasksAt& latest, Duration period);

inline constexpr std::size_t kHistoryLimit = 64;

/// How two neighbours become one: at the later instant, with the higher count or the sum.
enum class Merge { Highest, Sum };

/// Merges the two neighbours that are nearest in time; of fewer than two, nothing.
void merge_nearest(std::vector<TasksAt>& history, Merge merge);

}  // namespace scaler
