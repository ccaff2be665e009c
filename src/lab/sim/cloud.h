#pragma once
// SimulatedCloud: the ports of a pass over a simulated world. Each call takes its time, during
// which the world goes on, and fails as the scenario's faults have it.

#include <functional>

#include "lab/sim/engine.h"
#include "scaler/pass/ports.h"

namespace scaler::sim {

class SimulatedCloud final : public CloudReader,
                             public ServiceScaler,
                             public StateWriter,
                             public Clock {
 public:
  explicit SimulatedCloud(Engine& engine) : engine_(&engine) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience patience,
                         Deadline deadline) override;
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline deadline) override;
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) override;

  /// The scaler's own idea of the time.
  Instant now() const override { return engine_->now() + engine_->skew(); }
  Deadline steady() const override {
    return Deadline((engine_->now() - engine_->left_out()).time_since_epoch());
  }
  /// Lets the world go on until then.
  bool wait_until(Instant instant, const std::stop_token& stop) override;

  /// A call beside those of the ports, which may fail as they do.
  Result<void> perform(std::string_view what, const std::function<void()>& effect);

  /// An invocation begins: it may be killed between two of its calls, after which nothing that it
  /// does has any effect.
  void begin_invocation();
  /// Whether it was.
  bool killed() const { return killed_; }
  /// What to run in the middle of an invocation when Fault::Overlap strikes.
  void set_meanwhile(std::function<void()> meanwhile) { meanwhile_ = std::move(meanwhile); }

 private:
  /// What becomes of one call: an error in place of it, an error in spite of it, or neither.
  struct Fortune {
    std::optional<Error> before = {};
    std::optional<Error> after = {};
    Duration late = Duration(0);  ///< the answer comes so much later than the effect
  };
  Fortune call(std::string_view what);
  Result<QueueDepth> read_queue(const std::string& name);
  Result<ServiceReading> read_service();
  void read_protection(ServiceReading& reading);
  Look look_at_one(const LookRequest& request);
  Result<void> set_one(const DesiredCount& change);

  Engine* engine_;
  std::function<void()> meanwhile_ = {};
  bool in_invocation_ = false;
  bool killed_ = false;
  std::optional<Engine::Told> told_ = {};
  std::optional<std::int64_t> described_ = {};  ///< the desired count by the last look
  std::int64_t accepted_max_ = 0;               ///< while counts above it are refused
  Instant refuses_until_ = {};
};

}  // namespace scaler::sim
