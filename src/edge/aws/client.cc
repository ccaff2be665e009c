#include "edge/aws/client.h"

#include <algorithm>
#include <utility>

#include "edge/aws/redaction.h"

namespace scaler::aws {
namespace {

/// Services accept five minutes of difference; some differences are the network's.
constexpr Duration kSkewIgnored = std::chrono::minutes(4);
/// Calls to one origin that are with the network at a time: as many as it has connections, so that
/// no call spends its attempt's time waiting for one.
constexpr std::size_t kSentMax = 64;
/// What has to wait for its slot leaves only where so many round trips are left for its reply.
constexpr int kRoundTripsLeft = 4;
constexpr Duration kLeastLeft = std::chrono::milliseconds(200);
constexpr Duration kMostLeft = std::chrono::seconds(1);

bool worth_repeating(ErrorKind kind) {
  return kind == ErrorKind::Throttled || kind == ErrorKind::Unavailable;
}

/// Where a call goes, when there is no default region.
std::string region_without_default(const ApiCall& call, const ClientSettings& settings) {
  const Result<Destination> destination =
      settings.region.empty() ? destination_of(call, settings) : Result<Destination>(Destination{});
  return destination ? destination->region : "";
}

}  // namespace

Client::Client(ClientSettings settings, ClientSurroundings surroundings)
    : settings_(std::move(settings)),
      surroundings_(surroundings),
      policy_(settings_.attempts_max) {}

bool Client::Lane::full() const {
  return sent >= kSentMax;
}

Result<const Client::Route*> Client::route_of(const ApiCall& call) {
  Identity& identity = call.role.arn.empty()
                           ? own_
                           : identity_of(call.role, region_without_default(call, settings_));
  // A region holds no colon, and a queue's URL does.
  std::pair<AwsService, OfIdentity> key(call.service, {identity.number, call.queue_url});
  key.second.second += call.region;
  if (!call.bucket.empty()) {
    key.second.second += ":" + call.bucket;
  }
  if (const auto known = routes_.find(key); known != routes_.end()) {
    return &known->second;
  }
  Destination destination = TRY(destination_of(call, settings_));
  const net::Origin& origin = destination.endpoint.origin;
  Surface& surface = surfaces_
                         .try_emplace({identity.number, destination.region},
                                      Surface{&identity, Signer(destination.region)})
                         .first->second;
  surface.limiter.share(rate_parts_);
  Lane& lane = lanes_[{identity.number, origin.scheme + "://" + net::host_header(origin)}];
  const Route route{
      .endpoint = std::move(destination.endpoint), .surface = &surface, .lane = &lane};
  return &routes_.emplace(std::move(key), route).first->second;
}

Duration Client::for_reply(const Surface& surface) {
  return std::clamp(kRoundTripsLeft * surface.round_trip.fastest(), kLeastLeft, kMostLeft);
}

Duration Client::round_trip(const Place& where) {
  const Surface* const known = surface_of(where);
  return known == nullptr ? Duration::zero() : known->round_trip.fastest();
}

std::vector<Result<ApiReply>> Client::call(std::span<const ApiCall> calls, Deadline deadline) {
  const auto group = std::make_shared<CallGroup>();
  const CallId first = last_id_ + 1;
  for (const ApiCall& call : calls) {
    start(call, group, {.start_by = deadline, .answer_by = deadline});
  }
  while (group->open > 0) {
    waiter_ != nullptr ? waiter_->wait(*group) : run(Deadline::max());
  }
  std::vector<Result<ApiReply>> results(calls.size());
  for (FinishedCall& finished : group->finished) {
    results[finished.id - first] = std::move(finished.reply);
  }
  return results;
}

Result<ApiReply> Client::call(const ApiCall& call, Deadline deadline) {
  return std::move(this->call(std::span(&call, 1), deadline).front());
}

CallId Client::start(ApiCall call, const std::shared_ptr<CallGroup>& group,
                     const CallLimits& limits) {
  const CallId id = ++last_id_;
  Call& started = calls_[id];
  started.id = id;
  started.call = std::move(call);
  started.group = group;
  started.limits = limits;
  ++group->open;
  Result<const Route*> route = route_of(started.call);
  if (!route) {
    finish(started, fail(std::move(route).error(), describe(started.call)));
    return id;
  }
  started.route = *route;
  const Deadline now = surroundings_.clock.steady();
  if (take_slot(started, now)) {
    wait_until(started, started.due);
  }
  return id;
}

void Client::wait_until(Call& call, Deadline due) {
  call.due = due;
  call.route->lane->waiting.emplace(due, call.id);
}

/// Sets `due` to its slot under the documented rate; false when there is none in time, which ends
/// the call.
bool Client::take_slot(Call& call, Deadline now) {
  call.has_slot = true;
  call.due = now;
  if (!surroundings_.within_limits) {
    return true;
  }
  const Deadline in_time =
      std::min(call.limits.start_by, call.limits.answer_by) - for_reply(*call.route->surface);
  const Deadline latest = std::min(in_time, call.call.leave_by);
  if (const auto slot = call.route->surface->limiter.reserve(call.call.service, call.call.operation,
                                                             now, latest)) {
    call.due = *slot;
    call.delayed = *slot > now;
    return true;
  }
  const bool overdue = call.call.leave_by < in_time;
  finish(call, not_sent(call, overdue ? ErrorKind::Overdue : ErrorKind::Throttled));
  return false;
}

/// Why a call ends without (another) attempt.
std::unexpected<Error> Client::not_sent(const Call& call, ErrorKind kind) {
  if (call.progress.last_failure) {
    return std::unexpected(*call.progress.last_failure);
  }
  std::string message = describe(call.call) + ": not sent";
  if (kind == ErrorKind::Throttled) {
    message += ": the documented rate of " + call.call.operation + " does not allow it in time";
  } else {
    message += kind == ErrorKind::Overdue ? ": its turn came too late" : " before the deadline";
  }
  return fail(kind, std::move(message));
}

void Client::run(Deadline until) {
  const std::size_t before = finished_count_;
  begin_due();
  take_keys();
  if (finished_count_ != before) {
    return;
  }
  const Deadline next = std::min(until, next_due());
  if (sent_.empty() && next == Deadline::max()) {
    return;
  }
  for (net::Finished& answered : surroundings_.transport.run(next)) {
    settle(answered);
  }
  take_keys();
}

Deadline Client::next_due() const {
  Deadline next = Deadline::max();
  for (const auto& [origin, lane] : lanes_) {
    if (!lane.waiting.empty() && !lane.full()) {
      next = std::min(next, lane.waiting.begin()->first);
    }
  }
  return next;
}

/// Whether the call may leave under the service's rate; if not, it is refused or waits.
bool Client::has_turn(Call& call, Deadline now) {
  if (call.has_slot) {
    return true;
  }
  if (!take_slot(call, now)) {
    return false;
  }
  if (call.due > now) {
    wait_until(call, call.due);
    return false;
  }
  return true;
}

/// Begins an attempt at each call whose time has come, as many as there is room for.
void Client::begin_due() {
  Deadline now = surroundings_.clock.steady();
  std::optional<Result<Credentials>> own;
  Instant signed_at = {};
  for (auto& [origin, lane] : lanes_) {
    while (!lane.waiting.empty() && !lane.full() && lane.waiting.begin()->first <= now) {
      Call& call = calls_.at(lane.waiting.begin()->second);
      lane.waiting.erase(lane.waiting.begin());
      if (!has_turn(call, now)) {
        continue;
      }
      const Result<Credentials>* credentials = nullptr;
      if (call.route->surface->identity->role) {
        credentials = role_credentials(call, now);
        signed_at = surroundings_.clock.now();
        if (credentials == nullptr) {
          continue;  // It waits for them, or has ended.
        }
      } else {
        if (!own) {
          own = surroundings_.credentials.current(
              std::min(call.limits.start_by, call.limits.answer_by));
          now = surroundings_.clock.steady();
          signed_at = surroundings_.clock.now();
        }
        credentials = &*own;
      }
      if (!credentials->has_value()) {
        finish(call, fail(credentials->error(), describe(call.call)));
        continue;
      }
      begin(call, **credentials, signed_at, now);
    }
  }
}

void Client::begin(Call& call, const Credentials& credentials, Instant signed_at, Deadline now) {
  const ApiCall& wanted = call.call;
  if (now > wanted.leave_by) {
    finish(call, not_sent(call, ErrorKind::Overdue));
    return;
  }
  const Deadline end = std::min(call.limits.start_by, call.limits.answer_by);
  if (now >= end || (call.delayed && now + for_reply(*call.route->surface) > end)) {
    finish(call, not_sent(call, now >= end ? ErrorKind::Unavailable : ErrorKind::Throttled));
    return;
  }
  const Identity& identity = *call.route->surface->identity;
  net::HttpRequest request = request_of(wanted, call.route->endpoint);
  call.role_keys = identity.role ? identity.role->version() : 0;
  call.route->surface->signer.sign(request, credentials, signing_name(wanted.service),
                                   signed_at + clock_offset_);
  call.signed_at = signed_at;
  call.signed_as = signature_version_;
  if (!call.progress.begun) {
    call.progress.begun = now;
  }
  const Duration limit = std::max(surroundings_.attempt_limit, wanted.attempt_limit);
  call.ticket = surroundings_.transport.begin(
      request, {.deadline = std::min(call.limits.answer_by, now + limit),
                .leave_by = wanted.leave_by,
                .pool = identity.pool});
  sent_.emplace(call.ticket, call.id);
  ++call.route->lane->sent;
}

/// Ends a call with what an attempt came to, or lets it go again.
void Client::settle(net::Finished& answered) {
  const auto found = sent_.find(answered.ticket);
  if (found == sent_.end()) {
    return;
  }
  Call& call = calls_.at(found->second);
  sent_.erase(found);
  --call.route->lane->sent;
  call.ticket = 0;
  const Deadline now = surroundings_.clock.steady();
  Result<ApiReply> result;
  Attempt attempt;
  if (answered.response.has_value()) {
    if (call.call.service != AwsService::Sts) {  // Which is no way to any service.
      call.route->surface->round_trip.add(std::chrono::ceil<Duration>(now - answered.left), now);
    }
    attempt = judge(call, *answered.response, result);
  } else {
    result = fail(std::move(answered.response).error(), describe(call.call));
    const ErrorKind kind = result.error().kind;
    const bool again = worth_repeating(kind) && call.call.repeatable;
    attempt = {.next = again ? Attempt::Next::AgainLater : Attempt::Next::GiveUp, .kind = kind};
  }
  const Deadline left = answered.left == Deadline{} ? now : answered.left;
  stats_.add(call.call.service, call.call.operation,
             result ? std::nullopt : std::optional(result.error().kind),
             std::chrono::ceil<Duration>(now - left));
  if (call.call.once && attempt.next == Attempt::Next::AgainLater) {
    attempt.next = Attempt::Next::GiveUp;
  }
  const auto pause = pause_after(attempt, call.history, policy_, surroundings_.random);
  if (!pause || now + *pause >= call.limits.start_by) {
    finish(call, std::move(result), answered.left);
    return;
  }
  call.progress.last_failure = std::move(result).error();
  call.has_slot = false;
  wait_until(call, now + *pause);
}

void Client::finish(Call& call, Result<ApiReply> result, Deadline left) {
  const std::shared_ptr<CallGroup> group = std::move(call.group);
  group->finished.push_back({.id = call.id,
                             .reply = std::move(result),
                             .left = left,
                             .begun = call.progress.begun.value_or(Deadline{})});
  --group->open;
  ++finished_count_;
  calls_.erase(call.id);
}

void Client::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) {
    return;
  }
  const Call& call = found->second;
  if (call.ticket != 0) {
    surroundings_.transport.cancel(call.ticket);
    sent_.erase(call.ticket);
    --call.route->lane->sent;
  } else {
    call.route->lane->waiting.erase({call.due, id});
  }
  --call.group->open;
  calls_.erase(found);
}

