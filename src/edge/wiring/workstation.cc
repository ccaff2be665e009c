#include "edge/identity/workstation.h"

#include <random>

#include "edge/wiring/aws_wiring.h"

namespace scaler {

Result<std::unique_ptr<Wiring>> Wiring::create_on_workstation(const Environment& environment,
                                                              Clock& clock, const Log& log) {
  return make_aws_wiring(
      environment, clock, log,
      {.seed = std::random_device()(), .sources = identity::workstation_sources});
}

}  // namespace scaler
