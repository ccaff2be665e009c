// What a look tells: the answers that came, and of the others why they have not.

#include <algorithm>

#include "edge/aws/looking.h"

namespace scaler::aws {
namespace {

std::string name_of(const LookedAtQueue& queue) {
  return "SQS GetQueueAttributes " + queue.url;
}

std::string name_of_protection(const LookedAtService& service) {
  return "ECS GetTaskProtection " + service.id.cluster + "/" + service.id.service;
}

std::string name_of(const LookedAtService& service) {
  return "ECS DescribeServices " + service.id.cluster + "/" + service.id.service;
}

}  // namespace

std::vector<Look> Looker::tell(std::span<const LookRequest> requests) {
  std::vector<Look> looks(requests.size());
  auto queue = current_.queues.begin();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Look& look = looks[i];
    look.asked = Deadline::max();
    look.service = requests[i].queues_alone
                       ? fail(ErrorKind::Unavailable, "the service was not asked")
                       : tell_service(*current_.services[i], look);
    look.queues.reserve(requests[i].queue_urls.size());
    for (std::size_t j = 0; j < requests[i].queue_urls.size(); ++j) {
      look.queues.push_back(tell_queue(**queue++, look));
    }
    if (look.asked == Deadline::max()) {
      look.asked = current_.begun;
    }
  }
  return looks;
}

Result<ServiceReading> Looker::tell_service(const LookedAtService& service, Look& look) const {
  if (service.answer) {
    if (service.left != Deadline{}) {
      look.asked = std::min(look.asked, service.left);
    }
    Result<ServiceReading> reading = *service.answer;
    if (service.protection_wanted()) {
      tell_protection(service, *reading, look);
    }
    return reading;
  }
  if (service.refusal && service.asked_by == 0) {
    const Duration left = std::chrono::ceil<Duration>(service.refusal->again - now());
    return fail(service.refusal->error.kind, service.refusal->error.message + "; asked again in " +
                                                 format_duration(std::max(left, Duration::zero())));
  }
  return std::unexpected(missing(service, name_of(service), look));
}

void Looker::tell_protection(const LookedAtService& service, ServiceReading& reading,
                             Look& look) const {
  const LookedAtProtection& protection = service.protection;
  reading.service.protected_tasks = reading.service.desired;
  if (!protection.answer) {
    reading.protection_error = missing(protection, name_of_protection(service), look);
    return;
  }
  if (protection.left != Deadline{}) {
    look.asked = std::min(look.asked, protection.left);
  }
  if (*protection.answer) {
    reading.service.protected_tasks = **protection.answer;
  } else {
    reading.protection_error = protection.answer->error();
  }
}

Result<QueueDepth> Looker::tell_queue(const LookedAtQueue& queue, Look& look) const {
  if (queue.answer) {
    if (queue.left != Deadline{}) {
      look.asked = std::min(look.asked, queue.left);
    }
    return *queue.answer;
  }
  return std::unexpected(missing(queue, name_of(queue), look));
}

/// Why a part has no answer.
Error Looker::missing(const LookedAt& part, const std::string& what, Look& look) const {
  Error error{.kind = ErrorKind::Unavailable, .message = what};
  const CallProgress* progress = part.asked_by == 0 ? nullptr : client_->progress(part.asked_by);
  if (progress == nullptr) {
    // Of many that are slow some are not asked for yet: their turn is to come, too.
    look.under_way = look.under_way || current_.patience == Patience::AllButSlow;
    error.message += part.slow ? ": no answer in time; it has been slow, and others go before it"
                               : ": no answer before the deadline";
    return error;
  }
  look.under_way = true;
  if (progress->last_failure) {
    return {.kind = progress->last_failure->kind,
            .message = progress->last_failure->message + "; still asked"};
  }
  const Deadline since = progress->begun.value_or(part.last_asked);
  error.message += ": no answer yet after " +
                   format_duration(std::chrono::floor<Duration>(now() - since)) + "; still asked";
  return error;
}

}  // namespace scaler::aws
