#include "aws/cloud.h"

#include <algorithm>
#include <limits>

#include "aws/ecs.h"
#include "aws/task_protection.h"

namespace scaler::aws {

namespace {

/// So long a look that waits for no slow one waits for the protection of tasks.
constexpr Duration kProtectionLimit = std::chrono::seconds(2);

std::size_t tokens(const Client& client, std::string_view operation) {
  const auto allowance = client.allowance(Service::Ecs, operation);
  return allowance ? static_cast<std::size_t>(std::max<std::int64_t>(allowance->tokens, 0))
                   : std::numeric_limits<std::size_t>::max();
}

}  // namespace

std::vector<Look> Cloud::look(std::span<const LookRequest> requests, Patience patience,
                              Deadline deadline) {
  std::vector<Look> looks = looker_.look(requests, patience, deadline);
  if (std::ranges::any_of(requests, &LookRequest::protection)) {
    const Deadline limit = client_->clock().steady() + kProtectionLimit;
    count_protected(requests, looks,
                    patience == Patience::All ? deadline : std::min(deadline, limit));
  }
  return looks;
}

std::size_t Cloud::looks_allowed() {
  const auto allowance = client_->allowance(Service::Ecs, "DescribeServices");
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

void Cloud::count_protected(std::span<const LookRequest> requests, std::span<Look> looks,
                            Deadline deadline) {
  std::vector<std::size_t> chosen;
  std::vector<ServiceId> ids;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].protection && looks[i].service && looks[i].service->service.desired > 0) {
      chosen.push_back(i);
      ids.push_back(requests[i].service);
    }
  }
  const std::vector<Result<std::int64_t>> counts = protected_tasks(*client_, ids, deadline);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    ServiceReading& reading = *looks[chosen[i]].service;
    reading.service.protected_tasks = counts[i].value_or(reading.service.desired);
    if (!counts[i]) {
      reading.protection_error = counts[i].error();
    }
  }
}

std::vector<Result<void>> Cloud::set_desired(std::span<const DesiredCount> changes,
                                             Deadline deadline) {
  return Ecs(*client_).set_desired(changes, deadline);
}

std::vector<Result<void>> Cloud::save(std::span<const SavedState> states, Deadline deadline) {
  return Ecs(*client_).save(states, deadline);
}

}  // namespace scaler::aws
