// What libFuzzer calls: the one target of this program.

#include <cstddef>
#include <cstdint>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  scaler::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
