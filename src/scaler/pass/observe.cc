// Observe and decide: from a look to a decision in the record.
#include <algorithm>

#include "ground/base/check.h"
#include "scaler/pass/item.h"

namespace scaler {
namespace {

LookRequest request_of(const ManagedService& service, const PassOptions& options) {
  LookRequest request{.service = service.id,
                      .protection = service.policy->scale_in_when == ScaleInWhen::Protected,
                      .urgent = options.delivered > 0};
  for (const JobQueue& queue : service.queues) {
    request.queue_urls.push_back(queue.url);
  }
  return request;
}

std::vector<LookRequest> requests_of(Items items, const Surroundings& surroundings) {
  std::vector<LookRequest> requests(items.size());
  std::ranges::transform(items, requests.begin(), [&](const Item* item) {
    return request_of(*item->service, surroundings.options);
  });
  return requests;
}

void ask(Items items, std::span<const LookRequest> requests, const Surroundings& surroundings,
         Patience patience) {
  std::vector<Look> looks =
      surroundings.ports.reader.look(requests, patience, surroundings.options.deadline);
  CHECK(looks.size() == items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i]->look = std::move(looks[i]);
  }
}

std::vector<Millionths> weights_of(const ManagedService& service) {
  std::vector<Millionths> weights(service.queues.size());
  std::ranges::transform(service.queues, weights.begin(), &JobQueue::weight);
  return weights;
}

QueuesMark queues_of(const ManagedService& service) {
  std::vector<std::string_view> urls(service.queues.size());
  std::ranges::transform(service.queues, urls.begin(), &JobQueue::url);
  return mark_of(std::move(urls));
}

}  // namespace

std::string_view region_of(const ServiceId& id) {
  const std::string_view said = region_of_service(id.cluster, id.service);
  return said.empty() ? std::string_view(id.region) : said;
}

Result<ServiceAddress> address_of(const ServiceId& id) {
  ServiceAddress address = TRY(parse_service(id.cluster, id.service));
  if (address.region.empty()) {
    address.region = id.region;
  }
  if (const auto role = parse_arn(id.role.arn); role && address.account.empty()) {
    address.account = role->account;
  }
  return address;
}

std::string described(const ServiceId& id) {
  std::string text = id.cluster + "/" + id.service;
  if (const Result<ServiceAddress> address = address_of(id)) {
    const bool both = !address->region.empty() && !address->account.empty();
    const std::string where = address->region + (both ? ", " : "") + address->account;
    text += where.empty() ? "" : " (" + where + ")";
  }
  return text;
}

Place place_of(const ServiceId& id) {
  return {.region = region_of(id), .role = id.role.arn, .external_id = id.role.external_id};
}

LookRequest look_at_all_of(const ManagedService& service) {
  return request_of(service, {});
}

Look look_at(CloudReader& reader, const LookRequest& request, Deadline deadline) {
  return std::move(reader.look({&request, 1}, Patience::All, deadline).front());
}

Duration freshness_bound(const Item& item, const Surroundings& surroundings) {
  constexpr Duration kLeast = std::chrono::milliseconds(500);
  constexpr Duration kMost = std::chrono::seconds(2);
  const LookRequest request = request_of(*item.service, surroundings.options);
  return std::clamp(3 * surroundings.ports.reader.round_trip(request), kLeast, kMost);
}

// A machine that was suspended under a scale-in's second look went on with it two hours later.
Duration age_of(const Item& item, const Surroundings& surroundings) {
  constexpr Duration kSlept = std::chrono::seconds(1);
  const Clock& clock = surroundings.ports.clock;
  const Deadline steady = clock.steady();
  const Duration slept = (clock.now() - surroundings.begun_at) -
                         std::chrono::round<Duration>(steady - surroundings.begun);
  return std::chrono::floor<Duration>(steady - item.look.asked) +
         (slept > kSlept ? slept : Duration::zero());
}

void look(Items items, const Surroundings& surroundings, Patience patience) {
  ask(items, requests_of(items, surroundings), surroundings, patience);
}

void look_unprotected(Items items, const Surroundings& surroundings) {
  std::vector<LookRequest> requests = requests_of(items, surroundings);
  for (LookRequest& request : requests) {
    request.protection = false;
  }
  ask(items, requests, surroundings, Patience::AllButSlow);
}

void look_at_queues(Items items, const Surroundings& surroundings) {
  std::vector<LookRequest> requests = requests_of(items, surroundings);
  for (LookRequest& request : requests) {
    request.queues_alone = true;
  }
  ask(items, requests, surroundings, Patience::AllButSlow);
  for (Item* item : items) {
    item->look.service = item->service->rest->reading;
  }
}

void tell(Item& item, const Clock& clock) {
  PassRecord& record = *item.record;
  if (record.decision && !item.look.service) {
    record.errors.push_back(item.look.service.error().message);
    return;  // What an earlier round saw is what was decided on.
  }
  record.looked = true;
  record.at = clock.now();
  record.reading = item.look.service;
  record.queues = item.look.queues;
  record.errors.clear();
  for (const Result<QueueDepth>& queue : record.queues) {
    if (!queue) {
      record.errors.push_back(queue.error().message);
    }
  }
  if (!record.reading) {
    record.errors.push_back(record.reading.error().message);
  } else if (record.reading->protection_error) {
    record.errors.push_back(record.reading->protection_error->message);
  }
}

bool decidable(const Item& item) {
  const Look& look = item.look;
  const bool some_queue =
      std::ranges::any_of(look.queues, [](const auto& queue) { return queue.has_value(); });
  return look.service && (!look.under_way || some_queue);
}

Decision decide_on(const Item& item, const ServiceState& state, Instant at,
                   const PassOptions& options) {
  Decision decision = decide(item.service->policy, state,
                             {.at = at,
                              .queues = item.look.queues,
                              .weights = weights_of(*item.service),
                              .delivered = options.delivered,
                              .look_every = options.look_every,
                              .tick = options.tick,
                              .service = item.look.service->service});
  return item.room ? within_room(std::move(decision), *item.room) : std::move(decision);
}

void decide_first(Item& item, const Surroundings& surroundings) {
  PassRecord& record = *item.record;
  const Clock& clock = surroundings.ports.clock;
  const PassOptions& options = surroundings.options;
  Memory::Recalled recalled = item.service->memory.recall(
      item.look.service->saved_state, item.service->policy,
      {.at = record.at,
       .steady = options.steady ? std::optional(clock.steady()) : std::nullopt,
       .queues = queues_of(*item.service),
       .usual_gap = usual_gap(options.look_every, options.tick)});
  item.past = std::move(recalled.state);
  item.searching = item.past.refused.has_value();
  record.complaint = item.look.service->pause_complaint.empty()
                         ? std::move(recalled.complaint)
                         : item.look.service->pause_complaint;
  record.from_zero = item.look.service->service.desired == 0;
  record.decision = decide_on(item, item.past, record.at, surroundings.options);
  record.outcome = Outcome::Held;  // Also of one that waited for a slot, and needs none any more.
  if (surroundings.options.permission == Permission::ScaleOutOnly &&
      record.decision->action == Action::ScaleIn) {
    record.decision =
        held(*record.decision, item.look.service->service.desired, Reason::ScaleOutOnly);
  }
}

}  // namespace scaler
