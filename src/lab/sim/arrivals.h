#pragma once
// Arrivals: when jobs come. A specification, or a trace that is read piece by piece, becomes a
// stream of instants in order; its memory does not depend on its length.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/random.h"

namespace scaler::sim {

/// One message every 1 / per_second, exactly.
struct Constant {
  double per_second = 0;
};

/// Independent arrivals at a steady rate.
struct Poisson {
  double per_second = 0;
};

/// Poisson arrivals whose rate swings around its mean within the day, and is lower at weekends:
/// mean * (1 + daily * sin) * (weekend on Saturday and Sunday, UTC). The peak is at noon UTC.
struct Wave {
  double per_second = 0;  ///< mean of a weekday
  double daily = 0.8;     ///< amplitude as a part of the mean, 0..1
  double weekend = 1;     ///< a weekend's rate as a part of a weekday's
};

/// So many messages at once, at random moments or evenly.
struct Bursts {
  Duration every = std::chrono::hours(1);  ///< mean time between two bursts
  std::int64_t size = 100;                 ///< messages of one burst
  bool random = true;                      ///< exponential times between bursts; false: even
};

/// What one interval of a trace brings: its messages are spread evenly at random within it.
struct TraceInterval {
  Instant begin = {};
  Duration length = {};
  double messages = 0;
};

/// A trace, read once from front to back. Intervals come in order and do not overlap.
class TraceSource {
 public:
  virtual ~TraceSource() = default;
  virtual std::optional<TraceInterval> next() = 0;
};

/// A trace that can be opened any number of times, once for each policy that is tried on it.
struct ArrivalTrace {
  std::function<std::unique_ptr<TraceSource>()> open = {};
  double scale = 1;  ///< each interval's messages are multiplied by this; fractions by chance
};

/// Intervals that lie in memory.
ArrivalTrace trace_of(std::vector<TraceInterval> intervals, double scale = 1);

/// All of them together.
using Arrivals = std::variant<Constant, Poisson, Wave, Bursts, ArrivalTrace>;

/// Instants in order.
class ArrivalStream {
 public:
  virtual ~ArrivalStream() = default;
  /// The next arrivals: an instant and how many messages come at it; nothing when none are left.
  struct Batch {
    Instant at = {};
    std::int64_t messages = 0;
  };
  virtual std::optional<Batch> next() = 0;
};

/// The arrivals from `begin` on and before `end`. The same seed gives the same stream, whatever
/// else is drawn in the meantime: two policies face the same jobs.
std::unique_ptr<ArrivalStream> arrivals(const Arrivals& specification, Instant begin, Instant end,
                                        std::uint64_t seed);

/// The streams of several specifications as one, in order of time.
std::unique_ptr<ArrivalStream> arrivals(const std::vector<Arrivals>& specifications, Instant begin,
                                        Instant end, std::uint64_t seed);

}  // namespace scaler::sim
