#include "edge/identity/home.h"

#include <gtest/gtest.h>

namespace scaler::identity {
namespace {

TEST(Home, IsThatOfTheUserWhoseNumberItIs) {
  const std::string_view passwd =
      "root:x:0:0:root:/root:/bin/sh\nbroken:x:7\n# 8\nme:x:1000:1000:,,,:/srv/me:\n"
      "again:x:1000:1000::/srv/again:\nlast:x:12:12::/srv/last:/bin/sh";
  EXPECT_EQ(home_in(passwd, 0), "/root");
  EXPECT_EQ(home_in(passwd, 1000), "/srv/me");
  EXPECT_EQ(home_in(passwd, 12), "/srv/last");
  EXPECT_EQ(home_in(passwd, 7), "");
  EXPECT_EQ(home_in(passwd, 100), "");
  EXPECT_EQ(home_in("", 0), "");
}

TEST(Home, IsTheEnvironmentsOwnWhereItHasOne) {
  EXPECT_EQ(with_home({{"HOME", "/elsewhere"}}), (Environment{{"HOME", "/elsewhere"}}));
}

}  // namespace
}  // namespace scaler::identity
