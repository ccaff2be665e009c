#pragma once
// Cloud: the ports of a pass on AWS. All queues and services of all places are read in one batch of
// requests, and each place has its own pace.

#include <map>
#include <tuple>

#include "edge/aws/client.h"
#include "edge/aws/looking.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

class Cloud final : public CloudReader, public ServiceScaler, public StateWriter {
 public:
  explicit Cloud(Client& client) : client_(&client) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience patience,
                         Deadline deadline) override;
  std::size_t looks_allowed(const ServiceId& like) override;
  Duration round_trip(const LookRequest& like) override;
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline deadline) override;
  std::size_t changes_allowed(const ServiceId& like) override;
  /// Keeps the text in the service's tag `ecs-scaler:state`.
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) override;
  std::size_t saves_allowed(const ServiceId& like) override;

 private:
  Looker& looker_of(const ServiceId& id);
  void heed_changes(std::span<const LookRequest> requests, std::span<const Look> looks);

  Client* client_;
  std::map<std::tuple<std::string, AccountRole>, Looker> lookers_ = {};  ///< by region and role
};

}  // namespace scaler::aws
