#pragma once
// DryRun: the ports that change something, writing down what they were asked instead. Nothing else
// in the program knows that a run is dry.

#include "pass/ports.h"

namespace scaler {

class DryRun final : public ServiceScaler, public StateWriter {
 public:
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline deadline) override;
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) override;

  const std::vector<DesiredCount>& asked() const { return asked_; }

 private:
  std::vector<DesiredCount> asked_ = {};
};

}  // namespace scaler
