#pragma once
// Play: a protocol in virtual time, spoken to in one line a step. What is to be done comes back as
// text: "forward 1, protect".

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "guard/protocol/protocol.h"

namespace scaler::guard::testing {

using namespace std::chrono_literals;  // NOLINT: durations of tests

inline std::string text_of(const Action& action) {
  struct {
    std::string operator()(const Forward& what) { return "forward " + number(what.receive); }
    std::string operator()(const AnswerEmpty& what) { return "empty " + number(what.receive); }
    std::string operator()(const HandOver& what) { return "hand " + number(what.receive); }
    std::string operator()(const GiveBack& what) {
      std::string text = "back";
      for (const Handle& handle : what.handles) {
        text += " " + handle;
      }
      return text;
    }
    std::string operator()(const Renew& what) {
      return "renew " + what.handle + " " + seconds(what.visibility);
    }
    std::string operator()(const AskAgent& what) {
      const bool on = what.what == AskAgent::What::Protect;
      return on ? "protect" : what.what == AskAgent::What::Unprotect ? "unprotect" : "inspect";
    }
    std::string operator()(const TerminateChild&) { return "terminate"; }
    std::string operator()(const Finish&) { return "finish"; }
    std::string operator()(const Worked& what) { return "worked " + seconds(what.took); }
    std::string operator()(const Tell&) { return ""; }
    static std::string number(ReceiveId id) { return std::to_string(id); }
    static std::string seconds(Duration duration) {
      return std::to_string(std::chrono::floor<std::chrono::seconds>(duration).count()) + "s";
    }
  } writer;
  return std::visit(writer, action);
}

class Play {
 public:
  explicit Play(const Rules& rules = {}) : protocol_(rules, now_), first_(texts()) {}

  /// The agent has been asked and the task is protected; receive 1 is at SQS.
  static Play started(const Rules& rules = {}) {
    Play play(rules);
    play.off();
    play.receive(1);
    play.on();
    return play;
  }
  /// The same, and receive 1 got nothing.
  static Play ready(const Rules& rules = {}) {
    Play play = started(rules);
    play.gets(1, {});
    return play;
  }
  /// The same, and protection has ended since.
  static Play unprotected(const Rules& rules = {}) {
    Play play = ready(rules);
    play.wait(rules.linger > 60s ? rules.linger : 60s);
    play.same();
    play.off();
    play.wait(rules.rest);
    return play;
  }
  /// Message a is in the worker's hand, and receive 1 was it.
  static Play holding(const Rules& rules = {}, Duration visibility = 1h) {
    Play play = started(rules);
    play.gets(1, {"a"}, visibility);
    return play;
  }

  const std::string& first() const { return first_; }
  std::string receive(ReceiveId id, Duration wait = 20s, ConnectionId connection = 7) {
    protocol_.receive({.id = id, .connection = connection, .wait = wait}, now_);
    return texts();
  }
  std::string careful(ReceiveId id, Duration wait = 20s) {
    protocol_.receive({.id = id, .connection = 7, .wait = wait, .careful = true}, now_);
    return texts();
  }
  std::string gets(ReceiveId id, const std::vector<Handle>& handles, Duration visibility = 1h) {
    std::vector<Message> messages;
    for (const Handle& handle : handles) {
      messages.push_back({handle, visibility});
    }
    protocol_.received(id, std::move(messages), now_);
    return texts();
  }
  std::string gone(ReceiveId id) {
    protocol_.gone(id, now_);
    return texts();
  }
  std::string deletes(const Handle& handle) {
    protocol_.deleted(handle, now_);
    return texts();
  }
  std::string changes(const Handle& handle, Duration visibility, bool by_worker = true) {
    protocol_.visibility_changed(handle, visibility, by_worker, now_);
    return texts();
  }
  std::string terminate() {
    protocol_.terminate(now_);
    return texts();
  }
  std::string child_ends(bool leaves_others = false) {
    protocol_.child_ended(now_, leaves_others);
    return texts();
  }

  /// Protected anew.
  std::string on(Duration lasts = 10min) {
    expires_ = now_ + lasts;
    expiration_ = "own " + std::to_string(++expirations_);
    return same();
  }
  /// Protected as it was last told.
  std::string same() {
    return reply({.kind = AgentReply::Kind::On, .expires = expires_, .expiration = expiration_});
  }
  std::string foreign(Duration lasts) {
    return reply({.kind = AgentReply::Kind::On, .expires = now_ + lasts, .expiration = "foreign"});
  }
  std::string off() { return reply({.kind = AgentReply::Kind::Off}); }
  std::string not_valid() { return reply({.kind = AgentReply::Kind::NotValid}); }
  std::string blocked() { return reply({.kind = AgentReply::Kind::Blocked, .why = "blocked"}); }
  std::string denied() { return reply({.kind = AgentReply::Kind::Denied, .why = "denied"}); }
  std::string failed() { return reply({.kind = AgentReply::Kind::Failed, .why = "failed"}); }
  std::string throttled() {
    return reply({.kind = AgentReply::Kind::Failed, .throttled = true, .why = "throttled"});
  }
  std::string reply(const AgentReply& reply) {
    protocol_.agent_replied(reply, now_);
    return texts();
  }

  /// Lets time pass, and calls the protocol whenever it wants to be called.
  std::string wait(Duration duration) {
    const Deadline end = now_ + duration;
    for (std::optional<Deadline> next = protocol_.next(); next && *next <= end;
         next = protocol_.next()) {
      now_ = std::max(now_, *next);
      protocol_.advance(now_);
      take();
      if (++calls_ > 100'000) {
        return "a busy loop";
      }
    }
    now_ = end;
    return texts();
  }
  /// The same, and nobody calls the protocol meanwhile.
  void jump(Duration duration) { now_ += duration; }
  /// How long until it does something by itself, in seconds; -1 for never.
  double next() const {
    const std::optional<Deadline> next = protocol_.next();
    return next ? std::chrono::duration<double>(*next - now_).count() : -1;
  }

  Status status() const { return protocol_.status(now_); }
  Deadline now() const { return now_; }
  /// What people were told since the last call.
  std::vector<Tell> told() { return std::exchange(told_, {}); }

 private:
  void take() {
    for (const Action& action : protocol_.take_actions()) {
      if (const Tell* tell = std::get_if<Tell>(&action)) {
        told_.push_back(*tell);
      } else {
        done_ += (done_.empty() ? "" : ", ") + text_of(action);
      }
    }
  }
  std::string texts() {
    take();
    return std::exchange(done_, {});
  }

  Deadline now_ = Deadline{} + 1000h;
  Protocol protocol_;
  std::string done_;
  std::vector<Tell> told_;
  std::string first_;
  Deadline expires_ = {};
  std::string expiration_;
  int expirations_ = 0;
  int calls_ = 0;
};

}  // namespace scaler::guard::testing
