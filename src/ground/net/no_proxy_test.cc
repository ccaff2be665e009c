#include "ground/net/no_proxy.h"

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

TEST(ReachDirectly, KeepsWhatNoProxyIsForUnderBothNames) {
  const auto lists = [](Environment environment) {
    reach_directly(environment, "127.0.0.1");
    return environment.at("NO_PROXY") + " " + environment.at("no_proxy");
  };
  EXPECT_EQ(lists({}), "127.0.0.1 127.0.0.1");
  EXPECT_EQ(lists({{"NO_PROXY", "*"}}), "* *");
  EXPECT_EQ(lists({{"NO_PROXY", "a"}}), "a,127.0.0.1 a,127.0.0.1") << "Python reads no_proxy first";
  EXPECT_EQ(lists({{"no_proxy", "a"}}), "a,127.0.0.1 a,127.0.0.1");
  EXPECT_EQ(lists({{"NO_PROXY", "a"}, {"no_proxy", "b, 127.0.0.1"}}), "a,127.0.0.1 b, 127.0.0.1");
  EXPECT_EQ(lists({{"NO_PROXY", "a"}, {"no_proxy", ""}}), "a,127.0.0.1 a,127.0.0.1");
}

}  // namespace
}  // namespace scaler::net
