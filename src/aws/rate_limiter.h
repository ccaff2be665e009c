#pragma once
// RateLimiter: keeps calls within the token buckets that ECS documents, so that a large fleet is
// not throttled. The defaults, per account and Region, as of 2026:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html

#include <array>
#include <optional>
#include <string_view>

#include "aws/settings.h"
#include "base/clock.h"

namespace scaler::aws {

/// Pure: time comes in with each call, and may stand still or jump.
class RateLimiter {
 public:
  /// Takes a token for the operation, also one that is yet to come: the time from `now` after which
  /// the call may be made, zero for at once. Operations without a documented limit are never late.
  /// Takes nothing, and gives nothing back, when that would be later than `longest`.
  std::optional<Duration> reserve(Service service, std::string_view operation, Instant now,
                                  Duration longest);

 private:
  using Fine = std::chrono::microseconds;
  enum class Group { ServiceRead, ServiceModify, TagModify, ClusterResourceRead, TaskProtection };
  static constexpr std::size_t kGroups = 5;
  struct Rate {
    std::int64_t burst = 1;
    std::int64_t per_second = 1;
  };
  static std::optional<Group> group_of(Service service, std::string_view operation);
  static Rate rate_of(Group group);

  /// A bucket by the moment at which it will be, or was, full again.
  std::array<std::chrono::sys_time<Fine>, kGroups> full_at_ = {};
};

}  // namespace scaler::aws
