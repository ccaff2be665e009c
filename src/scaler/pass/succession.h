#pragma once
// A fleet in the place of another, such as the same file read again: services that stay keep what
// is remembered of them.

#include <span>
#include <string>
#include <vector>

#include "scaler/pass/pass.h"

namespace scaler {

struct Succession {
  std::size_t kept = 0;
  std::size_t added = 0;
  std::vector<ServiceId> gone = {};  ///< services of the former fleet that the next one lacks
};

/// Moves what `former` remembers of a service into the service of `next` that is the same. That is
/// one whose two texts are the same, else the only one that may be the same (of both sides: a file
/// may change from names to ARNs). Where several may be, none is: what the service's tag holds is
/// then all that is known.
Succession succeed(std::span<ManagedService> former, std::span<ManagedService> next);

}  // namespace scaler
