#include "emulator/sqs/queue_place.h"

#include <vector>

#include <fmt/core.h>

#include "emulator/request/aws_request.h"
#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

constexpr char kSlash = '/';  // No queue's name has it.

}  // namespace

std::string queue_arn(std::string_view region, std::string_view name) {
  return fmt::format("arn:aws:sqs:{}:{}:{}", region, kAccount, name);
}

std::string_view queue_name(std::string_view world_name) {
  return world_name.substr(world_name.find(kSlash) + 1);
}

std::string QueuePlaces::world_name(std::string_view region, std::string_view name) const {
  return region == home_ ? std::string(name) : fmt::format("{}{}{}", region, kSlash, name);
}

std::string_view QueuePlaces::region(std::string_view world_name) const {
  const std::size_t slash = world_name.find(kSlash);
  return slash == std::string_view::npos ? std::string_view(home_) : world_name.substr(0, slash);
}

std::optional<std::string> QueuePlaces::world_name_of_arn(std::string_view arn) const {
  constexpr std::size_t kParts = 6;
  const std::vector<std::string_view> parts = split(arn, ":");
  const bool ours = parts.size() == kParts && parts[0] == "arn" && parts[1].starts_with("aws") &&
                    parts[2] == "sqs" && parts[4] == kAccount && !parts[3].contains(kSlash) &&
                    !parts[5].contains(kSlash);
  return ours ? std::optional(world_name(parts[3], parts[5])) : std::nullopt;
}

std::string QueuePlaces::arn(std::string_view world_name) const {
  return queue_arn(region(world_name), queue_name(world_name));
}

}  // namespace scaler::emulator
