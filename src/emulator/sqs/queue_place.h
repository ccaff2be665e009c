#pragma once
// Where a queue is: the world has one set of queues, AWS one for each region.

#include <optional>
#include <string>
#include <string_view>

namespace scaler::emulator {

std::string queue_arn(std::string_view region, std::string_view name);

/// The name of a queue whose world name is "name" or "region/name".
std::string_view queue_name(std::string_view world_name);

class QueuePlaces {
 public:
  /// Queues of the home region have their own names in the world, others "region/name".
  explicit QueuePlaces(std::string home) : home_(std::move(home)) {}

  std::string world_name(std::string_view region, std::string_view name) const;
  std::string_view region(std::string_view world_name) const;
  /// The world's name of the queue that the ARN names; nothing when it can be none of ours.
  std::optional<std::string> world_name_of_arn(std::string_view arn) const;
  std::string arn(std::string_view world_name) const;

 private:
  std::string home_;
};

}  // namespace scaler::emulator
