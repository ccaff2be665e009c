#include "edge/wiring/lease_store.h"

#include <random>

#include "edge/aws/session.h"
#include "edge/identity/workstation.h"

namespace scaler {
namespace {

constexpr Duration kOpenTimeout = std::chrono::seconds(10);

class AwsLeaseStore final : public LeaseStore {
 public:
  AwsLeaseStore(std::unique_ptr<aws::Session> session, aws::LeaseItem item)
      : session_(std::move(session)), table_(session_->client(), std::move(item)) {}

  Result<void> open() { return table_.open(after(kOpenTimeout)); }
  LeaseTable& table() override { return table_; }
  const aws::CallStats& call_stats() const override { return session_->client().stats(); }

 private:
  std::unique_ptr<aws::Session> session_;
  aws::DynamoLeaseTable table_;
};

}  // namespace

Result<std::unique_ptr<LeaseStore>> open_lease_store(const Environment& environment,
                                                     const aws::LeaseItem& item, Clock& clock,
                                                     const Log& log) {
  auto store = std::make_unique<AwsLeaseStore>(
      TRY(aws::Session::create(
          environment, clock,
          {.seed = std::random_device()(), .sources = identity::workstation_sources}, log)),
      item);
  TRY(store->open());
  return store;
}

}  // namespace scaler
