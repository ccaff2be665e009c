#pragma once
// DynamoLeaseTable: a lease as an item of a DynamoDB table, changed by conditional writes. Any
// table will do whose only key is a string.

#include <string>

#include "edge/aws/client.h"
#include "scaler/controller/lease.h"

namespace scaler::aws {

/// Which item of which table, in the default region.
struct LeaseItem {
  std::string table = {};  ///< name or ARN
  std::string key = {};    ///< its value of the table's key
};

class DynamoLeaseTable final : public LeaseTable {
 public:
  /// A call that takes longer is given up.
  static constexpr Duration kCallTimeout = std::chrono::seconds(2);

  DynamoLeaseTable(Client& client, LeaseItem item) : client_(&client), item_(std::move(item)) {}

  /// To be called before all others: finds out what the table's key is called.
  /// Errors: NotFound, Denied and the others as they are; Malformed for a table with another kind
  /// of
  ///         key.
  Result<void> open(Deadline deadline);

  Result<std::optional<LeaseRecord>> read() override;
  Result<void> take(const LeaseRecord& record, const std::string& seen_version) override;
  Result<void> renew(const LeaseRecord& record) override;
  Result<void> release(const std::string& owner) override;

 private:
  ApiCall call(std::string operation, std::string body) const;
  Deadline deadline() const { return client_->clock().steady() + kCallTimeout; }

  Client* client_;
  LeaseItem item_;
  std::string key_name_ = {};
};

}  // namespace scaler::aws
