#include "emulator/others/metric_store.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kMetricsMax = 10'000;
constexpr std::size_t kMinutesMax = std::chrono::days(15) / std::chrono::minutes(1);

Instant begin_of(Instant at, Duration period) {
  return at - at.time_since_epoch() % period;
}

}  // namespace

bool MetricStore::put(const MetricId& metric, Instant at, const Statistics& values) {
  auto found = metrics_.find(metric);
  if (found == metrics_.end()) {
    if (metrics_.size() >= kMetricsMax) {
      return false;
    }
    found = metrics_.try_emplace(metric).first;
  }
  Minutes& minutes = found->second;
  minutes[begin_of(at, std::chrono::minutes(1))].add(values);
  if (minutes.size() > kMinutesMax) {
    minutes.erase(minutes.begin());
  }
  return true;
}

std::vector<std::pair<Instant, Statistics>> MetricStore::read(const MetricId& metric,
                                                              const MetricRange& range) const {
  std::vector<std::pair<Instant, Statistics>> periods;
  const auto found = metrics_.find(metric);
  if (found == metrics_.end()) {
    return periods;
  }
  const Minutes& minutes = found->second;
  const Instant from = begin_of(range.from, range.period);
  for (auto at = minutes.lower_bound(from); at != minutes.end() && at->first < range.to; ++at) {
    const Instant begin = begin_of(at->first, range.period);
    if (periods.empty() || periods.back().first != begin) {
      periods.emplace_back(begin, Statistics{});
    }
    periods.back().second.add(at->second);
  }
  return periods;
}

}  // namespace scaler::emulator
