#include "edge/aws/credentials.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "edge/aws/profile_file.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

class CredentialsTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text) const {
    return folder_.write(name, text);
  }

  CredentialProvider provider() {
    return {lambda_sources({.environment = environment_,
                            .transport = transport_,
                            .clock = clock_,
                            .sleep = [this](Duration pause) { pauses_.push_back(pause); }},
                           log_),
            clock_, log_};
  }

  Result<Credentials> current() { return provider().current(soon()); }

  TemporaryFolder folder_;
  Environment environment_{{"HOME", folder_.path()}};
  VirtualClock clock_{*parse_instant("2026-11-23T12:00:00Z")};
  Log log_{-1, LogLevel::Fatal, clock_};
  ScriptedTransport transport_{clock_};
  std::vector<Duration> pauses_;
};

std::string keys_reply(const std::string& id, const std::string& expires) {
  return R"({"Code":"Success","AccessKeyId":")" + id +
         R"(","SecretAccessKey":"hush","Token":"tok","Expiration":")" + expires + R"("})";
}

TEST_F(CredentialsTest, ComeFromTheEnvironmentFirst) {
  write(".aws/credentials", "[default]\naws_access_key_id=P\naws_secret_access_key=p\n");
  environment_["AWS_ACCESS_KEY_ID"] = "E";
  environment_["AWS_SECRET_ACCESS_KEY"] = "e";
  environment_["AWS_SESSION_TOKEN"] = "t";
  environment_["AWS_CREDENTIAL_EXPIRATION"] = "2026-11-23T13:00:00Z";
  const auto credentials = current();
  EXPECT_EQ(credentials->access_key_id, "E");
  EXPECT_EQ(credentials->secret_access_key, Secret("e"));
  EXPECT_EQ(credentials->session_token, Secret("t"));
  EXPECT_EQ(credentials->expires, *parse_instant("2026-11-23T13:00:00Z"));
}

TEST_F(CredentialsTest, DoNotFallThroughFromAHalfSetEnvironment) {
  write(".aws/credentials", "[default]\naws_access_key_id=P\naws_secret_access_key=p\n");
  environment_["AWS_ACCESS_KEY_ID"] = "E";
  EXPECT_EQ(current().error().message,
            "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
  environment_.erase("AWS_ACCESS_KEY_ID");
  environment_["AWS_SECRET_ACCESS_KEY"] = "sesame";
  EXPECT_EQ(current().error().kind, ErrorKind::Malformed);
  EXPECT_EQ(current().error().message.find("sesame"), std::string::npos);
}

TEST_F(CredentialsTest, InTheEnvironmentCountAsUnsetWhenTheyAreBlank) {
  environment_["AWS_ACCESS_KEY_ID"] = " ";
  environment_["AWS_SECRET_ACCESS_KEY"] = "\t";
  EXPECT_EQ(current().error().kind, ErrorKind::Unauthorized);
  environment_["AWS_ACCESS_KEY_ID"] = " E\n";
  environment_["AWS_SECRET_ACCESS_KEY"] = "e";
  environment_["AWS_SESSION_TOKEN"] = " ";
  EXPECT_EQ(current()->access_key_id, "E");
  EXPECT_TRUE(current()->session_token.empty());
}

TEST_F(CredentialsTest, OfALambdaAreNotTheContainersWhereAProfileIsMeant) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport_.reply_with({ok(keys_reply("K", "2026-11-23T18:00:00Z"))});
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"}) {
    environment_[name] = "x";
    EXPECT_EQ(current().error().kind, ErrorKind::Unauthorized) << name;
    EXPECT_TRUE(current().error().message.starts_with(name));
    environment_.erase(name);
  }
  EXPECT_EQ(current()->access_key_id, "K");
}

TEST_F(CredentialsTest, SayWhereTheyWereLookedFor) {
  EXPECT_EQ(current().error().message,
            "no AWS credentials found in: environment, profile, container endpoint");
  EXPECT_EQ(current().error().kind, ErrorKind::Unauthorized);
}

TEST_F(CredentialsTest, ComeFromTheContainerEndpointWithItsToken) {
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:5000/creds?x=y";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "from-variable";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = write("token", "from-file");
  transport_.reply_with({ok(keys_reply("K", "2026-11-23T18:00:00Z"))});
  EXPECT_EQ(current()->access_key_id, "K");
  const net::HttpRequest& request = transport_.requests.at(0);
  EXPECT_EQ(request.target, "/creds?x=y");
  EXPECT_EQ(net::find_header(request.headers, "authorization"), "from-file");

  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  EXPECT_TRUE(current().has_value());
  EXPECT_EQ(transport_.requests.at(1).origin.host, "169.254.170.2");
  EXPECT_EQ(transport_.requests.at(1).target, "/v2/x");

  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = write("token", "a\r\nX-Evil: 1");
  EXPECT_EQ(current().error().kind, ErrorKind::Malformed);
}

