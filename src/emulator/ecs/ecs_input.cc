#include "emulator/ecs/ecs_input.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {

std::unexpected<ApiError> bad_parameter(std::string message) {
  return refuse("InvalidParameterException", std::move(message));
}

WithTags wants_tags(const Input& input) {
  return listed(input.texts("include"), "TAGS") ? WithTags::Yes : WithTags::No;
}

ApiResult<void> check_include(const Input& input, const std::vector<std::string_view>& known) {
  for (const std::string_view name : input.texts("include")) {
    if (!listed(known, name)) {
      return bad_parameter(fmt::format("'{}' cannot be included.", name));
    }
  }
  return {};
}

ApiResult<void> check_launch(const Input& input) {
  if (input.has("launchType") && !input.objects("capacityProviderStrategy").empty()) {
    return bad_parameter(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one "
        "and try again.");
  }
  if (input.has("launchType") && !listed(kLaunchTypes, input.text("launchType"))) {
    return bad_parameter("launch type should be one of [EC2,FARGATE,EXTERNAL]");
  }
  return {};
}

std::string launch_type(const Input& input, const world::Cluster& cluster) {
  if (input.has("launchType")) {
    return std::string(input.text("launchType"));
  }
  world::Shown strategy;
  keep_shown(strategy, input, std::array{std::string_view("capacityProviderStrategy")});
  if (strategy.empty()) {
    const auto found = cluster.shown.find("defaultCapacityProviderStrategy");
    strategy.emplace("", found == cluster.shown.end() ? "" : found->second);
  }
  return strategy.begin()->second.contains(R"("FARGATE)") ? "FARGATE" : "EC2";
}

ApiResult<void> check_size(std::string_view what, std::size_t size, std::size_t max) {
  if (size == 0) {
    return bad_parameter(fmt::format("{} cannot be empty.", what));
  }
  if (size > max) {
    return bad_parameter(fmt::format("{} cannot have more than {} elements.", what, max));
  }
  return {};
}

void keep_shown(world::Shown& shown, const Input& input, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    if (const json::Value* const value = input.member(name)) {
      json::Writer text;
      text.value(*value);
      shown.insert_or_assign(std::string(name), std::move(text).text());
    }
  }
}

ApiAnswer page_in_order(std::string_view name, const std::vector<std::string>& texts,
                        const Input& input, std::size_t limit_default) {
  const auto limit = input.integer("maxResults").value_or(static_cast<std::int64_t>(limit_default));
  if (limit < 1 || limit > 100) {
    return bad_parameter("maxResults must be between 1 and 100.");
  }
  const std::string_view token = input.text("nextToken");
  const auto first = token.empty() ? std::optional<std::size_t>(0) : number_of<std::size_t>(token);
  if (!first || *first > texts.size()) {
    return bad_parameter("Invalid token.");
  }
  const std::size_t end = std::min(texts.size(), *first + static_cast<std::size_t>(limit));
  json::Writer writer;
  writer.begin_object().name(name).begin_array();
  for (std::size_t i = *first; i < end; ++i) {
    writer.value(texts[i]);
  }
  writer.end_array();
  if (end < texts.size()) {
    writer.field("nextToken", fmt::format("{}", end));
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer arn_page(std::string_view name, std::vector<std::string> arns, const Input& input,
                   std::int64_t limit_default) {
  const std::int64_t limit = input.integer("maxResults").value_or(limit_default);
  if (limit < 1 || limit > 100) {
    return bad_parameter("maxResults must be between 1 and 100.");
  }
  const std::string_view token = input.text("nextToken");
  if (!token.empty() && !token.starts_with("arn:")) {
    return bad_parameter("Invalid token.");
  }
  std::ranges::sort(arns);
  auto at = std::ranges::upper_bound(arns, token);
  json::Writer writer;
  writer.begin_object().name(name).begin_array();
  const auto end = arns.end() - at > limit ? at + limit : arns.end();
  for (; at != end; ++at) {
    writer.value(*at);
  }
  writer.end_array();
  if (end != arns.end()) {
    writer.field("nextToken", *(end - 1));
  }
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
