#include "programs/ecs_scaler/commands/common_options.h"

#include <fmt/core.h>

#include "edge/config/environment.h"

namespace scaler::cli {

Option output_option(Output& output) {
  return {.name = "--output",
          .value = "text|json",
          .sentence = "text (default) or json",
          .take = one_of(output, kOutputs)};
}

Option config_option(std::string& file) {
  return {.name = "--config",
          .value = "FILE",
          .sentence = "fleet file, YAML or JSON (default: one service from the environment)",
          .take = text(file)};
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

std::string environment_footer() {
  std::string text = "Environment variables:\n";
  for (const VariableHelp& variable : environment_help()) {
    std::string kind = variable.unit;
    if (!variable.default_value.empty()) {
      kind += ", default " + variable.default_value;
    }
    text += fmt::format("  {}{}\n      {}\n", variable.name,
                        kind.empty() ? "" : fmt::format(" ({})", kind), variable.sentence);
  }
  return text +
         "Queues and services are asked in the region of their URL or ARN, others in AWS_REGION.\n"
         "Endpoints and credentials come from the usual AWS_... variables and files.";
}

}  // namespace scaler::cli
