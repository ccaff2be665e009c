#include "lab/trace/formats.h"
#include "trace_fuzz.h"

namespace scaler::fuzz {

FUZZ(trace_csv) {
  check_trace(trace::read_csv(bytes, {}));
  check_trace(trace::read(bytes));
}

}  // namespace scaler::fuzz
