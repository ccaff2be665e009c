#include "ground/net/url.h"

#include <array>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

TEST(Url, IsTakenApart) {
  const Result<Url> url = parse_url("http://127.0.0.1:4566/000000000000/jobs?a=b#c");
  ASSERT_TRUE(url.has_value()) << url.error().message;
  EXPECT_EQ(url->origin, (Origin{"http", "127.0.0.1", 4566}));
  EXPECT_EQ(url->path, "/000000000000/jobs");
  EXPECT_EQ(url->query, "a=b");
  EXPECT_EQ(parse_url("https://sqs.eu-west-1.amazonaws.com")->origin.port, 443);
  EXPECT_EQ(parse_url("https://[fd00:ec2::254]/x")->origin.host, "fd00:ec2::254");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text : {"", "jobs", "ftp://host/", "https://", "https:///x", "http://host:0/",
                           "http://host:99999/", "http://host:x/", "http://user@host/"}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
}

TEST(Url, IsToldWithoutItsPassword) {
  const std::string what = "' is not a URL such as https://host:port/path";
  EXPECT_EQ(parse_url("https://me:p@ss/w://rd@host/x").error().message,
            "'https://[hidden]@host/x" + what);
  EXPECT_EQ(parse_url("me:secret@host").error().message, "'[hidden]@host" + what);
}

TEST(PercentEncoding, RoundTrips) {
  EXPECT_EQ(percent_encode("a b/\xc3\xa4~"), "a%20b%2F%C3%A4~");
  EXPECT_EQ(percent_decode("a%20b%2F%C3%A4~%zz%"), "a b/\xc3\xa4~%zz%");
}

TEST(QueryString, EncodesBothSides) {
  const std::array<std::pair<std::string, std::string>, 2> parameters{{{"a b", "1&2"}, {"c", ""}}};
  EXPECT_EQ(query_string(parameters), "a%20b=1%262&c=");
}

}  // namespace
}  // namespace scaler::net
