#pragma once
// Passes: this program as the scaler of a simulation. Schedule, ticks, doorbell and wake start
// invocations with their latencies and permissions; each is one run_pass() over the cloud's ports.
// What the triggers do beside the pass is a model of src/handler, which needs JSON events.

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "pass/pass.h"
#include "sim/cloud.h"

namespace scaler::sim {

class Passes final : public Scaler {
 public:
  Passes(Engine& engine, Cloud& cloud, Policy policy, const Hooks& hooks, RunPass run);

  std::optional<Instant> next_wake() const override;
  void act(Stage& stage) override;
  void arrived(Instant at) override;

 private:
  struct Invocation {
    Instant at = {};
    std::uint64_t number = 0;
    Trigger trigger = Trigger::Schedule;
    auto operator<=>(const Invocation&) const = default;
  };
  /// The event source mapping on the job queue.
  struct Mapping {
    bool enabled = false;
    bool wanted = false;
    std::optional<Instant> settled_at = {};  ///< in transition until then; polls as before
    std::optional<Instant> poll_at = {};     ///< it could not be disabled and polls on
  };

  void beat(std::optional<Instant>& next, const std::optional<Duration>& every, Trigger trigger);
  void invoke_later(Instant at, Trigger trigger);
  void invoke(Trigger trigger);
  void run_once(Trigger trigger, std::vector<ManagedService>& container);
  void wake();
  Duration return_visibility(std::int64_t receive_count, bool disabled) const;
  void switch_mapping(bool wanted);
  void settle_mapping();
  void poll_queue();
  std::vector<ManagedService> cold() const;

  Engine* engine_;
  Cloud* cloud_;
  Policy policy_;
  const Hooks* hooks_;
  RunPass run_;
  std::vector<ManagedService> warm_;
  std::vector<ManagedService> other_;  ///< the container that an overlapping invocation gets
  std::set<Invocation> agenda_ = {};
  std::uint64_t next_number_ = 0;
  std::optional<Instant> next_beat_ = {};
  std::optional<Instant> next_tick_ = {};
  bool doorbell_rings_ = false;  ///< an invocation is on the agenda
  bool wake_comes_ = false;
  Mapping mapping_ = {};
};

}  // namespace scaler::sim
