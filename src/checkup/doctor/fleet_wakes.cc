#include "checkup/doctor/fleet_wakes.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "edge/wiring/wake_mapping.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "scaler/invocation/wake_rules.h"

namespace scaler::doctor {
namespace {

constexpr const char* kPage = "docs/triggers.md";

/// What the function's variables say, or why it does not start.
struct Deployment {
  const WakeFacts& facts;
  const FleetConfig& config;
  std::span<const ServiceSpec> services;
  std::span<const Look> looks;

  bool wakes(const ServiceSpec& service) const {
    return service.wake.value_or(config.deployment.wake);
  }
  bool is_own(const QueueAddress& queue) const {
    return std::ranges::any_of(config.rules.ceilings.own_queues,
                               [&](const QueueAddress& own) { return may_be_same(own, queue); });
  }
};

bool is_on(const aws::EventSourceMapping& mapping) {
  return mapping.state == aws::MappingState::Enabled;
}

/// Whether the queue may wake, by its own settings.
void check_queue(const std::string& subject, const aws::EventSourceMapping& mapping,
                 const WakeFacts& facts, Findings& findings) {
  if (is_fifo(mapping.event_source_arn)) {
    return findings.problem(subject, "it is FIFO, and its mapping is to wake a service",
                            "Delete the mapping, or set wake to false for the service: a message "
                            "that is handed back would hold up its group.",
                            kPage);
  }
  const auto queue = facts.queues.find(mapping.event_source_arn);
  if (queue == facts.queues.end()) {
    return;
  }
  if (!queue->second) {
    return findings.failed(subject, queue->second.error(), "sqs:GetQueueAttributes");
  }
  if (has_few_receives({.receives_max = queue->second->receives_max})) {
    findings.problem(subject,
                     fmt::format("maxReceiveCount is {}, less than {}",
                                 *queue->second->receives_max, kWakeReceivesMin),
                     "Raise it: each wake receives the message once, and the function refuses to "
                     "wake on such a queue.",
                     kPage);
  }
}

/// A mapping on a queue of these services.
void check_owned(const Deployment& deployment, const aws::EventSourceMapping& mapping,
                 const std::vector<std::size_t>& owners, Findings& findings) {
  const std::string subject = "queue " + mapping.event_source_arn;
  const bool wakes = std::ranges::any_of(
      owners, [&](std::size_t i) { return deployment.wakes(deployment.services[i]); });
  if (!wakes) {
    if (is_on(mapping)) {
      findings.problem(
          subject,
          fmt::format("the mapping {} is enabled, but its service is not to be woken", mapping.id),
          "Set WAKE=true, or wake to true for the service; or disable it: its "
          "messages bounce until they are dead letters.",
          kPage);
    }
    return;
  }
  check_queue(subject, mapping, deployment.facts, findings);
  if (!mapping.reports_batch_item_failures) {
    findings.problem(subject,
                     fmt::format("the mapping {} lacks ReportBatchItemFailures", mapping.id),
                     "Add it: without it every message that wakes the service would be deleted. "
                     "The function refuses to enable such a mapping.",
                     kPage);
  }
  for (const std::size_t i : owners) {
    const Result<ServiceReading>& read = deployment.looks[i].service;
    if (is_on(mapping) && read && read->service.desired > 0) {
      findings.risk(subject,
                    fmt::format("the mapping {} is enabled while {} wants {} tasks", mapping.id,
                                described(deployment.services[i].id), read->service.desired),
                    "The next scheduled pass disables it. If it stays, the schedule is off or the "
                    "function may not switch the mapping.",
                    kPage);
    }
  }
}

void check_mapping(const Deployment& deployment, const aws::EventSourceMapping& mapping,
                   std::vector<bool>& mapped, Findings& findings) {
  const Result<QueueAddress> queue = parse_queue(mapping.event_source_arn);
  if (!queue || deployment.is_own(*queue)) {
    return;
  }
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < deployment.services.size(); ++i) {
    if (has_queue(deployment.services[i].queues, *queue)) {
      owners.push_back(i);
      mapped[i] = true;
    }
  }
  if (!owners.empty()) {
    return check_owned(deployment, mapping, owners, findings);
  }
  const std::string seen = fmt::format(
      "the mapping {} brings its messages to the function, and no service of the fleet has it{}",
      mapping.id, is_on(mapping) ? "" : "; it is off");
  const char* const advice =
      "Give the queue to a service, or delete the mapping: a message that comes by it goes back.";
  if (is_on(mapping)) {
    findings.problem("queue " + mapping.event_source_arn, seen, advice, kPage);
  } else {
    findings.note("queue " + mapping.event_source_arn, seen, advice, kPage);
  }
}

/// Services that say themselves that they are woken.
void check_unmapped(const Deployment& deployment, const std::vector<bool>& mapped,
                    Findings& findings) {
  for (std::size_t i = 0; i < mapped.size(); ++i) {
    if (deployment.services[i].wake.value_or(false) && !mapped[i]) {
      findings.problem("service " + described(deployment.services[i].id),
                       "it is to be woken, but the function has no event source mapping on its "
                       "queues",
                       "Create one, disabled, with ReportBatchItemFailures, in the function's "
                       "region; or leave wake out.",
                       kPage);
    }
  }
}

}  // namespace

WakeFacts examine_wakes(aws::Client& client, const std::string& function,
                        std::span<const ServiceSpec> services, Deadline deadline) {
  WakeFacts facts{.function = aws::Functions(client).configuration(function, deadline)};
  if (!facts.function) {
    return facts;
  }
  aws::EventSourceMappings mappings(client);
  facts.mappings = mappings_of(mappings, facts.function->arn, deadline);
  if (!facts.mappings) {
    return facts;
  }
  for (const aws::EventSourceMapping& mapping : *facts.mappings) {
    const Result<QueueAddress> queue = parse_queue(mapping.event_source_arn);
    const bool owned = queue && std::ranges::any_of(services, [&queue](const ServiceSpec& one) {
                         return has_queue(one.queues, *queue);
                       });
    if (owned && !facts.queues.contains(mapping.event_source_arn)) {
      facts.queues.emplace(mapping.event_source_arn,
                           aws::Sqs(client).settings(queue->url, deadline));
    }
  }
  return facts;
}

void check_wakes(const WakeFacts& facts, std::span<const ServiceSpec> services,
                 std::span<const Look> looks, Findings& findings) {
  if (!facts.function) {
    return findings.failed("function", facts.function.error(), "lambda:GetFunctionConfiguration");
  }
  if (!is_fleet(facts.function->environment)) {
    return findings.problem("function", "its FLEET is not set, so that it scales one service",
                            "Name the function of this fleet.", "docs/fleets.md");
  }
  const Result<FleetConfig> config = fleet_from_environment(facts.function->environment);
  if (!config) {
    return findings.problem("function", "it refuses its variables: " + config.error().message,
                            "Correct them: until then it does nothing, for it does not start.",
                            "docs/configuration.md");
  }
  if (!facts.mappings) {
    return findings.failed("wake mappings", facts.mappings.error(),
                           "lambda:ListEventSourceMappings");
  }
  const Deployment deployment{
      .facts = facts, .config = *config, .services = services, .looks = looks};
  std::vector<bool> mapped(services.size());
  for (const aws::EventSourceMapping& mapping : *facts.mappings) {
    check_mapping(deployment, mapping, mapped, findings);
  }
  check_unmapped(deployment, mapped, findings);
}

}  // namespace scaler::doctor
