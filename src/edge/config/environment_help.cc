// What the variables are for, and which of them was most likely meant by another name.

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "edge/config/variables.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "scaler/core/policy_fields.h"
#include "wire/policy.h"

namespace scaler {

std::vector<std::string> misspelt_variables(const Environment& environment) {
  const std::vector<VariableHelp> help = environment_help();
  // Of short names, and of those of one word, too many belong to other programs.
  constexpr std::size_t kShortest = 6;
  std::vector<std::string_view> known;
  for (const VariableHelp& variable : help) {
    if (variable.name.contains('_')) {
      known.push_back(variable.name);
    }
  }
  std::vector<std::string> warnings;
  for (const auto& [name, value] : environment) {
    if (name.size() < kShortest || !name.contains('_') || name.starts_with("AWS_")) {
      continue;
    }
    const auto meant = nearest_word(name, known);
    if (meant && !environment.contains(*meant)) {
      warnings.push_back(fmt::format("{} is no setting; did you mean '{}'?", name, *meant));
    }
  }
  return warnings;
}

std::vector<VariableHelp> environment_help() {
  std::vector<VariableHelp> help;
  help.reserve(kRequired.size() + policy_fields().size() + 8);
  for (const RequiredVariable& wanted : kRequired) {
    help.push_back({.name = std::string(wanted.name),
                    .unit = "required",
                    .sentence = fmt::format("{}.", wanted.meaning)});
  }
  for (const PolicyField& field : policy_fields()) {
    const bool minutes = variable_name(field) == kThreshold;
    help.push_back({.name = variable_name(field),
                    .unit = minutes ? "minutes" : std::string(field.unit),
                    .default_value = minutes ? "2" : default_of(field),
                    .sentence = std::string(field.sentence)});
  }
  help.push_back(
      {"WAKE", "true|false", "false",
       "The job queue's own event source mapping wakes the service; it is enabled only at zero."});
  help.push_back(
      {"WAKE_RETURN_SECONDS", "seconds", "30",
       "How long a message that woke the service stays invisible before a worker can take it."});
  help.push_back({std::string(kTickQueue), "", "",
                  "The scaler's own tick queue: a scheduled pass sends the ticks of the coming "
                  "minute to it, and each is a pass. Without it there are no ticks."});
  help.push_back(
      {std::string(kTickSeconds), "seconds", "10", "Time between ticks, 1 to 59; 0 sends none."});
  help.push_back({std::string(kScheduleSeconds), "seconds|rate(...)", "60",
                  "How far apart the scheduled passes are. Looks that are more than three times as "
                  "far apart, and more than 3 minutes, say nothing about the time between them."});
  help.push_back({std::string(kDoorbell), "", "",
                  "The scaler's own doorbell queue: a message on it is a pass that may only scale "
                  "out."});
  help.push_back({"METRICS", "emf|emf:NAME,...", "",
                  "Publishes all or the named metrics to CloudWatch. Each metric of each service "
                  "costs more a month than the scaler itself."});
  help.push_back(
      {std::string(kFleet), "tags|FILE|s3://BUCKET/KEY", "",
       "Many services in place of the one above: those that carry the tag "
       "ecs-scaler:queue, or those of a fleet file, which S3 is asked for once a minute. "
       "The policy's variables are their defaults."});
  help.push_back({std::string(kFleetTasksMax), "tasks", "100",
                  "FLEET=tags: no service may have more, whatever its tags say."});
  help.push_back({std::string(kFleetQueues), "patterns", "",
                  "FLEET=tags: the queues that tags may name, by name or ARN, with * for anything "
                  "and blanks between them. Without it: all."});
  help.push_back({std::string(kFleetClusters), "patterns", "",
                  "FLEET=tags: the clusters whose services are scaled. Without it: all."});
  help.push_back({std::string(kFleetProfiles), "JSON", "",
                  "FLEET=tags: policies by name, for the tag ecs-scaler:profile."});
  help.push_back(
      {std::string(kFleetAccounts), "JSON", "",
       "FLEET=tags: the accounts and regions that are searched, a list of {\"role\": ARN, "
       "\"external_id\": .., \"regions\": [..]}. Without it: the program's own."});
  help.push_back(
      {std::string(kShardQueue), "", "",
       "A queue of its own by which a large fleet is cut into shards: a scheduled pass or "
       "a tick sends one message for each, and the function that these invoke, with "
       "BatchSize 1, is the same. Without it one invocation looks after all."});
  help.push_back({std::string(kShardSize), "services", "500",
                  "How many services one shard may hold; a fleet that is no larger is not cut."});
  help.push_back({"LOG_LEVEL", std::string(kLogLevels), "INFO", "What is logged."});
  return help;
}

}  // namespace scaler
