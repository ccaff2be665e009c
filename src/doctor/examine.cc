#include <span>
#include <utility>

#include "aws/ecs.h"
#include "aws/task_protection.h"
#include "doctor/facts.h"

namespace scaler::doctor {
namespace {

Result<std::optional<aws::EventSourceMapping>> mapping_on(aws::Client& client,
                                                          const aws::MappingFilter& filter,
                                                          Deadline deadline) {
  std::vector<aws::EventSourceMapping> found =
      TRY(aws::EventSourceMappings(client).list(filter, deadline));
  return found.empty() ? std::optional<aws::EventSourceMapping>()
                       : std::optional(std::move(found.front()));
}

}  // namespace

Facts examine(aws::Client& client, const Place& place, Instant now, Deadline deadline) {
  Facts facts{.place = place};
  facts.caller = aws::caller_identity(client, deadline, aws::region_of(place.service));
  facts.queue = aws::Sqs(client).settings(place.queue_url, deadline);
  facts.service = aws::service_details(client, place.service, deadline);
  if (facts.service && facts.service->launch_type == "EC2") {
    facts.instances = aws::container_instances(client, place.service, deadline);
  }
  if (facts.service && place.scale_in_when == "protected") {
    facts.protected_tasks = aws::protected_tasks(client, place.service, deadline);
  }
  facts.scalable_target = aws::scalable_target(client, place.service, deadline);
  if (!place.function.empty()) {
    facts.function = aws::Functions(client).configuration(place.function, deadline);
    if (facts.queue) {
      facts.mapping = mapping_on(
          client, {.function_name = place.function, .event_source_arn = facts.queue->arn},
          deadline);
    }
  }
  facts.clock_difference = client.clock_difference();
  facts.at = now + facts.clock_difference;
  return facts;
}

}  // namespace scaler::doctor
