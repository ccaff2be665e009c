#pragma once
// AutoScalingApi: Application Auto Scaling as a register: targets, policies and scheduled actions
// are kept and told, and scale nothing.

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class AutoScalingApi {
 public:
  explicit AutoScalingApi(const world::World& world) : world_(world) {}

  /// Errors: ValidationException, ObjectNotFoundException, UnknownOperationException.
  ApiAnswer handle(const JsonCall& call);
  static std::vector<std::string_view> operation_names();

 private:
  struct Kind;
  /// Whose it is (account and region), what kind, of which namespace, resource and dimension, name.
  using Key =
      std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
  static const std::vector<Kind>& kinds();

  ApiAnswer put(const Kind& kind, const JsonCall& call);
  ApiAnswer remove(const Kind& kind, const JsonCall& call);
  ApiAnswer describe(const Kind& kind, const JsonCall& call) const;

  const world::World& world_;
  std::map<Key, json::Object> kept_ = {};
};

}  // namespace scaler::emulator
