#include "emulator/ecs/ecs_names.h"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kNameMax = 255;

/// Of what has that name in the world; `rest` follows its own name.
std::string arn(std::string_view region, std::string_view type, std::string_view world_name,
                std::string_view rest = "") {
  return fmt::format("arn:aws:ecs:{}:{}:{}/{}{}{}", region, account_in(world_name), type,
                     own_name(world_name), rest.empty() ? "" : "/", rest);
}

/// The text after the n-th colon, or nothing.
std::optional<std::string_view> after_colons(std::string_view text, int colons) {
  for (int i = 0; i < colons; ++i) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(colon + 1);
  }
  return text;
}

}  // namespace

std::string cluster_arn(std::string_view region, std::string_view cluster) {
  return arn(region, "cluster", cluster);
}

std::string service_arn(std::string_view region, std::string_view cluster,
                        std::string_view service) {
  return arn(region, "service", cluster, service);
}

std::string task_arn(std::string_view region, std::string_view cluster, std::string_view task) {
  return arn(region, "task", cluster, task);
}

std::string container_arn(std::string_view region, std::string_view cluster, std::string_view task,
                          std::size_t index) {
  const std::string id =
      fmt::format("{}-{}-{}-{}-{}{:02x}", task.substr(0, 8), task.substr(8, 4), task.substr(12, 4),
                  task.substr(16, 4), task.substr(20, 10), index & 0xffU);
  return arn(region, "container", cluster, fmt::format("{}/{}", task, id));
}

std::string task_set_arn(std::string_view region, std::string_view cluster,
                         std::string_view service, std::string_view id) {
  return arn(region, "task-set", cluster, fmt::format("{}/{}", service, id));
}

std::string container_instance_arn(std::string_view region, std::string_view cluster,
                                   std::string_view instance) {
  return arn(region, "container-instance", cluster, instance);
}

std::string capacity_provider_arn(std::string_view region, std::string_view name) {
  return arn(region, "capacity-provider", name);
}

std::string task_definition_arn(std::string_view region, std::string_view name) {
  return arn(region, "task-definition", name);
}

/// What a request says may look like another place's name in the world: nothing has the empty one.
std::string EcsPlace::own(std::string_view name) const {
  return name.contains('/') ? "" : world_name(name);
}

bool EcsPlace::has(std::string_view world_name) const {
  const PlacedName place = places_.place_of(world_name);
  return place.account == account_ && place.region == region_;
}

std::optional<std::string_view> EcsPlace::arn_rest(std::string_view text,
                                                   std::string_view type) const {
  // arn:aws:ecs:<region>:<account>:<type>/<rest>
  if (!text.starts_with("arn:") || !after_colons(text, 2).value_or("").starts_with(
                                       fmt::format("ecs:{}:{}:", region_, account_))) {
    return std::nullopt;
  }
  std::string_view rest = after_colons(text, 5).value_or("");
  if (!rest.starts_with(type) || !rest.substr(type.size()).starts_with('/')) {
    return std::nullopt;
  }
  rest.remove_prefix(type.size() + 1);
  return rest;
}

std::string EcsPlace::cluster(std::string_view text) const {
  return own(text.empty() ? "default" : arn_rest(text, "cluster").value_or(text));
}

std::optional<std::string_view> EcsPlace::name_in_cluster(std::string_view text,
                                                          std::string_view type,
                                                          std::string_view cluster) const {
  if (!text.starts_with("arn:")) {
    return text;
  }
  const std::string_view own = own_name(cluster);
  const auto rest = arn_rest(text, type);
  if (rest && !rest->contains('/')) {
    return rest;
  }
  if (!rest || !rest->starts_with(own) || !rest->substr(own.size()).starts_with('/')) {
    return std::nullopt;
  }
  return rest->substr(own.size() + 1);
}

std::optional<TaskDefinitionName> EcsPlace::task_definition(std::string_view text) const {
  return task_definition_name(own(arn_rest(text, "task-definition").value_or(text)));
}

std::string EcsPlace::queue_of(std::string_view url) const {
  constexpr std::size_t kAccountDigits = 12;
  const std::vector<std::string_view> parts = split(url, "/");
  const std::string_view account = parts.size() > 1 ? parts[parts.size() - 2] : "";
  const bool told = account.size() == kAccountDigits && number_of<std::uint64_t>(account);
  return parts.back().empty() ? ""
                              : places_.world_name(told ? account : std::string_view(account_),
                                                   region_, parts.back());
}

std::optional<TaskDefinitionName> task_definition_name(std::string_view text) {
  const std::size_t colon = text.find(':');
  TaskDefinitionName name{.family = std::string(text.substr(0, colon))};
  if (colon == std::string_view::npos) {
    return name;
  }
  name.revision = number_of<decltype(name.revision)>(text.substr(colon + 1)).value_or(0);
  return name.revision >= 1 ? std::optional(name) : std::nullopt;
}

std::string revision_name(std::string_view family, std::int64_t revision) {
  return fmt::format("{}:{}", family, revision);
}

bool valid_ecs_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

}  // namespace scaler::emulator
