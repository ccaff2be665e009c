#pragma once
// Shield: what is known of the task's protection from scale-in, and what the agent is asked next.

#include <optional>
#include <string>

#include "guard/protocol/teller.h"
#include "guard/protocol/vocabulary.h"

namespace scaler::guard {

/// An expiry must be that far away for a message to be handed over on its strength.
inline constexpr Duration kMargin = std::chrono::seconds(30);
/// An agent that has not answered for so long is taken for one that fails.
inline constexpr Duration kAgentPatience = std::chrono::seconds(2);

/// Why the task should be protected now, or why it may not lose its protection.
struct Need {
  bool messages = false;  ///< held by the worker, or waiting
  bool waiting = false;   ///< messages wait for protection
  bool receives = false;  ///< a receive waits at the gate until the task is protected
  bool kept = false;      ///< a receive is at SQS whose messages must find protection
  bool rest = false;      ///< protection shall end without linger
  bool stopping = false;  ///< the task ends, and its protection with it
};

class Shield {
 public:
  Shield(const Rules& rules, Deadline now);

  bool on() const { return on_; }
  bool own() const { return on_ && !foreign_; }
  bool foreign() const { return on_ && foreign_; }
  bool ended() const { return ended_; }
  /// For long enough that a message may be handed over.
  bool covers(Deadline now) const {
    return on_ && now + kMargin < expires_ && now < settled_until_.value_or(expires_);
  }
  /// The agent does not do its work, so that messages go without protection.
  bool failing(Deadline now) const;
  bool blocked(Deadline now) const;
  /// A receive is forwarded only while the task is protected.
  bool careful(bool by_queue, Deadline now) const;
  /// Protection ends as soon as no receive at SQS counts on it.
  bool dropping(const Need& need, Deadline now) const;
  /// Own protection without a break began then.
  Deadline since() const { return since_; }
  /// The last attempt to end protection failed; it is not repeated before.
  Deadline no_drop_before() const { return no_drop_before_; }
  /// Until then no receive brings protection back.
  Deadline rests_until() const { return rests_until_; }
  const std::string& why() const { return why_; }
  Duration protected_for(Deadline now) const;

  /// To be called first of all at each step.
  void settle(bool busy, Deadline now, Teller& teller);
  /// What the agent is to be asked now. The caller does ask it.
  std::optional<AskAgent::What> ask(const Need& need, Deadline now);
  void replied(const AgentReply& reply, bool busy, Deadline now, Teller& teller);
  /// When something changes by itself.
  std::optional<Deadline> next(const Need& need) const;
  /// When an agent that does not answer begins to count as failing, or a block to count as over.
  std::optional<Deadline> patience_ends(Deadline now) const;
  friend auto operator<=>(const Shield&, const Shield&) = default;

 private:
  using What = AskAgent::What;
  struct Asking {
    What what = What::Inspect;
    What goal = What::Inspect;  ///< what an Inspect is the first half of
    Deadline since = {};

    friend auto operator<=>(const Asking&, const Asking&) = default;
  };
  struct Step {
    Deadline at = {};
    What goal = What::Inspect;
  };

  std::optional<Step> next_step(const Need& need) const;
  std::optional<Deadline> drop_at(const Need& need) const;
  std::optional<Step> protect_step(const Need& need) const;
  void turn_on(const AgentReply& reply, bool foreign, Deadline now);
  void turn_off(Deadline at);
  void protect_replied(const Asking& asked, const AgentReply& reply, Deadline now, Teller& teller);
  void unprotect_replied(const AgentReply& reply, Deadline now, Teller& teller);
  void inspect_replied(const Asking& asked, const AgentReply& reply, bool busy, Deadline now,
                       Teller& teller);
  void inspect_failed(const Asking& asked, const AgentReply& reply, Deadline now, Teller& teller);
  void inspected_on(const Asking& asked, const AgentReply& reply, Deadline now, Teller& teller);
  bool not_valid(Deadline now, Teller& teller);
  void refused(const std::string& why, Deadline now, Teller& teller);
  void failed(const AgentReply& reply, Deadline now, Teller& teller);
  void throttled(Deadline now);

  Rules rules_;
  std::optional<Asking> asking_;
  std::optional<Deadline> chain_since_;   ///< an Inspect failed, and its other half follows
  std::optional<Deadline> inspected_at_;  ///< the last answer was an Inspect's, then
  bool known_ = false;                    ///< the first Inspect is answered
  bool tried_ = false;                    ///< the agent has been asked for protection
  bool valid_ = false;                    ///< it was protected once: it is a running service's
  bool ended_ = false;                    ///< TASK_NOT_VALID of a task that was valid
  std::optional<Deadline> not_valid_since_;

  bool on_ = false;
  bool foreign_ = false;
  bool foreign_seen_ = false;
  std::string own_;         ///< the expiration that the last On of a Protect told
  Deadline expires_ = {};   ///< of what is on
  Deadline renew_at_ = {};  ///< of what is on
  Deadline changed_ = {};   ///< from on to off, or from off to on
  Deadline since_ = {};
  Deadline on_since_ = {};
  Duration protected_for_ = {};  ///< before on_since_

  Deadline quiet_since_ = {};  ///< nothing is held and nothing waits
  Duration linger_;
  Deadline throttled_at_ = {};
  Deadline rests_until_ = {};  ///< no receive brings protection back before
  Deadline no_drop_before_ = {};
  std::optional<Deadline> drop_again_;     ///< what became of an Unprotect is not known
  Deadline uncertain_until_ = {};          ///< the agent may still carry it out
  std::optional<Deadline> settled_until_;  ///< so the last On counts no longer than that

  std::optional<Deadline> blocked_at_;  ///< Blocked was said then, and no On since
  Deadline careful_until_ = {};
  Deadline failing_until_ = {};
  Deadline retry_at_ = {};
  std::string why_;  ///< the agent's last refusal
};

}  // namespace scaler::guard
