#pragma once
// Which queues of some services may wake them, what the passes call for, and which mappings are
// meant. Pure; the switch acts on it.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/core/queue_names.h"
#include "scaler/invocation/ports.h"
#include "scaler/pass/pass.h"

namespace scaler {

/// What a deployment says of wakes.
struct WakeOptions {
  bool wake = false;  ///< of services that do not say it themselves
  /// Of a fleet: there a service lives without a mapping, unless it says itself that it has one.
  bool many = false;
};

/// A service, and what the pass saw and did.
struct Followed {
  const ManagedService* service = nullptr;
  const PassRecord* record = nullptr;
};

/// Of several the first counts: who has tasks needs the messages for them.
enum class WakeWish { Disable, Leave, Enable };
/// Enabled only at rest: at zero, wholly empty, and nothing pauses it. A pass that was blind knows
/// nothing of that, so what is there stays.
WakeWish wish_of(const Followed& followed);

/// A queue that may wake.
struct WakeTarget {
  QueueAddress queue = {};
  std::string queue_arn = {};
  std::size_t by = 0;     ///< which of those that were given asks for it
  bool expected = false;  ///< and says that there is a mapping
  WakeWish wish = WakeWish::Leave;

  bool is_fifo() const { return scaler::is_fifo(queue.name); }
};

/// Something that is wrong with one of those that were given.
struct WakeFault {
  std::size_t by = 0;
  std::string message = {};
};

class WakeTargets {
 public:
  /// Lambda takes messages of queues in its own region only: a service that says itself that one
  /// elsewhere wakes it is wrong. An empty region is not known.
  WakeTargets(std::span<const Followed> all, const WakeOptions& options, std::string_view region);

  std::vector<WakeTarget>& targets() { return targets_; }
  const std::vector<WakeFault>& faults() const { return faults_; }
  /// The target on whose queue a mapping is; nothing when no service has that queue.
  std::optional<std::size_t> target_of(std::string_view queue_arn) const;

 private:
  void add(std::size_t by, const Followed& one, const WakeOptions& options,
           std::string_view region);
  void heed(const Followed& one);
  std::optional<std::size_t> find(const QueueAddress& queue) const;

  std::vector<WakeTarget> targets_ = {};
  std::vector<WakeFault> faults_ = {};
  std::multimap<std::string, std::size_t, std::less<>> by_name_ = {};
};

}  // namespace scaler
