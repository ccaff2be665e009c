#include "lab/trace/formats.h"
#include "trace_fuzz.h"

namespace scaler::fuzz {

FUZZ(trace_cloudwatch) {
  check_trace(trace::read_cloudwatch(bytes, {}));
}

}  // namespace scaler::fuzz
