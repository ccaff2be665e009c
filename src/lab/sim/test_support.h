#pragma once
// What the simulator's tests share.

#include "lab/sim/simulator.h"

namespace scaler::sim {

/// Sets nothing: the count stays as it is at the begin.
class Nobody final : public Scaler {
 public:
  std::optional<Instant> next_wake() const override { return std::nullopt; }
  void act(Stage& /*stage*/) override {}
};

/// Calls a function at a steady beat.
class Beat final : public Scaler {
 public:
  using Act = std::function<void(Stage&)>;
  Beat(Instant begin, Duration every, Act act)
      : next_(begin), every_(every), act_(std::move(act)) {}

  std::optional<Instant> next_wake() const override { return next_; }
  void act(Stage& stage) override {
    next_ += every_;
    act_(stage);
  }

 private:
  Instant next_;
  Duration every_;
  Act act_;
};

}  // namespace scaler::sim
