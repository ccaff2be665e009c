#include "lab/trace/formats.h"
#include "trace_fuzz.h"

namespace scaler::fuzz {

FUZZ(trace_prometheus) {
  check_trace(trace::read_prometheus(bytes, {}));
}

}  // namespace scaler::fuzz