TEST_F(CredentialsTest, AreNotWaitedForAtAPipe) {
  const std::string pipe = write("config", "") + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string what = pipe + ": it is a pipe, which can be read only once: a file is needed";
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1/x";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = pipe;
  EXPECT_TRUE(current().error().message.ends_with(what)) << current().error().message;
  EXPECT_EQ(read_profile_files({{"AWS_SHARED_CREDENTIALS_FILE", pipe}}).error().message,
            "read " + what);
  EXPECT_TRUE(read_profile_files({{"AWS_CONFIG_FILE", "/dev/null"}}).has_value());
  EXPECT_EQ(read_profile_files({{"AWS_CONFIG_FILE", "/dev/zero"}}).error().message,
            "read /dev/zero: it is larger than 16 MiB");
}

TEST_F(CredentialsTest, GoToNoOtherHostInTheClear) {
  for (const char* url :
       {"http://169.254.170.2/x", "http://169.254.170.23/x", "http://[fd00:ec2::23]/x",
        "http://localhost/x", "https://example.com/x"}) {
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    transport_.reply_with({ok(keys_reply("K", "2026-11-23T18:00:00Z"))});
    EXPECT_TRUE(current().has_value()) << url;
  }
  for (const char* url : {"http://example.com/x", "http://10.0.0.1/x", "http://127.evil.example/x",
                          "http://127.evil.com/x", "http://169.254.169.254/x"}) {
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    transport_.requests.clear();
    EXPECT_EQ(current().error().kind, ErrorKind::Malformed) << url;
    EXPECT_TRUE(transport_.requests.empty());
  }
}

TEST_F(CredentialsTest, AskABusyContainerEndpointThreeTimes) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport_.reply_with({net::HttpResponse{.status = 500}});
  EXPECT_EQ(current().error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(transport_.requests.size(), 3U);
  EXPECT_EQ(pauses_, (std::vector<Duration>{1s, 1s}));
  transport_.requests.clear();
  transport_.reply_with({net::HttpResponse{.status = 403}});
  EXPECT_EQ(current().error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(transport_.requests.size(), 1U);
}

TEST_F(CredentialsTest, QuoteNoReplyInErrors) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  for (const char* body : {R"({"SecretAccessKey":"hush"})", R"(hush)",
                           R"({"AccessKeyId":"K","SecretAccessKey":"hush","Expiration":"hush"})",
                           R"({"AccessKeyId":"K","SecretAccessKey":17171717})"}) {
    transport_.reply_with({ok(body)});
    const auto credentials = current();
    EXPECT_EQ(credentials.error().kind, ErrorKind::Malformed) << body;
    EXPECT_EQ(credentials.error().message.find("hush"), std::string::npos);
    EXPECT_EQ(credentials.error().message.find("1717"), std::string::npos);
  }
}

TEST_F(CredentialsTest, AreRefreshedBeforeTheyExpire) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport_.reply_with({ok(keys_reply("A", "2026-11-23T13:00:00Z")),
                         fail(ErrorKind::Rejected, "busy"),
                         ok(keys_reply("B", "2026-11-23T14:00:00Z"))});
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  clock_.advance(44min);
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  EXPECT_EQ(transport_.requests.size(), 1U);
  clock_.advance(2min);
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");  // An early refresh may fail,
  EXPECT_EQ(transport_.requests.size(), 2U);
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");  // and is not tried again at once.
  EXPECT_EQ(transport_.requests.size(), 2U);
  clock_.advance(1min);
  EXPECT_EQ(kept.current(soon())->access_key_id, "B");
}

TEST_F(CredentialsTest, ThatLiveShortlyAreNotFetchedAgainAllTheTime) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport_.reply_with(
      {ok(keys_reply("A", "2026-11-23T12:15:00Z")), ok(keys_reply("B", "2026-11-23T12:30:00Z"))});
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  clock_.advance(7min);
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  clock_.advance(1min);
  EXPECT_EQ(kept.current(soon())->access_key_id, "B");
}

TEST_F(CredentialsTest, AreAnErrorWhenANeededRefreshFails) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport_.reply_with(
      {ok(keys_reply("A", "2026-11-23T13:00:00Z")), net::HttpResponse{.status = 403}});
  CredentialProvider kept = provider();
  EXPECT_TRUE(kept.current(soon()).has_value());
  for (int minute = 51; minute < 59; ++minute) {  // While they live they are used.
    clock_.advance(minute == 51 ? 51min : 1min);
    EXPECT_EQ(kept.current(soon())->access_key_id, "A") << minute;
    EXPECT_EQ(kept.current(soon())->access_key_id, "A") << minute;
    EXPECT_EQ(transport_.requests.size(), static_cast<std::size_t>(minute - 49));
  }
  clock_.advance(61s);
  EXPECT_EQ(kept.current(soon()).error().kind, ErrorKind::Unauthorized);
}

TEST_F(CredentialsTest, AreRenewedOnDemandOnlyWhenThereAreOthers) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  transport_.reply_with({ok(keys_reply("A", "2026-11-23T18:00:00Z")),
                         ok(keys_reply("B", "2026-11-23T18:00:00Z")),
                         ok(keys_reply("B", "2026-11-23T18:00:00Z"))});
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  EXPECT_EQ(kept.renew(soon())->access_key_id, "B");
  EXPECT_EQ(kept.current(soon())->access_key_id, "B");
  EXPECT_EQ(kept.renew(soon()).error().kind, ErrorKind::Unauthorized);
}

}  // namespace
}  // namespace scaler::aws
