#pragma once
// Protocol: when a worker may have its messages, and when its task is protected from scale-in.
// Pure: what happens comes in with its (steady) time, what is to be done comes out, in order. The
// front carries it out (guard/front), and a test walks through every order of what can happen.

#include <map>
#include <optional>
#include <vector>

#include "guard/protocol/holding.h"
#include "guard/protocol/shield.h"
#include "guard/protocol/teller.h"
#include "guard/protocol/vocabulary.h"

namespace scaler::guard {

class Protocol {
 public:
  Protocol(Rules rules, Deadline now);

  /// The worker asks for messages.
  void receive(const Receive& receive, Deadline now);
  /// SQS's answer to a receive that was forwarded: its messages, none for an empty one and for an
  /// error.
  void received(ReceiveId id, std::vector<Message> messages, Deadline now);
  /// The worker does not wait for this answer any more. It gets the empty one, at once or when SQS
  /// has answered.
  void gone(ReceiveId id, Deadline now);
  /// SQS has deleted it for the worker.
  void deleted(const Handle& handle, Deadline now);
  /// SQS has changed its visibility, for the worker or for Renew; zero: it was given back.
  void visibility_changed(const Handle& handle, Duration visibility, bool by_worker, Deadline now);
  void agent_replied(const AgentReply& reply, Deadline now);
  /// SIGTERM.
  void terminate(Deadline now);
  /// `leaves_others`: processes that it has begun go on. It may be told again while they do, and is
  /// to be told when none does any more.
  void child_ended(Deadline now, bool leaves_others = false);
  /// To be called at next(), or earlier.
  void advance(Deadline now);

  /// What is to be done since the last call.
  std::vector<Action> take_actions();
  /// When something is to be done that nothing from outside brings; nothing: never.
  std::optional<Deadline> next() const;
  Status status(Deadline now) const;

  /// Two that are equal do the same from here on.
  friend auto operator<=>(const Protocol&, const Protocol&) = default;

 private:
  enum class Stage {
    AtGate,  ///< not yet forwarded
    AtSqs,
    Waiting  ///< its messages wait for protection
  };
  struct Poll {
    Receive receive;
    Stage stage = Stage::AtGate;
    Deadline came = {};    ///< to the gate
    bool careful = false;  ///< it was forwarded because the task was protected
    bool gone = false;     ///< nobody waits for its answer
    std::vector<Message> messages = {};
    Deadline received = {};
    Deadline handed_by = {};  ///< by then its messages are handed over, protected or not

    friend auto operator<=>(const Poll&, const Poll&) = default;
  };
  /// A rest after a long time of protection.
  enum class Breath {
    None,
    Closing,  ///< no receive is forwarded; what is under way ends
    Resting   ///< without protection
  };

  void step(Deadline now);
  void breathe(Deadline now);
  void resolve_waiting(Deadline now);
  void open_gate(Deadline now);
  void stop(Deadline now);
  void ask_agent(Deadline now);
  void finish(Deadline now);
  void end_child(Deadline now);

  bool closed(const Poll& poll, const Need& need, Deadline now) const;
  bool over() const;
  bool any_at(Stage stage) const;
  bool anything_in_hand() const;
  Need need(Deadline now) const;
  void let_go(std::map<ReceiveId, Poll>::iterator poll);
  void hand_over(const Poll& poll, Deadline now);
  void give_back(const std::vector<Handle>& handles);
  void give_back(const Poll& poll);
  Deadline patience_of(const Poll& poll) const;
  Deadline breath_due() const;
  Deadline half_of_stop() const;
  Deadline give_back_at() const;
  Deadline finish_by() const;
  void add_stops(std::vector<Deadline>& times) const;
  void add_breaths(std::vector<Deadline>& times) const;

  Rules rules_;
  Deadline now_;  ///< of the last call
  Shield shield_;
  Holding holding_;
  Teller teller_;
  std::map<ReceiveId, Poll> polls_;
  std::vector<Action> actions_;

  Breath breath_ = Breath::None;
  Deadline rests_until_ = {};
  Deadline no_breath_before_ = {};
  std::optional<Deadline> hungry_since_;  ///< a receive waits for the end of a breath's Closing

  std::optional<Deadline> stopping_at_;
  std::optional<Deadline> child_ended_at_;
  bool others_work_ = false;  ///< the child has ended, and not what it had begun
  bool hurried_ = false;      ///< SIGTERM came twice
  bool terminated_ = false;
  bool given_up_ = false;  ///< all that was held is given back before SIGKILL
  bool finished_ = false;

  bool was_busy_ = false;
  std::uint64_t handed_over_ = 0;
  std::uint64_t handed_over_unprotected_ = 0;
  std::uint64_t given_back_ = 0;
};

}  // namespace scaler::guard
