#include "wire/observation.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/core.h>

#include "scaler/core/policy.h"
#include "wire/fields.h"

namespace scaler {
namespace {

constexpr std::array<std::string_view, 3> kStatuses{"ACTIVE", "DRAINING", "INACTIVE"};
constexpr std::array<std::string_view, 2> kStrategies{"REPLICA", "DAEMON"};

template <typename Word>
std::optional<Word> word_in(std::span<const std::string_view> words, std::string_view text) {
  const auto found = std::ranges::find(words, text);
  return found == words.end() ? std::nullopt
                              : std::optional(static_cast<Word>(found - words.begin()));
}

}  // namespace

std::string_view to_string(ServiceStatus status) {
  return kStatuses.at(static_cast<std::size_t>(status));
}
std::string_view to_string(SchedulingStrategy strategy) {
  return kStrategies.at(static_cast<std::size_t>(strategy));
}
template <>
std::optional<ServiceStatus> parse_word(std::string_view text) {
  return word_in<ServiceStatus>(kStatuses, text);
}
template <>
std::optional<SchedulingStrategy> parse_word(std::string_view text) {
  return word_in<SchedulingStrategy>(kStrategies, text);
}

namespace wire {

/// What is told of a queue beside its counts, or beside the error for which there are none.
struct Weighted {
  Millionths weight = {Millionths::kOne};
};
struct SeenQueue : QueueDepth, Weighted {};
struct LostQueue : Weighted {
  std::string error = {};
};

constexpr Limits kWeights = {.min = static_cast<std::int64_t>(kWeightMin * Millionths::kOne),
                             .max = static_cast<std::int64_t>(kWeightMax * Millionths::kOne)};
constexpr CodecField kWeight{.name = "weight",  // Of one queue among several.
                             .member = &Weighted::weight,
                             .limits = kWeights,
                             .told = never<Weighted>};

template <>
inline constexpr auto kFields<SeenQueue> = std::tuple{
    CodecField{.name = "visible",
               .member = &QueueDepth::visible,
               .required = true,
               .told = always<QueueDepth>},
    CodecField{.name = "in_flight", .member = &QueueDepth::in_flight, .told = always<QueueDepth>},
    CodecField{.name = "delayed", .member = &QueueDepth::delayed, .told = always<QueueDepth>},
    kWeight};

template <>
inline constexpr auto kFields<LostQueue> =
    std::tuple{CodecField{.name = "error", .member = &LostQueue::error, .required = true}, kWeight};

constexpr auto kAlways = always<ServiceObservation>;
constexpr auto kNever = never<ServiceObservation>;

/// In the order in which a record tells them. What it does not tell can be given to `decide`.
template <>
inline constexpr auto kFields<ServiceObservation> = std::tuple{
    CodecField{.name = "desired",
               .member = &ServiceObservation::desired,
               .required = true,
               .limits = Limits{.max = std::numeric_limits<std::int32_t>::max()},
               .told = kAlways},
    CodecField{.name = "running",
               .member = &ServiceObservation::running,
               .otherwise = &ServiceObservation::desired,
               .told = kAlways},
    CodecField{.name = "pending", .member = &ServiceObservation::pending, .told = kAlways},
    CodecField{.name = "protected", .member = &ServiceObservation::protected_tasks, .told = kNever},
    CodecField{.name = "status",
               .member = &ServiceObservation::status,
               .limits = Limits{.words = "ACTIVE|DRAINING|INACTIVE"},
               .told = kAlways},
    CodecField{.name = "scheduling_strategy",
               .member = &ServiceObservation::scheduling,
               .limits = Limits{.words = "REPLICA|DAEMON"},
               .told = kNever},
    CodecField{.name = "deploying", .member = &ServiceObservation::deploying, .told = kAlways},
    CodecField{.name = "deploying_since", .member = &ServiceObservation::deploying_since},
    CodecField{.name = "paused_until", .member = &ServiceObservation::paused_until}};

template <>
inline constexpr auto kFields<Observation> =
    std::tuple{CodecField{.name = "at", .member = &Observation::at, .required = true},
               CodecField{.name = "queues", .member = &Observation::queues, .required = true},
               CodecField{.name = "service", .member = &Observation::service, .required = true},
               CodecField{.name = "delivered", .member = &Observation::delivered},
               CodecField{.name = "look_every", .member = &Observation::look_every},
               CodecField{.name = "tick", .member = &Observation::tick}};

/// Its counts, or the error for which they could not be read.
template <>
Result<void> read_value(const json::Reader& value, const Limits& limits,
                        Result<QueueDepth>& target) {
  if (!value.optional_field("error")) {
    SeenQueue seen;
    TRY(read_fields(value, limits, seen));
    target = static_cast<QueueDepth&>(seen);
    return {};
  }
  LostQueue lost;
  TRY(read_fields(value, limits, lost));
  constexpr std::array<std::string_view, 3> kGone{"NotFound", "QueueDoesNotExist",
                                                  "AWS.SimpleQueueService.NonExistentQueue"};
  const bool gone = std::ranges::find(kGone, lost.error) != kGone.end();
  target = fail(gone ? ErrorKind::NotFound : ErrorKind::Unavailable, lost.error);
  return {};
}

template <>
void write_value(json::Writer& writer, const Result<QueueDepth>& queue) {
  writer.begin_object();
  if (queue) {
    write_fields(writer, SeenQueue{*queue, {}});
  } else {
    writer.field("error", to_string(queue.error().kind));
  }
  writer.end_object();
}

}  // namespace wire

Result<Observation> read_observation(const json::Reader& object) {
  auto observation = TRY(wire::read_object<Observation>(object));
  const json::Reader queues = TRY(object.field("queues"));
  for (const json::Reader& queue : TRY(queues.items())) {
    wire::Weighted weighted;
    TRY(wire::read_row(queue, {}, wire::kWeight, weighted));
    observation.weights.push_back(weighted.weight);
  }
  if (observation.queues.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: at least one queue is needed", queues.path()));
  }
  return observation;
}

void write_queues(json::Writer& writer, const std::vector<Result<QueueDepth>>& queues) {
  wire::write_value(writer, queues);
}

void write_service(json::Writer& writer, const ServiceObservation& service) {
  wire::write_value(writer, service);
}

}  // namespace scaler
