#include "emulator/request/places.h"

#include <vector>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

constexpr char kBetween = '/';  // Of no name.

}  // namespace

std::string_view own_name(std::string_view world_name) {
  return world_name.substr(world_name.rfind(kBetween) + 1);
}

std::string_view account_in(std::string_view world_name) {
  const std::size_t first = world_name.find(kBetween);
  return first == world_name.rfind(kBetween) ? kAccount : world_name.substr(0, first);
}

std::string WorldPlaces::world_name(std::string_view account, std::string_view region,
                                    std::string_view name) const {
  if (account != kAccount) {
    return fmt::format("{}/{}/{}", account, region, name);
  }
  return region == home_ ? std::string(name) : fmt::format("{}/{}", region, name);
}

PlacedName WorldPlaces::place_of(std::string_view world_name) const {
  const std::vector<std::string_view> parts = split(world_name, "/");
  const std::size_t size = parts.size();
  return {.account = std::string(size > 2 ? parts[size - 3] : kAccount),
          .region = std::string(size > 1 ? parts[size - 2] : std::string_view(home_)),
          .name = std::string(parts.back())};
}

std::string WorldPlaces::queue_arn(std::string_view world_name) const {
  const PlacedName place = place_of(world_name);
  return fmt::format("arn:aws:sqs:{}:{}:{}", place.region, place.account, place.name);
}

std::string WorldPlaces::note(std::string_view world_name, std::string_view account,
                              std::string_view region) const {
  const PlacedName place = place_of(world_name);
  return fmt::format(
      " (There is one in {} of account {}; this request asks for one of account {} and is signed "
      "for {}.)",
      place.region, place.account, account, region);
}

std::optional<PlacedName> WorldPlaces::of_queue_arn(std::string_view arn) {
  constexpr std::size_t kParts = 6;
  const std::vector<std::string_view> parts = split(arn, ":");
  if (parts.size() != kParts || parts[0] != "arn" || !parts[1].starts_with("aws") ||
      parts[2] != "sqs" || arn.contains(kBetween)) {
    return std::nullopt;
  }
  return PlacedName{.account = std::string(parts[4]),
                    .region = std::string(parts[3]),
                    .name = std::string(parts[5])};
}

}  // namespace scaler::emulator
