#pragma once
// RateLimiter: keeps calls within the token buckets that ECS documents, so that a large fleet is
// not throttled. The defaults, per account and Region, as of 2026:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "edge/aws/settings.h"
#include "ground/base/clock.h"

namespace scaler::aws {

/// Pure: steady time comes in with each call.
class RateLimiter {
 public:
  /// From now on one of so many keeps within its part of the buckets.
  void share(std::int64_t parts) { parts_ = parts; }

  /// Takes a token for the operation, also one that is yet to come: the moment at which the call
  /// may be made, `now` for at once. Operations without a documented limit are never late. Takes
  /// nothing when that would be later than `latest`, unless it is at once.
  std::optional<Deadline> reserve(AwsService service, std::string_view operation, Deadline now,
                                  Deadline latest);

  /// Somebody made such calls at these moments, in their order, also this process: no more is left
  /// of the bucket than what they left.
  void heed(AwsService service, std::string_view operation, std::span<const Deadline> calls);

  struct Allowance {
    std::int64_t tokens = 0;  ///< there now; negative when some are taken that are yet to come
    std::int64_t per_second = 0;
  };
  /// Nothing for an operation without a documented limit.
  std::optional<Allowance> allowance(AwsService service, std::string_view operation,
                                     Deadline now) const;

 private:
  enum class Group {
    ServiceRead,
    ServiceModify,
    TagModify,
    ClusterResourceRead,
    ClusterResourceModify,
    TaskProtection,
    TaggedRead,
    Count,  ///< how many there are; no group
  };
  static constexpr auto kGroups = static_cast<std::size_t>(Group::Count);
  struct Rate {
    std::int64_t burst = 1;
    std::int64_t per_second = 1;
  };
  static std::optional<Group> group_of(AwsService service, std::string_view operation);
  static Rate rate_of(Group group);
  Deadline::duration per_token(const Rate& rate) const;
  std::int64_t burst_of(const Rate& rate) const;

  /// A bucket by the moment at which it will be, or was, full again.
  std::array<Deadline, kGroups> full_at_ = {};
  std::int64_t parts_ = 1;
};

}  // namespace scaler::aws
