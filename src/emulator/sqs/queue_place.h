#pragma once
// Where a queue is: the world has one set of queues, AWS one for each account and region.

#include <optional>
#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"

namespace scaler::emulator {

struct QueuePlace {
  std::string account = {};
  std::string region = {};
  std::string name = {};

  bool is_of(const Caller& caller) const {
    return account == caller.account && region == caller.region;
  }
};

/// The name of a queue whose world name is "name", "region/name" or "account/region/name".
std::string_view queue_name(std::string_view world_name);

class QueuePlaces {
 public:
  /// Queues of the emulator's account in the home region have their own names in the world.
  explicit QueuePlaces(std::string home) : home_(std::move(home)) {}

  std::string world_name(std::string_view account, std::string_view region,
                         std::string_view name) const;
  QueuePlace place_of(std::string_view world_name) const;
  std::string arn(std::string_view world_name) const;
  /// Nothing when it is no ARN of a queue.
  static std::optional<QueuePlace> place_of_arn(std::string_view arn);

 private:
  std::string home_;
};

}  // namespace scaler::emulator
