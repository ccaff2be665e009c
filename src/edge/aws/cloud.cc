#include "edge/aws/cloud.h"

#include <algorithm>
#include <limits>

#include "edge/aws/ecs.h"
#include "scaler/core/queue_names.h"
#include "scaler/state/state_text.h"

namespace scaler::aws {

namespace {

std::size_t tokens(Client& client, std::string_view operation, const ServiceId& like) {
  const auto allowance = client.allowance(AwsService::Ecs, operation, place_of(like));
  return allowance ? static_cast<std::size_t>(std::max<std::int64_t>(allowance->tokens, 0))
                   : std::numeric_limits<std::size_t>::max();
}

/// What is looked at in one place, and where it stands among all requests.
struct Part {
  Looker* looker = nullptr;
  std::vector<LookRequest> requests = {};
  std::vector<std::size_t> at = {};
};

std::map<Place, Part> parts_of(std::span<const LookRequest> requests) {
  std::map<Place, Part> parts;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Part& part = parts[place_of(requests[i].service)];
    part.requests.push_back(requests[i]);
    part.at.push_back(i);
  }
  return parts;
}

/// Works on all of the looks until each is over.
void await(Client& client, std::span<Looker* const> lookers) {
  while (true) {
    std::optional<Deadline> until;
    for (Looker* looker : lookers) {
      if (const auto next = looker->step()) {
        until = std::min(until.value_or(Deadline::max()), *next);
      }
    }
    if (!until) {
      return;
    }
    client.run(*until);
  }
}

}  // namespace

Looker& Cloud::looker_of(const ServiceId& id) {
  return lookers_.try_emplace({std::string(region_of(id)), id.role}, *client_, id.role)
      .first->second;
}

std::vector<Look> Cloud::look(std::span<const LookRequest> requests, Patience patience,
                              Deadline deadline) {
  if (requests.empty()) {
    return {};
  }
  const ServiceId& first = requests.front().service;
  if (std::ranges::all_of(requests, [&](const LookRequest& request) {
        return place_of(request.service) == place_of(first);
      })) {
    Looker* const only = &looker_of(first);
    only->begin(requests, patience, deadline);
    await(*client_, {&only, 1});
    std::vector<Look> looks = only->finish(requests);
    heed_changes(requests, looks);
    return looks;
  }
  std::map<Place, Part> parts = parts_of(requests);
  std::vector<Looker*> lookers;
  for (auto& [place, part] : parts) {
    part.looker = &looker_of(part.requests.front().service);
    part.looker->begin(part.requests, patience, deadline);
    lookers.push_back(part.looker);
  }
  await(*client_, lookers);
  std::vector<Look> looks(requests.size());
  for (auto& [place, part] : parts) {
    std::vector<Look> found = part.looker->finish(part.requests);
    for (std::size_t i = 0; i < found.size(); ++i) {
      looks[part.at[i]] = std::move(found[i]);
    }
  }
  heed_changes(requests, looks);
  return looks;
}

// Another process, such as another sandbox of the function, may have changed these services a
// moment ago: what it took of the rates is told by their own states.
void Cloud::heed_changes(std::span<const LookRequest> requests, std::span<const Look> looks) {
  constexpr std::size_t kFew = 10;  // Within any burst.
  constexpr Duration kClockTolerance = std::chrono::seconds(5);
  if (requests.size() <= kFew) {
    return;
  }
  const Instant now = client_->clock().now();
  const Deadline steady = client_->clock().steady();
  std::map<Place, std::vector<Deadline>> changes;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const auto state = looks[i].service ? parse_state(looks[i].service->saved_state)
                                        : Result<ServiceState>(ServiceState());
    if (!state) {
      continue;
    }
    // What is still to come, by a clock that was wrong, would be a change of this moment each time.
    for (const std::optional<Instant>& at : {state->last_scale_out, state->last_scale_in}) {
      if (at && *at <= now + kClockTolerance) {
        changes[place_of(requests[i].service)].push_back(steady -
                                                         std::max(now - *at, Duration::zero()));
      }
    }
  }
  for (auto& [place, calls] : changes) {
    std::ranges::sort(calls);
    // Each change is followed by its tag.
    client_->heed(AwsService::Ecs, "UpdateService", place, calls);
    client_->heed(AwsService::Ecs, "TagResource", place, calls);
  }
}

std::size_t Cloud::looks_allowed(const ServiceId& like) {
  const auto allowance = client_->allowance(AwsService::Ecs, "DescribeServices", place_of(like));
  if (!allowance) {
    return std::numeric_limits<std::size_t>::max();
  }
  const std::int64_t calls = std::max<std::int64_t>(allowance->tokens + allowance->per_second, 0);
  return std::max<std::size_t>(static_cast<std::size_t>(calls) * kServicesPerDescription, 1);
}

/// A queue of another region is another place.
Duration Cloud::round_trip(const LookRequest& like) {
  Place place = place_of(like.service);
  Duration slowest = client_->round_trip(place);
  for (const std::string& url : like.queue_urls) {
    const Result<QueueAddress> queue = parse_queue(url);
    if (queue && !queue->region.empty()) {
      place.region = queue->region;
      slowest = std::max(slowest, client_->round_trip(place));
    }
  }
  return slowest;
}

std::size_t Cloud::changes_allowed(const ServiceId& like) {
  return tokens(*client_, "UpdateService", like);
}

std::size_t Cloud::saves_allowed(const ServiceId& like) {
  return tokens(*client_, "TagResource", like);
}

std::vector<Result<void>> Cloud::set_desired(std::span<const DesiredCount> changes,
                                             Deadline deadline) {
  return Ecs(*client_).set_desired(changes, deadline);
}

std::vector<Result<void>> Cloud::save(std::span<const SavedState> states, Deadline deadline) {
  return Ecs(*client_).save(states, deadline);
}

}  // namespace scaler::aws
