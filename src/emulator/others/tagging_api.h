#pragma once
// TaggingApi: Resource Groups Tagging's GetResources, over the tags of clusters, services and
// queues.

#include <utility>
#include <vector>

#include "emulator/request/aws_request.h"
#include "emulator/request/places.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class TaggingApi {
 public:
  static constexpr std::string_view kOperation = "GetResources";

  TaggingApi(const world::World& world, WorldPlaces places)
      : world_(world), places_(std::move(places)) {}

  /// Errors: InvalidParameterException, PaginationTokenExpiredException,
  ///         UnknownOperationException.
  ApiAnswer handle(const JsonCall& call) const;

 private:
  struct Resource;
  std::vector<Resource> resources(const Caller& caller) const;

  const world::World& world_;
  WorldPlaces places_;
};

}  // namespace scaler::emulator
