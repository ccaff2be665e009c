#include "scaler/invocation/rivalry.h"

#include <utility>

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
  const std::optional<std::int64_t> before =
      std::exchange(service.set, applied ? std::optional(record.decision->desired) : std::nullopt);
  std::erase_if(service.undone, [&record](Instant at) {
    return at > record.at || record.at - at >= kWithin;  // Also those of a clock that was set back.
  });
  if (before && found != *before && service.set == before) {
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
      "something else sets the desired count, too: {} times within {} min this program set {} and "
      "found another count, {} at last, a look later; another scaler, this program with other "
      "settings, or a tool that applies its own count",
      service.undone.size(), std::chrono::floor<std::chrono::minutes>(kWithin).count(),
      *service.set, found);
}

}  // namespace scaler
