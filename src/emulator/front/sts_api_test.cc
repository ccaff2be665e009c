#include "emulator/front/sts_api.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using scaler::testing::kNoon;

class StsApiTest : public ::testing::Test {
 protected:
  std::string call(std::string_view operation, const std::string& members,
                   const std::string& key = "AKID") {
    const auto body = json::parse("{" + members + "}");
    const Caller caller{.access_key_id = key, .region = "eu-west-1", .service = "sts"};
    const auto answer = api_.handle({.operation = operation, .body = *body, .caller = caller});
    return answer ? *answer : "error " + answer.error().code;
  }
  static std::string member(const std::string& text, const std::string& name) {
    const std::size_t at = text.find("\"" + name + "\":\"") + name.size() + 4;
    return text.substr(at, text.find('"', at) - at);
  }

  Random random_{1};
  world::World world_{{}, kNoon, random_};
  StsApi api_{world_, 1};
  std::string session_ = R"("RoleArn":"arn:aws:iam::123456789012:role/team/Scaler",)"
                         R"("RoleSessionName":"me")";
};

TEST_F(StsApiTest, TellsWhoCalls) {
  EXPECT_EQ(call("GetCallerIdentity", ""),
            R"({"Arn":"arn:aws:iam::000000000000:user/emulated","UserId":"AKID",)"
            R"("Account":"000000000000"})");
}

TEST_F(StsApiTest, ARolesCredentialsAnswerWithItsAccount) {
  const std::string answer = call("AssumeRole", session_);
  EXPECT_EQ(member(answer, "Expiration"), "2026-11-23T13:00:00Z");
  EXPECT_EQ(member(answer, "Arn"), "arn:aws:sts::123456789012:assumed-role/Scaler/me");
  const std::string key = member(answer, "AccessKeyId");
  // The account in base 32, as AWS writes it.
  EXPECT_THAT(key, StartsWith("ASIARZPUZDIK"));
  EXPECT_EQ(key.size(), 20U);
  const std::string identity = call("GetCallerIdentity", "", key);
  EXPECT_EQ(member(identity, "Account"), "123456789012");
  EXPECT_EQ(member(identity, "Arn"), "arn:aws:sts::123456789012:assumed-role/Scaler/me");
  EXPECT_EQ(member(identity, "UserId"), member(answer, "AssumedRoleId"));
}

TEST_F(StsApiTest, TwoSessionsOfARoleAreTwo) {
  const std::string one = call("AssumeRole", session_);
  const std::string two = call("AssumeRole", session_);
  EXPECT_NE(member(one, "AccessKeyId"), member(two, "AccessKeyId"));
  EXPECT_EQ(member(one, "AssumedRoleId"), member(two, "AssumedRoleId"));
}

TEST_F(StsApiTest, ASessionNeedsItsTokenAndEnds) {
  const std::string answer = call("AssumeRole", session_ + R"(,"DurationSeconds":900)");
  const std::string key = member(answer, "AccessKeyId");
  const std::string token = member(answer, "SessionToken");
  EXPECT_TRUE(api_.check_session(key, token).has_value());
  EXPECT_EQ(api_.check_session(key, "").error().code, "UnrecognizedClientException");
  EXPECT_TRUE(api_.check_session("AKID", "").has_value());
  world_.advance(kNoon + std::chrono::seconds(900));
  EXPECT_EQ(api_.check_session(key, token).error().code, "ExpiredTokenException");
}

TEST_F(StsApiTest, TakesAWebIdentity) {
  EXPECT_TRUE(is_unsigned_operation("AssumeRoleWithWebIdentity"));
  EXPECT_FALSE(is_unsigned_operation("AssumeRole"));
  const std::string answer =
      call("AssumeRoleWithWebIdentity", session_ + R"(,"WebIdentityToken":"a.b.c")", "anonymous");
  EXPECT_THAT(answer, HasSubstr(R"("Arn":"arn:aws:sts::123456789012:assumed-role/Scaler/me")"));
  EXPECT_EQ(call("AssumeRoleWithWebIdentity", session_), "error ValidationError");
}

TEST_F(StsApiTest, RefusesWhatStsRefuses) {
  constexpr std::string_view kArn = "arn:aws:iam::123456789012:role/x";
  const auto role = [](std::string_view arn, std::string_view name, std::string_view more = "") {
    return fmt::format(R"("RoleArn":"{}","RoleSessionName":"{}"{})", arn, name, more);
  };
  EXPECT_THAT(call("AssumeRole", role(kArn, "ok")), StartsWith("{"));
  for (const std::string& members :
       {std::string(), role("", "ok"), role(kArn, ""), role(kArn, "x"), role(kArn, "a b"),
        role(kArn, std::string(65, 'x')), role("arn:aws:iam::123456789012:user/x", "ok"),
        role("arn:aws:iam::12345678901:role/xx", "ok"),
        role("arn:aws:iam::123456789012:role/", "ok"),
        role("arn:aws:sqs:eu:123456789012:role/x", "ok"),
        role(kArn, "ok", R"(,"DurationSeconds":899)"),
        role(kArn, "ok", R"(,"DurationSeconds":43201)")}) {
    EXPECT_EQ(call("AssumeRole", members), "error ValidationError") << members;
  }
}

TEST_F(StsApiTest, AChainedRoleEndsWithinAnHour) {
  const std::string key = member(call("AssumeRole", session_), "AccessKeyId");
  const std::string longer = session_ + R"(,"DurationSeconds":3601)";
  EXPECT_THAT(call("AssumeRole", longer), StartsWith("{"));
  EXPECT_EQ(call("AssumeRole", longer, key), "error ValidationError");
}

}  // namespace
}  // namespace scaler::emulator
