#pragma once
// Instance types, as far as tasks are placed by them.

#include <map>
#include <string>
#include <string_view>

#include "lab/world/instance_group.h"

namespace scaler::emulator {

class InstanceTypes {
 public:
  void add(std::string name, world::Resources resources) {
    added_.insert_or_assign(std::move(name), resources);
  }
  /// Of a type that is not known, those of the smallest that is listed.
  world::Resources find(std::string_view name) const;

 private:
  std::map<std::string, world::Resources, std::less<>> added_ = {};
};

/// When a launch names none, as a launch template here may.
inline constexpr std::string_view kPlainInstance = "m5.large";

}  // namespace scaler::emulator
