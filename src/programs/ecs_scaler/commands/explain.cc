#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unistd.h>

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "edge/wiring/wiring.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/help.h"
#include "programs/ecs_scaler/commands/report.h"
#include "scaler/core/names.h"
#include "scaler/core/policy_fields.h"
#include "scaler/state/state_text.h"
#include "wire/record.h"

namespace scaler::cli {
namespace {

struct ExplainFlags {
  FleetChoice choice = {};
  Output output = Output::Text;
};

constexpr std::string_view kWords =
    "  (visible: free to take; in flight: at a worker; delayed: not visible yet)\n";

std::string_view status_of(const ServiceObservation& service) {
  return service.status == ServiceStatus::Active     ? "ACTIVE"
         : service.status == ServiceStatus::Draining ? "DRAINING"
                                                     : "INACTIVE";
}

std::string queue_row(const JobQueue& queue, const Result<QueueDepth>& depth) {
  const std::string_view name = plain_name(queue.url);
  const std::string weight = format_millionths(queue.weight);
  return depth ? fmt::format("  {:<24} {:>6} {:>9} {:>10} {:>9}\n", name, weight, depth->visible,
                             depth->in_flight, depth->delayed)
               : fmt::format("  {:<24} {:>6} could not be read\n", name, weight);
}

std::string sentence_of(const PassRecord& record) {
  const std::int64_t before = record.reading->service.desired;
  const Decision& decision = *record.decision;
  return decision.action == Action::Hold
             ? fmt::format("A pass would hold at {}.", before)
             : fmt::format("A pass would {} from {} to {}.",
                           decision.action == Action::ScaleOut ? "scale out" : "scale in", before,
                           decision.desired);
}

std::string memory_of(const PassRecord& record) {
  const std::string& saved = record.reading->saved_state;
  if (saved.empty()) {
    return "Nothing is remembered (there is no state tag): no scale-in before a threshold or "
           "window has been seen.\n";
  }
  const Result<ServiceState> state = parse_state(saved);
  return state ? fmt::format("Remembered: {}\n", saved)
               : fmt::format("The state tag cannot be used, so nothing is remembered: {}\n",
                             state.error().message);
}

/// What else is wrong than the state tag.
std::string complaint_of(const PassRecord& record) {
  const Result<ServiceState> state = parse_state(record.reading->saved_state);
  const bool told = !state && state.error().message == record.complaint;
  return record.complaint.empty() || told ? "" : record.complaint + "\n";
}

std::string instances_of(const PassRecord& record) {
  if (!record.group) {
    return {};
  }
  const GroupRecord& group = *record.group;
  std::string text = fmt::format("\ninstances of capacity provider {}", group.provider);
  if (!group.group.empty()) {
    text += fmt::format(
        " (group {}): desired {}, at most {}; in service {}, of these {} without a task; {} "
        "draining",
        group.group, group.desired, group.max, group.in_service, group.idle, group.draining);
  }
  text += fmt::format("\n\n  {:<19} {:>9}  {}\n", "rule", "instances", "why");
  for (const InstanceStep& step : group.steps) {
    text +=
        fmt::format("  {:<19} {:>9}  {}\n", to_string(step.reason), step.instances, explain(step));
  }
  return text;
}

std::string table(const ManagedService& service, const PassRecord& record) {
  std::string text = name_and_place(record.id);
  if (record.reading) {
    const ServiceObservation& seen = record.reading->service;
    text +=
        fmt::format(": {}{}, desired {}, running {}, pending {}", status_of(seen),
                    seen.deploying ? ", deploying" : "", seen.desired, seen.running, seen.pending);
  }
  text += fmt::format("\n\n  {:<24} {:>6} {:>9} {:>10} {:>9}\n", "queue", "weight", "visible",
                      "in flight", "delayed");
  for (std::size_t i = 0; i < service.queues.size(); ++i) {
    text += queue_row(service.queues[i], record.queues[i]);
  }
  text += kWords;
  if (!record.decision) {
    return text + "\nThere is no decision: the service could not be read.\n";
  }
  text += fmt::format("\n  {:<13} {:>5}  {}\n", "rule", "tasks", "why");
  for (const Step& step : record.decision->steps) {
    text += fmt::format("  {:<13} {:>5}  {}\n", to_string(rule_of(step.reason)), step.tasks,
                        explain(step));
  }
  return fmt::format("{}{}\n{}{}{}\n", text, instances_of(record), complaint_of(record),
                     memory_of(record), sentence_of(record));
}

int explain_services(const Environment& environment, const ExplainFlags& flags) {
  const auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  std::vector<ManagedService>& services = (*fleet)->services;
  const std::vector<PassRecord> records = run_pass(
      services, (*fleet)->ports(),
      {.permission = Permission::Nothing, .deadline = after(kLookTimeout), .all_groups = true});
  bool failed = tell_news(**fleet) != kDone;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string text =
        flags.output == Output::Json
            ? record_json(records[i]) + "\n"
            : for_people((i == 0 ? "" : "\n") + table(services[i], records[i]), environment);
    std::fputs(text.c_str(), stdout);
    for (const std::string& error : records[i].errors) {
      failed = true;
      complain(kFailed, error);
    }
  }
  return failed ? kFailed : kDone;
}

}  // namespace

Command explain_command() {
  const auto flags = std::make_shared<ExplainFlags>();
  Command command{.name = "explain",
                  .sentence = "What a pass would do now, rule by rule, and why; changes nothing",
                  .options = {output_option(flags->output)},
                  .exclusive = {{kConfigFlag, kFleetFlag}},
                  .reads_environment = true,
                  .example = "ecs-scaler explain --config fleet.yaml",
                  .run = [flags](const Environment& environment) {
                    return explain_services(environment, *flags);
                  }};
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(command.options));
  return command;
}

}  // namespace scaler::cli
