#include "aws/cloud.h"

#include <utility>

#include "aws/ecs.h"
#include "aws/sqs.h"

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
  return response;
}

std::vector<Result<void>> Cloud::set_desired(std::span<const DesiredCount> changes,
                                             Deadline deadline) {
  return Ecs(*client_).set_desired(changes, deadline);
}

std::vector<Result<void>> Cloud::save(std::span<const SavedState> states, Deadline deadline) {
  return Ecs(*client_).save(states, deadline);
}

}  // namespace scaler::aws
