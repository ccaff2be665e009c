#include <gtest/gtest.h>

#include "edge/aws/sigv4.h"
#include "edge/identity/test_support.h"
#include "edge/identity/token_file.h"
#include "ground/json/writer.h"

namespace scaler::identity {
namespace {

using aws::text_in;
using json::Reader;

std::string json_text(const json::Value& value) {
  json::Writer writer;
  writer.value(value);
  return std::move(writer).text();
}

std::string with_key(std::string text, const std::string& pem) {
  json::Writer writer;
  writer.value(pem);
  const std::string mark = R"("@KEY")";
  if (const std::size_t at = text.find(mark); at != std::string::npos) {
    text.replace(at, mark.size(), writer.text());
  }
  return text;
}

/// One case: the profile, the CLI's file, and the answer of the token endpoint.
class LoginCase : public Workstation {
 public:
  explicit LoginCase(const Reader& test) : test_(test) {
    clock.advance(*parse_instant(text_in(test, "at")) - clock.now());
    environment["AWS_PROFILE"] = "signin";
    write_config(text_in(test, "config"));
    const Reader cache = *test.field("cache");
    for (const auto& [name, token] : std::get<json::Object>(cache.value().data())) {
      folder.write(".aws/login/cache/" + name, with_key(json_text(token), pem_));
    }
    if (const auto call = test.optional_field("call")) {
      transport.reply_with(
          {net::HttpResponse{.status = static_cast<int>(*call->field("status")->integer()),
                             .body = json_text(call->field("answer")->value())}});
    }
  }

  void run() {
    const auto credentials = current();
    const auto keys = test_.optional_field("keys");
    ASSERT_EQ(credentials.has_value(), keys.has_value());
    if (keys) {
      EXPECT_EQ(credentials->access_key_id, text_in(*keys, "accessKeyId"));
      EXPECT_EQ(credentials->secret_access_key.reveal(), text_in(*keys, "secretAccessKey"));
      EXPECT_EQ(credentials->session_token.reveal(), text_in(*keys, "sessionToken"));
      EXPECT_EQ(format_instant(*credentials->expires), text_in(*keys, "expiresAt"));
    }
    check_call();
    check_kept();
  }

 private:
  void check_call() const {
    const auto call = test_.optional_field("call");
    ASSERT_EQ(transport.requests.size(), call ? 1U : 0U);
    if (call) {
      const net::HttpRequest& request = transport.requests.front();
      EXPECT_EQ(request.origin.host, "eu-west-1.signin.aws.amazon.com");
      EXPECT_EQ(request.target, "/v1/token");
      EXPECT_EQ(request.body, json_text(call->field("sent")->value()));
      EXPECT_TRUE(net::find_header(request.headers, "dpop"));
    }
  }

  void check_kept() const {
    const auto kept = test_.optional_field("kept");
    if (!kept) {
      return;
    }
    for (const auto& [name, token] : std::get<json::Object>(kept->value().data())) {
      EXPECT_EQ(*read_file(folder.path() + "/.aws/login/cache/" + name),
                with_key(json_text(token), pem_));
    }
  }

  Reader test_;
  std::string pem_ = pem_of(make_test_key());
};

TEST(LoginVectors, AreFollowed) {
  const json::Value document = aws::read_vectors(SCALER_VECTORS_DIR "/credentials/login.json");
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  for (const Reader& test : cases) {
    SCOPED_TRACE(text_in(test, "name"));
    LoginCase(test).run();
  }
  EXPECT_EQ(cases.size(), 8U);
}

TEST(LoginSource, TakesTheKeysThatAnotherProgramRenewedMeanwhile) {
  Workstation place;
  place.write_config("[default]\nlogin_session = me\n");
  const std::string name = ".aws/login/cache/" + aws::sha256_hex("me") + ".json";
  const auto keep = [&](const std::string& key, const std::string& expires) {
    place.folder.write(
        name, with_key(R"({"accessToken":{"accessKeyId":")" + key +
                           R"(","secretAccessKey":"s","sessionToken":"t","expiresAt":")" + expires +
                           R"("},"clientId":"c","refreshToken":"once","dpopKey":"@KEY"})",
                       pem_of(make_test_key())));
  };
  keep("OLD", "2026-11-23T12:01:00Z");
  place.transport.answer = [&](const net::HttpRequest& /*request*/) {
    keep("NEW", "2026-11-23T12:15:00Z");
    return refusal(400, R"({"error":"TOKEN_EXPIRED"})");
  };
  EXPECT_EQ(place.error(), "got NEW");
  EXPECT_EQ(place.transport.requests.size(), 1U);
}

TEST(LoginSource, UsesKeysThatAreStillGoodWhileTheyCannotBeRenewed) {
  Workstation place;
  place.write_config("[default]\nlogin_session = me\n");
  place.folder.write(
      ".aws/login/cache/" + aws::sha256_hex("me") + ".json",
      with_key(R"({"accessToken":{"accessKeyId":"OLD","secretAccessKey":"s","sessionToken":"t",)"
               R"("expiresAt":"2026-11-23T12:04:00Z"},"clientId":"c","refreshToken":"once",)"
               R"("dpopKey":"@KEY"})",
               pem_of(make_test_key())));
  place.transport.reply_with({refusal(503)});
  EXPECT_EQ(place.error(), "got OLD");
  place.clock.advance(std::chrono::minutes(4));
  EXPECT_EQ(place.error(), "aws login: CreateOAuth2Token: HTTP status 503");
}

TEST(LoginSource, SaysWhatARefusalMeans) {
  const json::Value document = aws::read_vectors(SCALER_VECTORS_DIR "/credentials/login.json");
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  LoginCase refused(cases.back());
  for (const auto& [reason, advice] : std::vector<std::pair<std::string, std::string>>{
           {"TOKEN_EXPIRED", "run: aws login --profile signin"},
           {"USER_CREDENTIALS_CHANGED",
            "the password was changed; run: aws login --profile signin"},
           {"INSUFFICIENT_PERMISSIONS", "the role lacks the permission to sign in"}}) {
    refused.transport.reply_with({refusal(
        400, R"({"__type":"AccessDeniedException","message":"expired_refresh_token","error":")" +
                 reason + "\"}")});
    EXPECT_EQ(refused.error(),
              "aws login: CreateOAuth2Token: AccessDeniedException: [hidden]; " + advice);
  }
}

}  // namespace
}  // namespace scaler::identity
