#pragma once
// Client: calls to AWS's services: sign, send, judge, and repeat, each call at its own pace, in the
// one loop. The typed calls (sqs.h, ecs.h, ...) are made of it.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "edge/aws/api_call.h"
#include "edge/aws/call_stats.h"
#include "edge/aws/credentials.h"
#include "edge/aws/rate_limiter.h"
#include "edge/aws/retry.h"
#include "edge/aws/role_keys.h"
#include "edge/aws/round_trip.h"
#include "edge/aws/settings.h"
#include "edge/aws/sigv4.h"
#include "edge/aws/transport.h"
#include "ground/base/log.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

struct ClientSurroundings {
  Transport& transport;
  CredentialProvider& credentials;
  const Clock& clock;
  Random& random;
  const Log& log;
  Duration attempt_limit = std::chrono::seconds(5);
  bool within_limits = true;  ///< keeps calls within the services' documented rates
};

/// Names a call that is under way; never the same twice, and later ones are larger.
using CallId = std::uint64_t;

struct CallLimits {
  Deadline start_by = Deadline::max();   ///< no attempt begins after this
  Deadline answer_by = Deadline::max();  ///< no attempt lasts longer than this
};

struct FinishedCall {
  CallId id = 0;
  Result<ApiReply> reply = {};
  /// When the attempt that this came of left; the clock's epoch when none did.
  Deadline left = {};
  Deadline begun = {};  ///< when its first attempt began
};

/// Calls whose results are taken together.
struct CallGroup {
  std::size_t open = 0;                     ///< how many are under way
  std::vector<FinishedCall> finished = {};  ///< to be taken out by whoever started them
  bool renewal_tried = false;               ///< each of these once for the whole group
  bool clock_corrected = false;
};

/// Whoever has something else to do while calls are under way.
class CallWaiter {
 public:
  virtual ~CallWaiter() = default;
  /// Returns when the group's calls have finished, or some have. Somebody runs the client
  /// meanwhile.
  virtual void wait(const CallGroup& group) = 0;
};

/// How a call stands that is under way.
struct CallProgress {
  std::optional<Deadline> begun = {};      ///< its first attempt
  std::optional<Error> last_failure = {};  ///< after which it goes again
};

/// Not for use from several threads at once.
class Client {
 public:
  Client(ClientSettings settings, ClientSurroundings surroundings);

  /// Makes all calls side by side, some hundreds at a time, and repeats what may be repeated until
  /// the deadline. Calls over a documented rate (rate_limiter.h) go later, in the order given.
  /// Shape:  one result per call, in order.
  /// Errors: as error_table.h classifies the service's codes;
  ///         Throttled for what the documented rate does not allow in time; Overdue for what could
  ///         not leave in time; Unavailable when the service cannot be reached;
  ///         Malformed for a reply that is not what the service should send. Messages name
  ///         operation and subject, and carry the service's code and request id.
  std::vector<Result<ApiReply>> call(std::span<const ApiCall> calls, Deadline deadline);

  /// call() for one.
  Result<ApiReply> call(const ApiCall& call, Deadline deadline);

  /// Takes a call on; run() makes it. Its result comes into the group.
  CallId start(ApiCall call, const std::shared_ptr<CallGroup>& group, const CallLimits& limits);
  /// From now on call() waits in this way; nullptr: it runs the client itself.
  void wait_with(CallWaiter* waiter) { waiter_ = waiter; }
  /// Works on all calls under way until some have finished, `until`, or there are none.
  void run(Deadline until);
  /// Forgets a call; its group never hears of it.
  void cancel(CallId id);
  /// Null when it is not under way.
  const CallProgress* progress(CallId id) const;

  /// What the documented rate leaves for an operation in a place; nothing when it is not limited.
  std::optional<RateLimiter::Allowance> allowance(AwsService service, std::string_view operation,
                                                  const Place& where);
  /// The fastest of the last minutes to a place; zero while none is known.
  Duration round_trip(const Place& where);

  /// As RateLimiter::heed(), for a place that was asked something before.
  void heed(AwsService service, std::string_view operation, const Place& where,
            std::span<const Deadline> calls);

  /// From now on no more than a part of each place's documented rates is used.
  void share_rates(std::int64_t parts);

  /// Of all attempts so far.
  const CallStats& stats() const { return stats_; }

