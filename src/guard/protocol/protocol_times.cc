// Until when things last, and so when the protocol wants to be called.
#include <algorithm>
#include <chrono>
#include <vector>

#include "guard/protocol/protocol.h"

namespace scaler::guard {
namespace {

using std::chrono::seconds;

/// How long a receive stands at a closed gate: so long that a worker that asks again at once makes
/// no busy loop, and no longer than SQS lets it wait.
constexpr Duration kLeastPatience = seconds(1);
constexpr Duration kMostPatience = seconds(20);
/// What is still held goes back that long before SIGKILL.
constexpr Duration kBeforeKill = seconds(2);
/// A receive is at SQS for no longer.
constexpr Duration kLongestPoll = seconds(20);

}  // namespace

Deadline Protocol::patience_of(const Poll& poll) const {
  return poll.came + std::clamp(poll.receive.wait, kLeastPatience, kMostPatience);
}

/// When a breath begins; never while there is no own protection.
Deadline Protocol::breath_due() const {
  if (rules_.breathe <= Duration::zero() || !shield_.own()) {
    return Deadline::max();
  }
  return std::max({shield_.since() + rules_.breathe, shield_.no_drop_before(), no_breath_before_});
}

Deadline Protocol::half_of_stop() const {
  return *stopping_at_ + rules_.stop_timeout / 2;
}

/// Never before the child has had a part of the time for itself.
Deadline Protocol::give_back_at() const {
  return *stopping_at_ + std::max(rules_.stop_timeout - kBeforeKill, rules_.stop_timeout * 3 / 4);
}

Deadline Protocol::finish_by() const {
  const Deadline polls_end = *child_ended_at_ + kLongestPoll;
  return stopping_at_ ? std::min(polls_end, give_back_at()) : polls_end;
}

void Protocol::add_stops(std::vector<Deadline>& times) const {
  if (stopping_at_ && rules_.child && !terminated_ && !child_ended_at_ && !others_work_) {
    times.push_back(half_of_stop());
  }
  if (stopping_at_ && !given_up_) {
    times.push_back(give_back_at());
  }
  if (child_ended_at_) {
    times.push_back(finish_by());
  }
}

void Protocol::add_breaths(std::vector<Deadline>& times) const {
  if (over()) {
    return;
  }
  if (breath_ == Breath::None && breath_due() != Deadline::max()) {
    times.push_back(breath_due());
  }
  if (breath_ == Breath::Closing && hungry_since_) {
    times.push_back(*hungry_since_ + rules_.breathe);
  }
  if (breath_ == Breath::Resting) {
    times.push_back(std::max(rests_until_, shield_.rests_until()));
  }
}

std::optional<Deadline> Protocol::next() const {
  if (finished_) {
    return std::nullopt;
  }
  std::vector<Deadline> times;
  const auto add = [&times](const std::optional<Deadline>& at) {
    if (at) {
      times.push_back(*at);
    }
  };
  for (const auto& [id, poll] : polls_) {
    if (poll.stage == Stage::AtGate) {
      times.push_back(patience_of(poll));
      add(shield_.patience_ends(now_));
    } else if (poll.stage == Stage::Waiting) {
      times.push_back(poll.handed_by);
      add(shield_.patience_ends(now_));
    }
  }
  add(holding_.next());
  if (!child_ended_at_) {
    add(shield_.next(need(now_)));
  }
  add_stops(times);
  add_breaths(times);
  if (times.empty()) {
    return std::nullopt;
  }
  return *std::ranges::min_element(times);
}

Status Protocol::status(Deadline now) const {
  const auto waiting = [](const Poll& poll) { return poll.stage == Stage::Waiting; };
  std::size_t messages = 0;
  std::size_t polling = 0;
  for (const auto& [id, poll] : polls_) {
    messages += waiting(poll) ? poll.messages.size() : 0;
    polling += poll.stage == Stage::AtSqs ? 1U : 0U;
  }
  return {.held = holding_.size(),
          .waiting = messages,
          .polling = polling,
          .is_protected = shield_.on(),
          .foreign = shield_.foreign(),
          .blocked = shield_.blocked(now),
          .resting = breath_ == Breath::Resting || now < shield_.rests_until(),
          .stopping = over(),
          .unguarded = rules_.agent && shield_.failing(now),
          .protected_for = shield_.protected_for(now),
          .handed_over = handed_over_,
          .handed_over_unprotected = handed_over_unprotected_,
          .given_back = given_back_};
}

}  // namespace scaler::guard
