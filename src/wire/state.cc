#include "wire/state.h"

#include <algorithm>

#include "wire/fields.h"

namespace scaler {
namespace wire {

constexpr std::int64_t kDesiredMax = std::numeric_limits<std::int32_t>::max();
constexpr Limits kTasks{.max = kDesiredMax};
constexpr Limits kChange{.min = -kDesiredMax, .max = kDesiredMax};

template <>
inline constexpr auto kFields<TasksAt> = std::tuple{
    CodecField{.name = "at", .member = &TasksAt::at, .required = true, .told = always<TasksAt>},
    CodecField{
        .name = "tasks", .member = &TasksAt::tasks, .required = true, .told = always<TasksAt>}};

template <>
inline constexpr auto kFields<QueuesGone> = std::tuple{CodecField{.name = "since",
                                                                  .member = &QueuesGone::since,
                                                                  .required = true,
                                                                  .told = always<QueuesGone>},
                                                       CodecField{.name = "queues",
                                                                  .member = &QueuesGone::queues,
                                                                  .required = true,
                                                                  .limits = Limits{.min = 1},
                                                                  .told = always<QueuesGone>}};

template <>
inline constexpr auto kFields<MessagesAt> = std::tuple{
    CodecField{
        .name = "at", .member = &MessagesAt::at, .required = true, .told = always<MessagesAt>},
    CodecField{.name = "messages",
               .member = &MessagesAt::messages,
               .required = true,
               .told = always<MessagesAt>}};

/// In the order in which they are written.
template <>
inline constexpr auto kFields<ServiceState> = std::tuple{
    CodecField{.name = "last_look", .member = &ServiceState::last_look},
    CodecField{.name = "empty_since", .member = &ServiceState::empty_since},
    CodecField{.name = "empty_observations",
               .member = &ServiceState::empty_observations,
               .told = [](const ServiceState& state) { return state.empty_since.has_value(); }},
    CodecField{.name = "last_scale_out", .member = &ServiceState::last_scale_out},
    CodecField{.name = "last_scale_in", .member = &ServiceState::last_scale_in},
    CodecField{
        .name = "recommendations", .member = &ServiceState::recommendations, .limits = kTasks},
    CodecField{.name = "changes", .member = &ServiceState::changes, .limits = kChange},
    CodecField{.name = "last_set", .member = &ServiceState::last_set},
    CodecField{.name = "announced", .member = &ServiceState::announced, .limits = kTasks},
    CodecField{.name = "manual", .member = &ServiceState::manual, .limits = kTasks},
    CodecField{.name = "short_since", .member = &ServiceState::short_since},
    CodecField{.name = "failures", .member = &ServiceState::failures},
    CodecField{.name = "deploying_since", .member = &ServiceState::deploying_since},
    CodecField{.name = "gone", .member = &ServiceState::gone},
    CodecField{.name = "stray_since", .member = &ServiceState::stray_since},
    CodecField{.name = "refused", .member = &ServiceState::refused, .limits = kTasks},
    CodecField{.name = "kept_since", .member = &ServiceState::kept_since},
    CodecField{.name = "full", .member = &ServiceState::full},
    CodecField{.name = "late_looks", .member = &ServiceState::late_looks}};

}  // namespace wire

Result<ServiceState> read_state(const json::Reader& object) {
  ServiceState state = TRY(wire::read_object<ServiceState>(object));
  std::ranges::stable_sort(state.recommendations, {}, &TasksAt::at);  // Oldest first.
  std::ranges::stable_sort(state.changes, {}, &TasksAt::at);
  return state;
}

void write_state(json::Writer& writer, const ServiceState& state) {
  wire::write_value(writer, state);
}

}  // namespace scaler