const CallProgress* Client::progress(CallId id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : &found->second.progress;
}

void Client::share_rates(std::int64_t parts) {
  rate_parts_ = parts;
  for (auto& [where, surface] : surfaces_) {
    surface.limiter.share(parts);
  }
}

std::optional<RateLimiter::Allowance> Client::allowance(AwsService service,
                                                        std::string_view operation,
                                                        const Place& where) {
  if (!surroundings_.within_limits) {
    return std::nullopt;
  }
  const Deadline now = surroundings_.clock.steady();
  const Surface* const known = surface_of(where);
  RateLimiter untouched;
  untouched.share(rate_parts_);
  return (known != nullptr ? known->limiter : untouched).allowance(service, operation, now);
}

Client::Surface* Client::surface_of(const Place& where) {
  const AccountRole role{.arn = std::string(where.role),
                         .external_id = std::string(where.external_id)};
  const auto identity = role.arn.empty() ? roles_.end() : roles_.find(role);
  const std::string region(where.region.empty() ? std::string_view(settings_.region)
                                                : where.region);
  const auto surface =
      surfaces_.find({identity == roles_.end() ? own_.number : identity->second.number, region});
  const bool known = surface != surfaces_.end() && (role.arn.empty() || identity != roles_.end());
  return known ? &surface->second : nullptr;
}

