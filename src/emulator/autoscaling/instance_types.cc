#include "emulator/autoscaling/instance_types.h"

#include <algorithm>
#include <array>

namespace scaler::emulator {
namespace {

struct Type {
  std::string_view name = {};
  std::int64_t vcpus = 0;
  std::int64_t gib = 0;
  std::int64_t gpus = 0;
};
/// Source: https://aws.amazon.com/ec2/instance-types/
constexpr std::array<Type, 22> kTypes{
    {{kPlainInstance, 2, 8},        {"t3.medium", 2, 4},       {"t3.large", 2, 8},
     {"m5.xlarge", 4, 16},          {"m5.2xlarge", 8, 32},     {"m6i.large", 2, 8},
     {"m6i.xlarge", 4, 16},         {"m7g.large", 2, 8},       {"c5.large", 2, 4},
     {"c5.xlarge", 4, 8},           {"c6i.xlarge", 4, 8},      {"r5.large", 2, 16},
     {"p3.2xlarge", 8, 61, 1},      {"g4dn.xlarge", 4, 16, 1}, {"g4dn.2xlarge", 8, 32, 1},
     {"g4dn.12xlarge", 48, 192, 4}, {"g5.xlarge", 4, 16, 1},   {"g5.2xlarge", 8, 32, 1},
     {"g5.12xlarge", 48, 192, 4},   {"g6.xlarge", 4, 16, 1},   {"p4d.24xlarge", 96, 1152, 8},
     {"p5.48xlarge", 192, 2048, 8}}};

}  // namespace

world::Resources InstanceTypes::find(std::string_view name) const {
  if (const auto found = added_.find(name); found != added_.end()) {
    return found->second;
  }
  const auto* found = std::ranges::find(kTypes, name, &Type::name);
  const Type& type = found == kTypes.end() ? kTypes.front() : *found;
  // The agent registers what the kernel leaves of the memory: about 19 parts of 20.
  return {.cpu = type.vcpus * 1024, .memory = type.gib * 1024 * 19 / 20, .gpus = type.gpus};
}

}  // namespace scaler::emulator
