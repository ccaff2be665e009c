#include "ground/base/histogram.h"

#include <vector>

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(Histogram, CountsWhatTookNoLongerThanABoundBelowIt) {
  Histogram histogram;
  for (const int milliseconds : {0, 5, 6, 30'000, 30'001}) {
    histogram.add(Duration(milliseconds));
  }
  const std::vector<std::int64_t> counts(histogram.counts().begin(), histogram.counts().end());
  EXPECT_EQ(counts, (std::vector<std::int64_t>{2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(histogram.sum(), Duration(60'012));
}

}  // namespace
}  // namespace scaler
