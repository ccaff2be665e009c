#include "lab/sim/waiting.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace scaler::sim {
namespace {

/// Durations below 2^9 ms have a bucket of their own; above, each power of two has 2^8 buckets.
constexpr unsigned kExactBits = 9;
constexpr std::uint64_t kExact = std::uint64_t{1} << kExactBits;
constexpr std::uint64_t kBucketsPerPower = kExact / 2;

std::size_t bucket_of(Duration duration) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  if (value < kExact) {
    return value;
  }
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - kExactBits;
  return kExact + ((shift - 1) * kBucketsPerPower) + ((value >> shift) - kBucketsPerPower);
}

/// The longest duration of a bucket.
Duration upper_end(std::size_t bucket) {
  if (bucket < kExact) {
    return Duration(static_cast<std::int64_t>(bucket));
  }
  const std::uint64_t above = bucket - kExact;
  const auto shift = static_cast<unsigned>(above / kBucketsPerPower) + 1;
  const std::uint64_t mantissa = (above % kBucketsPerPower) + kBucketsPerPower;
  return Duration(static_cast<std::int64_t>(((mantissa + 1) << shift) - 1));
}

}  // namespace

void WaitingTimes::add(Duration duration, std::int64_t count) {
  const std::size_t bucket = bucket_of(duration);
  if (bucket >= buckets_.size()) {
    buckets_.resize(bucket + 1);
  }
  buckets_[bucket] += count;
  count_ += count;
  max_ = std::max(max_, duration);
  const auto value = static_cast<double>(duration.count());
  sum_ += value * static_cast<double>(count);
  sum_of_squares_ += value * value * static_cast<double>(count);
}

WaitingTimes& WaitingTimes::operator+=(const WaitingTimes& other) {
  buckets_.resize(std::max(buckets_.size(), other.buckets_.size()));
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) {
    buckets_[i] += other.buckets_[i];
  }
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  sum_of_squares_ += other.sum_of_squares_;
  return *this;
}

double WaitingTimes::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

double WaitingTimes::variance() const {
  return count_ == 0
             ? 0
             : std::max(0.0, (sum_of_squares_ / static_cast<double>(count_)) - (mean() * mean()));
}

Duration WaitingTimes::quantile(double share) const {
  const auto wanted = static_cast<std::int64_t>(
      std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_)));
  std::int64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (buckets_[bucket] > 0 && seen >= wanted) {
      return std::min(upper_end(bucket), max_);
    }
  }
  return max_;
}

double WaitingTimes::share_within(Duration limit) const {
  if (count_ == 0) {
    return 1;
  }
  std::int64_t within = 0;
  const std::size_t last = std::min(bucket_of(limit) + 1, buckets_.size());
  for (std::size_t bucket = 0; bucket < last; ++bucket) {
    within += buckets_[bucket];
  }
  return static_cast<double>(within) / static_cast<double>(count_);
}

}  // namespace scaler::sim
