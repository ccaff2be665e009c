#include "emulator/front/emulator_names.h"

#include <string>
#include <vector>

#include <fmt/core.h>

#include "emulator/ecs/ecs_names.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kQueueNameMax = 76;  // With "-dlq" behind it, SQS's 80.

}  // namespace

Result<void> check_names(const EmulatorOptions& options) {
  std::vector<std::string> names{options.cluster, options.service, options.queue};
  for (const std::string& own : {options.tick_queue, options.doorbell_queue}) {
    if (!own.empty()) {
      names.push_back(own);
    }
    if (own == options.queue || (!own.empty() && own == options.queue + "-dlq")) {
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
  if (options.queue.size() > kQueueNameMax) {
    return fail(ErrorKind::Malformed,
                fmt::format("the queue's name has more than {} characters", kQueueNameMax));
  }
  return {};
}

}  // namespace scaler::emulator
