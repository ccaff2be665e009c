#pragma once
// What comes into the guard's protocol, and what comes out of it.

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::guard {

using ReceiveId = std::uint64_t;     ///< names a receive of the worker; never the same twice
using ConnectionId = std::uint64_t;  ///< of the worker to the guard
using Handle = std::string;          ///< a message's receipt handle

struct Rules {
  bool agent = true;  ///< there is an ECS agent to ask; without, everything is handed over at once
  bool child = true;  ///< the worker is a child of the guard; without, the guard is a sidecar
  Duration protect_for = std::chrono::minutes(10);   ///< at a time; renewed at half
  Duration linger = std::chrono::seconds(30);        ///< protection stays after the last message
  Duration breathe = std::chrono::minutes(15);       ///< protected for so long: a rest; 0: never
  Duration rest = std::chrono::seconds(10);          ///< without protection
  Duration stop_timeout = std::chrono::seconds(30);  ///< from SIGTERM to SIGKILL
  bool renew = false;  ///< visibility is renewed until the next receive on the same connection
  bool until_next_receive = false;  ///< a deleted message is held until then, too

  friend auto operator<=>(const Rules&, const Rules&) = default;
};

/// A receive of the worker.
struct Receive {
  ReceiveId id = 0;
  ConnectionId connection = 0;
  Duration wait = {};    ///< for how long the worker waits for messages, at most
  bool careful = false;  ///< its queue gives up on a message so soon that none may be given back

  friend auto operator<=>(const Receive&, const Receive&) = default;
};

struct Message {
  Handle handle = {};
  Duration visibility = {};  ///< as the receive or the queue asks for it

  friend auto operator<=>(const Message&, const Message&) = default;
};

/// What the agent said.
struct AgentReply {
  enum class Kind {
    On,        ///< protected, with an expiry to come
    Off,       ///< not protected
    NotValid,  ///< TASK_NOT_VALID: the task is stopping
    Blocked,   ///< DEPLOYMENT_BLOCKED: more tasks are protected than wanted
    Denied,    ///< no role, or one that may not
    Failed     ///< no answer, 5xx, throttled, or nothing that can be understood
  };
  Kind kind = Kind::Failed;
  Deadline expires = {};        ///< of On
  std::string expiration = {};  ///< of On: as the agent wrote it; whose it is is known by it
  bool throttled = false;       ///< of Failed
  std::string why = {};         ///< for people, of all but On and Off
};

// What is to be done.
struct Forward {
  ReceiveId receive = 0;

  friend auto operator<=>(const Forward&, const Forward&) = default;
};
struct AnswerEmpty {
  ReceiveId receive = 0;

  friend auto operator<=>(const AnswerEmpty&, const AnswerEmpty&) = default;
};
/// The worker gets SQS's answer, as it is.
struct HandOver {
  ReceiveId receive = 0;

  friend auto operator<=>(const HandOver&, const HandOver&) = default;
};
/// Visible again at once, for whoever comes.
struct GiveBack {
  std::vector<Handle> handles = {};

  friend auto operator<=>(const GiveBack&, const GiveBack&) = default;
};
/// The visibility begins anew; visibility_changed() tells that it did.
struct Renew {
  Handle handle = {};
  Duration visibility = {};

  friend auto operator<=>(const Renew&, const Renew&) = default;
};
/// To the agent; at most one of the three is under way, and agent_replied() ends it.
struct AskAgent {
  enum class What { Protect, Unprotect, Inspect };
  What what = What::Inspect;

  friend auto operator<=>(const AskAgent&, const AskAgent&) = default;
};
struct TerminateChild {
  friend auto operator<=>(const TerminateChild&, const TerminateChild&) = default;
};
/// Nothing is left to be done: the guard ends.
struct Finish {
  friend auto operator<=>(const Finish&, const Finish&) = default;
};
/// A message that was worked on for so long is done.
struct Worked {
  Duration took = {};

  friend auto operator<=>(const Worked&, const Worked&) = default;
};
struct Tell {
  bool warning = true;
  std::string text = {};

  friend auto operator<=>(const Tell&, const Tell&) = default;
};
using Action = std::variant<Forward, AnswerEmpty, HandOver, GiveBack, Renew, AskAgent,
                            TerminateChild, Finish, Worked, Tell>;

struct Status {
  std::size_t held = 0;     ///< messages that the worker has
  std::size_t waiting = 0;  ///< messages that wait for protection
  std::size_t polling = 0;  ///< receives that are at SQS
  bool is_protected = false;
  bool foreign = false;  ///< the protection is not the guard's own
  bool blocked = false;
  bool resting = false;
  bool stopping = false;
  bool unguarded = false;       ///< messages are handed over without protection, because it failed
  Duration protected_for = {};  ///< in all
  std::uint64_t handed_over = 0;
  std::uint64_t handed_over_unprotected = 0;
  std::uint64_t given_back = 0;
};

}  // namespace scaler::guard
