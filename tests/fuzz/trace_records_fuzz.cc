#include "lab/trace/formats.h"
#include "trace_fuzz.h"

namespace scaler::fuzz {

FUZZ(trace_records) {
  check_trace(trace::read_records(bytes, {}));
}

}  // namespace scaler::fuzz
