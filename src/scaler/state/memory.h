#pragma once
// Memory: one service's state between passes. It lives in this process; where a service tag keeps a
// copy, the tag is what another process sees, and it is written only on a change that matters.

#include <optional>
#include <string>
#include <string_view>

#include "scaler/core/observation.h"
#include "scaler/core/policy.h"
#include "scaler/core/state.h"
#include "scaler/state/state_text.h"

namespace scaler {

class Memory {
 public:
  struct Recalled {
    ServiceState state = {};
    std::string complaint =
        {};  ///< why the saved text was not used; empty when it was or there was none
  };

  /// The look that a state is recalled for.
  struct Look {
    Instant at = {};
    /// Tells a wall clock that was moved between two passes: the waits go on as if it had not been.
    /// Nothing: no such time is known (a Lambda sandbox sleeps between two invocations).
    std::optional<Deadline> steady = {};
    /// Those that are looked at: what looks at others saw says nothing of them, so that all waits
    /// begin anew.
    std::optional<QueuesMark> queues = {};
    Duration usual_gap = scaler::usual_gap(kLookEvery, {});  ///< from the look before, at most
  };

  /// The state to decide with. `saved` is the tag's text as just read, or empty. A tag that is
  /// absent, damaged, foreign or older than what this process saw is no evidence against that; what
  /// another process saw later is taken, and of two memories of one thing the later instant.
  Recalled recall(std::string_view saved, const Policy& policy, const Look& look);

  /// Remembers the state in this process.
  void remember(const ServiceState& state) { state_ = state; }

  /// A pass as far as it matters to what is saved.
  struct Now {
    Instant at = {};
    std::int64_t desired = 0;  ///< after the pass
    std::int64_t needed = 0;   ///< by it; less than is desired: a scale-in waits for something
  };

  /// The text to write to the tag, or nothing when the tag says all that matters already. What ends
  /// a wait, or lengthens it, is written at once; a wait that merely goes on once a minute.
  std::optional<std::string> text_to_save(const Policy& policy, const Now& now) const;

  /// The text that tells of that state as it is, or nothing while the tag is left alone.
  std::optional<std::string> text_of(const ServiceState& state, const Policy& policy,
                                     const Now& now) const;

  /// The tag holds that text from now on.
  void saved(std::string text, Instant at);

  /// The tag cannot be written, for a reason that lasts: it is left alone for some minutes. Whether
  /// that is to be told now, once an hour.
  bool refused(Instant at);

  /// How long a reading may lag behind a write. ECS documents eventual consistency without a
  /// figure; it advises to back off for up to five minutes, and a minute bounds what an old reading
  /// can delay.
  static constexpr Duration kTagLag = std::chrono::minutes(1);
  /// A wait that goes on is written this often.
  static constexpr Duration kRenewal = std::chrono::minutes(1);
  /// A tag that cannot be written is tried again after this.
  static constexpr Duration kRefusedPause = std::chrono::minutes(5);

 private:
  void tag_says(std::string text, SavedLooks looks);
  void count_told(Instant at);

  ServiceState state_ = {};
  std::string tag_ = {};         ///< the text that state_ refines
  ServiceState tag_state_ = {};  ///< what it says; nothing known when it is damaged
  ServiceState tag_gist_ = {};   ///< of that, what is compared in every pass
  std::optional<QueuesMark> tag_queues_ = {};
  std::optional<TasksAt> told_last_ = {};  ///< the tag's last need, as it was written ahead
  std::optional<QueuesMark> queues_ = {};  ///< whose looks state_ tells
  bool odd_ = false;                       ///< the tag's text must not stay
  std::optional<Instant> written_at_ = {};
  std::optional<Instant> refused_at_ = {};
  std::optional<Instant> told_refused_at_ = {};
  std::optional<Instant> recalled_at_ = {};
  std::optional<Deadline> recalled_steady_ = {};
};

/// What two processes know of one service, as one: of two memories of one thing the later instant,
/// so that nothing scales in earlier than either would.
ServiceState united(const ServiceState& own, const ServiceState& other);

}  // namespace scaler
