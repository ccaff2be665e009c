#pragma once
// Looker: looks at the services and queues of one place so that no member of a batch harms another.
// What is slow stays asked between two looks, what is refused is found and asked alone.

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "edge/aws/client.h"
#include "edge/aws/ecs.h"
#include "edge/aws/task_protection.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

/// A service that was refused by itself while its neighbours were not.
struct RefusedService {
  Error error = {};
  Duration pause = {};  ///< between two questions: 10 s, doubled up to 5 min
  Deadline again = {};  ///< when it is asked again
};

/// The tags of a service were denied, and it is asked about without them.
struct DeniedTags {
  Duration pause = {};  ///< until they are asked for again: 10 s, doubled up to 10 min
  Deadline until = {};
};

/// A queue or service, for as long as there is something to remember of it.
struct LookedAt {
  CallId asked_by = 0;  ///< the call under way about it; zero for none
  bool slow = false;    ///< its last answer took much longer than those of others
  Deadline last_asked = {};
  Deadline left = {};  ///< when the call left that brought the answer
};

struct LookedAtQueue : LookedAt {
  std::string url = {};
  std::string region = {};                        ///< where the URL says none
  std::optional<Result<QueueDepth>> answer = {};  ///< not told yet
};

/// The protected tasks of a service, which several calls count.
struct LookedAtProtection : LookedAt {
  bool wanted = false;  ///< by the look that goes on
  std::optional<ProtectionCount> counting = {};
  std::size_t open = 0;  ///< calls under way
  std::optional<Result<std::int64_t>> answer = {};
};

struct LookedAtService : LookedAt {
  ServiceId id = {};
  std::optional<Result<ServiceReading>> answer = {};
  std::optional<RefusedService> refusal = {};
  std::optional<DeniedTags> denied_tags = {};
  std::optional<Instant> paused_until = {};  ///< as its tags said when they were read last
  LookedAtProtection protection = {};

  /// Whether its protected tasks are to be known: they are once there are tasks.
  bool protection_wanted() const {
    return protection.wanted && answer && *answer && (*answer)->service.desired > 0;
  }
};

class Looker {
 public:
  /// At most so many calls stay under way between two looks: a quarter of an origin's connections.
  static constexpr std::size_t kSlowMax = 16;

  /// `role`: as whom it looks.
  explicit Looker(Client& client, AccountRole role = {});
  ~Looker();
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  /// A look, as CloudReader::look(), in steps, so that several places are looked at side by side:
  /// begin(), then step() and the client's run() until there is no more to wait for, then finish()
  /// with the requests that it began with. What protection cannot be read counts all tasks as
  /// protected, and the reading says so.
  void begin(std::span<const LookRequest> requests, Patience patience, Deadline deadline);
  /// Takes what has come, and says until when to wait for more; nothing: the look is over.
  std::optional<Deadline> step();
  std::vector<Look> finish(std::span<const LookRequest> requests);

 private:
  enum class Wait {
    ForIt,    ///< the look goes on until it is answered
    Shortly,  ///< it is known to be slow, and may have become faster
    NotAtAll
  };

  /// One call under way: about a queue, about services of one cluster, or about the protected tasks
  /// of one service.
  struct Question {
    LookedAtQueue* queue = nullptr;
    std::vector<LookedAtService*> services = {};
    LookedAtService* protection_of = nullptr;
    bool lists_tasks = false;  ///< of those, or else asks for their protection
    WithTags with_tags = WithTags::Yes;
    bool split_off = false;                      ///< out of a batch that was refused
    std::optional<Error> denied_with_tags = {};  ///< what it is repeated after
    bool slow = false;
    Wait wait = Wait::ForIt;
  };

  /// Answers of one kind are no measure for those of another: ECS needs longer than SQS.
  enum class Kind { Queue, Service, Protection };
  static constexpr std::size_t kKinds = 3;
  struct Pace {
    std::optional<Duration> usual = {};  ///< what recent looks needed for nine answers in ten
    // Of the look that goes on:
    Duration slow_after = {};         ///< an answer that takes longer is slow
    std::vector<Duration> took = {};  ///< by each that was awaited and answered
    bool paced = false;               ///< those have told what is slow
  };

  /// The look that goes on.
  struct Current {
    Patience patience = Patience::All;
    Deadline deadline = {};
    Deadline begun = {};
    Deadline check = {};  ///< when to look for slow ones
    std::vector<LookedAtQueue*> queues = {};
    std::vector<LookedAtService*> services = {};
    std::size_t awaited = 0;
    std::size_t hoped_for = 0;
    // Known to be slow, and not asked yet:
    std::deque<LookedAtQueue*> slow_queues = {};
    std::deque<LookedAtService*> slow_services = {};
    std::vector<LookedAt*> slow = {};  ///< what was not waited for any longer
    std::size_t slow_calls = 0;
    std::size_t batches = 0;  ///< calls about several services
  };

  Deadline now() const { return client_->clock().steady(); }
  void find_all(std::span<const LookRequest> requests);
  void ask_all(std::span<const LookRequest> requests);
  void ask_services(std::vector<LookedAtService*> services, const Question& pattern);
  ApiCall depth_call(const LookedAtQueue& queue) const;
  void ask_slow(std::vector<LookedAtQueue*> queues, std::vector<LookedAtService*> services);
  void ask_more_slow();
  void ask(ApiCall call, Question question);
  void wait_for(Question& question, Wait wait);
  void join_under_way();
  void set_aside(Question& question);
  void cancel_surplus();
  void give_up(std::map<CallId, Question>::iterator question);
  void end_waiting();
  void forget_told(std::span<const LookRequest> requests);

  // looking_pace.cc
  void begin_paces();
  static Kind kind_of(const Question& question);
  Pace& pace_of(const Question& question);
  std::vector<Duration> all_took() const;
  std::size_t answered() const;
  static bool learn_pace_early(Pace& pace);
  void learn_pace();
  Deadline set_slow_aside();
  void wait_no_longer(std::map<CallId, Question>::iterator asked, bool by_members);

  // looking_told.cc
  std::vector<Look> tell(std::span<const LookRequest> requests);
  Result<ServiceReading> tell_service(const LookedAtService& service, Look& look) const;
  void tell_protection(const LookedAtService& service, ServiceReading& reading, Look& look) const;
  Result<QueueDepth> tell_queue(const LookedAtQueue& queue, Look& look) const;
  Error missing(const LookedAt& part, const std::string& what, Look& look) const;

  // looking_replies.cc
  void take_answers();
  void settle(Question& question, FinishedCall& finished);
  void settle_services(Question& question, FinishedCall& finished);
  void ask_protection(LookedAtService& service, Wait wait);
  void ask_protection(LookedAtService& service, std::vector<ApiCall> calls, const Question& from);
  void settle_protection(Question& question, const FinishedCall& finished);
  void split(Question& question);
  void refuse(Question& question, Error error, Deadline left);
  void accept(Question& question, const ApiReply& reply, Deadline left);
  void tell_of_denied_tags(LookedAtService& service, const Error& denied);

  Client* client_;
  AccountRole role_;
  std::shared_ptr<CallGroup> group_ = std::make_shared<CallGroup>();
  std::unordered_map<std::string, LookedAtQueue> queues_;
  std::unordered_map<std::string, LookedAtService> services_;
  std::map<CallId, Question> questions_;
  std::size_t slow_under_way_ = 0;
  std::array<Pace, kKinds> paces_ = {};  ///< by kind
  std::optional<Deadline> denied_tags_told_;
  Current current_;
};

}  // namespace scaler::aws
