#include "edge/wiring/wake_mapping.h"

#include <fmt/core.h>

#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "scaler/invocation/wake_rules.h"

namespace scaler {
namespace {

MappingStatus status_of(const aws::EventSourceMapping& mapping, bool invoked) {
  using State = aws::MappingState;
  const bool rests = mapping.state == State::Enabled || mapping.state == State::Disabled;
  return {.id = mapping.id,
          .function_arn = mapping.function_arn,
          .invoked = invoked,
          .enabled = mapping.state != State::Disabled && mapping.state != State::Disabling &&
                     mapping.state != State::Deleting,
          .in_transition = !rests,
          .reports_failures = mapping.reports_batch_item_failures};
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

Result<std::vector<MappingStatus>> AwsWakeMapping::find(const MappingQuestion& question,
                                                        Deadline deadline) {
  const auto function = parse_function_arn(question.function_arn);
  if (!function) {
    return fail(ErrorKind::Malformed,
                fmt::format("the event source mapping cannot be found: Lambda said that '{}' was "
                            "invoked, which is no function's ARN",
                            question.function_arn));
  }
  std::string queue_arn = question.queue_arn;
  if (queue_arn.empty()) {
    const QueueAddress queue = TRY(parse_queue(question.queue_url));
    queue_arn = arn_of(queue, function->region);  // Lambda takes messages of its own region only.
  }
  std::vector<MappingStatus> found;
  for (const aws::EventSourceMapping& mapping :
       TRY(mappings_of(*mappings_, queue_arn, question.function_arn, deadline))) {
    found.push_back(status_of(mapping, is_bound_to(mapping.function_arn, question.function_arn)));
  }
  if (found.empty()) {
    return fail(ErrorKind::NotFound,
                fmt::format("no event source mapping on {} delivers to {}, by whatever alias or "
                            "version: none could be switched",
                            queue_arn, function->plain));
  }
  return found;
}

Result<void> AwsWakeMapping::set_enabled(const std::string& id, bool enabled, Deadline deadline) {
  TRY(mappings_->set_enabled(id, enabled, deadline));
  return {};
}

}  // namespace scaler