void Client::heed(AwsService service, std::string_view operation, const Place& where,
                  std::span<const Deadline> calls) {
  if (Surface* const known = surface_of(where)) {
    known->limiter.heed(service, operation, calls);
  }
}

Attempt Client::judge(Call& call, const net::HttpResponse& response, Result<ApiReply>& result) {
  if (const auto date = parse_http_date(net::find_header(response.headers, "date").value_or(""))) {
    clock_difference_ = *date - call.signed_at;
  }
  if (is_answer(call.call, response)) {
    result = decode(call.call, response);
    return {.next = Attempt::Next::Finished};
  }
  Error error;
  const Attempt attempt = judge_failure(call, response, error);
  result = std::unexpected(std::move(error));
  return attempt;
}

Attempt Client::judge_failure(Call& call, const net::HttpResponse& response, Error& error) {
  ServiceError said = read_error(response);
  // AWS quotes the canonical request, and with it the session token, when a signature does not
  // match.
  const std::unique_ptr<RoleKeys>& role = call.route->surface->identity->role;
  const Credentials& known =
      role && role->keys() ? *role->keys() : surroundings_.credentials.latest();
  said.message = without_secrets(std::move(said.message),
                                 {known.session_token.reveal(), known.secret_access_key.reveal()});
  error = error_of(call.call, said, response.status);
  if (worth_repeating(error.kind)) {
    surroundings_.log.write(LogLevel::Debug, "AWS call failed",
                            {{"call", describe(call.call)}, {"code", said.code}});
    return {.next = Attempt::Next::AgainLater,
            .kind = error.kind,
            .server_pause = server_pause(response)};
  }
  const bool mended =
      correct_clock(call, said.code, response) || renew_credentials(call, said.code);
  return {.next = mended ? Attempt::Next::AgainNow : Attempt::Next::GiveUp};
}

