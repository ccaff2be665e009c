#include "guard/protocol/protocol.h"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <utility>

namespace scaler::guard {
namespace {

using std::chrono::seconds;

/// A receive that has stood at the gate no longer than that goes on as it is: the worker's own
/// limits for an answer leave room for so much. A longer one is answered empty.
constexpr Duration kUnnoticed = seconds(2);

}  // namespace

Protocol::Protocol(Rules rules, Deadline now)
    : rules_(rules), now_(now), shield_(rules, now), holding_(rules) {
  step(now);
}

void Protocol::receive(const Receive& receive, Deadline now) {
  for (const Duration took : holding_.asked_again(receive.connection, now)) {
    actions_.emplace_back(Worked{took});
  }
  polls_.insert_or_assign(receive.id, Poll{.receive = receive, .came = now});
  step(now);
}

void Protocol::received(ReceiveId id, std::vector<Message> messages, Deadline now) {
  if (finished_) {
    return;
  }
  const auto found = polls_.find(id);
  if (found == polls_.end() || found->second.stage != Stage::AtSqs) {
    Poll nobodys;
    nobodys.messages = std::move(messages);
    give_back(nobodys);
    return step(now);
  }
  Poll& poll = found->second;
  if (poll.gone) {
    poll.messages = std::move(messages);
    let_go(found);
    return step(now);
  }
  if (messages.empty()) {
    actions_.emplace_back(HandOver{id});
    polls_.erase(found);
    return step(now);
  }
  const auto shortest = std::ranges::min(messages, {}, &Message::visibility).visibility;
  poll.stage = Stage::Waiting;
  poll.received = now;
  poll.handed_by = now + std::min(kAgentPatience, shortest / 4);
  poll.messages = std::move(messages);
  step(now);
}

void Protocol::gone(ReceiveId id, Deadline now) {
  const auto found = polls_.find(id);
  if (found != polls_.end()) {
    if (found->second.stage == Stage::AtSqs) {
      found->second.gone = true;  // SQS may still give it messages
    } else {
      let_go(found);
    }
  }
  step(now);
}

/// Nobody waits for it; the empty answer tells whoever carries this out to forget it, too.
void Protocol::let_go(std::map<ReceiveId, Poll>::iterator poll) {
  give_back(poll->second);
  actions_.emplace_back(AnswerEmpty{poll->first});
  polls_.erase(poll);
}

void Protocol::deleted(const Handle& handle, Deadline now) {
  if (const std::optional<Duration> took = holding_.deleted(handle, now)) {
    actions_.emplace_back(Worked{*took});
  }
  step(now);
}

void Protocol::visibility_changed(const Handle& handle, Duration visibility, bool by_worker,
                                  Deadline now) {
  holding_.visibility_changed(handle, visibility, by_worker, now);
  step(now);
}

void Protocol::agent_replied(const AgentReply& reply, Deadline now) {
  holding_.expire(now);
  shield_.replied(reply, anything_in_hand(), now, teller_);
  step(now);
}

void Protocol::terminate(Deadline now) {
  hurried_ = stopping_at_.has_value();
  stopping_at_ = stopping_at_.value_or(now);
  step(now);
}

// An entry point without `exec` is a shell, which SIGTERM ends, and the worker below it knows of
// nothing and works on. As process 1 the shell would have lived as long as that.
void Protocol::child_ended(Deadline now, bool leaves_others) {
  holding_.expire(now);  // what others may have by now is not given back
  others_work_ = leaves_others && stopping_at_ && !child_ended_at_ && !holding_.empty();
  if (!others_work_) {
    end_child(now);
  }
  step(now);
}

void Protocol::end_child(Deadline now) {
  child_ended_at_ = child_ended_at_.value_or(now);
  give_back(holding_.take_all());
  std::erase_if(polls_, [](const auto& entry) { return entry.second.stage == Stage::AtGate; });
}

void Protocol::advance(Deadline now) {
  step(now);
}

std::vector<Action> Protocol::take_actions() {
  return std::exchange(actions_, {});
}

/// Everything that follows from what is known now, in an order in which nothing is done twice.
void Protocol::step(Deadline now) {
  now_ = now;
  if (finished_) {
    return;
  }
  holding_.expire(now);
  const bool busy = anything_in_hand();
  shield_.settle(busy || was_busy_, now, teller_);
  breathe(now);
  resolve_waiting(now);
  was_busy_ = anything_in_hand();
  for (Renew& renew : holding_.due_renewals(now)) {
    actions_.emplace_back(std::move(renew));
  }
  open_gate(now);
  stop(now);
  ask_agent(now);
  for (Tell& tell : teller_.take()) {
    actions_.emplace_back(std::move(tell));
  }
  finish(now);
}

void Protocol::breathe(Deadline now) {
  if (over()) {
    breath_ = Breath::None;
    return;
  }
  if (breath_ == Breath::None && now >= breath_due()) {
    breath_ = Breath::Closing;
    hungry_since_.reset();
  }
  if (breath_ == Breath::Closing) {
    if (!hungry_since_ && any_at(Stage::AtGate)) {
      hungry_since_ = now;
    }
    const bool too_long = hungry_since_ && now >= *hungry_since_ + rules_.breathe;
    if (!shield_.on()) {
      breath_ = Breath::Resting;
      rests_until_ = now + rules_.rest;
    } else if (shield_.foreign() || now < shield_.no_drop_before()) {
      breath_ = Breath::None;
    } else if (too_long) {
      // One message that the worker has forgotten must not keep it from all others.
      breath_ = Breath::None;
      no_breath_before_ = now + rules_.breathe;
    }
  }
  if (breath_ == Breath::Resting && now >= std::max(rests_until_, shield_.rests_until())) {
    breath_ = Breath::None;
  }
}

void Protocol::resolve_waiting(Deadline now) {
  for (auto it = polls_.begin(); it != polls_.end();) {
    const Poll& poll = it->second;
    if (poll.stage != Stage::Waiting) {
      ++it;
      continue;
    }
    const bool covered = !rules_.agent || shield_.covers(now);
    if (over() || (!covered && shield_.blocked(now))) {
      give_back(poll);
      actions_.emplace_back(AnswerEmpty{it->first});
    } else if (covered || shield_.failing(now) || now >= poll.handed_by) {
      hand_over(poll, now);
    } else {
      ++it;
      continue;
    }
    it = polls_.erase(it);
  }
}

void Protocol::open_gate(Deadline now) {
  for (auto it = polls_.begin(); it != polls_.end();) {
    Poll& poll = it->second;
    const bool waits = poll.stage == Stage::AtGate && closed(poll, need(now), now);
    if (poll.stage != Stage::AtGate || (waits && now < patience_of(poll))) {
      ++it;
      continue;
    }
    if (!waits && now <= poll.came + kUnnoticed) {
      poll.stage = Stage::AtSqs;
      poll.careful = shield_.careful(poll.receive.careful, now);
      actions_.emplace_back(Forward{it->first});
      ++it;
      continue;
    }
    actions_.emplace_back(AnswerEmpty{it->first});
    it = polls_.erase(it);
  }
}

void Protocol::stop(Deadline now) {
  if (!stopping_at_) {
    return;
  }
  const bool idle = holding_.empty() || hurried_ || now >= half_of_stop();
  if (rules_.child && !child_ended_at_ && !others_work_ && !terminated_ && idle) {
    terminated_ = true;
    actions_.emplace_back(TerminateChild{});
  }
  if (!given_up_ && now >= give_back_at()) {
    given_up_ = true;
    give_back(holding_.take_all());
  }
  if (others_work_ && holding_.empty()) {
    others_work_ = false;
    end_child(now);
  }
}

void Protocol::ask_agent(Deadline now) {
  if (child_ended_at_) {
    return;
  }
  if (const std::optional<AskAgent::What> what = shield_.ask(need(now), now)) {
    actions_.emplace_back(AskAgent{*what});
    breathe(now);  // an Unprotect has begun: the rest has, too
  }
}

void Protocol::finish(Deadline now) {
  const bool polls = any_at(Stage::AtSqs);
  const bool alone = !rules_.child && stopping_at_;
  const bool after_child = child_ended_at_ && (!polls || now >= finish_by());
  const bool after_stop = alone && ((!polls && holding_.empty()) || given_up_);
  if (!after_child && !after_stop) {
    return;
  }
  for (const auto& [id, poll] : polls_) {
    if (!child_ended_at_) {
      actions_.emplace_back(AnswerEmpty{id});
    }
  }
  polls_.clear();
  finished_ = true;
  actions_.emplace_back(Finish{});
}

/// Nothing is received any more, for good.
bool Protocol::over() const {
  return stopping_at_ || child_ended_at_ || shield_.ended();
}

bool Protocol::closed(const Poll& poll, const Need& need, Deadline now) const {
  if (over() || breath_ != Breath::None || shield_.blocked(now)) {
    return true;
  }
  if (!shield_.careful(poll.receive.careful, now) || shield_.failing(now)) {
    return false;
  }
  return !shield_.covers(now) || shield_.dropping(need, now);
}

bool Protocol::any_at(Stage stage) const {
  return std::ranges::any_of(polls_,
                             [stage](const auto& entry) { return entry.second.stage == stage; });
}

bool Protocol::anything_in_hand() const {
  return !holding_.empty() || any_at(Stage::Waiting);
}

Need Protocol::need(Deadline now) const {
  Need need;
  need.waiting = any_at(Stage::Waiting);
  need.messages = anything_in_hand();
  need.stopping = over();
  need.rest = breath_ == Breath::Closing;
  for (const auto& [id, poll] : polls_) {
    need.kept |= poll.stage == Stage::AtSqs && !poll.gone && (poll.careful || need.rest);
    need.receives |= poll.stage == Stage::AtGate && !over() && breath_ == Breath::None &&
                     (shield_.blocked(now) || shield_.careful(poll.receive.careful, now));
  }
  return need;
}

void Protocol::hand_over(const Poll& poll, Deadline now) {
  const std::uint64_t count = poll.messages.size();
  handed_over_ += count;
  if (!shield_.covers(now)) {
    handed_over_unprotected_ += count;
    if (rules_.agent) {
      const std::string& why = shield_.why();
      teller_.warn(Teller::About::Unguarded,
                   "messages are handed over without protection from scale-in: " +
                       (why.empty() ? "the agent does not answer in time" : why),
                   now);
    }
  }
  for (const Message& message : poll.messages) {
    holding_.add(message, poll.receive.connection, poll.received, now);
  }
  holding_.expire(now);
  actions_.emplace_back(HandOver{poll.receive.id});
}

void Protocol::give_back(const std::vector<Handle>& handles) {
  if (!handles.empty()) {
    given_back_ += handles.size();
    actions_.emplace_back(GiveBack{handles});
  }
}

void Protocol::give_back(const Poll& poll) {
  std::vector<Handle> handles;
  handles.reserve(poll.messages.size());
  for (const Message& message : poll.messages) {
    // SQS repeats itself where a receive is repeated under the same ReceiveRequestAttemptId: the
    // worker may have it from the second one.
    if (!holding_.has(message.handle)) {
      handles.push_back(message.handle);
    }
  }
  give_back(handles);
}

}  // namespace scaler::guard
