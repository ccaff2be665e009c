#pragma once
// What holds for a trace of any format.

#include "fuzz.h"
#include "lab/trace/trace.h"

namespace scaler::fuzz {

inline void check_trace(const Result<trace::Trace>& trace) {
  check_short(trace);
  if (!trace) {
    return;
  }
  CHECK(!trace->intervals.empty());
  for (std::size_t i = 1; i < trace->intervals.size(); ++i) {
    const sim::TraceInterval& before = trace->intervals[i - 1];
    CHECK(before.length > Duration(0));
    CHECK(before.begin + before.length <= trace->intervals[i].begin);
  }
}

}  // namespace scaler::fuzz
