#pragma once
// Faults: failures on order, for tests and the demo: "the next two UpdateService calls are
// throttled".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "emulator/aws_request.h"
#include "json/writer.h"

namespace scaler::emulator {

enum class FaultKind {
  Throttle,     ///< the service's own throttling error
  Unavailable,  ///< 503
  Denied,       ///< AccessDenied
  Expired,      ///< the security token has expired
  Reset,        ///< the connection ends without an answer
  Hang,         ///< no answer until the faults are cleared
  Malformed,    ///< 200 with half a document
  Slow,         ///< the right answer, later
};

struct Fault {
  std::string operation = {};  ///< "UpdateService", or "*" for every one
  FaultKind kind = FaultKind::Throttle;
  std::int64_t left = 0;                     ///< calls that it still strikes
  std::int64_t struck = 0;                   ///< calls that it has struck
  std::string caller = {};                   ///< an access key id; empty: anyone
  Duration delay = std::chrono::seconds(2);  ///< of Slow
};

class Faults {
 public:
  /// Adds {"operation":..,"fault":"throttle|unavailable|denied|expired|reset|hang|malformed|slow",
  /// "count":N,"caller":..,"delay":seconds}; all but the first two may be missing.
  /// Errors: Malformed.
  Result<void> add(std::string_view json);
  void clear() { faults_.clear(); }
  /// The fault that strikes this call, if one does; it is used up by one.
  std::optional<Fault> strike(std::string_view operation, std::string_view caller);
  /// Writes the array of all faults since the last clear.
  void write(json::Writer& writer) const;

 private:
  std::vector<Fault> faults_ = {};
};

/// How the service ("sqs", "ecs", "sts", "lambda") says that something failed in this way.
ApiError fault_error(FaultKind kind, std::string_view service);

}  // namespace scaler::emulator
