#include <algorithm>
#include <span>
#include <utility>

#include "checkup/doctor/facts.h"
#include "edge/aws/ecs.h"
#include "edge/aws/task_protection.h"

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

std::vector<ProxyUse> proxy_uses(const aws::Settings& settings, std::string_view region) {
  std::vector<ProxyUse> uses;
  for (std::size_t i = 0; i < aws::kServiceCount; ++i) {
    const auto service = static_cast<aws::Service>(i);
    const auto destination = settings.destination(service, region);
    const auto* proxy =
        destination ? settings.proxies.of(destination->endpoint.origin).value_or(nullptr) : nullptr;
    if (proxy == nullptr) {
      continue;
    }
    const std::string text = to_string(*proxy);
    auto use = std::ranges::find(uses, text, &ProxyUse::proxy);
    if (use == uses.end()) {
      use = uses.insert(use, {.proxy = text, .variable = proxy->variable});
    }
    use->services += (use->services.empty() ? "" : ", ") + std::string(display_name(service));
  }
  return uses;
}

}  // namespace

Facts examine(aws::Client& client, const Place& place, Instant now, Deadline deadline) {
  const std::string_view region = aws::region_of(place.service);
  Facts facts{.place = place, .proxies = proxy_uses(client.settings(), region)};
  facts.caller = aws::caller_identity(client, deadline, region);
  facts.credential_source = client.credential_source();
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
