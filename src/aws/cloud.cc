#include "aws/cloud.h"

#include <utility>

#include "aws/ecs.h"
#include "aws/sqs.h"
#include "aws/task_protection.h"

namespace scaler::aws {

std::vector<Look> Cloud::look(std::span<const LookRequest> requests, Patience /*patience*/,
                              Deadline deadline) {
  std::vector<ServiceId> ids;
  std::vector<ApiCall> calls;
  for (const LookRequest& request : requests) {
    ids.push_back(request.service);
    for (const std::string& url : request.queue_urls) {
      calls.push_back(queue_depth_call(url));
    }
  }
  const std::size_t queues = calls.size();
  const ServiceDescriptions descriptions(ids);
  calls.insert(calls.end(), descriptions.calls().begin(), descriptions.calls().end());

  const Deadline asked = after(Duration::zero());
  const std::vector<Result<ApiReply>> replies = client_->call(calls, deadline);

  std::vector<Result<ServiceReading>> services =
      descriptions.read(std::span(replies).subspan(queues));
  std::vector<Look> looks(requests.size());
  auto reply = replies.begin();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    looks[i].asked = asked;
    looks[i].service = std::move(services[i]);
    for (const std::string& url : requests[i].queue_urls) {
      looks[i].queues.push_back(read_queue_depth(*reply++, url));
    }
  }
  count_protected(requests, looks, deadline);
  return looks;
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
