#include "edge/wiring/wake_mapping.h"

#include <fmt/core.h>

#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "scaler/invocation/wake_rules.h"

namespace scaler {
namespace {

MappingStatus status_of(const aws::EventSourceMapping& mapping, std::string_view invoked) {
  using State = aws::MappingState;
  const bool rests = mapping.state == State::Enabled || mapping.state == State::Disabled;
  return {.id = mapping.id,
          .queue_arn = mapping.event_source_arn,
          .function_arn = mapping.function_arn,
          .invoked = is_bound_to(mapping.function_arn, invoked),
          .enabled = mapping.state != State::Disabled && mapping.state != State::Disabling &&
                     mapping.state != State::Deleting,
          .in_transition = !rests,
          .reports_failures = mapping.reports_batch_item_failures};
}

std::vector<MappingStatus> statuses(const std::vector<aws::EventSourceMapping>& mappings,
                                    std::string_view invoked) {
  std::vector<MappingStatus> all;
  all.reserve(mappings.size());
  for (const aws::EventSourceMapping& mapping : mappings) {
    all.push_back(status_of(mapping, invoked));
  }
  return all;
}

Result<FunctionArn> parse(std::string_view function_arn) {
  auto function = parse_function_arn(function_arn);
  if (!function) {
    return fail(ErrorKind::Malformed,
                fmt::format("the event source mapping cannot be found: Lambda said that '{}' was "
                            "invoked, which is no function's ARN",
                            function_arn));
  }
  return *std::move(function);
}

}  // namespace

Result<std::vector<aws::EventSourceMapping>> mappings_of(aws::EventSourceMappings& mappings,
                                                         const std::string& queue_arn,
                                                         std::string_view function_arn,
                                                         Deadline deadline) {
  auto found = TRY(mappings.list({.event_source_arn = queue_arn}, deadline));
  std::erase_if(found, [&](const aws::EventSourceMapping& mapping) {
    return mapping.event_source_arn != queue_arn ||
           !delivers_to(mapping.function_arn, function_arn);
  });
  return found;
}

Result<std::vector<aws::EventSourceMapping>> mappings_of(aws::EventSourceMappings& mappings,
                                                         std::string_view function_arn,
                                                         Deadline deadline) {
  const FunctionArn function = TRY(parse(function_arn));
  auto found = TRY(mappings.list({.region = function.region}, deadline));
  std::erase_if(found, [&](const aws::EventSourceMapping& mapping) {
    return !delivers_to(mapping.function_arn, function_arn);
  });
  return found;
}

Result<std::vector<MappingStatus>> AwsWakeMapping::find(const MappingQuestion& question,
                                                        Deadline deadline) {
  const FunctionArn function = TRY(parse(question.function_arn));
  std::string queue_arn = question.queue_arn;
  if (queue_arn.empty()) {
    const QueueAddress queue = TRY(parse_queue(question.queue_url));
    queue_arn = arn_of(queue, function.region);  // Lambda takes messages of its own region only.
  }
  auto found = statuses(TRY(mappings_of(*mappings_, queue_arn, question.function_arn, deadline)),
                        question.function_arn);
  if (found.empty()) {
    return std::unexpected(no_mapping(queue_arn, question.function_arn));
  }
  return found;
}

Result<std::vector<MappingStatus>> AwsWakeMapping::list(const std::string& function_arn,
                                                        Deadline deadline) {
  return statuses(TRY(mappings_of(*mappings_, function_arn, deadline)), function_arn);
}

Result<void> AwsWakeMapping::set_enabled(const std::string& id, bool enabled, Deadline deadline) {
  TRY(mappings_->set_enabled(id, enabled, deadline));
  return {};
}

}  // namespace scaler
