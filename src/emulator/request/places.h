#pragma once
// Where something is: the world has one set of names, AWS one for each account and region.

#include <optional>
#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"

namespace scaler::emulator {

struct PlacedName {
  std::string account = {};
  std::string region = {};
  std::string name = {};

  bool is_of(const Caller& caller) const {
    return account == caller.account && region == caller.region;
  }
};

/// The name of what is called "name", "region/name" or "account/region/name" in the world.
std::string_view own_name(std::string_view world_name);
/// The account of what the world has by that name.
std::string_view account_in(std::string_view world_name);

class WorldPlaces {
 public:
  /// What belongs to the emulator's account in the home region has its own name in the world.
  explicit WorldPlaces(std::string home) : home_(std::move(home)) {}

  std::string world_name(std::string_view account, std::string_view region,
                         std::string_view name) const;
  PlacedName place_of(std::string_view world_name) const;
  std::string queue_arn(std::string_view world_name) const;
  /// For whoever looks for it in another account or region: " (There is one in ...)".
  std::string note(std::string_view world_name, std::string_view account,
                   std::string_view region) const;
  /// Nothing when it is no ARN of a queue.
  static std::optional<PlacedName> of_queue_arn(std::string_view arn);

 private:
  std::string home_;
};

}  // namespace scaler::emulator
