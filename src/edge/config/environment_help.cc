// What the variables are for, and which of them was most likely meant by another name.

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "edge/config/variables.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "scaler/core/policy_fields.h"
#include "wire/policy.h"

namespace scaler {

namespace {

constexpr std::string_view kAws = "AWS_";
/// Of AWS, of Lambda and of the loader.
constexpr auto kOfOthers = std::to_array<std::string_view>({"AWS_", "LAMBDA_", "LD_", "_"});
constexpr std::string_view kEndpoint = "AWS_ENDPOINT_URL_";

/// By which a person says where AWS is, and who asks.
constexpr auto kAwsNames = std::to_array<std::string_view>({
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
    "AWS_ENDPOINT_URL_AUTO_SCALING",
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
});

/// Two letters changed places, or one is missing, too many or wrong. AWS and its tools have more
/// names than anybody knows, so farther ones are left alone, and of AWS_ENDPOINT_URL_EC2 and _ECS
/// a single letter makes two services.
bool is_slip(std::string_view name, std::string_view meant) {
  std::string had(name);
  std::string wanted(meant);
  std::ranges::sort(had);
  std::ranges::sort(wanted);
  std::string added;
  std::string missing;
  std::ranges::set_difference(had, wanted, std::back_inserter(added));
  std::ranges::set_difference(wanted, had, std::back_inserter(missing));
  return name.starts_with(kEndpoint) ? added.size() + missing.size() <= 1
                                     : added.size() <= 1 && missing.size() <= 1;
}

std::optional<std::string_view> meant_of_aws(std::string_view name) {
  if (std::ranges::find(kAwsNames, name) != kAwsNames.end()) {
    return std::nullopt;
  }
  const std::string upper = upper_case(name);
  const auto meant = nearest_word(upper, kAwsNames);
  return meant && is_slip(upper, *meant) ? meant : std::nullopt;
}

}  // namespace

std::vector<std::string> misspelt_aws_variables(const Environment& environment) {
  std::vector<std::string> warnings;
  for (const auto& [name, value] : environment) {
    const bool is_aws = equal_in_any_case(std::string_view(name).substr(0, kAws.size()), kAws);
    const auto meant = is_aws ? meant_of_aws(name) : std::nullopt;
    if (meant && !environment.contains(*meant)) {
      warnings.push_back(fmt::format("{} is not read; did you mean '{}'?", name, *meant));
    }
  }
  return warnings;
}

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
  const auto is_others = [](std::string_view name) {
    return std::ranges::any_of(kOfOthers, [name](auto prefix) { return name.starts_with(prefix); });
  };
  std::vector<std::string> warnings;
  for (const auto& [name, value] : environment) {
    if (name.size() < kShortest || !name.contains('_') || is_others(name) ||
        std::ranges::find(known, name) != known.end()) {
      continue;  // Spares the start of a function most of the distances.
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
       "The job queue's own event source mapping wakes the service; it is enabled only at zero. Of "
       "a fleet: those queues' that have such a mapping."});
  help.push_back(
      {"WAKE_RETURN_SECONDS", "seconds", "30",
       "How long a message that woke the service stays invisible before a worker can take it."});
  help.push_back({std::string(kTickQueue), "", "",
                  "The scaler's own tick queue: a scheduled pass sends the ticks of the coming "
                  "minute to it, and each is a pass. Without it there are no ticks."});
  help.push_back(
      {std::string(kTickSeconds), "seconds", "10", "Time between ticks, 1 to 59; 0 sends none."});
  help.push_back({std::string(kScheduleSeconds), "seconds|rate(...)|cron(...)", "60",
                  "How far apart the scheduled passes are, by the minutes of a cron. Looks that "
                  "are more than three times as far apart, and more than 3 minutes, say nothing "
                  "about the time between them."});
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
