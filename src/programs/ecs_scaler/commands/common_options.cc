#include "programs/ecs_scaler/commands/common_options.h"

#include <fmt/core.h>

namespace scaler::cli {

Option output_option(Output& output) {
  return {.name = "--output",
          .value = "text|json",
          .sentence = "text (default) or json",
          .take = one_of(output, kOutputs)};
}

std::vector<Option> fleet_options(FleetChoice& choice) {
  return {
      {.name = kConfigFlag,
       .value = "FILE",
       .sentence = "fleet file, YAML or JSON, also s3://BUCKET/KEY (default: one service from the "
                   "environment)",
       .take = text(choice.config_file)},
      {.name = kFleetFlag,
       .value = "tags|FILE|s3://BUCKET/KEY",
       .sentence = "the services that carry the tag ecs-scaler:queue, or those of a fleet file, "
                   "with the environment's policy as default (default: FLEET)",
       .take = text(choice.fleet)}};
}

std::string with_default(const std::string& sentence, Duration value) {
  return fmt::format("{} (default {})", sentence, format_duration(value));
}

Option duration_option(const std::string& name, Duration& value, const std::string& sentence) {
  return {.name = name,
          .value = "DURATION",
          .sentence = with_default(sentence, value),
          .take = duration(value)};
}

void add_place(std::vector<Option>& options, PlaceFlags& place) {
  options.insert(
      options.end(),
      {{"--function", "NAME",
        "the scaler's function, name or ARN (else ECS_SCALER_FUNCTION); what is not given below "
        "is read from its configuration",
        text(place.function)},
       {"--queue-url", "URL", "the job queue (else SQS_QUEUE_URL)", text(place.queue_url)},
       {"--cluster", "NAME", "the cluster (else ECS_CLUSTER_NAME)", text(place.cluster)},
       {"--service", "NAME", "the service (else ECS_SERVICE_NAME)", text(place.service)}});
}

}  // namespace scaler::cli
