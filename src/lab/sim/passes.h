#pragma once
// Passes: this program as the scaler of a simulation. Schedule, ticks, doorbell and wake start
// invocations with their latencies; what an invocation does is the product's own
// (src/scaler/invocation), over ports that act on the simulated world.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "lab/sim/cloud.h"
#include "lab/sim/feed.h"
#include "lab/sim/group_cloud.h"
#include "lab/sim/rest.h"
#include "scaler/invocation/invocation.h"

namespace scaler::sim {

class Passes final : public Scaler, private JobMessages, private WakeMapping, private Ticks {
 public:
  Passes(Engine& engine, SimulatedCloud& cloud, const Policy& policy, const Hooks& hooks,
         RunPass run);

  std::optional<Instant> next_wake() const override;
  void act(Stage& stage) override;
  void arrived(Instant at) override;

 private:
  /// The event source mapping on the job queue.
  struct Mapping {
    bool enabled = false;
    bool wanted = false;
    std::optional<Instant> settled_at = {};  ///< in transition until then; polls as before
    std::optional<Instant> poll_at = {};
  };

  // The ports beside those of the cloud.
  std::vector<Result<void>> hand_back(const std::string& queue_url,
                                      std::span<const ReturnedMessage> messages,
                                      Deadline deadline) override;
  Result<WakeSettings> settings(const std::string& queue_url, Deadline deadline) override;
  Result<std::vector<MappingStatus>> find(const MappingQuestion& question,
                                          Deadline deadline) override;
  Result<std::vector<MappingStatus>> list(const std::string& function_arn,
                                          Deadline deadline) override;
  Result<void> set_enabled(const std::string& id, bool enabled, Deadline deadline) override;
  Result<void> send(const std::string& queue_url, std::span<const Duration> delays,
                    Deadline deadline) override;

  /// A Lambda sandbox, or the process of a controller: what remembers between invocations.
  using Container = std::optional<Invoker>;
  void start(Container& container);

  void beat();
  bool rests();
  void poll(QueueFeed& feed, Trigger trigger);
  void poll_jobs();
  void expect_jobs();
  /// One event, delivered as often as it is. Whether the last delivery succeeded.
  bool invoke(const Invocation& invocation);
  bool run_once(const Invocation& invocation, Container& container);

  Engine* engine_;
  SimulatedCloud* cloud_;
  std::optional<GroupCloud> group_ = {};  ///< where there is a group
  Policy policy_;
  const Hooks* hooks_;
  RunPass run_;
  RestingBeats rest_;
  Container warm_ = {};
  Container other_ = {};  ///< what an overlapping invocation gets
  std::optional<QueueFeed> ticks_ = {};
  std::optional<QueueFeed> doorbell_ = {};
  std::optional<Instant> next_beat_ = {};
  std::optional<Instant> scheduled_at_ = {};  ///< the beat's invocation, after its latency
  Mapping mapping_ = {};
};

}  // namespace scaler::sim
