// The part of Client that deals with roles: their keys are fetched by calls like any other, beside
// those that wait for them.

#include <algorithm>
#include <utility>

#include "edge/aws/client.h"

namespace scaler::aws {
namespace {

/// How long STS is asked for keys at most, whoever waits for them.
constexpr Duration kFetching = std::chrono::seconds(10);

}  // namespace

/// `region`: that of the call which needs it first; STS is asked there where there is no default
/// region.
Client::Identity& Client::identity_of(const AccountRole& role, const std::string& region) {
  const auto known = roles_.find(role);
  if (known != roles_.end()) {
    return known->second;
  }
  Identity& identity = roles_[role];
  identity.number = roles_.size();
  identity.pool = role.arn + " " + role.external_id;
  identity.role =
      std::make_unique<RoleKeys>(role, settings_.region.empty() ? region : std::string());
  return identity;
}

/// The keys to sign with, or why there are none; null for a call that waits for them, or has ended
/// because it had no time left for that.
const Result<Credentials>* Client::role_credentials(Call& call, Deadline now) {
  Identity& identity = *call.route->surface->identity;
  const RoleKeys::Standing standing =
      identity.role->standing(surroundings_.clock.now() + clock_offset_);
  if (standing == RoleKeys::Standing::Good || standing == RoleKeys::Standing::Refused) {
    return &identity.role->keys();
  }
  if (identity.fetching == 0) {
    fetch_keys(identity, now);
  }
  if (standing == RoleKeys::Standing::Ageing) {
    return &identity.role->keys();
  }
  const Deadline end = std::min({call.limits.start_by, call.limits.answer_by, call.call.leave_by});
  if (now >= end) {
    const ErrorKind kind = end == call.call.leave_by ? ErrorKind::Overdue : ErrorKind::Unavailable;
    finish(call, fail(kind, describe(call.call) + ": not sent: STS has not answered yet for " +
                                call.call.role.arn));
    return nullptr;
  }
  if (!call.progress.begun) {
    call.progress.begun = now;  // So that whoever waits for slow ones does not wait for a slow STS.
  }
  identity.waiting.push_back(call.id);
  wait_until(call, end);
  return nullptr;
}

void Client::fetch_keys(Identity& identity, Deadline now) {
  key_calls_->renewal_tried = false;
  key_calls_->clock_corrected = false;
  const Deadline end = now + kFetching;
  identity.fetching = start(identity.role->call(surroundings_.clock), key_calls_,
                            {.start_by = end, .answer_by = end});
}

/// Hands over what STS has said, and lets those go that waited for it.
void Client::take_keys() {
  for (const FinishedCall& finished : std::exchange(key_calls_->finished, {})) {
    const auto found = std::ranges::find_if(
        roles_, [&](const auto& one) { return one.second.fetching == finished.id; });
    if (found == roles_.end()) {
      continue;
    }
    Identity& identity = found->second;
    identity.fetching = 0;
    identity.role->take(finished.reply, surroundings_.clock.now() + clock_offset_);
    for (const CallId id : std::exchange(identity.waiting, {})) {
      const auto waiting = calls_.find(id);
      if (waiting != calls_.end() && waiting->second.ticket == 0) {
        Call& call = waiting->second;
        call.route->lane->waiting.erase({call.due, id});
        wait_until(call, surroundings_.clock.steady());
      }
    }
  }
}

/// Whether a call whose keys a service has refused goes again with others; it does so once.
bool Client::renew_role(Call& call) {
  if (std::exchange(call.keys_refused, true)) {
    return false;
  }
  call.route->surface->identity->role->refused(call.role_keys);
  return true;
}

}  // namespace scaler::aws
