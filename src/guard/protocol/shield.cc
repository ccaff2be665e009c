#include "guard/protocol/shield.h"

#include <algorithm>
#include <chrono>

namespace scaler::guard {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Between two changes of protection: so there are two in any minute at most.
constexpr Duration kBetweenChanges = minutes(1);
constexpr Duration kRetry = seconds(5);
/// A role does not change from one second to the next.
constexpr Duration kRetryDenied = minutes(1);
constexpr Duration kRetryDrop = minutes(1);
/// A deployment that has refused protection may refuse it again.
constexpr Duration kCarefulAfterBlocked = minutes(15);
/// A block that the agent has not repeated for so long, because it fails, is over.
constexpr Duration kBlockedAtMost = minutes(1);
/// A protection that is not the guard's own is replaced that long before its end.
constexpr Duration kForeignMargin = minutes(1);
/// A task whose every protection is TASK_NOT_VALID for so long, and that is not stopped, is none of
/// a service's: nothing scales it in.
constexpr Duration kNotValidAtMost = minutes(1);
/// A call that was given up may be carried out for so long.
constexpr Duration kUncertain = minutes(1);
constexpr Duration kSettle = seconds(10);
constexpr Duration kLongestLinger = minutes(5);
constexpr Duration kThrottleMemory = minutes(10);

}  // namespace

Shield::Shield(const Rules& rules, Deadline now)
    : rules_(rules), changed_(now), quiet_since_(now), linger_(rules.linger) {}

bool Shield::failing(Deadline now) const {
  return now < failing_until_ || (asking_ && now >= asking_->since + kAgentPatience);
}

bool Shield::blocked(Deadline now) const {
  return blocked_at_ && !(failing(now) && now >= *blocked_at_ + kBlockedAtMost);
}

bool Shield::careful(bool by_queue, Deadline now) const {
  return rules_.agent && (by_queue || !tried_ || now < careful_until_);
}

bool Shield::dropping(const Need& need, Deadline now) const {
  Need others = need;
  others.kept = false;
  const std::optional<Deadline> at = drop_at(others);
  return at && *at <= now;
}

Duration Shield::protected_for(Deadline now) const {
  return protected_for_ + (on_ ? std::chrono::floor<Duration>(now - on_since_) : Duration::zero());
}

void Shield::settle(bool busy, Deadline now, Teller& teller) {
  if (busy) {
    quiet_since_ = now;
  }
  if (linger_ != rules_.linger && now >= throttled_at_ + kThrottleMemory) {
    linger_ = rules_.linger;
  }
  if (on_ && expires_ <= now) {
    turn_off(expires_);
    if (busy) {
      teller.warn(Teller::About::Ended, "protection has ended while the worker has messages", now);
    }
  }
}

/// Own protection that nobody needs.
std::optional<Deadline> Shield::drop_at(const Need& need) const {
  if (need.messages || need.kept || need.stopping) {
    return std::nullopt;
  }
  if (own()) {
    const Deadline quiet = std::max(quiet_since_ + linger_, changed_ + kBetweenChanges);
    return need.rest ? no_drop_before_ : std::max(quiet, no_drop_before_);
  }
  return drop_again_;
}

std::optional<Shield::Step> Shield::protect_step(const Need& need) const {
  if (!need.messages && !need.receives) {
    return std::nullopt;
  }
  if (!on_) {
    return Step{need.messages ? retry_at_ : std::max(retry_at_, rests_until_), What::Protect};
  }
  const Deadline uncovered = std::min(expires_ - kMargin, settled_until_.value_or(expires_));
  Deadline wanted = renew_at_;
  if (need.receives) {
    wanted = std::min(wanted, uncovered);
  }
  if (need.waiting) {
    wanted = Deadline{};
  }
  const bool look = foreign_ && wanted < expires_ - kForeignMargin;
  return Step{std::max(wanted, retry_at_), look && !need.waiting ? What::Inspect : What::Protect};
}

std::optional<Shield::Step> Shield::next_step(const Need& need) const {
  if (!rules_.agent || ended_ || asking_) {
    return std::nullopt;
  }
  if (!known_) {
    return Step{Deadline{}, What::Inspect};
  }
  const std::optional<Step> protect = protect_step(need);
  const std::optional<Deadline> drop = drop_at(need);
  if (drop && (!protect || *drop <= protect->at)) {
    return Step{*drop, What::Unprotect};
  }
  return protect;
}

