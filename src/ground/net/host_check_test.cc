#include "ground/net/host_check.h"

#include <gtest/gtest.h>

#include "ground/net/address.h"

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

TEST(ForeignHost, IsNoNameOfAwsThatARequestIsSignedFor) {
  const auto signed_for = [](std::string host, std::string authorization) {
    return foreign_host({{.name = "Host", .value = std::move(host)},
                         {.name = "Authorization", .value = std::move(authorization)}});
  };
  const std::string kSigned = "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b";

  EXPECT_EQ(signed_for("sqs.eu-west-1.amazonaws.com", kSigned), std::nullopt);
  EXPECT_EQ(signed_for("SQS.eu-west-1.amazonaws.com:443", kSigned), std::nullopt);
  for (const char* host : {"evil.example", "xamazonaws.com", "sqs.amazonaws.com.evil.example"}) {
    EXPECT_EQ(signed_for(host, kSigned), host);
  }
  EXPECT_EQ(signed_for("sqs.amazonaws.com", "Basic x"), "sqs.amazonaws.com");
}

TEST(ForeignHost, LooksAtEachHeader) {
  EXPECT_EQ(foreign_host({}), std::nullopt) << "HTTP/1.0 has none, and browsers always send one";
  EXPECT_EQ(foreign_host({{.name = "X", .value = "evil"},
                          {.name = "hOST", .value = "localhost"},
                          {.name = "host", .value = "evil"}}),
            "evil");
}

TEST(ForeignPage, IsOneOfAnotherOrigin) {
  const auto page_of = [](std::string name, std::string value) {
    return foreign_page({{.name = "Host", .value = "LocalHost:4566"},
                         {.name = std::move(name), .value = std::move(value)}});
  };

  EXPECT_EQ(page_of("Accept", "*/*"), std::nullopt) << "a program says nothing of pages";
  EXPECT_EQ(page_of("origin", "http://localhost:4566"), std::nullopt);
  EXPECT_EQ(page_of("Sec-Fetch-Site", "same-origin"), std::nullopt);
  EXPECT_EQ(page_of("Sec-Fetch-Site", "none"), std::nullopt);
  for (const char* origin : {"null", "", "http://evil.example", "https://localhost:4566",
                             "http://localhost", "http://localhost:3000", "localhost:4566",
                             "http://localhost:4566/", "http://127.0.0.1:4566"}) {
    EXPECT_EQ(page_of("oRIGIN", origin), origin);
  }
  for (const char* site : {"cross-site", "same-site", ""}) {
    EXPECT_EQ(page_of("sec-fetch-site", site), site);
  }
}

TEST(ForeignPage, LooksAtEachHeader) {
  EXPECT_EQ(foreign_page({}), std::nullopt);
  EXPECT_EQ(foreign_page({{.name = "Origin", .value = "http://a"}}), "http://a");
  EXPECT_EQ(foreign_page({{.name = "Origin", .value = "http://a"},
                          {.name = "Sec-Fetch-Site", .value = "same-origin"},
                          {.name = "Host", .value = "a"},
                          {.name = "Origin", .value = "http://evil"}}),
            "http://evil");
}

TEST(WhyForeign, AsksForTheHostOnlyOfWhatCameOverLoopback) {
  const HttpHeaders named{{.name = "Host", .value = "aws.test.example:4566"}};
  EXPECT_NE(why_foreign("POST", named), std::nullopt);
  EXPECT_EQ(why_foreign("POST", named, false), std::nullopt);

  HttpHeaders of_a_page = named;
  of_a_page.push_back({.name = "Origin", .value = "http://evil.example"});
  EXPECT_NE(why_foreign("POST", of_a_page, false), std::nullopt);
}

TEST(Loopback, IsAddressesAndOneName) {
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "localhost"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
    EXPECT_FALSE(is_every_address(host)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "0:0::0"}) {
    EXPECT_TRUE(is_every_address(host)) << host;
    EXPECT_FALSE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "128.0.0.1", "1.0.0.127", "::2", "example.org", "127.0.0.1:80"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
    EXPECT_FALSE(is_every_address(host)) << host;
  }
}

}  // namespace
}  // namespace scaler::net
