#include "emulator/request/aws_request.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using scaler::testing::kNoon;

net::ServerRequest good_request() {
  return {
      .method = "POST",
      .target = "/",
      .headers = {{.name = "Host", .value = "127.0.0.1:1"},
                  {.name = "X-Amz-Date", .value = "20261123T120000Z"},
                  {.name = "Authorization",
                   .value = "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/sqs/aws4_request, "
                            "SignedHeaders=host;x-amz-date, Signature=" +
                            std::string(64, 'a')}}};
}

std::string& header(net::ServerRequest& request, std::string_view name) {
  return std::ranges::find(request.headers, name, &net::HttpHeader::name)->value;
}

TEST(CheckSignature, TellsWhoCalls) {
  const auto caller = check_signature(good_request(), "sqs", kNoon);

  ASSERT_TRUE(caller.has_value()) << caller.error().message;
  EXPECT_EQ(caller->access_key_id, "AKID");
  EXPECT_EQ(caller->region, "eu-west-1");
  EXPECT_EQ(caller->service, "sqs");
}

TEST(CheckSignature, AllowsFiveMinutesOfSkew) {
  using std::chrono::minutes;
  EXPECT_TRUE(check_signature(good_request(), "sqs", kNoon + minutes(5)).has_value());
  EXPECT_TRUE(check_signature(good_request(), "sqs", kNoon - minutes(5)).has_value());
  const auto late = check_signature(good_request(), "sqs", kNoon + minutes(5) + Duration(1));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, "InvalidSignatureException");
  EXPECT_NE(late.error().message.find("Signature expired: 20261123T120000Z is earlier than"),
            std::string::npos);
}

TEST(CheckSignature, WantsTheSessionTokenSigned) {
  net::ServerRequest request = good_request();
  request.headers.push_back({.name = "x-amz-security-token", .value = "t"});
  EXPECT_FALSE(check_signature(request, "sqs", kNoon).has_value());

  std::string& value = header(request, "Authorization");
  value.replace(value.find("x-amz-date,"), 11, "x-amz-date;x-amz-security-token,");
  EXPECT_TRUE(check_signature(request, "sqs", kNoon).has_value());
}

struct BadCase {
  std::string_view name;
  std::string_view header;
  std::string_view from;
  std::string_view to;
  std::string_view code;
};

class CheckSignatureRefuses : public ::testing::TestWithParam<BadCase> {};

TEST_P(CheckSignatureRefuses, Requests) {
  const BadCase& bad = GetParam();
  net::ServerRequest request = good_request();
  std::string& value = header(request, bad.header);
  const std::size_t at = value.find(bad.from);
  ASSERT_NE(at, std::string::npos);
  value.replace(at, bad.from.size(), bad.to);

  const auto caller = check_signature(request, "sqs", kNoon);

  ASSERT_FALSE(caller.has_value());
  EXPECT_EQ(caller.error().code, bad.code);
  EXPECT_EQ(caller.error().status, 403);
}

constexpr std::string_view kIncomplete = "IncompleteSignatureException";
constexpr std::string_view kInvalid = "InvalidSignatureException";

INSTANTIATE_TEST_SUITE_P(
    AwsRequest, CheckSignatureRefuses,
    ::testing::Values(
        BadCase{"Algorithm", "Authorization", "SHA256", "SHA1", kIncomplete},
        BadCase{"NoSpaceAfterAlgorithm", "Authorization", "SHA256 ", "SHA256", kIncomplete},
        BadCase{"EmptyKey", "Authorization", "=AKID", "=", kIncomplete},
        BadCase{"ShortScope", "Authorization", "/eu-west-1", "", kIncomplete},
        BadCase{"LongScope", "Authorization", "/sqs", "/sqs/x", kIncomplete},
        BadCase{"OtherService", "Authorization", "/sqs", "/ecs", kInvalid},
        BadCase{"OtherDay", "Authorization", "/20261123", "/20261122", kInvalid},
        BadCase{"OtherTerminator", "Authorization", "aws4_request", "aws4", kInvalid},
        BadCase{"NoSignature", "Authorization", "Signature", "Sig", kIncomplete},
        BadCase{"UpperCaseSignature", "Authorization", "aaaa", "AAAA", kIncomplete},
        BadCase{"ShortSignature", "Authorization", "aaaa", "aaa", kIncomplete},
        BadCase{"HostNotSigned", "Authorization", "host;", "", kInvalid},
        BadCase{"DateNotSigned", "Authorization", ";x-amz-date", "", kInvalid},
        BadCase{"UnsortedHeaders", "Authorization", "host;x-amz-date", "x-amz-date;host", kInvalid},
        BadCase{"DoubledHeaders", "Authorization", "host;", "host;host;", kInvalid},
        BadCase{"SignedButNotSent", "Authorization", "host;", "host;x-amz-a;", kInvalid},
        BadCase{"UpperCaseHeaders", "Authorization", "host;", "Host;", kInvalid},
        BadCase{"DateWithDashes", "X-Amz-Date", "20261123T120000Z", "2026-11-23T12:00Z",
                kIncomplete},
        BadCase{"DateThatIsNone", "X-Amz-Date", "1123", "1323", kIncomplete},
        BadCase{"DateWithSigns", "X-Amz-Date", "120000", "-1-1-1", kIncomplete}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CheckSignature, WantsOneAtAll) {
  net::ServerRequest request = good_request();
  request.headers.pop_back();
  const auto caller = check_signature(request, "sqs", kNoon);
  ASSERT_FALSE(caller.has_value());
  EXPECT_EQ(caller.error().code, "MissingAuthenticationTokenException");
}

}  // namespace
}  // namespace scaler::emulator
