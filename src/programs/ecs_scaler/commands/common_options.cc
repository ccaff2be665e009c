#include "programs/ecs_scaler/commands/common_options.h"

#include <array>

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "scaler/core/object_names.h"

namespace scaler::cli {

Take which_fleet(std::string& source) {
  return [&source](const std::string& word) -> Result<void> {
    TRY(text(source)(word));
    if (word == FleetConfig::kFleetByTags || word.starts_with(kObjectScheme) ||
        word.starts_with('/') || word.starts_with('.')) {
      return {};
    }
    // FLEET takes no bare word for a file: nobody sees in which folder a variable is read.
    source = "./" + word;
    const Result<void> file = check_file(word);
    constexpr std::array kByTags{FleetConfig::kFleetByTags};
    const std::string meant = file ? "" : did_you_mean(word, kByTags);
    return meant.empty() ? file
                         : fail(ErrorKind::Malformed,
                                fmt::format("there is no file '{}'{}", shortened(word), meant));
  };
}

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
       .take = which_fleet(choice.fleet)}};
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
