#include "edge/identity/process_tree.h"

#include <gtest/gtest.h>

namespace scaler::identity {
namespace {

TEST(ProcessTree, ReadsTheParentBehindANameOfAnyKind) {
  EXPECT_EQ(parent_in("77 (sh) S 12 77 1 0 -1"), 12);
  EXPECT_EQ(parent_in("77 (a) S 5 (b) R 12 77"), 12);
  EXPECT_EQ(parent_in("77 (sh) S"), 0);
  EXPECT_EQ(parent_in(""), 0);
}

}  // namespace
}  // namespace scaler::identity
