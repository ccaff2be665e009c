#pragma once
// ECS task scale-in protection: workers protect the task that they run in while they work
// (UpdateTaskProtection through the agent). A service's description does not tell of it.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "edge/aws/client.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

/// Counts the protected tasks of one service, call by call: the protection of a page of tasks is
/// asked for while the next page is listed.
/// A task of whose protection ECS tells nothing counts as protected, one that has stopped in
/// between does not.
/// Source: ECS ListTasks (100 a page), GetTaskProtection (100 tasks a call).
class ProtectionCount {
 public:
  explicit ProtectionCount(ServiceId id) : id_(std::move(id)) {}

  /// The call to begin with.
  ApiCall list() const;
  /// Takes the reply to a ListTasks in, and says what to ask next: nothing after a failure.
  std::vector<ApiCall> take_page(const Result<ApiReply>& reply);
  /// Takes the reply to a GetTaskProtection in.
  void take_protection(const Result<ApiReply>& reply);

  static bool lists(const ApiCall& call) { return call.operation == "ListTasks"; }

  /// When all replies are in.
  /// Errors: the first of the calls'; Malformed.
  const Result<std::int64_t>& count() const { return count_; }

 private:
  Result<std::vector<ApiCall>> read_page(const ApiReply& reply);

  ServiceId id_;
  std::string next_token_ = {};
  int pages_ = 0;
  Result<std::int64_t> count_ = 0;  ///< of those listed so far, without the unprotected
};

/// How many tasks of a service are protected.
/// Errors: as ProtectionCount::count().
Result<std::int64_t> protected_tasks(Client& client, const ServiceId& id, Deadline deadline);

}  // namespace scaler::aws
