#pragma once
// What errno says after a call on a socket that does not wait.

#include <cerrno>

namespace scaler::net {

/// Nothing is wrong: the same call may succeed when the socket is ready, or at once.
inline bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace scaler::net
