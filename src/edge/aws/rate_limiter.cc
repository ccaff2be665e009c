#include "edge/aws/rate_limiter.h"

#include <algorithm>

namespace scaler::aws {

std::optional<RateLimiter::Group> RateLimiter::group_of(AwsService service,
                                                        std::string_view operation) {
  if (service == AwsService::Tagging && operation == "GetResources") {
    return Group::TaggedRead;
  }
  if (service != AwsService::Ecs) {
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
  if (operation == "ListTasks" || operation == "DescribeTasks" ||
      operation == "ListContainerInstances" || operation == "DescribeContainerInstances") {
    return Group::ClusterResourceRead;
  }
  if (operation == "UpdateContainerInstancesState") {
    return Group::ClusterResourceModify;
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
    case Group::TaggedRead:
      return {.burst = 15, .per_second = 15};
    case Group::ClusterResourceModify:
      return {.burst = 100, .per_second = 40};
    case Group::TaskProtection:
      return {.burst = 200, .per_second = 80};
    case Group::Count:
      break;
  }
  return {};
}

Deadline::duration RateLimiter::per_token(const Rate& rate) const {
  return Deadline::duration(std::chrono::seconds(1)) * parts_ / rate.per_second;
}

std::int64_t RateLimiter::burst_of(const Rate& rate) const {
  return std::max<std::int64_t>(rate.burst / parts_, 1);
}

// A bucket of B tokens at R per second that is full at time F holds B - (F - now) * R tokens. Each
// token moves F by 1/R, so one number tells it all (GCRA).
std::optional<Deadline> RateLimiter::reserve(AwsService service, std::string_view operation,
                                             Deadline now, Deadline latest) {
  const std::optional<Group> group = group_of(service, operation);
  if (!group) {
    return now;
  }
  const Rate rate = rate_of(*group);
  const Deadline::duration token = per_token(rate);
  Deadline& full_at = full_at_.at(static_cast<std::size_t>(*group));
  full_at = std::max(full_at, now);
  const Deadline slot = std::max(full_at + token - burst_of(rate) * token, now);
  if (slot > now && slot > latest) {
    return std::nullopt;
  }
  full_at += token;
  return slot;
}

void RateLimiter::heed(AwsService service, std::string_view operation,
                       std::span<const Deadline> calls) {
  const std::optional<Group> group = group_of(service, operation);
  if (!group) {
    return;
  }
  const Deadline::duration token = per_token(rate_of(*group));
  Deadline full_at = Deadline::min();
  for (const Deadline& call : calls) {
    full_at = std::max(full_at, call) + token;
  }
  Deadline& known = full_at_.at(static_cast<std::size_t>(*group));
  known = std::max(known, full_at);
}

std::optional<RateLimiter::Allowance> RateLimiter::allowance(AwsService service,
                                                             std::string_view operation,
                                                             Deadline now) const {
  const std::optional<Group> group = group_of(service, operation);
  if (!group) {
    return std::nullopt;
  }
  const Rate rate = rate_of(*group);
  const Deadline::duration token = per_token(rate);
  const Deadline full_at = std::max(full_at_.at(static_cast<std::size_t>(*group)), now);
  const std::int64_t missing = (full_at - now + token - Deadline::duration(1)) / token;
  return Allowance{.tokens = burst_of(rate) - missing,
                   .per_second = std::max<std::int64_t>(rate.per_second / parts_, 1)};
}

}  // namespace scaler::aws
