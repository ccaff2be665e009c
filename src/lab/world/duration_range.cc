#include "lab/world/duration_range.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace scaler::world {
namespace {

/// Below this a gamma variate's shape is so large that it is as good as its mean.
constexpr double kVariationMin = 1e-3;
/// No draw is longer: instants must not overflow.
constexpr double kMillisecondsMax = 1e12;

/// Box and Muller's, one of the two.
double draw_normal(Random& random) {
  const double radius = std::sqrt(2 * draw_exponential(random));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

/// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); scale 1.
double draw_gamma(double shape, Random& random) {
  if (shape < 1) {
    const double boost = std::exp(-draw_exponential(random) / shape);
    return draw_gamma(shape + 1, random) * boost;
  }
  const double d = shape - (1.0 / 3.0);
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = draw_normal(random);
    const double cube = 1 + (c * x);
    if (cube <= 0) {
      continue;
    }
    const double v = cube * cube * cube;
    if (-draw_exponential(random) < (0.5 * x * x) + d - (d * v) + (d * std::log(v))) {
      return d * v;
    }
  }
}

}  // namespace

double draw_exponential(Random& random) {
  return -std::log(1 - random.uniform());
}

Duration draw(const DurationRange& range, Random& random) {
  Duration drawn = range.min;
  if (range.max > range.min) {
    drawn = Duration(random.between(range.min.count(), range.max.count()));
  }
  if (range.tail <= Duration(0)) {
    return drawn;
  }
  const auto mean = static_cast<double>(range.tail.count());
  double tail = mean;
  if (range.tail_variation == 1) {
    tail = mean * draw_exponential(random);
  } else if (range.tail_variation > kVariationMin) {
    const double shape = 1 / (range.tail_variation * range.tail_variation);
    tail = mean / shape * draw_gamma(shape, random);
  }
  return drawn + Duration(std::llround(std::min(tail, kMillisecondsMax)));
}

}  // namespace scaler::world
