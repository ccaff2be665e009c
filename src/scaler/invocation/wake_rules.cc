#include "scaler/invocation/wake_rules.h"

#include <algorithm>

#include <fmt/core.h>

#include "scaler/core/names.h"

namespace scaler {

bool delivers_to(std::string_view mapping_target, std::string_view function_arn) {
  const auto target = parse_function_arn(mapping_target);
  const auto function = parse_function_arn(function_arn);
  return target && function && target->plain == function->plain;
}

bool is_bound_to(std::string_view mapping_target, std::string_view function_arn) {
  return delivers_to(mapping_target, function_arn) &&
         parse_function_arn(mapping_target)->qualifier ==
             parse_function_arn(function_arn)->qualifier;
}

const MappingStatus* own_mapping(std::span<const MappingStatus> mappings) {
  const auto bound = std::ranges::find_if(mappings, &MappingStatus::invoked);
  if (bound != mappings.end()) {
    return &*bound;
  }
  return mappings.size() == 1 ? &mappings.front() : nullptr;
}

Error no_mapping(std::string_view queue_arn, std::string_view function_arn) {
  const auto function = parse_function_arn(function_arn);
  return {ErrorKind::NotFound,
          fmt::format("no event source mapping on {} delivers to {}, by whatever alias or version: "
                      "none could be switched",
                      queue_arn, function ? function->plain : function_arn)};
}

}  // namespace scaler
