#include "edge/aws/role_source.h"

#include <gtest/gtest.h>

#include "edge/aws/environment_source.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

net::HttpResponse assumed(const std::string& id) {
  return ok(
      "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser>"
      "<Credentials><AccessKeyId>" +
      id +
      "</AccessKeyId><SecretAccessKey>hush</SecretAccessKey><SessionToken>tok</SessionToken>"
      "<Expiration>2026-11-23T13:00:00Z</Expiration></Credentials></AssumeRoleResult>"
      "</AssumeRoleResponse>");
}

net::HttpResponse refusal(int status, const std::string& code, const std::string& message) {
  return {.status = status,
          .headers = {{.name = "Date", .value = "Mon, 23 Nov 2026 14:00:00 GMT"}},
          .body = "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + message +
                  "</Message></Error></ErrorResponse>"};
}

class RoleSourceTest : public ::testing::Test {
 protected:
  CredentialSurroundings surroundings() {
    return {.environment = environment,
            .transport = transport,
            .clock = clock,
            .sleep = [this](Duration pause) { pauses.push_back(pause); }};
  }

  std::shared_ptr<CredentialProvider> base() {
    CredentialSources sources;
    sources.push_back(environment_source(surroundings()));
    return std::make_shared<CredentialProvider>(std::move(sources), clock, log);
  }

  Environment environment = test_environment();
  VirtualClock clock{*parse_instant("2026-11-23T12:00:00Z")};
  Log log{-1, LogLevel::Fatal, clock};
  ScriptedTransport transport{clock};
  std::vector<Duration> pauses;
};

TEST_F(RoleSourceTest, AsksStsInTheNameOfTheBase) {
  environment["AWS_SESSION_TOKEN"] = "base-token";
  transport.reply_with({assumed("R")});
  const auto source =
      role_source(surroundings(), base(),
                  {.arn = "arn:aws:iam::1:role/r", .external_id = "x y", .duration_seconds = 900});
  const auto credentials = source->fetch(soon());
  ASSERT_TRUE(credentials.has_value()) << credentials.error().message;
  EXPECT_EQ((*credentials)->access_key_id, "R");
  EXPECT_EQ((*credentials)->session_token, Secret("tok"));
  EXPECT_EQ((*credentials)->expires, *parse_instant("2026-11-23T13:00:00Z"));
  const net::HttpRequest& request = transport.requests.at(0);
  EXPECT_EQ(request.origin.host, "sts.us-east-1.amazonaws.com");
  EXPECT_EQ(request.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
            "RoleSessionName=ecs-scaler-1795435200&ExternalId=x%20y&DurationSeconds=900");
  EXPECT_NE(net::find_header(request.headers, "authorization")->find("AKIDEXAMPLE"),
            std::string::npos);
  EXPECT_EQ(net::find_header(request.headers, "x-amz-security-token"), "base-token");
  EXPECT_EQ(source->description(), "role arn:aws:iam::1:role/r, assumed by environment");
}

TEST_F(RoleSourceTest, GoesAgainWhenStsIsBusy) {
  transport.reply_with(
      {refusal(400, "Throttling", "slower"), refusal(503, "x", "y"), assumed("R")});
  EXPECT_TRUE(role_source(surroundings(), base(), {.arn = "r"})->fetch(soon()).has_value());
  EXPECT_EQ(pauses.size(), 2U);
}

TEST_F(RoleSourceTest, SignsWithTheRightTimeWhenStsTellsIt) {
  transport.reply_with({refusal(403, "SignatureDoesNotMatch", "expired"), assumed("R")});
  EXPECT_TRUE(role_source(surroundings(), base(), {.arn = "r"})->fetch(soon()).has_value());
  EXPECT_EQ(net::find_header(transport.requests.at(1).headers, "x-amz-date"), "20261123T140000Z");
}

TEST_F(RoleSourceTest, TellsARefusalWithoutSecrets) {
  environment["AWS_SESSION_TOKEN"] = "base-token";
  transport.reply_with({refusal(403, "AccessDenied", "not you, base-token of top-secret-key")});
  const auto credentials = role_source(surroundings(), base(), {.arn = "r"})->fetch(soon());
  EXPECT_EQ(credentials.error().kind, ErrorKind::Denied);
  EXPECT_EQ(credentials.error().message,
            "STS AssumeRole r: AccessDenied: not you, [hidden] of [hidden]");
}

TEST_F(RoleSourceTest, RenewsABaseThatStsDoesNotTake) {
  transport.reply_with(
      {assumed("BASE"), refusal(403, "ExpiredToken", "old"), assumed("NEXT"), assumed("R")});
  CredentialSources first;
  first.push_back(role_source(surroundings(), base(), {.arn = "base"}));
  const auto shared = std::make_shared<CredentialProvider>(std::move(first), clock, log);
  const auto source = role_source(surroundings(), shared, {.arn = "r"});
  EXPECT_EQ((*source->fetch(soon()))->access_key_id, "R");
  EXPECT_NE(net::find_header(transport.requests.at(3).headers, "authorization")->find("NEXT"),
            std::string::npos);
}

TEST_F(RoleSourceTest, RefusesAReplyWithoutKeys) {
  transport.reply_with({ok("<a/>")});
  const auto credentials = role_source(surroundings(), base(), {.arn = "r"})->fetch(soon());
  EXPECT_EQ(credentials.error().kind, ErrorKind::Malformed);
}

TEST_F(RoleSourceTest, AsksForACodeOnce) {
  transport.reply_with({assumed("R")});
  int asked = 0;
  const auto source = role_source(surroundings(), base(), {.arn = "r", .mfa_serial = "m"},
                                  [&asked](const std::string&) -> Result<std::string> {
                                    ++asked;
                                    return "123456";
                                  });
  EXPECT_TRUE(source->fetch(soon()).has_value());
  EXPECT_NE(transport.requests.at(0).body.find("&SerialNumber=m&TokenCode=123456"),
            std::string::npos);
  EXPECT_FALSE(source->renewable());
  EXPECT_EQ(source->fetch(soon()).error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(asked, 1);
  const auto nobody = role_source(surroundings(), base(), {.arn = "r", .mfa_serial = "m"});
  EXPECT_EQ(nobody->fetch(soon()).error().message, "role r needs a code of m");
}

TEST_F(RoleSourceTest, SharesItsBaseWithOtherRoles) {
  transport.reply_with({assumed("BASE"), assumed("A"), assumed("B")});
  CredentialSources first;
  first.push_back(role_source(surroundings(), base(), {.arn = "base"}));
  const auto shared = std::make_shared<CredentialProvider>(std::move(first), clock, log);
  const auto a = role_source(surroundings(), shared, {.arn = "a"});
  const auto b = role_source(surroundings(), shared, {.arn = "b"});
  EXPECT_EQ((*a->fetch(soon()))->access_key_id, "A");
  EXPECT_EQ((*b->fetch(soon()))->access_key_id, "B");
  EXPECT_EQ(transport.requests.size(), 3U);
}

}  // namespace
}  // namespace scaler::aws
