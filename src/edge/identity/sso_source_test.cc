#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "edge/identity/digest.h"
#include "edge/identity/test_support.h"
#include "edge/identity/token_file.h"
#include "ground/base/test_support.h"

namespace scaler::identity {
namespace {

using aws::ok;
using namespace std::chrono_literals;

constexpr std::string_view kConfig =
    "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
    "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.example/start\n"
    "[profile old]\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
    "sso_region = eu-central-1\nsso_start_url = https://corp.example/start\n";
constexpr std::string_view kRoleKeys =
    R"({"roleCredentials":{"accessKeyId":"S","secretAccessKey":"s","sessionToken":"t",)"
    R"("expiration":1795438800000}})";

class SsoSourceTest : public ::testing::Test, protected Workstation {
 protected:
  SsoSourceTest() { write_config(kConfig); }

  std::string token_path(std::string_view key = "corp") const {
    return folder.path() + "/.aws/sso/cache/" + sha1_hex(key) + ".json";
  }
  void write_token(const std::string& expires, std::string_view key = "corp",
                   const std::string& more = "") const {
    folder.write(".aws/sso/cache/" + sha1_hex(key) + ".json",
                 R"({"startUrl":"u","accessToken":"access-token","expiresAt":")" + expires + "\"" +
                     more + "}");
  }
  void write_refreshable(const std::string& expires) const {
    write_token(expires, "corp",
                R"(,"clientId":"cid","clientSecret":"csec","refreshToken":"rtok",)"
                R"("registrationExpiresAt":"2027-01-01T00:00:00Z","tool":{"of":"others"})");
  }
};

TEST_F(SsoSourceTest, NamesTheFileAsAllToolsDo) {
  EXPECT_EQ(sha1_hex("corp"), "ee0bfd2552fbd840c02cc48b6e823320543c450f");
}

TEST_F(SsoSourceTest, TurnsTheTokenIntoTheKeysOfARole) {
  write_token("2026-11-23T20:00:00Z");
  transport.reply_with({ok(std::string(kRoleKeys))});
  auto kept = provider();
  const auto credentials = kept.current(aws::soon());
  ASSERT_TRUE(credentials.has_value()) << credentials.error().message;
  EXPECT_EQ(credentials->access_key_id, "S");
  EXPECT_EQ(credentials->session_token, Secret("t"));
  EXPECT_EQ(credentials->expires, *parse_instant("2026-11-23T13:00:00Z"));
  const net::HttpRequest& request = transport.requests.at(0);
  EXPECT_EQ(request.origin.host, "portal.sso.eu-central-1.amazonaws.com");
  EXPECT_EQ(request.target, "/federation/credentials?role_name=Dev&account_id=123456789012");
  EXPECT_EQ(net::find_header(request.headers, "x-amz-sso_bearer_token"), "access-token");
  EXPECT_FALSE(net::find_header(request.headers, "authorization"));
  EXPECT_EQ(kept.source(), "SSO role Dev of account 123456789012, profile 'default'");
}

TEST_F(SsoSourceTest, KnowsProfilesOfTheOlderForm) {
  environment["AWS_PROFILE"] = "old";
  environment["AWS_ENDPOINT_URL_SSO"] = "http://127.0.0.1:9/x";
  write_token("2026-11-23T20:00:00UTC", "https://corp.example/start");
  transport.reply_with({ok(std::string(kRoleKeys))});
  EXPECT_EQ(error(), "got S");
  EXPECT_EQ(transport.requests.at(0).origin.port, 9);
  EXPECT_TRUE(transport.requests.at(0).target.starts_with("/x/federation/credentials?"));
}

TEST_F(SsoSourceTest, AsksTheKindOfEndpointThatIsDemandedOrNone) {
  write_token("2026-11-23T20:00:00Z");
  environment["AWS_USE_DUALSTACK_ENDPOINT"] = "true";
  transport.reply_with({ok(std::string(kRoleKeys)), ok(std::string(kRoleKeys))});
  EXPECT_EQ(error(), "got S");
  EXPECT_EQ(transport.requests.at(0).origin.host, "portal.sso.eu-central-1.api.aws");
  environment["AWS_USE_DUALSTACK_ENDPOINT"] = "false";
  environment["AWS_USE_FIPS_ENDPOINT"] = "true";
  EXPECT_EQ(error(),
            "AWS_USE_FIPS_ENDPOINT: no FIPS endpoint is known in place of "
            "portal.sso.eu-central-1.amazonaws.com: name one with AWS_ENDPOINT_URL_SSO");
  EXPECT_EQ(transport.requests.size(), 1U);
  environment["AWS_ENDPOINT_URL_SSO"] = "https://fips.example";
  EXPECT_EQ(error(), "got S");
}

TEST_F(SsoSourceTest, RefreshesATokenAndWritesItBack) {
  write_refreshable("2026-11-23T12:14:00Z");
  transport.reply_with(
      {ok(R"({"accessToken":"new","tokenType":"Bearer","expiresIn":3600,"refreshToken":"r2"})"),
       ok(std::string(kRoleKeys))});
  EXPECT_EQ(error(), "got S");
  const net::HttpRequest& request = transport.requests.at(0);
  EXPECT_EQ(request.origin.host, "oidc.eu-central-1.amazonaws.com");
  EXPECT_EQ(request.target, "/token");
  EXPECT_EQ(request.body, R"({"grantType":"refresh_token","clientId":"cid",)"
                          R"("clientSecret":"csec","refreshToken":"rtok"})");
  EXPECT_EQ(net::find_header(transport.requests.at(1).headers, "x-amz-sso_bearer_token"), "new");
  EXPECT_EQ(*read_file(token_path()),
            R"({"startUrl":"u","accessToken":"new","expiresAt":"2026-11-23T13:00:00Z",)"
            R"("clientId":"cid","clientSecret":"csec","refreshToken":"r2",)"
            R"("registrationExpiresAt":"2027-01-01T00:00:00Z","tool":{"of":"others"}})");
  EXPECT_EQ(std::filesystem::status(token_path()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(SsoSourceTest, UsesTheOldTokenWhileItCannotBeRefreshed) {
  write_refreshable("2026-11-23T12:14:00Z");
  transport.reply_with({refusal(400, R"({"error":"invalid_grant"})"), ok(std::string(kRoleKeys))});
  EXPECT_EQ(error(), "got S");
  clock.advance(14min);
  transport.reply_with({refusal(400, R"({"error":"invalid_grant"})"), ok(std::string(kRoleKeys))});
  EXPECT_EQ(error(),
            "the SSO token expired at 2026-11-23T12:14:00Z; run: aws sso login "
            "--sso-session corp");
}

TEST_F(SsoSourceTest, TakesTheTokenThatAnotherProgramRefreshedMeanwhile) {
  write_refreshable("2026-11-23T11:00:00Z");
  transport.answer = [&](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.target != "/token") {
      return ok(std::string(kRoleKeys));
    }
    write_refreshable("2026-11-23T13:00:00Z");
    return refusal(400, R"({"error":"invalid_grant"})");
  };
  EXPECT_EQ(error(), "got S");
}

/// Answers refresh tokens that are good for one use, and names those that were used.
class OneUseTokens {
 public:
  Result<net::HttpResponse> operator()(const net::HttpRequest& request) {
    if (request.target != "/token") {
      bearers.emplace_back(*net::find_header(request.headers, "x-amz-sso_bearer_token"));
      return ok(std::string(kRoleKeys));
    }
    if (!request.body.contains("\"refreshToken\":\"" + next_ + "\"")) {
      return refusal(400, R"({"error":"invalid_grant"})");
    }
    const std::string number = std::to_string(++count_);
    next_ = "r" + number;
    return ok(R"({"accessToken":"a)" + number + R"(","expiresIn":3600,"refreshToken":")" + next_ +
              "\"}");
  }
  std::vector<std::string> bearers = {};

 private:
  std::string next_ = "rtok";
  int count_ = 0;
};

TEST_F(SsoSourceTest, KeepsARefreshedTokenThatCannotBeWritten) {
  write_refreshable("2026-11-23T12:14:00Z");
  OneUseTokens tokens;
  transport.answer = std::ref(tokens);
  auto kept = provider();
  {
    const testing::NoRoom none(0);  // Root may write into any folder.
    EXPECT_EQ(kept.current(aws::soon())->access_key_id, "S");
    clock.advance(58min);
    EXPECT_EQ(kept.current(aws::soon())->access_key_id, "S");
  }
  EXPECT_EQ(tokens.bearers, (std::vector<std::string>{"a1", "a2"}));

  // Somebody logs in again: what he left is used.
  write_token("2026-11-23T20:00:00Z");
  clock.advance(10min);
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "S");
  EXPECT_EQ(tokens.bearers.back(), "access-token");
}

TEST_F(SsoSourceTest, RefusesAnExpirationThatIsNoTime) {
  write_token("2026-11-23T20:00:00Z");
  for (const char* expiration : {"-9223372036854775808", "9223372036854775807", "-1"}) {
    transport.reply_with({ok(R"({"roleCredentials":{"accessKeyId":"S","secretAccessKey":"s",)"
                             R"("sessionToken":"t","expiration":)" +
                             std::string(expiration) + "}}")});
    EXPECT_EQ(error(), "SSO GetRoleCredentials Dev: the reply lacks keys or their expiration");
  }
}

TEST_F(SsoSourceTest, SaysWhatToRun) {
  EXPECT_EQ(error(), "SSO token " + token_path() +
                         ": No such file or directory; run: aws sso login --sso-session corp");
  write_token("2026-11-23T20:00:00Z");
  transport.reply_with({refusal(401, R"({"message":"Session token not found or invalid"})")});
  EXPECT_EQ(error(),
            "SSO GetRoleCredentials Dev: the token was refused; run: aws sso login "
            "--sso-session corp");
  write_token("2026-11-23T11:00:00Z");
  EXPECT_EQ(error(),
            "the SSO token expired at 2026-11-23T11:00:00Z; run: aws sso login "
            "--sso-session corp");
  folder.write(".aws/sso/cache/" + sha1_hex("corp") + ".json", "access-token");
  EXPECT_EQ(error(), "SSO token " + token_path() +
                         ": it holds no JSON object; run: aws sso login --sso-session corp");
}

TEST_F(SsoSourceTest, NeverQuotesAToken) {
  write_token("2026-11-23T20:00:00Z");
  transport.reply_with({refusal(403, R"({"message":"access-token is not for this"})")});
  EXPECT_EQ(error(), "SSO GetRoleCredentials Dev: HTTP status 403: [hidden] is not for this");
}

}  // namespace
}  // namespace scaler::identity
