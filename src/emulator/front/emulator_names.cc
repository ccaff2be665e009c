#include "emulator/front/emulator_names.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "emulator/ecs/ecs_names.h"
#include "ground/base/problems.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kQueueNameMax = 76;  // With "-dlq" behind it, SQS's 80.
constexpr std::string_view kFifo = ".fifo";

bool is_region(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

std::string dead_letter_name(const std::string& queue) {
  const bool fifo = queue.ends_with(kFifo);
  return fifo ? queue.substr(0, queue.size() - kFifo.size()) + "-dlq.fifo" : queue + "-dlq";
}

world::QueueSettings settings_of_name(std::string_view queue) {
  world::QueueSettings settings;
  if (queue.ends_with(kFifo)) {
    settings.fifo = world::FifoSettings{.content_based_deduplication = true};
  }
  return settings;
}

Result<void> check_names(const EmulatorOptions& options) {
  const bool fifo = options.queue.ends_with(kFifo);
  std::vector<std::string> names{
      options.cluster, options.service,
      options.queue.substr(0, options.queue.size() - (fifo ? kFifo.size() : 0))};
  for (const FurtherService& further : options.further_services) {
    if (further.name == options.service || further.queue == options.queue) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' stands twice: each service has its name and its queue",
                              further.name == options.service ? further.name : further.queue));
    }
    names.push_back(further.name);
    names.push_back(further.queue);
  }
  for (const std::string& own : {options.tick_queue, options.doorbell_queue}) {
    if (!own.empty()) {
      names.push_back(own);
    }
    if (own == options.queue || (!own.empty() && own == dead_letter_name(options.queue))) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is the job queue or its dead-letter queue: ticks and doorbell "
                              "need queues of their own",
                              own));
    }
  }
  for (const std::string& name : names) {
    if (!valid_ecs_name(name)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is no name: letters, digits, hyphens and underscores", name));
    }
  }
  if (!options.tick_queue.empty() && options.tick_queue == options.doorbell_queue) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("'{}' cannot be both the tick and the doorbell queue", options.tick_queue));
  }
  if (!is_region(options.region)) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not a region such as us-east-1", shortened(options.region)));
  }
  if (options.queue.size() > kQueueNameMax) {
    return fail(ErrorKind::Malformed,
                fmt::format("the queue's name has more than {} characters", kQueueNameMax));
  }
  return {};
}

}  // namespace scaler::emulator
