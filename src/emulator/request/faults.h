#pragma once
// Faults: failures on order, for tests and the demo: "the next two UpdateService calls are
// throttled", "every tenth invocation of the function is killed half-way".

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/aws_request.h"
#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "ground/base/result.h"
#include "ground/json/writer.h"

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
  Lost,         ///< the call has its effect, but its answer is lost
  Crash,        ///< the function is killed: during an invocation, or as it makes a call
  Duplicate,    ///< an invocation happens twice at the same time
};

/// What the function's invocations are called here; no API operation has this name.
inline constexpr std::string_view kInvocation = "Invocation";

struct InjectedFault {
  std::string operation = {};  ///< "UpdateService", "*" for every API call, or kInvocation
  FaultKind kind = FaultKind::Throttle;
  std::int64_t left = 0;         ///< calls that it still strikes
  std::int64_t struck = 0;       ///< calls that it has struck
  std::string caller = {};       ///< an access key id; empty: anyone
  std::string about = {};        ///< stands in the request's body; empty: anything
  std::int64_t after = 0;        ///< so many calls that it could strike go by first
  bool effect = false;           ///< of Crash: the call has its effect before
  std::string last = {};         ///< the operation that it struck last
  Duration delay = Duration(0);  ///< of Slow (2 s); of Crash: how far it gets
  double probability = 1;        ///< that it strikes a call which it could strike
};

class Faults {
 public:
  explicit Faults(std::uint64_t seed = 1) : random_(seed) {}

  /// Adds {"operation":..,"fault":"throttle|unavailable|denied|expired|reset|hang|malformed|slow|
  /// lost|crash|duplicate","count":N,"after":N,"caller":..,"about":..,"delay":seconds,
  /// "probability":0..1,"effect":true}; all but the first two may be missing. Duplicate strikes
  /// invocations only, and of the others only throttle, hang and crash do. Errors: Malformed.
  /// The operation is one of `operations` (of none: any), or "*", or kInvocation.
  Result<void> add(std::string_view json, std::span<const std::string_view> operations = {});
  void clear() { faults_.clear(); }
  /// The fault that strikes this call, if one does; it is used up by one.
  std::optional<InjectedFault> strike(std::string_view operation, std::string_view caller,
                                      std::string_view body = {});
  /// Writes the array of all faults since the last clear.
  void write(json::Writer& writer) const;

 private:
  std::vector<InjectedFault> faults_ = {};
  Random random_;
};

/// How the service ("sqs", "ecs", "sts", "lambda") says that something failed in this way.
ApiError fault_error(FaultKind kind, std::string_view service);

}  // namespace scaler::emulator
