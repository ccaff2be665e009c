#include "emulator/lambda/lambda_ids.h"

#include <fmt/core.h>

namespace scaler::emulator {

std::string make_uuid(Random& random) {
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xffffU,
                     high & 0xfffU, ((low >> 48U) & 0x3fffU) | 0x8000U, low & 0xffffffffffffU);
}

}  // namespace scaler::emulator
