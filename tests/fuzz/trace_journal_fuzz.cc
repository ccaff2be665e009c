#include "lab/trace/formats.h"
#include "trace_fuzz.h"

namespace scaler::fuzz {

FUZZ(trace_journal) {
  check_trace(trace::read_journal(bytes, {.work_time = std::chrono::seconds(2)}));
}

}  // namespace scaler::fuzz