bool Client::correct_clock(const Call& call, std::string_view code,
                           const net::HttpResponse& response) {
  if (!blames_clock(code)) {
    return false;
  }
  const auto date = parse_http_date(net::find_header(response.headers, "date").value_or(""));
  if (!date) {
    return false;
  }
  const Duration offset = *date - call.signed_at;
  if (std::chrono::abs(offset - clock_offset_) <= kSkewIgnored) {
    // It may have been corrected since this call was signed.
    return call.group->clock_corrected && call.signed_as < signature_version_;
  }
  if (call.group->clock_corrected) {
    return false;
  }
  surroundings_.log.write(
      LogLevel::Warn, "this machine's clock is wrong; signing with AWS's",
      {{"ahead_seconds", std::chrono::floor<std::chrono::seconds>(offset).count()}});
  clock_offset_ = offset;
  call.group->clock_corrected = true;
  ++signature_version_;
  return true;
}

bool Client::renew_credentials(Call& call, std::string_view code) {
  if (!blames_credentials(code)) {
    return false;
  }
  if (call.route->surface->identity->role) {
    return renew_role(call);
  }
  if (call.signed_as < signature_version_) {
    return true;  // Renewed since it was signed.
  }
  if (std::exchange(call.group->renewal_tried, true)) {
    return false;
  }
  const Result<Credentials> renewed =
      surroundings_.credentials.renew(std::min(call.limits.start_by, call.limits.answer_by));
  if (!renewed.has_value()) {
    surroundings_.log.write(LogLevel::Warn, "credentials were refused and could not be renewed",
                            {{"code", code}, {"error", renewed.error().message}});
    return false;
  }
  ++signature_version_;
  return true;
}

}  // namespace scaler::aws
