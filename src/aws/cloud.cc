#include "aws/cloud.h"

#include <utility>

#include "aws/ecs.h"
#include "aws/sqs.h"
#include "aws/task_protection.h"

namespace scaler::aws {

ReadResponse Cloud::read(const ReadRequest& request, Deadline deadline) {
  const ServiceDescriptions descriptions(request.services);
  std::vector<ApiCall> calls;
  calls.reserve(request.queue_urls.size() + descriptions.calls().size());
  for (const std::string& url : request.queue_urls) {
    calls.push_back(queue_depth_call(url));
  }
  calls.insert(calls.end(), descriptions.calls().begin(), descriptions.calls().end());

  const std::vector<Result<ApiReply>> replies = client_->call(calls, deadline);

  ReadResponse response;
  for (std::size_t i = 0; i < request.queue_urls.size(); ++i) {
    response.queues.push_back(read_queue_depth(replies[i], request.queue_urls[i]));
  }
  response.services = descriptions.read(std::span(replies).subspan(request.queue_urls.size()));
  count_protected(request, response.services, deadline);
  return response;
}

void Cloud::count_protected(const ReadRequest& request,
                            std::vector<Result<ServiceReading>>& services, Deadline deadline) {
  std::vector<std::size_t> chosen;
  std::vector<ServiceId> ids;
  for (const std::size_t i : request.protection_of) {
    if (services[i] && services[i]->service.desired > 0) {
      chosen.push_back(i);
      ids.push_back(request.services[i]);
    }
  }
  const std::vector<Result<std::int64_t>> counts = protected_tasks(*client_, ids, deadline);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    ServiceReading& reading = *services[chosen[i]];
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
