#pragma once
// FleetReload: the services of a running controller, read again when their file changes or somebody
// asks. A file that is bad, half written or gone changes nothing.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/file_watch.h"
#include "ground/base/log.h"
#include "scaler/invocation/invocation.h"
#include "watch/reload_status.h"

namespace scaler::cli {

/// Reads the services anew. Errors: whatever makes them unfit to be run.
using ReadFleet = std::function<Result<std::vector<ManagedService>>()>;

class FleetReload {
 public:
  /// The file is empty where the services do not come from one; the watch knows what was read of it
  /// last. Clock and log outlive this.
  FleetReload(std::string file, FileWatch watch, const Clock& clock, const Log& log)
      : file_(std::move(file)), watch_(std::move(watch)), clock_(&clock), log_(&log) {
    status_.last_success = clock.now();
  }

  /// Gives the invoker the fleet as it stands there now, if it changed or is `asked` for, and tells
  /// what came of it in the log. Whether anything was tried.
  bool look(bool asked, Invoker& invoker, const ReadFleet& read);

  const ReloadStatus& status() const { return status_; }

 private:
  std::string file_;
  FileWatch watch_;
  const Clock* clock_;
  const Log* log_;
  ReloadStatus status_ = {};
};

}  // namespace scaler::cli
