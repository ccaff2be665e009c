#include "emulator/ecs/ecs_input.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

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

ApiResult<void> check_size(std::string_view what, std::size_t size, std::size_t max) {
  if (size == 0) {
    return bad_parameter(fmt::format("{} cannot be empty.", what));
  }
  if (size > max) {
    return bad_parameter(fmt::format("{} cannot have more than {} elements.", what, max));
  }
  return {};
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
