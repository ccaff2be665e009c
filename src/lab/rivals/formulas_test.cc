#include "lab/rivals/formulas.h"

#include <gtest/gtest.h>

namespace scaler::rivals {
namespace {

TEST(Formulas, TargetTrackingIsProportionalAndRoundsUp) {
  EXPECT_EQ(tracked(4, 20, 10), 8);
  EXPECT_EQ(tracked(3, 11, 10), 4);  // 3.3
  EXPECT_EQ(tracked(3, 6.6, 6.6), 3);
  EXPECT_EQ(tracked(10, 1, 10), 1);
  EXPECT_EQ(tracked(10, 0, 10), 0);  // Its minimum stops it, not the formula.
}

TEST(Formulas, AlarmsNeedAllOfTheLatestDatapoints) {
  EXPECT_TRUE(all_above({0, 6, 7, 8}, 3, 5));
  EXPECT_FALSE(all_above({6, 5, 8}, 3, 5));  // 5 is not above 5
  EXPECT_FALSE(all_above({6, 7}, 3, 5));     // too few are not enough
  EXPECT_TRUE(all_below({9, 1, 1}, 2, 5));
  EXPECT_FALSE(all_below({1, 9}, 2, 5));
}

TEST(Formulas, StepsGrowWithTheBreach) {
  EXPECT_EQ(stepped_out(8, 6, 5), 10);
  EXPECT_EQ(stepped_out(8, 10, 5), 16);
  EXPECT_EQ(stepped_out(8, 20, 5), 32);
  EXPECT_EQ(stepped_out(1, 6, 5), 2);  // at least one
  EXPECT_EQ(stepped_in(8), 6);
  EXPECT_EQ(stepped_in(2), 1);
}

TEST(Formulas, HpaToleratesATenthAndRoundsUpOtherwise) {
  EXPECT_EQ(hpa_recommendation(10, 54, 5), 10);  // ratio 1.08
  EXPECT_EQ(hpa_recommendation(10, 56, 5), 12);
  EXPECT_EQ(hpa_recommendation(10, 46, 5), 10);
  EXPECT_EQ(hpa_recommendation(10, 44, 5), 9);
  EXPECT_EQ(hpa_recommendation(1, 0, 5), 0);
  EXPECT_EQ(hpa_scale_up_limit(1), 5);
  EXPECT_EQ(hpa_scale_up_limit(10), 20);
}

}  // namespace
}  // namespace scaler::rivals
