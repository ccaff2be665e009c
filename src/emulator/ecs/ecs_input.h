#pragma once
// What many of ECS's operations check and answer alike.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/ecs/ecs_json.h"
#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"

namespace scaler::emulator {

/// InvalidParameterException, ECS's answer to most mistakes.
std::unexpected<ApiError> bad_parameter(std::string message);

WithTags wants_tags(const Input& input);
ApiResult<void> check_include(const Input& input, const std::vector<std::string_view>& known);
/// EC2, FARGATE, EXTERNAL and MANAGED_INSTANCES.
inline constexpr std::array<std::string_view, 4> kLaunchTypes{
    {"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"}};
/// Errors: InvalidParameterException for a type that is none, and for a type beside a strategy.
ApiResult<void> check_launch(const Input& input);
/// The request's; else FARGATE when its capacity providers are Fargate's, or those of the cluster
/// are; else EC2.
std::string launch_type(const Input& input, const world::Cluster& cluster);

/// Neither none nor more than `max`.
ApiResult<void> check_size(std::string_view what, std::size_t size, std::size_t max);

/// Keeps of the request's fields those of these names, over what was kept before.
void keep_shown(world::Shown& shown, const Input& input, std::span<const std::string_view> names);

/// One page of a list of ARNs: those after the token, which is the last ARN of the page before.
ApiAnswer arn_page(std::string_view name, std::vector<std::string> arns, const Input& input,
                   std::int64_t limit_default);
/// One page of texts that stay in their order; the token is the number of those before it.
ApiAnswer page_in_order(std::string_view name, const std::vector<std::string>& texts,
                        const Input& input, std::size_t limit_default);

}  // namespace scaler::emulator
