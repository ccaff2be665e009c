#pragma once
// EcsPlaces: ECS as AWS has it, one of its own for each account and region, over one world. The
// account is that of the caller's credentials, the region that for which the request is signed.

#include <map>
#include <string>
#include <utility>

#include "emulator/ecs/ecs_api.h"

namespace scaler::emulator {

class EcsPlaces {
 public:
  /// What the world has by plain names is of the emulator's account in the home region.
  EcsPlaces(world::World& world, std::string home_region, world::ServiceBehaviour behaviour,
            Workers workers = Workers::Emulated)
      : world_(world),
        places_(std::move(home_region)),
        behaviour_(std::move(behaviour)),
        workers_(workers) {}

  ApiAnswer handle(const JsonCall& call) { return at(call.caller).handle(call); }

 private:
  EcsApi& at(const Caller& caller) {
    auto found = apis_.find(std::pair(caller.account, caller.region));
    if (found == apis_.end()) {
      found =
          apis_
              .try_emplace(std::pair(caller.account, caller.region), world_,
                           EcsPlace(places_, caller.account, caller.region), behaviour_, workers_)
              .first;
    }
    return found->second;
  }

  world::World& world_;
  WorldPlaces places_;
  world::ServiceBehaviour behaviour_;
  Workers workers_;
  std::map<std::pair<std::string, std::string>, EcsApi> apis_ = {};  ///< by account and region
};

}  // namespace scaler::emulator
