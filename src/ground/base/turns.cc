#include "ground/base/turns.h"

#include <cstdint>

namespace scaler {
namespace {

/// FNV-1a, the same in every process.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash ^ (hash >> 32U);
}

}  // namespace

bool turn_came(std::string_view name, Instant last, Instant now, Duration every) {
  const Duration phase(
      static_cast<Duration::rep>(hash_of(name) % static_cast<std::uint64_t>(every.count())));
  const auto turn = [phase, every](Instant at) { return (at.time_since_epoch() + phase) / every; };
  return turn(last) != turn(now);
}

}  // namespace scaler
