#include "guard/protocol/world_test_support.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <variant>

namespace scaler::guard::testing {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of tests

constexpr Duration kProtectFor = 10min;
constexpr Duration kPoll = 20s;
/// A lost Unprotect is carried out within that time, and its effect is mended within that of
/// kSettle.
constexpr Duration kLate = 1min;
/// From ECS's decision to SIGTERM, at most.
constexpr Duration kDeactivating = 50s;
constexpr Duration kSettle = 10s;

constexpr std::array<const char*, 21> kNames{
    "receive",        "careful receive", "delete",       "gone",          "SQS answers",
    "SQS renews",     "SQS renews not",  "agent does",   "agent refuses", "agent: not valid",
    "agent fails",    "agent loses",     "agent delays", "agent is late", "agent replies",
    "late unprotect", "ECS stops",       "SIGTERM",      "child ends",    "advance",
    "time passes"};

}  // namespace

std::string text_of(const Event& event) {
  std::string text = kNames.at(static_cast<std::size_t>(event.kind));
  if (event.which != 0) {
    text += " " + std::to_string(event.which);
  }
  if (event.kind == Event::Kind::SqsAnswers) {
    text += " with " + std::to_string(event.count);
  }
  return text + (event.handle.empty() ? "" : " ") + event.handle;
}

World::World(const Bounds& bounds)
    : now_(Deadline{} + 1000h),
      left_(bounds),
      horizon_(now_ + bounds.horizon),
      protocol_(bounds.rules, now_) {
  carry_out(false);
}

std::size_t World::hash() const {
  std::size_t hash = 0;
  const auto mix = [&hash](auto value) {
    hash = (hash ^ static_cast<std::size_t>(value)) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 29U;
  };
  const auto mix_time = [&mix](const std::optional<Deadline>& at) {
    mix(at ? at->time_since_epoch().count() : 1);
  };
  mix_time(now_);
  mix_time(on_until_);
  mix_time(protocol_.next());
  mix_time(trouble_at_);
  mix_time(sigterm_at_);
  mix_time(changes_.empty() ? Deadline{} : changes_.back());
  mix(renewals_.size());
  mix(left_.receives + 8 * left_.faults + 64 * left_.gone + 512 * left_.stops);
  mix(call_ ? 1 + static_cast<int>(call_->what) + 8 * static_cast<int>(call_->late) : 0);
  mix(call_ && call_->answer ? 1 + static_cast<int>(*call_->answer) : 0);
  for (const auto& [handle, job] : jobs_) {
    mix(static_cast<std::size_t>(job.place) + 8 * job.receive);
    mix_time(job.visible);
  }
  for (const auto& [id, ask] : asks_) {
    mix(static_cast<std::size_t>(ask.at) + 8 * id);
    mix_time(ask.bound);
  }
  return hash;
}

// --- what can happen next
// --------------------------------------------------------------------------

std::vector<Event> World::events() const {
  std::vector<Event> events;
  if (finished_ || killed_ || !broken_.empty()) {
    return events;
  }
  add_worker_events(events);
  add_agent_events(events);
  add_ecs_events(events);
  add_sqs_events(events);
  if (const auto next = protocol_.next(); next && *next <= now_) {
    events.push_back({.kind = Event::Kind::Advance});
  } else if (may_time_pass()) {
    events.push_back({.kind = Event::Kind::TimePasses});
  }
  return events;
}

void World::add_worker_events(std::vector<Event>& events) const {
  if (child_ended_at_) {
    return;
  }
  const bool two = asks_.size() >= 2;
  if (left_.receives > 0 && !two) {
    events.push_back({.kind = left_.careful ? Event::Kind::CarefulReceive : Event::Kind::Receive});
  }
  for (const auto& [handle, job] : jobs_) {
    if (job.place == Place::Hand) {
      events.push_back({.kind = Event::Kind::Delete, .handle = handle});
    }
  }
  for (const auto& [id, ask] : asks_) {
    if (left_.gone > 0 && !ask.gone) {
      events.push_back({.kind = Event::Kind::Gone, .which = id});
    }
  }
}

void World::add_agent_events(std::vector<Event>& events) const {
  using Kind = Event::Kind;
  const auto add = [&](Kind kind) { events.push_back({.kind = kind}); };
  if (late_unprotect_by_) {
    add(Kind::LateUnprotect);
  }
  if (!call_) {
    return;
  }
  if (!call_->late && left_.faults > 0) {
    add(Kind::AgentIsLate);
  }
  if (call_->answer) {
    return add(Kind::AgentReplies);
  }
  const bool protect = call_->what == AskAgent::What::Protect;
  if (ecs_stops_) {
    add(Kind::AgentNotValid);
  } else {
    add(Kind::AgentDoes);
  }
  if (protect && left_.refusals > 0) {
    add(Kind::AgentRefuses);
  }
  if (left_.faults > 0) {
    add(Kind::AgentFails);
    if (call_->what != AskAgent::What::Inspect && !ecs_stops_) {
      add(Kind::AgentLoses);
    }
    if (call_->what == AskAgent::What::Unprotect) {
      add(Kind::AgentDelays);
    }
  }
}

