#pragma once
// How many connections one server or client keeps at a time.

#include <algorithm>
#include <cstddef>
#include <sys/resource.h>

namespace scaler::net {

/// 1,024, but at most half of the process's descriptors: the other half is for what it does
/// besides.
inline std::size_t most_connections() {
  constexpr std::size_t kMost = 1024;
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return kMost;
  }
  return std::clamp<std::size_t>(files.rlim_cur / 2, 1, kMost);
}

}  // namespace scaler::net
