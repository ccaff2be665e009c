#include "programs/ecs_scaler/commands/report.h"

#include <fmt/core.h>

namespace scaler::cli {
namespace {

const std::vector<InstanceStep> kNoSteps = {};

std::string describe_queue(const Result<QueueDepth>& queue) {
  return queue ? fmt::format("{} visible, {} in flight, {} delayed", queue->visible,
                             queue->in_flight, queue->delayed)
               : std::string("not readable");
}

std::string conclusion(const PassRecord& record) {
  const std::int64_t before = record.reading->service.desired;
  const Decision& decision = *record.decision;
  if (decision.action == Action::Hold) {
    return fmt::format("hold at {}", before);
  }
  const std::string change =
      fmt::format("{} {} -> {}", to_string(decision.action), before, decision.desired);
  return change + (record.outcome == Outcome::Failed    ? ": failed"
                   : record.outcome == Outcome::Applied ? ": done"
                                                        : ": not done (dry run)");
}

}  // namespace

std::string name_and_place(const ServiceId& id) {
  std::string text = fmt::format("service {} in cluster {}", id.service, id.cluster);
  // An ARN says it all by itself.
  const Result<ServiceAddress> address = address_of(id);
  if (address && !id.service.starts_with("arn:")) {
    for (const std::string& part : {address->region, address->account}) {
      text += part.empty() ? "" : ", " + part;
    }
  }
  return text;
}

std::string describe(const PassRecord& record) {
  std::string text = name_and_place(record.id);
  if (record.reading) {
    const ServiceObservation& service = record.reading->service;
    text += fmt::format(": desired {}, running {}, pending {}", service.desired, service.running,
                        service.pending);
  }
  text += '\n';
  for (const Result<QueueDepth>& queue : record.queues) {
    text += fmt::format("queue: {}\n", describe_queue(queue));
  }
  if (!record.decision) {
    return text + "no decision: the service could not be read\n";
  }
  for (const Step& step : record.decision->steps) {
    text += fmt::format("  {:<13} {:>5}  {}\n", to_string(rule_of(step.reason)), step.tasks,
                        explain(step));
  }
  for (const InstanceStep& step : record.group ? record.group->steps : kNoSteps) {
    text +=
        fmt::format("  {:<19} {:>5}  {}\n", to_string(step.reason), step.instances, explain(step));
  }
  return text + conclusion(record) + "\n";
}

}  // namespace scaler::cli
