#include "edge/aws/cloud.h"

#include <algorithm>
#include <limits>

#include "edge/aws/ecs.h"

namespace scaler::aws {

namespace {

std::size_t tokens(const Client& client, std::string_view operation) {
  const auto allowance = client.allowance(AwsService::Ecs, operation);
  return allowance ? static_cast<std::size_t>(std::max<std::int64_t>(allowance->tokens, 0))
                   : std::numeric_limits<std::size_t>::max();
}

}  // namespace

std::vector<Look> Cloud::look(std::span<const LookRequest> requests, Patience patience,
                              Deadline deadline) {
  return looker_.look(requests, patience, deadline);
}

std::size_t Cloud::looks_allowed() {
  const auto allowance = client_->allowance(AwsService::Ecs, "DescribeServices");
  if (!allowance) {
    return std::numeric_limits<std::size_t>::max();
  }
  const std::int64_t calls = std::max<std::int64_t>(allowance->tokens + allowance->per_second, 0);
  return std::max<std::size_t>(static_cast<std::size_t>(calls) * kServicesPerDescription, 1);
}

std::size_t Cloud::changes_allowed() {
  return tokens(*client_, "UpdateService");
}

std::size_t Cloud::saves_allowed() {
  return tokens(*client_, "TagResource");
}

std::vector<Result<void>> Cloud::set_desired(std::span<const DesiredCount> changes,
                                             Deadline deadline) {
  return Ecs(*client_).set_desired(changes, deadline);
}

std::vector<Result<void>> Cloud::save(std::span<const SavedState> states, Deadline deadline) {
  return Ecs(*client_).save(states, deadline);
}

}  // namespace scaler::aws
