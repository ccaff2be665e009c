#pragma once
// A world around a protocol: a worker, SQS, the ECS agent with the task's true protection, and ECS,
// which takes the task when that is off. Everything that can happen next is an Event; whoever
// chooses among them (all of them, or one at random) walks through what can happen. The world
// watches what must hold (docs/guard.md), and remembers the first thing that does not.

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "guard/protocol/protocol.h"

namespace scaler::guard::testing {

/// What is wrong on purpose with whoever carries out what the protocol says, so that what watches
/// is seen to bite.
enum class Wrong {
  Nothing,
  TakesFailureForOn,      ///< HTTP 200, whatever it says
  HandsOverBeforeReply,   ///< the worker gets SQS's answer at once
  AnswersUnprotectEarly,  ///< the agent carries it out after it has answered
  SwallowsGiveBack,
  SwallowsEmptyAnswer,
  GivesUpCallsUnderWay,    ///< tells of a failure while the call goes on
  ProtectsForEachReceive,  ///< off and on again, besides what the protocol asks for
  ForwardsAtClosedGate,
  SwallowsTerminate,
  GivesBackAtSigterm,
  SwallowsRenew,
  AsksElsewhere  ///< each receive of the worker seems to come on a connection of its own
};

/// How much of each thing happens in one walk.
struct Bounds {
  Rules rules = {};
  int receives = 3;
  int messages = 2;
  int faults = 1;    ///< answers of the agent that fail, get lost or come late; failed renewals
  int refusals = 0;  ///< DEPLOYMENT_BLOCKED
  int gone = 0;      ///< receives that the worker gives up
  int stops = 0;     ///< SIGTERMs
  int crashes = 0;   ///< of the child, by itself
  bool careful = false;
  bool stops_protected = false;  ///< SIGTERM comes although the task is protected
  Duration visibility = std::chrono::minutes(30);
  Duration horizon = std::chrono::minutes(2);
  Wrong wrong = Wrong::Nothing;

  friend auto operator<=>(const Bounds&, const Bounds&) = default;
};

struct Event {
  enum class Kind {
    Receive,
    CarefulReceive,
    Delete,
    Gone,
    SqsAnswers,
    SqsRenews,      ///< a visibility, as the protocol wants it
    SqsRenewsNot,   ///< the call fails
    AgentDoes,      ///< carries the call out, and answers later
    AgentRefuses,   ///< Blocked
    AgentNotValid,  ///< the task is to stop
    AgentFails,     ///< does nothing, and says so
    AgentLoses,     ///< carries it out, and its answer fails
    AgentDelays,    ///< Unprotect: fails, and carries it out later
    AgentIsLate,    ///< the call takes time from now on
    AgentReplies,
    LateUnprotect,  ///< what AgentDelays left is carried out
    EcsStops,       ///< the decision
    Sigterm,
    ChildEnds,
    Advance,
    TimePasses
  };
  Kind kind = Kind::Advance;
  std::uint64_t which = 0;  ///< receive
  Handle handle = {};
  int count = 0;  ///< messages
};

std::string text_of(const Event& event);

class World {
 public:
  explicit World(const Bounds& bounds);

  /// Everything that can happen next; nothing at the end of a walk.
  std::vector<Event> events() const;
  void apply(const Event& event);
  /// What the first event of this kind does, if there is one now.
  bool apply_first(Event::Kind kind);
  /// The agent answers what it is asked, as it should, until it is asked nothing.
  void serve();
  /// Time passes so far, with an agent that answers.
  void pass(Duration duration);

  /// The letter of what did not hold, and how.
  const std::string& broken() const { return broken_; }
  const Protocol& protocol() const { return protocol_; }
  Bounds& left() { return left_; }
  bool finished() const { return finished_; }
  Deadline now() const { return now_; }
  void end_at(Duration from_now) { horizon_ = now_ + from_now; }

  bool operator==(const World&) const = default;
  /// Of what mostly tells two worlds apart.
  std::size_t hash() const;

 private:
  enum class Place { Guard, Hand, Deleted, Returned, Lapsed };
  struct Job {
    Place place = Place::Guard;
    ReceiveId receive = 0;
    Deadline visible = {};     ///< to others, from then on
    bool unprotected = false;  ///< it was handed over without protection, knowingly
    bool asked_again = false;  ///< the worker has, on the connection that it came by
    friend auto operator<=>(const Job&, const Job&) = default;
  };
  enum class At { Gate, Sqs, Guard };
  struct Ask {
    At at = At::Gate;
    Deadline bound = {};  ///< it is answered, forwarded or given messages by then
    bool gone = false;
    friend auto operator<=>(const Ask&, const Ask&) = default;
  };
  struct Call {
    AskAgent::What what = AskAgent::What::Inspect;
    bool late = false;
    std::optional<AgentReply::Kind> answer = {};
    Deadline expires = {};
    std::string expiration = {};
    friend auto operator<=>(const Call&, const Call&) = default;
  };

  void add_agent_events(std::vector<Event>& events) const;
  void add_worker_events(std::vector<Event>& events) const;
  void add_ecs_events(std::vector<Event>& events) const;
  void add_sqs_events(std::vector<Event>& events) const;
  bool may_time_pass() const;
  Deadline next_instant() const;
  bool is_on() const { return now_ < on_until_; }

  void receive(bool careful);
  void sqs_answers(ReceiveId id, int count);
  void sqs_renews(const Handle& handle, bool does);
  void agent(const Event& event);
  void carry_out_call();
  void set_protection(Deadline until, bool by_call);
  void reply();
  void carry_out(bool after_stop);
  void carry_out(const Action& action, bool unprotected);
  void hand_over(ReceiveId id, bool unprotected);
  void give_back(const GiveBack& action);
  void answered(ReceiveId id);
  void check();
  void check_jobs();
  void check_work();
  void check_receives();
  void check_stop();
  bool excused() const;
  void fail(const char* letter, const std::string& what);

  Deadline now_;
  Bounds left_;
  Deadline horizon_;
  Protocol protocol_;
  std::string broken_;

  Deadline on_until_ = {};  ///< the task's true protection
  std::string expiration_;
  int expirations_ = 0;
  std::vector<Deadline> changes_;  ///< of the true protection, the last three
  std::optional<Call> call_;
  std::optional<Deadline> late_unprotect_by_;
  bool disturbed_ = false;              ///< a fault has happened
  std::optional<Deadline> trouble_at_;  ///< the agent last failed to do as asked
  std::optional<Deadline> undone_at_;   ///< a lost Unprotect was carried out
  std::optional<Deadline> blocked_at_;  ///< told, and no On since
  bool was_on_ = false;                 ///< told
  bool not_valid_ = false;              ///< told
  std::uint64_t unprotected_before_ = 0;

  std::map<Handle, Job> jobs_;
  std::map<ReceiveId, Ask> asks_;
  std::map<Handle, Duration> renewals_;  ///< calls under way
  bool renewal_failed_ = false;
  ReceiveId receives_ = 0;

  bool ecs_stops_ = false;
  Deadline sigterm_by_ = {};
  std::optional<Deadline> sigterm_at_;
  bool told_child_ = false;
  std::optional<Deadline> child_ended_at_;
  bool finished_ = false;
  bool killed_ = false;
};

}  // namespace scaler::guard::testing