void World::add_sqs_events(std::vector<Event>& events) const {
  for (const auto& [id, ask] : asks_) {
    for (int count = 0; ask.at == At::Sqs && count <= std::min(2, left_.messages); ++count) {
      events.push_back({.kind = Event::Kind::SqsAnswers, .which = id, .count = count});
    }
  }
  for (const auto& [handle, visibility] : renewals_) {
    events.push_back({.kind = Event::Kind::SqsRenews, .handle = handle});
    if (left_.faults > 0) {
      events.push_back({.kind = Event::Kind::SqsRenewsNot, .handle = handle});
    }
  }
}

void World::add_ecs_events(std::vector<Event>& events) const {
  using Kind = Event::Kind;
  if (left_.stops > 0 && !ecs_stops_ && (!is_on() || left_.stops_protected)) {
    events.push_back({.kind = Kind::EcsStops});
  }
  if (left_.stops > 0 && ecs_stops_) {
    events.push_back({.kind = Kind::Sigterm});
  }
  if (left_.rules.child && !child_ended_at_ && (told_child_ || left_.crashes > 0)) {
    events.push_back({.kind = Kind::ChildEnds});
  }
}

/// Only when nothing is left that had to happen by now.
bool World::may_time_pass() const {
  const bool call = call_ && !call_->late;
  const bool lost = late_unprotect_by_ && *late_unprotect_by_ <= now_;
  const bool child = sigterm_at_ && told_child_ && !child_ended_at_ &&
                     now_ >= *sigterm_at_ + left_.rules.stop_timeout - 1s;
  const bool poll = std::ranges::any_of(asks_, [this](const auto& entry) {
    return entry.second.at == At::Sqs && entry.second.bound <= now_;
  });
  const bool stopped = ecs_stops_ && !sigterm_at_ && now_ >= sigterm_by_;
  return !call && !lost && !child && !poll && !stopped && renewals_.empty() && now_ < horizon_;
}

Deadline World::next_instant() const {
  Deadline next = horizon_;
  const auto consider = [&](Deadline at) {
    if (at > now_) {
      next = std::min(next, at);
    }
  };
  if (const auto wanted = protocol_.next()) {
    consider(*wanted);
  }
  for (const auto& [id, ask] : asks_) {
    consider(ask.bound);
  }
  for (const auto& [handle, job] : jobs_) {
    if (job.place == Place::Hand) {
      consider(job.visible);
    }
  }
  consider(on_until_);
  if (late_unprotect_by_) {
    consider(*late_unprotect_by_);
  }
  if (ecs_stops_) {
    consider(sigterm_by_);
  }
  if (sigterm_at_) {
    consider(*sigterm_at_ + left_.rules.stop_timeout - 1s);
    consider(*sigterm_at_ + left_.rules.stop_timeout);
  }
  return next;
}

// --- what happens
// -----------------------------------------------------------------------------------

bool World::apply_first(Event::Kind kind) {
  for (const Event& event : events()) {
    if (event.kind == kind) {
      apply(event);
      return true;
    }
  }
  return false;
}

void World::serve() {
  while (call_ && (apply_first(Event::Kind::AgentReplies) || apply_first(Event::Kind::AgentDoes) ||
                   apply_first(Event::Kind::AgentNotValid))) {
  }
}

void World::pass(Duration duration) {
  const Deadline end = now_ + duration;
  serve();
  while (broken_.empty() && next_instant() < end) {
    now_ = next_instant();
    protocol_.advance(now_);
    carry_out(false);
    serve();
  }
  now_ = end;
}

