#pragma once
// ServiceManager: what a controller tells the systemd that started it: that it is ready, that it is
// alive, that it ends. Without one it tells nobody.

#include <string>
#include <string_view>

#include "ground/base/environment.h"

namespace scaler::cli {

/// Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
class ServiceManager {
 public:
  explicit ServiceManager(const Environment& environment);

  void ready() const { send("READY=1"); }
  /// To be called while the loop turns; a unit with WatchdogSec= restarts who is silent for longer.
  void alive() const { send("WATCHDOG=1"); }
  void stopping() const { send("STOPPING=1"); }

 private:
  void send(std::string_view message) const;

  std::string socket_;  ///< a path, or "@" and an abstract name; empty: nobody listens
};

}  // namespace scaler::cli
