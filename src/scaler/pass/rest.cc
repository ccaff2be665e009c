// Rest: a service with no tasks and no messages costs one look at its queues a pass. It is
// described when these say something, when anything else is to be done for it, and now and then in
// its turn. Nothing but a hold is ever decided on what was read earlier. Who stands on a group that
// somebody owns rests once the group does.

#include <algorithm>

#include "ground/base/turns.h"
#include "scaler/pass/groups.h"
#include "scaler/pass/item.h"

namespace scaler {
namespace {

bool is_quiet(const Result<QueueDepth>& queue) {
  return queue && *queue == QueueDepth{};
}

bool is_at_rest(const ServiceObservation& service) {
  return service.desired == 0 && service.running == 0 && service.pending == 0 &&
         service.status == ServiceStatus::Active &&
         service.scheduling == SchedulingStrategy::Replica && !service.deploying &&
         !service.paused_until;
}

}  // namespace

bool may_rest(const ManagedService& service, Instant at, const PassOptions& options) {
  return service.rest && options.describe_every > Duration::zero() && !options.all_groups &&
         group_rests(service, at) &&
         !turn_came(service.id.service, service.rest->described_at, at, options.describe_every);
}

bool has_messages(const Item& item) {
  return std::ranges::any_of(item.look.queues,
                             [](const auto& queue) { return queue && !is_quiet(queue); });
}

bool still_rests(const Item& item) {
  return std::ranges::all_of(item.look.queues, is_quiet) && item.action() == Action::Hold &&
         item.record->complaint.empty();
}

void note_rest(Item& item) {
  const PassRecord& record = *item.record;
  const bool rests = record.reading && is_at_rest(record.reading->service) && still_rests(item) &&
                     record.outcome == Outcome::Held && !record.failed();
  item.service->rest =
      rests ? std::optional(Rest{.reading = *record.reading, .described_at = record.at})
            : std::nullopt;
}

}  // namespace scaler
