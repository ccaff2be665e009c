#pragma once
// What the tests of this folder share.

#include <string>

#include <gtest/gtest.h>

#include "lab/trace/trace.h"

namespace scaler::trace {

inline Trace must_read(std::string_view text, const ReadOptions& options = {}) {
  Result<Trace> trace = read(text, options);
  EXPECT_TRUE(trace) << (trace ? "" : trace.error().message);
  return trace ? *std::move(trace) : Trace{.intervals = {{}}};
}

inline std::string error_of(std::string_view text, const ReadOptions& options = {}) {
  const Result<Trace> trace = read(text, options);
  return trace ? "no error" : trace.error().message;
}

inline std::string begin_of(const Trace& trace) {
  return format_instant(trace.begin());
}

/// So many rows from a moment on.
inline std::string rows(Instant from, Duration step, std::size_t count, double value) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    std::string at = format_instant(from + static_cast<std::int64_t>(i) * step);
    text += at.substr(0, at.size() - 1) + "," + std::to_string(value) + "\n";
  }
  return text;
}

}  // namespace scaler::trace