std::optional<AskAgent::What> Shield::ask(const Need& need, Deadline now) {
  const std::optional<Step> step = next_step(need);
  if (!step || now < step->at) {
    return std::nullopt;
  }
  // A call that begins now may end a protection that somebody else has set since the last look.
  const bool look =
      step->goal == What::Unprotect || (step->goal == What::Protect && (own() || foreign_seen_));
  const What what = look && inspected_at_ != now ? What::Inspect : step->goal;
  asking_ = {.what = what, .goal = step->goal, .since = chain_since_.value_or(now)};
  chain_since_.reset();
  inspected_at_.reset();
  if (what == What::Unprotect && on_) {
    turn_off(now);  // the agent may carry it out at any moment
  }
  return what;
}

void Shield::replied(const AgentReply& reply, bool busy, Deadline now, Teller& teller) {
  if (!asking_) {
    return;
  }
  const Asking asked = *asking_;
  asking_.reset();
  known_ = true;
  if (reply.throttled) {
    throttled(now);
  }
  if (reply.kind == AgentReply::Kind::NotValid && not_valid(now, teller)) {
    return;
  }
  switch (asked.what) {
    case What::Protect:
      return protect_replied(asked, reply, now, teller);
    case What::Unprotect:
      return unprotect_replied(reply, now, teller);
    case What::Inspect:
      return inspect_replied(asked, reply, busy, now, teller);
  }
}

void Shield::turn_on(const AgentReply& reply, bool foreign, Deadline now) {
  valid_ = true;
  if (!on_) {
    changed_ = now;
    on_since_ = now;
  }
  // A rest whose Unprotect failed was none.
  if ((!on_ && !drop_again_) || foreign_) {
    since_ = now;
  }
  on_ = true;
  foreign_ = foreign;
  expires_ = reply.expires;
  const Deadline half = now + (expires_ - now) / 2;
  renew_at_ = foreign ? std::max(now, std::min(half, expires_ - kForeignMargin)) : half;
}

void Shield::turn_off(Deadline at) {
  protected_for_ += std::chrono::floor<Duration>(at - on_since_);
  on_ = false;
  foreign_ = false;
  changed_ = at;
}

void Shield::protect_replied(const Asking& asked, const AgentReply& reply, Deadline now,
                             Teller& teller) {
  tried_ = true;
  if (reply.kind == AgentReply::Kind::Blocked) {
    careful_until_ = now + kCarefulAfterBlocked;
    refused("the deployment refuses protection: " + reply.why, now, teller);
    return;
  }
  if (reply.kind != AgentReply::Kind::On || reply.expires <= now) {
    failed(reply, now, teller);
    return;
  }
  turn_on(reply, false, now);
  own_ = reply.expiration;
  not_valid_since_.reset();
  blocked_at_.reset();
  drop_again_.reset();
  failing_until_ = {};
  retry_at_ = {};
  why_.clear();
  quiet_since_ = now;
  settled_until_.reset();
  if (asked.since <= uncertain_until_) {  // it may be undone until then

    settled_until_ = now + kSettle;
    renew_at_ = std::min(renew_at_, *settled_until_);
  }
  if (!covers(now)) {
    failing_until_ = now + kRetry;
    retry_at_ = now + kRetry;
    why_ = "the protection that the agent gives ends at once";
  }
}

/// TASK_NOT_VALID: of a task that was protected once, that it is stopping. Before, it may be that
/// it does not run yet. False when it has been said for so long that nothing stops the task.
bool Shield::not_valid(Deadline now, Teller& teller) {
  if (valid_) {
    if (!ended_) {
      teller.say("the task is stopping (TASK_NOT_VALID): no more messages are received");
    }
    ended_ = true;
    return true;
  }
  not_valid_since_ = not_valid_since_.value_or(now);
  if (now < *not_valid_since_ + kNotValidAtMost) {
    refused("the task does not run yet, or is stopping (TASK_NOT_VALID)", now, teller);
    return true;
  }
  blocked_at_.reset();
  return false;
}

/// No message is received until the agent says otherwise.
void Shield::refused(const std::string& why, Deadline now, Teller& teller) {
  why_ = why;
  blocked_at_ = now;
  failing_until_ = {};
  retry_at_ = now + kRetry;
  teller.warn(Teller::About::Blocked, why + "; no messages are received meanwhile", now);
}

