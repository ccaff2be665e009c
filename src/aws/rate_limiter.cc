#include "aws/rate_limiter.h"

#include <algorithm>

namespace scaler::aws {

std::optional<RateLimiter::Group> RateLimiter::group_of(Service service,
                                                        std::string_view operation) {
  if (service != Service::Ecs) {
    return std::nullopt;
  }
  if (operation == "DescribeServices") {
    return Group::ServiceRead;
  }
  if (operation == "UpdateService") {
    return Group::ServiceModify;
  }
  if (operation == "TagResource" || operation == "UntagResource") {
    return Group::TagModify;
  }
  if (operation == "ListTasks") {
    return Group::ClusterResourceRead;
  }
  if (operation == "GetTaskProtection") {
    return Group::TaskProtection;
  }
  return std::nullopt;
}

RateLimiter::Rate RateLimiter::rate_of(Group group) {
  switch (group) {
    case Group::ServiceRead:
      return {.burst = 100, .per_second = 20};
    case Group::ServiceModify:
      return {.burst = 50, .per_second = 5};
    case Group::TagModify:
      return {.burst = 20, .per_second = 10};
    case Group::ClusterResourceRead:
      return {.burst = 100, .per_second = 20};
    case Group::TaskProtection:
      return {.burst = 200, .per_second = 80};
  }
  return {};
}

// A bucket of B tokens at R per second that is full at time F holds B - (F - now) * R tokens. Each
// token moves F by 1/R, so one number tells it all (GCRA).
std::optional<Duration> RateLimiter::reserve(Service service, std::string_view operation,
                                             Instant now, Duration longest) {
  const std::optional<Group> group = group_of(service, operation);
  if (!group) {
    return Duration::zero();
  }
  const Rate rate = rate_of(*group);
  const Fine token = Fine(std::chrono::seconds(1)) / rate.per_second;
  const std::chrono::sys_time<Fine> fine_now = now;
  auto& full_at = full_at_.at(static_cast<std::size_t>(*group));
  // Past this it can only be a clock that was set back.
  full_at = std::clamp(full_at, fine_now, fine_now + rate.burst * token + longest);
  const Fine late = std::max(full_at + token - fine_now - rate.burst * token, Fine::zero());
  if (late > longest) {
    return std::nullopt;
  }
  full_at += token;
  return std::chrono::ceil<Duration>(late);
}

}  // namespace scaler::aws