void World::apply(const Event& event) {
  using Kind = Event::Kind;
  bool stop = false;
  switch (event.kind) {
    case Kind::Receive:
    case Kind::CarefulReceive:
      receive(event.kind == Kind::CarefulReceive);
      break;
    case Kind::Delete:
      jobs_[event.handle].place = Place::Deleted;
      protocol_.deleted(event.handle, now_);
      break;
    case Kind::Gone:
      --left_.gone;
      asks_[event.which].gone = true;
      protocol_.gone(event.which, now_);
      break;
    case Kind::SqsAnswers:
      sqs_answers(event.which, event.count);
      break;
    case Kind::SqsRenews:
    case Kind::SqsRenewsNot:
      sqs_renews(event.handle, event.kind == Kind::SqsRenews);
      break;
    case Kind::EcsStops:
      ecs_stops_ = true;
      sigterm_by_ = now_ + kDeactivating;
      return;
    case Kind::Sigterm:
      --left_.stops;
      sigterm_at_ = sigterm_at_.value_or(now_);
      stop = true;
      protocol_.terminate(now_);
      break;
    case Kind::ChildEnds:
      left_.crashes -= told_child_ ? 0 : 1;
      child_ended_at_ = now_;
      std::erase_if(asks_, [](const auto& entry) { return entry.second.at == At::Gate; });
      protocol_.child_ended(now_);
      break;
    case Kind::Advance:
      protocol_.advance(now_);
      if (const auto next = protocol_.next(); next && *next <= now_) {
        fail("i", "it wants to be called again at once");
      }
      break;
    case Kind::TimePasses:
      now_ = next_instant();
      break;
    default:
      agent(event);
  }
  carry_out(stop);
  check();
}

void World::receive(bool careful) {
  --left_.receives;
  const ReceiveId id = ++receives_;
  const Duration wait = id % 2 == 0 ? 0s : 20s;
  asks_[id] = {.at = At::Gate, .bound = now_ + std::max<Duration>(1s, wait)};
  for (auto& [handle, job] : jobs_) {
    job.asked_again |= job.place == Place::Hand && job.receive % 2 == id % 2;
  }
  const ConnectionId connection = left_.wrong == Wrong::AsksElsewhere ? id : id % 2;
  protocol_.receive({.id = id, .connection = connection, .wait = wait, .careful = careful}, now_);
  if (left_.wrong == Wrong::ProtectsForEachReceive && is_on()) {
    set_protection(now_, true);
    set_protection(now_ + kProtectFor, true);
  }
  if (left_.wrong == Wrong::ForwardsAtClosedGate) {
    carry_out(Forward{id}, false);
  }
}

void World::sqs_answers(ReceiveId id, int count) {
  left_.messages -= count;
  std::vector<Message> messages;
  for (int i = 0; i < count; ++i) {
    const Handle handle(1, static_cast<char>('a' + static_cast<int>(jobs_.size())));
    jobs_[handle] = {.receive = id, .visible = now_ + left_.visibility};
    messages.push_back({handle, left_.visibility});
    if (left_.wrong == Wrong::HandsOverBeforeReply) {
      jobs_[handle].place = Place::Hand;
    }
  }
  Ask& ask = asks_[id];
  ask.at = At::Guard;
  ask.bound = now_ + std::min<Duration>(2s, left_.visibility / 4);
  protocol_.received(id, std::move(messages), now_);
}

/// Of a message that is deleted or given back SQS renews nothing, and says so.
void World::sqs_renews(const Handle& handle, bool does) {
  const Duration visibility = renewals_.extract(handle).mapped();
  if (!does) {
    --left_.faults;
    renewal_failed_ = true;
  } else if (jobs_[handle].place == Place::Hand) {
    jobs_[handle].visible = now_ + visibility;
    protocol_.visibility_changed(handle, visibility, false, now_);
  }
}

void World::agent(const Event& event) {
  using Kind = Event::Kind;
  const auto fault = [this] {
    --left_.faults;
    disturbed_ = true;
    trouble_at_ = now_;
  };
  switch (event.kind) {
    case Kind::AgentDoes:
      carry_out_call();
      break;
    case Kind::AgentRefuses:
      --left_.refusals;
      trouble_at_ = now_;
      call_->answer = AgentReply::Kind::Blocked;
      break;
    case Kind::AgentNotValid:
      call_->answer = AgentReply::Kind::NotValid;
      break;
    case Kind::AgentLoses:
      carry_out_call();
      [[fallthrough]];
    case Kind::AgentFails:
      fault();
      call_->answer = AgentReply::Kind::Failed;
      break;
    case Kind::AgentDelays:
      fault();
      call_->answer = AgentReply::Kind::Failed;
      late_unprotect_by_ = now_ + kLate;
      break;
    case Kind::AgentIsLate:
      fault();
      call_->late = true;
      if (left_.wrong == Wrong::GivesUpCallsUnderWay) {
        protocol_.agent_replied({.kind = AgentReply::Kind::Failed}, now_);
      }
      break;
    case Kind::LateUnprotect:
      late_unprotect_by_.reset();
      if (is_on()) {
        undone_at_ = left_.wrong == Wrong::AnswersUnprotectEarly ? undone_at_ : now_;
        set_protection(now_, true);
      }
      break;
    default:
      reply();
  }
}

