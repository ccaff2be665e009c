#pragma once
// What many of ECS's operations check and answer alike.

#include <cstddef>
#include <cstdint>
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
/// Neither none nor more than `max`.
ApiResult<void> check_size(std::string_view what, std::size_t size, std::size_t max);

/// One page of a list of ARNs: those after the token, which is the last ARN of the page before.
ApiAnswer arn_page(std::string_view name, std::vector<std::string> arns, const Input& input,
                   std::int64_t limit_default);

}  // namespace scaler::emulator
