#pragma once
// WorkReport: what the guard saw of the work in one interval, as a line of the log or as
// CloudWatch's embedded metric format.

#include <cstddef>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/log.h"
#include "guard/protocol/protocol.h"

namespace scaler::guard {

enum class ReportForm { None, Line, Emf };

class WorkReport {
 public:
  void add(Duration took);
  /// How many messages the worker has at this moment.
  void note_held(std::size_t held);

  struct Numbers {
    std::size_t done = 0;
    Duration mean = {};
    Duration p50 = {};
    Duration p95 = {};
    std::size_t held_max = 0;
  };
  /// Of what was seen since the last call.
  Numbers take();

 private:
  /// More than that are a sample: each later one takes the place of an earlier one.
  static constexpr std::size_t kKept = 4096;

  std::vector<Duration> times_ = {};
  std::size_t done_ = 0;
  Duration sum_ = {};
  std::size_t held_max_ = 0;
};

/// `protected_for`: within the interval.
void write_line(const Log& log, const WorkReport::Numbers& numbers, Duration protected_for);
std::string emf(const WorkReport::Numbers& numbers, Duration protected_for, Instant now);
/// To standard output. Left out when nobody reads that: the worker must not wait for it.
void print_line(std::string line);

}  // namespace scaler::guard