void World::carry_out_call() {
  switch (call_->what) {
    case AskAgent::What::Protect:
      set_protection(now_ + kProtectFor, true);
      expiration_ = std::to_string(++expirations_);
      break;
    case AskAgent::What::Unprotect:
      if (left_.wrong == Wrong::AnswersUnprotectEarly) {
        late_unprotect_by_ = now_ + kLate;
        call_->answer = AgentReply::Kind::Off;
        return;
      }
      set_protection(now_, true);
      break;
    case AskAgent::What::Inspect:
      break;
  }
  call_->answer = is_on() ? AgentReply::Kind::On : AgentReply::Kind::Off;
  call_->expires = on_until_;
  call_->expiration = expiration_;
}

void World::set_protection(Deadline until, bool by_call) {
  const bool was = is_on();
  on_until_ = until;
  if (by_call && was != is_on()) {
    changes_.push_back(now_);
    if (changes_.size() > 3) {
      changes_.erase(changes_.begin());
    }
  }
}

void World::reply() {
  const Call call = *call_;
  call_.reset();
  AgentReply reply{.kind = *call.answer,
                   .expires = call.expires,
                   .expiration = call.expiration,
                   .why = "as the test wants it"};
  const bool refused =
      reply.kind == AgentReply::Kind::Failed || reply.kind == AgentReply::Kind::Blocked;
  if (left_.wrong == Wrong::TakesFailureForOn && refused) {
    reply = {.kind = AgentReply::Kind::On, .expires = now_ + kProtectFor, .expiration = "?"};
  }
  if (call.late) {
    trouble_at_ = now_;
  }
  was_on_ |= reply.kind == AgentReply::Kind::On;
  if (reply.kind == AgentReply::Kind::NotValid) {
    // Before its first protection the task may be one that does not run yet.
    not_valid_ |= was_on_;
    blocked_at_ = now_;
  }
  if (call.what == AskAgent::What::Protect && reply.kind == AgentReply::Kind::On) {
    blocked_at_.reset();
  } else if (reply.kind == AgentReply::Kind::Blocked) {
    blocked_at_ = now_;
  }
  protocol_.agent_replied(reply, now_);
}

// --- what the protocol has done
// ----------------------------------------------------------------------

void World::carry_out(bool after_stop) {
  const std::uint64_t unprotected = protocol_.status(now_).handed_over_unprotected;
  const bool knowingly = unprotected != unprotected_before_;
  unprotected_before_ = unprotected;
  for (const Action& action : protocol_.take_actions()) {
    carry_out(action, knowingly);
  }
  if (after_stop && left_.wrong == Wrong::GivesBackAtSigterm) {
    for (const auto& [handle, job] : jobs_) {
      if (job.place == Place::Hand) {
        give_back({{handle}});
      }
    }
  }
}

void World::carry_out(const Action& action, bool unprotected) {
  if (finished_) {
    fail("g", "something follows the Finish");
  }
  if (const auto* forward = std::get_if<Forward>(&action)) {
    const auto found = asks_.find(forward->receive);
    if (found == asks_.end() || found->second.at != At::Gate) {
      return;
    }
    const bool failing = disturbed_ && blocked_at_ && now_ >= *blocked_at_ + 1min;
    if (sigterm_at_ || not_valid_ || child_ended_at_ || (blocked_at_ && !failing)) {
      fail("f", "a receive is forwarded though nothing may be received");
    }
    found->second.at = At::Sqs;
    found->second.bound = now_ + kPoll;
  } else if (const auto* hand = std::get_if<HandOver>(&action)) {
    hand_over(hand->receive, unprotected);
  } else if (const auto* empty = std::get_if<AnswerEmpty>(&action)) {
    if (left_.wrong != Wrong::SwallowsEmptyAnswer) {
      answered(empty->receive);
    }
  } else if (const auto* back = std::get_if<GiveBack>(&action)) {
    if (left_.wrong != Wrong::SwallowsGiveBack) {
      give_back(*back);
    }
  } else if (const auto* ask = std::get_if<AskAgent>(&action)) {
    if (call_) {
      fail("d", "two calls of the agent are under way");
    }
    call_ = Call{.what = ask->what};
  } else if (const auto* renew = std::get_if<Renew>(&action)) {
    const Job& job = jobs_[renew->handle];
    if (job.place != Place::Hand || job.asked_again || !left_.rules.renew) {
      fail("j", "the visibility of what nobody works on is renewed");
    }
    if (left_.wrong != Wrong::SwallowsRenew) {
      renewals_[renew->handle] = renew->visibility;
    }
  } else if (std::holds_alternative<TerminateChild>(action)) {
    told_child_ = left_.wrong != Wrong::SwallowsTerminate;
  } else if (std::holds_alternative<Finish>(action)) {
    finished_ = true;
  }
}

