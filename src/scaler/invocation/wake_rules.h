#pragma once
// The rules of a wake: on which queues it may be used, which mappings are a function's, and when
// one harms messages. Pure; the switch keeps to them, doctor and verify tell of them beforehand.

#include <cstdint>
#include <span>
#include <string_view>

#include "scaler/invocation/ports.h"

namespace scaler {

/// Fewer receives than this could be used up by wakes alone: AWS's own advice for a queue with an
/// event source mapping.
inline constexpr std::int64_t kWakeReceivesMin = 5;
/// Without a dead-letter queue there is no end to them.
inline bool has_few_receives(const WakeSettings& queue) {
  return queue.receives_max && *queue.receives_max < kWakeReceivesMin;
}

/// Lambda deletes what such a mapping brings, whatever the function answers; of others only what
/// the answer does not list.
inline bool deletes_messages(const MappingStatus& mapping) {
  return !mapping.reports_failures;
}

/// Whether a mapping delivers to the function, by whatever alias or version.
bool delivers_to(std::string_view mapping_target, std::string_view function_arn);
/// Whether it is bound to the very alias or version, or to the plain function, as it was invoked.
bool is_bound_to(std::string_view mapping_target, std::string_view function_arn);

/// The mapping that brings what an invocation is for, or may: bound to what was invoked, else the
/// only one. nullptr: there are several, and none is bound to it.
const MappingStatus* own_mapping(std::span<const MappingStatus> mappings);

/// NotFound: that there is none.
Error no_mapping(std::string_view queue_arn, std::string_view function_arn);

}  // namespace scaler
