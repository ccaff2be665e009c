#include "emulator/sqs/fifo.h"

#include <utility>

#include <fmt/format.h>

#include "emulator/sqs/digests.h"
#include "emulator/sqs/sqs_input.h"

namespace scaler::emulator {

ApiResult<std::shared_ptr<const world::FifoMark>> check_fifo(
    const Input& message, const std::optional<world::FifoSettings>& settings) {
  constexpr std::string_view kId = "MessageDeduplicationId";
  if (!settings) {
    if (message.has(kId)) {
      return wrong_queue_type(kId, message.text(kId));
    }
    return nullptr;
  }
  // A delay of zero is as good as none.
  if (const auto delay = message.integer("DelaySeconds"); delay && *delay != 0) {
    return wrong_queue_type("DelaySeconds", std::to_string(*delay));
  }
  world::FifoMark mark{.group = std::string(message.text("MessageGroupId"))};
  if (mark.group.empty()) {
    return refuse("MissingParameter", "The request must contain the parameter MessageGroupId.");
  }
  TRY(check_token("MessageGroupId", mark.group));
  if (message.has(kId)) {
    mark.deduplication_id = message.text(kId);
    TRY(check_token(kId, mark.deduplication_id));
  } else if (settings->content_based_deduplication) {
    mark.deduplication_id = sha256_hex(message.text("MessageBody"));
  } else {
    return refuse("InvalidParameterValue",
                  "The queue should either have ContentBasedDeduplication enabled or "
                  "MessageDeduplicationId provided explicitly");
  }
  return std::make_shared<const world::FifoMark>(std::move(mark));
}

std::string sequence_number(std::uint64_t sequence) {
  return fmt::format("1{:019}", sequence);
}

}  // namespace scaler::emulator