void World::hand_over(ReceiveId id, bool unprotected) {
  answered(id);
  for (auto& [handle, job] : jobs_) {
    if (job.receive != id || job.place != Place::Guard) {
      continue;
    }
    job.place = Place::Hand;
    job.unprotected = unprotected;
    if (unprotected && !disturbed_) {
      fail("a", "a message is handed over without protection, and the agent never failed");
    }
  }
}

void World::give_back(const GiveBack& action) {
  for (const Handle& handle : action.handles) {
    Job& job = jobs_[handle];
    if (job.place != Place::Guard && job.place != Place::Hand) {
      fail("b", "what is not there is given back");
    }
    const bool at_end = sigterm_at_ && now_ >= *sigterm_at_ + left_.rules.stop_timeout - 2s;
    if (job.place == Place::Hand && !child_ended_at_ && !at_end) {
      fail("h", "a message is given back while the worker works on it");
    }
    job.place = Place::Returned;
  }
}

void World::answered(ReceiveId id) {
  if (asks_.erase(id) == 0 && !child_ended_at_) {
    fail("c", "a receive is answered that waits for no answer");
  }
}

// --- what must hold
// --------------------------------------------------------------------------------

void World::fail(const char* letter, const std::string& what) {
  if (broken_.empty()) {
    broken_ = std::string(letter) + ": " + what;
  }
}

void World::check() {
  for (auto& [handle, job] : jobs_) {
    const bool lapses = job.place == Place::Hand && job.visible <= now_;
    if (lapses && left_.rules.renew && !job.asked_again && !renewal_failed_) {
      fail("k", "the visibility of " + handle + " ends while it is worked on");
    }
    job.place = lapses ? Place::Lapsed : job.place;
  }
  check_jobs();
  check_work();
  check_receives();
  check_stop();
  const bool often = changes_.size() == 3 && changes_.back() < changes_.front() + 1min;
  if (often && !disturbed_ && left_.rules.breathe == Duration::zero()) {
    fail("e", "protection changes more than twice in a minute");
  }
}

/// What SQS gave to the guard stands with a receive that waits, or went on from there.
void World::check_jobs() {
  for (const auto& [handle, job] : jobs_) {
    const bool waits = asks_.contains(job.receive) && !finished_ && !killed_;
    const bool held = job.place == Place::Hand && !finished_ && !killed_;
    if ((job.place == Place::Guard && !waits) || (job.place == Place::Hand && !held)) {
      fail("b", "message " + handle + " is forgotten");
    }
  }
}

/// The agent was not at its word, so the protection of what is in hand may be off.
bool World::excused() const {
  const Deadline since_trouble = call_ && call_->late ? now_ : trouble_at_.value_or(Deadline{});
  const bool ended = on_until_ <= now_ && trouble_at_ && since_trouble + 6min >= on_until_;
  const bool expired = ended && !changes_.empty() && on_until_ != changes_.back();
  const bool undone =
      undone_at_ && (now_ <= *undone_at_ + kSettle || now_ <= since_trouble + 5s + kSettle);
  return expired || undone;
}

void World::check_work() {
  if (is_on() || sigterm_at_ || child_ended_at_ || excused()) {
    return;
  }
  for (const auto& [handle, job] : jobs_) {
    if (job.place == Place::Hand && !job.unprotected) {
      fail("a", "ECS may take the task while its worker has " + handle);
    }
  }
}

void World::check_receives() {
  for (const auto& [id, ask] : asks_) {
    if (ask.gone && ask.at != At::Sqs && !finished_ && !child_ended_at_) {
      fail("c", "receive " + std::to_string(id) + " that nobody waits for is kept");
    }
    if (ask.bound < now_ && !ask.gone && !finished_) {
      fail("c", "receive " + std::to_string(id) + " is not answered in time");
    }
  }
}

void World::check_stop() {
  if (!sigterm_at_) {
    return;
  }
  const Deadline half = *sigterm_at_ + left_.rules.stop_timeout / 2;
  if (left_.rules.child && !told_child_ && !child_ended_at_ && now_ > half) {
    fail("g", "the child is not told to end");
  }
  if (now_ >= *sigterm_at_ + left_.rules.stop_timeout && !finished_) {
    killed_ = true;
    fail("g", "there is no end within the stop timeout");
  }
}

}  // namespace scaler::guard::testing
