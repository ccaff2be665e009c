#pragma once
// The ports that write, for whoever holds a lease: nothing leaves after the moment until which it
// may write, however long ago a pass began.

#include <functional>
#include <vector>

#include "scaler/pass/instance_ports.h"
#include "scaler/pass/ports.h"

namespace scaler {

/// Until when this process may write, by steady time; what lies behind is over.
using WritesUntil = std::function<Deadline()>;

class LeasedScaler final : public ServiceScaler {
 public:
  LeasedScaler(ServiceScaler& scaler, WritesUntil until)
      : scaler_(&scaler), until_(std::move(until)) {}

  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline deadline) override;
  std::size_t changes_allowed(const ServiceId& like) override {
    return scaler_->changes_allowed(like);
  }

 private:
  ServiceScaler* scaler_;
  WritesUntil until_;
};

class LeasedStates final : public StateWriter {
 public:
  LeasedStates(StateWriter& states, WritesUntil until)
      : states_(&states), until_(std::move(until)) {}

  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) override;
  std::size_t saves_allowed(const ServiceId& like) override { return states_->saves_allowed(like); }

 private:
  StateWriter* states_;
  WritesUntil until_;
};

class LeasedInstances final : public InstanceScaler {
 public:
  LeasedInstances(InstanceScaler& scaler, WritesUntil until)
      : scaler_(&scaler), until_(std::move(until)) {}

  Result<void> carry_out(const GroupRequest& request, const InstanceAction& action,
                         Deadline leave_by, Deadline deadline) override;

 private:
  InstanceScaler* scaler_;
  WritesUntil until_;
};

}  // namespace scaler