void Shield::failed(const AgentReply& reply, Deadline now, Teller& teller) {
  const bool denied =
      reply.kind == AgentReply::Kind::Denied || reply.kind == AgentReply::Kind::NotValid;
  why_ = reply.why.empty() ? "the agent does not say that the task is protected" : reply.why;
  failing_until_ = now + (denied ? kRetryDenied : kRetry);
  retry_at_ = failing_until_;
  if (on_) {
    teller.warn(Teller::About::Renewal, "protection could not be renewed: " + why_, now);
  }
}

void Shield::unprotect_replied(const AgentReply& reply, Deadline now, Teller& teller) {
  rests_until_ = now + rules_.rest;
  changed_ = now;
  if (reply.kind == AgentReply::Kind::Off) {
    drop_again_.reset();
    return;
  }
  no_drop_before_ = now + kRetryDrop;
  drop_again_ = no_drop_before_;
  uncertain_until_ = now + kUncertain;
  teller.warn(Teller::About::Drop, "protection could not be ended: " + reply.why, now);
}

void Shield::inspect_replied(const Asking& asked, const AgentReply& reply, bool busy, Deadline now,
                             Teller& teller) {
  const bool is_on = reply.kind == AgentReply::Kind::On && reply.expires > now;
  if (!is_on && reply.kind != AgentReply::Kind::On && reply.kind != AgentReply::Kind::Off) {
    inspect_failed(asked, reply, now, teller);
    return;
  }
  inspected_at_ = now;
  if (is_on) {
    inspected_on(asked, reply, now, teller);
    return;
  }
  drop_again_.reset();
  if (on_) {
    turn_off(now);
    if (busy) {
      teller.warn(Teller::About::Ended, "protection was taken away while the worker has messages",
                  now);
    }
  }
}

void Shield::inspected_on(const Asking& asked, const AgentReply& reply, Deadline now,
                          Teller& teller) {
  if (reply.expiration == own_) {
    // An Unprotect that was lost may still be carried out: only a new On counts for now.
    if (!on_ && asked.since > uncertain_until_) {
      const Deadline changed = changed_;
      turn_on(reply, false, now);
      changed_ = changed;  // it has been on all the time
    }
    return;
  }
  turn_on(reply, true, now);
  drop_again_.reset();
  if (!foreign_seen_) {
    teller.say("the task is protected until " + reply.expiration +
               ", and not by an answer that the guard has seen: this protection is left alone");
  }
  foreign_seen_ = true;
}

void Shield::inspect_failed(const Asking& asked, const AgentReply& reply, Deadline now,
                            Teller& teller) {
  if (asked.goal == What::Unprotect) {
    no_drop_before_ = now + kRetryDrop;
    if (drop_again_) {
      drop_again_ = no_drop_before_;
    }
    teller.warn(Teller::About::Drop, "whether protection may be ended is not known: " + reply.why,
                now);
  } else if (asked.goal == What::Inspect) {
    renew_at_ = std::max(renew_at_, now + kRetry);
  } else if (foreign_seen_) {
    failed(reply, now, teller);
  } else {
    inspected_at_ = now;  // looked at as far as could be
    chain_since_ = asked.since;
  }
}

void Shield::throttled(Deadline now) {
  throttled_at_ = now;
  const Duration doubled = std::min(2 * std::max<Duration>(linger_, seconds(1)), kLongestLinger);
  linger_ = std::max(linger_, doubled);
}

std::optional<Deadline> Shield::next(const Need& need) const {
  std::optional<Deadline> next;
  if (on_) {
    next = expires_;
  }
  if (const std::optional<Step> step = next_step(need)) {
    next = std::min(next.value_or(step->at), step->at);
  }
  return next;
}

std::optional<Deadline> Shield::patience_ends(Deadline now) const {
  std::optional<Deadline> next;
  const auto consider = [&](Deadline at) {
    if (at > now) {
      next = std::min(next.value_or(at), at);
    }
  };
  if (asking_) {
    consider(asking_->since + kAgentPatience);
  }
  if (blocked_at_) {
    consider(*blocked_at_ + kBlockedAtMost);
  }
  return next;
}

}  // namespace scaler::guard