  const ClientSettings& settings() const { return settings_; }
  /// Where the credentials in use come from; empty before the first call.
  std::string credential_source() const { return surroundings_.credentials.source(); }
  const Clock& clock() const { return surroundings_.clock; }
  const Log& log() const { return surroundings_.log; }
  /// What AWS's clock is ahead of ours by; the Date of the latest reply says so, to the second.
  Duration clock_difference() const { return clock_difference_; }

 private:
  /// As whom calls are made.
  struct Identity {
    std::size_t number = 0;
    std::string pool = {};                ///< of its connections
    std::unique_ptr<RoleKeys> role = {};  ///< null: the program itself
    CallId fetching = 0;                  ///< the call that brings its keys; zero for none
    std::vector<CallId> waiting = {};     ///< for the keys
  };

  /// What all calls of an identity to a region share.
  struct Surface {
    Identity* identity;
    Signer signer;
    RateLimiter limiter = {};
    RoundTrip round_trip = {};
  };

  /// The calls to one origin.
  struct Lane {
    std::set<std::pair<Deadline, CallId>> waiting = {};  ///< by `due`
    std::size_t sent = 0;
    bool full() const;
  };

  /// A destination with what belongs to it.
  struct Route {
    Endpoint endpoint = {};
    Surface* surface = nullptr;
    Lane* lane = nullptr;
  };

  struct Call {
    CallId id = 0;
    ApiCall call = {};
    const Route* route = nullptr;
    std::shared_ptr<CallGroup> group = {};
    CallLimits limits = {};
    Deadline due = {};      ///< when it is to be sent, while it waits
    bool has_slot = false;  ///< under the documented rate
    bool delayed = false;   ///< the slot was not there at once
    CallHistory history = {};
    CallProgress progress = {};
    net::Ticket ticket = 0;  ///< zero while it waits
    Instant signed_at = {};  ///< by our clock
    int signed_as = 0;       ///< the signature's version then
    int role_keys = 0;       ///< the version of its role's keys then
    bool keys_refused = false;
  };

  /// Null for a place that was asked nothing yet.
  Surface* surface_of(const Place& where);
  /// Found out once for each queue and for each service and region, of each identity.
  Result<const Route*> route_of(const ApiCall& call);
  /// What is left for the reply of a call that leaves at the last moment.
  static Duration for_reply(const Surface& surface);
  static void wait_until(Call& call, Deadline due);
  static std::unexpected<Error> not_sent(const Call& call, ErrorKind kind);
  bool has_turn(Call& call, Deadline now);
  bool take_slot(Call& call, Deadline now);
  void begin_due();
  void begin(Call& call, const Credentials& credentials, Instant signed_at, Deadline now);
  Deadline next_due() const;
  void settle(net::Finished& answered);
  Attempt judge(Call& call, const net::HttpResponse& response, Result<ApiReply>& result);
  Attempt judge_failure(Call& call, const net::HttpResponse& response, Error& error);
  // client_roles.cc
  Identity& identity_of(const AccountRole& role, const std::string& region);
  const Result<Credentials>* role_credentials(Call& call, Deadline now);
  void fetch_keys(Identity& identity, Deadline now);
  void take_keys();
  static bool renew_role(Call& call);
  bool correct_clock(const Call& call, std::string_view code, const net::HttpResponse& response);
  bool renew_credentials(Call& call, std::string_view code);
  void finish(Call& call, Result<ApiReply> result, Deadline left = {});

  ClientSettings settings_;
  ClientSurroundings surroundings_;
  RetryPolicy policy_;
  std::map<CallId, Call> calls_;
  Identity own_ = {};
  std::map<AccountRole, Identity> roles_;
  std::shared_ptr<CallGroup> key_calls_ = std::make_shared<CallGroup>();
  using OfIdentity = std::pair<std::size_t, std::string>;  ///< its number, and a name
  std::map<OfIdentity, Surface> surfaces_;                 ///< by region
  std::map<OfIdentity, Lane> lanes_;                       ///< by origin
  /// By queue's URL, region, or bucket in one.
  std::map<std::pair<AwsService, OfIdentity>, Route> routes_;
  std::unordered_map<net::Ticket, CallId> sent_;
  CallStats stats_ = {};
  CallWaiter* waiter_ = nullptr;
  CallId last_id_ = 0;
  std::int64_t rate_parts_ = 1;
  std::size_t finished_count_ = 0;
  int signature_version_ = 0;  ///< counts new credentials and corrections of the clock
  Duration clock_offset_{0};   ///< what AWS's clock is ahead of ours, as far as we sign with it
  Duration clock_difference_{0};
};

}  // namespace scaler::aws
