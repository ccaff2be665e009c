#pragma once
// Random: the only generator. It is seeded and passed in; its distributions are its own, because
// those of the standard library differ between libraries.

#include <cstdint>

namespace scaler {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /// The next 64 random bits (SplitMix64).
  std::uint64_t next();
  /// Uniform in [0, 1).
  double uniform();
  /// Uniform in [low, high], both included; low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);

 private:
  std::uint64_t state_;
};

}  // namespace scaler
