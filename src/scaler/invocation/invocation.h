#pragma once
// An invocation as a value: what called, with which messages, and what came of it. What each
// trigger may do, and what becomes of the messages that came with it, is decided here and nowhere
// else: Lambda translates its events into this, controller and simulator call it as it is. Knows
// ports only.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/fleet/fleet_source.h"
#include "scaler/invocation/ports.h"
#include "scaler/invocation/rivalry.h"
#include "scaler/invocation/wake_switch.h"
#include "scaler/pass/pass.h"
#include "scaler/pass/succession.h"

namespace scaler {

/// A message that came with an invocation.
struct ArrivedMessage {
  std::string id = {};
  std::string receipt_handle = {};
  std::int64_t receive_count = 1;
};

struct Invocation {
  Trigger trigger = Trigger::Schedule;
  std::vector<ArrivedMessage> messages = {};
  ShardOrder order = {};          ///< Shard only
  std::string source = {};        ///< the ARN of the queue that they came from
  bool dry_run = false;           ///< Manual only: decide, and change nothing
  std::string function_arn = {};  ///< by which the function was invoked, qualifier included
  Deadline deadline = Deadline::max();
  /// Changes that the services' rates leave no slot for by then wait for the next invocation.
  Deadline slots_until = Deadline::max();
};

/// Which of the messages that came stay in their queue, or go back to it.
enum class Returned { None, All };

struct Effect {
  std::vector<PassRecord> records = {};  ///< one per service, in order
  Returned returned = Returned::None;
  /// All that failed, for people. Not empty: the invocation counts as failed, and every message
  /// that came with it goes back to its queue.
  std::vector<std::string> errors = {};
  Duration took = {};  ///< by the pass alone
  /// Of the fleet's source: settings of single services that are wrong, which fail nobody else, and
  /// what is to be said of them.
  std::vector<SpecProblem> problems = {};
  std::vector<SpecProblem> notes = {};
  std::size_t orders = 0;    ///< given to other invocations, in place of a pass
  bool out_of_date = false;  ///< the order was, and was not carried out
  bool fleet_asked = false;  ///< then the problems are all that there are; else none are told
  /// What that source could not be asked, which is among `errors`, too.
  std::vector<std::string> source_errors = {};
};

/// What an invocation may use. Whoever has no function has no messages, mapping or ticks.
struct InvocationPorts {
  CloudReader& reader;
  ServiceScaler& scaler;
  StateWriter* states = nullptr;
  Clock& clock;
  JobMessages* messages = nullptr;
  WakeMapping* mapping = nullptr;
  Ticks* ticks = nullptr;
  InstanceReader* instances = nullptr;  ///< as in Ports
  InstanceScaler* instance_scaler = nullptr;
  ShardOrders* orders = nullptr;
  FleetSource* fleet = nullptr;  ///< asked before each pass; nullptr: the fleet never changes
};

struct InvocationSettings {
  std::string tick_queue_url = {};   ///< empty: no ticks
  Duration tick = Duration::zero();  ///< between two of them; zero: none are sent
  std::string doorbell_queue_url = {};
  WakeOptions wake = {};
  Duration wake_return = std::chrono::seconds(30);  ///< visibility given back to a wake's messages
  Duration look_every = kLookEvery;                 ///< how far apart full passes should be
  Patience patience = Patience::All;
  bool steady = true;                ///< as in PassOptions
  std::string shard_queue_url = {};  ///< empty: a fleet is never cut
  std::size_t shard_size = 500;      ///< services in a shard, at most
};

class Invoker {
 public:
  Invoker(std::vector<ManagedService> fleet, InvocationSettings settings,
          const InvocationPorts& ports, RunPass run = run_pass);
  Invoker(const Invoker&) = delete;
  Invoker& operator=(const Invoker&) = delete;

  Effect invoke(const Invocation& invocation);

  std::span<const ManagedService> fleet() const { return fleet_; }
  /// As the method of that name of the fleet's source; nothing when there is none.
  void hurry_source() {
    if (ports_.fleet != nullptr) {
      ports_.fleet->hurry();
    }
  }
  /// From the next invocation on, other services; those that stay keep what is remembered of them.
  Succession replace_fleet(std::vector<ManagedService> next);

 private:
  std::span<ManagedService> pass(const Invocation& invocation, Permission permission,
                                 Deadline deadline, Effect& effect);
  Deadline next_pass(const Invocation& invocation) const;
  std::span<ManagedService> renew_fleet(const Invocation& invocation, Deadline deadline,
                                        Effect& effect);
  std::span<ManagedService> owners(const Invocation& invocation, Deadline deadline, Effect& effect);
  Deadline asking_until(Deadline deadline) const;
  bool cuts(Trigger trigger) const;
  bool give_orders(const Invocation& invocation, Deadline deadline, Effect& effect);
  void ordered(const Invocation& invocation, Effect& effect);
  void scheduled(const Invocation& invocation, Effect& effect);
  void looked(const Invocation& invocation, Effect& effect);
  void woken(const Invocation& invocation, Effect& effect);
  enum class Whose { All, LeftZero };
  WakeReport follow(std::span<const ManagedService> services, Whose whose, Deadline deadline,
                    Effect& effect);
  void tell_nobodys(const WakeReport& report, Effect& effect);
  void keep_settings(const Shard& shard, Deadline deadline, Effect& effect);
  Deadline leaving_time_for(int things, Deadline deadline) const;
  Duration tick() const;
  Result<void> send_ticks(Deadline deadline);
  Result<void> hand_back(const Invocation& invocation, const std::string& queue_url, bool disabled,
                         Deadline deadline);

  std::vector<ManagedService> fleet_;
  InvocationSettings settings_;
  InvocationPorts ports_;
  RunPass run_;
  std::optional<WakeSwitch> wake_switch_ = {};
  std::set<std::string> nobodys_told_ = {};  ///< mappings, by id
  bool not_kept_told_ = false;               ///< that settings could not be written
  Rivalry rivalry_ = {};
};

}  // namespace scaler
