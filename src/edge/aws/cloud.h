#pragma once
// Cloud: the ports of a pass on AWS. All queues and all services are read in one batch of requests.

#include "edge/aws/client.h"
#include "edge/aws/looking.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

class Cloud final : public CloudReader, public ServiceScaler, public StateWriter {
 public:
  explicit Cloud(Client& client) : client_(&client), looker_(client) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience patience,
                         Deadline deadline) override;
  std::size_t looks_allowed() override;
  Duration round_trip() const override { return client_->round_trip(); }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline deadline) override;
  std::size_t changes_allowed() override;
  /// Keeps the text in the service's tag `ecs-scaler:state`.
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) override;
  std::size_t saves_allowed() override;

 private:
  Client* client_;
  Looker looker_;
};

}  // namespace scaler::aws
