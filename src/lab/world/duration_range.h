#pragma once
// DurationRange: a duration that is drawn anew each time.

#include "ground/base/clock.h"
#include "ground/base/random.h"

namespace scaler::world {

/// Uniform between min and max (min == max makes it fixed), plus, with a `tail`, a part that is
/// gamma-distributed: without bound, and skewed as real start and work times are.
struct DurationRange {
  Duration min = Duration(0);
  Duration max = Duration(0);
  Duration tail = Duration(0);  ///< mean of the part above the uniform one; 0: none
  double tail_variation = 1;    ///< its standard deviation as a part of its mean; 1: exponential
  bool operator==(const DurationRange&) const = default;
};

Duration draw(const DurationRange& range, Random& random);

/// Exponentially distributed with that mean.
inline DurationRange exponential(Duration mean) {
  return {.tail = mean};
}

/// A standard exponential variate.
double draw_exponential(Random& random);

}  // namespace scaler::world
