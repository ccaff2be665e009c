#include "emulator/ecs/ecs_names.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kNameMax = 255;

std::string arn(std::string_view region, std::string_view rest) {
  return fmt::format("arn:aws:ecs:{}:{}:{}", region, kAccount, rest);
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
  return arn(region, fmt::format("cluster/{}", cluster));
}

std::string service_arn(std::string_view region, std::string_view cluster,
                        std::string_view service) {
  return arn(region, fmt::format("service/{}/{}", cluster, service));
}

std::string task_arn(std::string_view region, std::string_view cluster, std::string_view task) {
  return arn(region, fmt::format("task/{}/{}", cluster, task));
}

std::string container_arn(std::string_view region, std::string_view cluster,
                          std::string_view task) {
  return arn(region, fmt::format("container/{}/{}", cluster, task));
}

std::string task_set_arn(std::string_view region, std::string_view cluster,
                         std::string_view service, std::string_view id) {
  return arn(region, fmt::format("task-set/{}/{}/{}", cluster, service, id));
}

std::string container_instance_arn(std::string_view region, std::string_view cluster,
                                   std::string_view instance) {
  return arn(region, fmt::format("container-instance/{}/{}", cluster, instance));
}

std::string capacity_provider_arn(std::string_view region, std::string_view name) {
  return arn(region, fmt::format("capacity-provider/{}", name));
}

std::string task_definition_arn(std::string_view region, std::string_view name) {
  return arn(region, fmt::format("task-definition/{}", name));
}

std::optional<std::string_view> arn_rest(std::string_view text, std::string_view type) {
  // arn:aws:ecs:<region>:<account>:<type>/<rest>
  if (!text.starts_with("arn:") || !after_colons(text, 2).value_or("").starts_with("ecs:") ||
      !after_colons(text, 4).value_or("").starts_with(fmt::format("{}:", kAccount))) {
    return std::nullopt;
  }
  std::string_view rest = after_colons(text, 5).value_or("");
  if (!rest.starts_with(type) || !rest.substr(type.size()).starts_with('/')) {
    return std::nullopt;
  }
  rest.remove_prefix(type.size() + 1);
  return rest;
}

std::string_view cluster_name(std::string_view text) {
  if (text.empty()) {
    return "default";
  }
  return arn_rest(text, "cluster").value_or(text);
}

std::optional<std::string_view> name_in_cluster(std::string_view text, std::string_view type,
                                                std::string_view cluster) {
  if (!text.starts_with("arn:")) {
    return text;
  }
  const auto rest = arn_rest(text, type);
  if (!rest || !rest->starts_with(cluster) || !rest->substr(cluster.size()).starts_with('/')) {
    return std::nullopt;
  }
  return rest->substr(cluster.size() + 1);
}

std::optional<TaskDefinitionName> task_definition_name(std::string_view text) {
  text = arn_rest(text, "task-definition").value_or(text);
  const std::size_t colon = text.find(':');
  TaskDefinitionName name{.family = text.substr(0, colon)};
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
