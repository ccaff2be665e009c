#include "programs/ecs_scaler/commands/forget.h"

#include <cstdio>
#include <unistd.h>

#include <fmt/core.h>

#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"

namespace scaler::cli {
namespace {

/// Removes the state tags that the readings hold; one result per service, in order.
std::vector<Result<void>> remove(std::span<const Look> looks,
                                 std::span<const ManagedService> services, StateWriter& states,
                                 Deadline deadline) {
  std::vector<Result<void>> results(looks.size());
  std::vector<std::size_t> holders;
  std::vector<SavedState> nothing;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const Result<ServiceReading>& reading = looks[i].service;
    if (!reading) {
      results[i] = std::unexpected(reading.error());
    } else if (!reading->saved_state.empty()) {
      holders.push_back(i);
      nothing.push_back({.service_arn = reading->arn, .role = services[i].id.role});
    }
  }
  std::vector<Result<void>> saved = states.save(nothing, deadline);
  for (std::size_t i = 0; i < holders.size(); ++i) {
    results[holders[i]] = std::move(saved[i]);
  }
  return results;
}

int report(const ManagedService& service, const Result<ServiceReading>& reading,
           const Result<void>& removed) {
  if (!removed) {
    return complain(kFailed, removed.error().message);
  }
  const std::string& text = reading->saved_state;
  fmt::print(
      "service {} in cluster {}: {}\n", service.id.service, service.id.cluster,
      text.empty() ? "there was no state tag" : fmt::format("removed the state tag ({})", text));
  return kDone;
}

}  // namespace

int forget(const Environment& environment, const FleetChoice& choice) {
  const auto fleet = open_fleet(environment, choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const std::unique_ptr<Wiring>& wiring = (*fleet)->wiring;
  const std::vector<ManagedService>& services = (*fleet)->services;
  std::vector<LookRequest> requests;
  for (const ManagedService& service : services) {
    requests.push_back({.service = service.id});
  }
  const Deadline deadline = after(kLookTimeout);
  const auto looks = wiring->reader().look(requests, Patience::All, deadline);
  const auto removed = remove(looks, services, wiring->states(), deadline);
  int code = tell_news(**fleet);
  for (std::size_t i = 0; i < removed.size(); ++i) {
    code = std::max(code, report(services[i], looks[i].service, removed[i]));
  }
  return code;
}

}  // namespace scaler::cli
