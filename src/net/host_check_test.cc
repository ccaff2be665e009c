#include "net/host_check.h"

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

TEST(ForeignHost, IsNoAddressAndNoNameOfThisMachine) {
  for (const char* host :
       {"localhost", "LocalHost:4566", "localhost.", "127.0.0.1", "127.0.0.1:80", "127.8.9.1",
        "[::1]", "[::1]:4566", "sqs.localhost:1", "host.docker.internal:4566", "192.168.1.5"}) {
    EXPECT_EQ(foreign_host({{.name = "Host", .value = host}}), std::nullopt) << host;
  }
  for (const char* host :
       {"", ":80", "evil.example", "evil.example:4566", "localhost.evil.example", "xlocalhost",
        "127.0.0.1.evil.example", "internal", "[::1", "[evil.example]", "127.0.0.1@evil.example"}) {
    EXPECT_EQ(foreign_host({{.name = "Host", .value = host}}), std::string(host)) << host;
  }
}

TEST(ForeignHost, LooksAtEachHeader) {
  EXPECT_EQ(foreign_host({}), std::nullopt) << "HTTP/1.0 has none, and browsers always send one";
  EXPECT_EQ(foreign_host({{.name = "X", .value = "evil"},
                          {.name = "hOST", .value = "localhost"},
                          {.name = "host", .value = "evil"}}),
            "evil");
}

}  // namespace
}  // namespace scaler::net
