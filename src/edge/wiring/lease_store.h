#pragma once
// The table of a lease, with the credentials of a workstation. On a client of its own, so that a
// thread of its own may use it while a pass waits for AWS.

#include <memory>
#include <string>

#include "edge/aws/call_stats.h"
#include "edge/aws/lease_table.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "scaler/controller/lease.h"

namespace scaler {

class LeaseStore {
 public:
  virtual ~LeaseStore() = default;
  virtual LeaseTable& table() = 0;
  /// Of all calls so far; of the thread that makes them.
  virtual const aws::CallStats& call_stats() const = 0;
};

/// Errors: Malformed for settings that are wrong; those of DynamoLeaseTable::open().
Result<std::unique_ptr<LeaseStore>> open_lease_store(const Environment& environment,
                                                     const aws::LeaseItem& item, Clock& clock,
                                                     const Log& log);

}  // namespace scaler
