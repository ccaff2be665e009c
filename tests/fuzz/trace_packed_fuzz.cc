#include "lab/trace/unpack.h"
#include "trace_fuzz.h"

namespace scaler::fuzz {

FUZZ(trace_packed) {
  constexpr std::size_t kMost = 100'000;
  if (trace::packing_of(bytes) == trace::Packing::None) {
    return;
  }
  const Result<std::string> text = trace::unpacked(bytes, kMost);
  check_short(text);
  CHECK(!text || text->size() <= kMost);
  check_trace(trace::read(bytes));
}

}  // namespace scaler::fuzz
