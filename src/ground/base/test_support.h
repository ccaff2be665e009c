#pragma once
// What the tests of all folders share.

#include <csignal>
#include <sys/resource.h>

#include "ground/base/clock.h"

namespace scaler::testing {

/// 2026-11-23T12:00:00Z, the noon of all tests.
inline constexpr Instant kNoon{std::chrono::seconds(1'795'435'200)};

/// As a full disk: no file of this process grows beyond `bytes`.
class NoRoom {
 public:
  explicit NoRoom(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~NoRoom() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  rlimit before_ = {};
  void (*handler_)(int);
};

}  // namespace scaler::testing
