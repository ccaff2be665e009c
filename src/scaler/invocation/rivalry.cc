#include "scaler/invocation/rivalry.h"

#include <fmt/core.h>

namespace scaler {

std::string Rivalry::take(const PassRecord& record) {
  if (!record.reading || !record.decision) {
    return {};  // Nothing is known of what happened to it.
  }
  const bool applied = record.outcome == Outcome::Applied;
  const auto known = services_.find(record.reading->arn);
  if (known == services_.end()) {
    if (applied) {
      services_[record.reading->arn].set = record.decision->desired;
    }
    return {};
  }
  Service& service = known->second;
  const std::int64_t found = record.reading->service.desired;
  const std::int64_t wanted = record.decision->desired;
  const bool lowers_again = applied && service.set == wanted && found > wanted;
  if (applied || service.set != wanted) {
    service.set = applied ? std::optional(wanted) : std::nullopt;
  }
  std::erase_if(service.undone, [&record](Instant at) {
    return at > record.at || record.at - at >= kWithin;  // Also those of a clock that was set back.
  });
  if (lowers_again) {
    service.undone.push_back(record.at);
  }
  const bool told =
      service.told && *service.told <= record.at && record.at - *service.told < kTellEach;
  if (service.undone.size() < kTimes) {
    if (service.undone.empty() && !service.set && !told) {
      services_.erase(known);
    }
    return {};
  }
  if (told) {
    return {};
  }
  service.told = record.at;
  return fmt::format(
      "something else sets the desired count, too: {} times within {} min this program had set {} "
      "and found more, {} at last; another scaler, this program with other settings, or a tool "
      "that applies its own count",
      service.undone.size(), std::chrono::floor<std::chrono::minutes>(kWithin).count(), wanted,
      found);
}

}  // namespace scaler
