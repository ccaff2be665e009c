#include "edge/aws/role_keys.h"

#include <algorithm>
#include <utility>

#include "edge/aws/sts_credentials.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

constexpr Duration kAgeing = std::chrono::minutes(15);
/// With less they are not used any more: a call must still be valid when it arrives.
constexpr Duration kLeast = std::chrono::minutes(1);

constexpr Duration kShortest = std::chrono::seconds(1);

/// A role that cannot be had is nothing that lies in a service or queue, whatever STS calls it.
Error of_role(Error error) {
  if (error.kind != ErrorKind::Unavailable && error.kind != ErrorKind::Throttled) {
    error.kind = ErrorKind::Unauthorized;
  }
  return error;
}

}  // namespace

Duration RoleKeys::left(Instant now) const {
  return usable_ && keys_ && keys_->expires ? *keys_->expires - now : Duration::zero();
}

/// A clock that was set back makes nobody wait.
bool RoleKeys::pauses(Instant now) const {
  return failed_at_ && now >= *failed_at_ && now - *failed_at_ < pause_;
}

RoleKeys::Standing RoleKeys::standing(Instant now) const {
  const bool wait = pauses(now);
  const Duration rest = left(now);
  if (rest < std::max(std::min(kLeast, lifetime_ / 3), Duration(1))) {
    return wait && !keys_ ? Standing::Refused : Standing::Missing;
  }
  return wait || rest >= std::min(kAgeing, lifetime_ / 2) ? Standing::Good : Standing::Ageing;
}

ApiCall RoleKeys::call(const Clock& clock) const {
  StsParameters parameters{{"Action", "AssumeRole"}, {"Version", "2011-06-15"}};
  add_role(parameters, role_.arn, usual_session_name(clock), role_.external_id);
  return {.service = AwsService::Sts,
          .region = sts_region_,
          .operation = "AssumeRole",
          .subject = role_.arn,
          .body = net::query_string(parameters)};
}

void RoleKeys::take(const Result<ApiReply>& reply, Instant now) {
  const std::string what = "STS AssumeRole " + role_.arn;
  Result<Credentials> fetched = reply ? read_sts_keys(what, reply->text)
                                      : Result<Credentials>(std::unexpected(reply.error()));
  if (fetched && *fetched->expires - now < kShortest) {
    fetched = fail(ErrorKind::Malformed, what + ": the keys that came have expired");
  }
  if (fetched) {
    lifetime_ = *fetched->expires - now;
    failed_at_.reset();
    usable_ = true;
  } else {
    const Error error = of_role(std::move(fetched).error());
    failed_at_ = now;
    pause_ = error.kind == ErrorKind::Unauthorized ? kAfterRefusal : kAfterSilence;
    if (left(now) >= kLeast) {
      return;
    }
    usable_ = false;
    fetched = std::unexpected(error);
  }
  keys_ = std::move(fetched);
  ++version_;
}

void RoleKeys::refused(int version) {
  usable_ = usable_ && version != version_;
}

}  // namespace scaler::aws
