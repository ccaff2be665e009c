#pragma once
// RestingBeats: beats of the schedule that need not be simulated, because nothing has happened for
// as long as any rule looks back, and nothing comes. Leaving them out changes no result: the
// scaler's clock stands still for them (Engine::leave_out), so that all it remembers is as old
// afterwards as before, and what an invocation draws follows from its moment alone
// (Engine::begin_draws).

#include <cstdint>
#include <optional>

#include "lab/sim/engine.h"
#include "scaler/core/policy.h"

namespace scaler::sim {

class RestingBeats {
 public:
  RestingBeats(const Engine& engine, const Policy& policy, const Hooks& hooks);

  /// Asked at each beat. How many beats, this one first, can be left out; none while something of
  /// the triggers is under way.
  std::int64_t beats(Duration every, bool mapping_enabled, bool under_way);
  /// What one such beat counts.
  struct Passes {
    std::int64_t all = 0;
    std::int64_t failed = 0;
  };
  const Passes& passes() const { return passes_; }

 private:
  /// What differs after anything that a pass could notice.
  struct Seen {
    std::uint64_t messages = 0;
    std::int64_t changes = 0;
    std::int64_t tasks = 0;
    std::int64_t tasks_started = 0;
    bool mapping_enabled = false;
    bool operator==(const Seen&) const = default;
  };
  bool quiet() const;
  Duration memory(Duration every) const;

  const Engine* engine_;
  Policy policy_;
  bool possible_;
  std::optional<Seen> seen_ = {};  ///< at the latest beat after something had happened
  Instant since_ = {};
  Passes passes_ = {};
  Passes before_ = {};  ///< up to the beat before
};

}  // namespace scaler::sim
