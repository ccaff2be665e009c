#pragma once
// Scaler: whoever sets the desired count in a simulation. This program's own passes are one
// (lab/sim/passes.h), every rival is another: own state, own timing, own delays, the same world.

#include <optional>

#include "ground/base/clock.h"
#include "lab/world/world.h"
#include "scaler/pass/ports.h"

namespace scaler::sim {

/// What a scaler can reach. Each call of a port takes its time, during which the world goes on, and
/// may fail as the scenario's faults have it. Reading `world` directly costs nothing and never
/// fails: for a rival that is told by metrics which it models itself.
struct Stage {
  world::World& world;
  CloudReader& reader;
  ServiceScaler& scaler;
  StateWriter& states;
  Clock& clock;  ///< the scaler's own, which may be wrong; `world.now()` is right
  std::string queue_url;
  ServiceId service;

  /// The job queue; nullptr while it does not exist.
  world::Queue* queue() const { return world.find_queue(queue_url); }
  world::Service& target() const { return *world.find_service(service.cluster, service.service); }
};

class Scaler {
 public:
  virtual ~Scaler() = default;
  /// When act() wants to be called next, not before now; nothing: only after an arrival.
  virtual std::optional<Instant> next_wake() const = 0;
  /// It is that time.
  virtual void act(Stage& stage) = 0;
  /// Messages were sent; also in the middle of act(). Only to be noted: next_wake() may answer it.
  virtual void arrived(Instant at) { (void)at; }
};

}  // namespace scaler::sim
