#include "edge/identity/instance_source.h"

#include <gtest/gtest.h>

#include "edge/identity/test_support.h"

namespace scaler::identity {
namespace {

using aws::ok;

std::string keys(const std::string& expires) {
  return R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"hush","Token":"tok",)"
         R"("Expiration":")" +
         expires + R"("})";
}

/// An instance with the role "worker". `token_status` is what the token of IMDSv2 answers with.
aws::ScriptedTransport::Answer instance(int token_status,
                                        const std::string& expires = "2026-11-23T18:00:00Z") {
  return [=](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.method == "PUT") {
      return net::HttpResponse{.status = token_status, .body = token_status == 200 ? "tkn" : ""};
    }
    const bool has_token = net::find_header(request.headers, "x-aws-ec2-metadata-token") == "tkn";
    if (has_token != (token_status == 200)) {
      return refusal(401, "<html>401 - Unauthorized</html>");
    }
    return request.target.ends_with("/worker") ? ok(keys(expires)) : ok("worker\n");
  };
}

class InstanceSourceTest : public ::testing::Test, protected Workstation {
 protected:
  InstanceSourceTest() { environment.erase("AWS_EC2_METADATA_DISABLED"); }
};

TEST_F(InstanceSourceTest, AsksForATokenTheRoleAndItsKeys) {
  transport.answer = instance(200);
  auto kept = provider();
  EXPECT_EQ(kept.current(aws::soon())->access_key_id, "I");
  EXPECT_EQ(transport.requests.at(0).origin.host, "169.254.169.254");
  EXPECT_EQ(transport.requests.at(0).target, "/latest/api/token");
  EXPECT_EQ(kept.source(), "instance metadata, role worker");
}

TEST_F(InstanceSourceTest, IsNobodyWhereItIsUnclearWhetherItMayBeAsked) {
  transport.answer = instance(200);
  for (const char* name : {"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_V1_DISABLED"}) {
    environment[name] = "1";
    EXPECT_EQ(error(), std::string(name) + ": '1' is neither true nor false");
    environment.erase(name);
  }
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(InstanceSourceTest, AsksWhereItIsTold) {
  const json::Value document =
      aws::read_vectors(SCALER_VECTORS_DIR "/credentials/instance_urls.json");
  const std::vector<json::Reader> cases = *json::Reader(document).field("cases")->items();
  for (const json::Reader& test : cases) {
    SCOPED_TRACE(aws::text_in(test, "name"));
    Workstation place;
    place.environment = {{"AWS_REGION", "x"}};
    for (const auto& [name, value] : aws::texts_in(test, "environment")) {
      place.environment[name] =
          value.starts_with("@ROOT") ? place.folder.path() + value.substr(5) : value;
    }
    for (const auto& [name, text] : aws::texts_in(test, "files")) {
      place.folder.write(name, text);
    }
    place.transport.answer = instance(200);
    const auto credentials = place.current();
    const std::string url = aws::text_in(test, "url");
    ASSERT_EQ(credentials.has_value(), !url.empty());
    if (!url.empty()) {
      const net::HttpRequest& first = place.transport.requests.at(0);
      EXPECT_EQ(first.origin.scheme + "://" + net::host_header(first.origin) + first.target, url);
    }
  }
  EXPECT_EQ(cases.size(), 14U);
}

TEST_F(InstanceSourceTest, UsesTheOldMetadataOnlyWhereItIsAllowed) {
  transport.answer = instance(404);
  EXPECT_EQ(current()->access_key_id, "I");
  environment["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  EXPECT_EQ(current().error().kind, ErrorKind::Unauthorized);
  environment.erase("AWS_EC2_METADATA_V1_DISABLED");
  write_config("[default]\nec2_metadata_v1_disabled = true\n");
  EXPECT_EQ(current().error().kind, ErrorKind::Unauthorized);
}

TEST_F(InstanceSourceTest, FindsNothingWhereThereIsNoInstance) {
  transport.reply_with({fail(ErrorKind::Unavailable, "no route")});
  EXPECT_EQ(error(),
            "no AWS credentials found in: environment, profile, container endpoint, instance "
            "metadata");
  EXPECT_TRUE(pauses.empty());
}

TEST_F(InstanceSourceTest, AdvisesTheHopLimitWhereOnlyTheTokenIsLost) {
  transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.method == "PUT") {
      return fail(ErrorKind::Unavailable, "no reply");
    }
    return refusal(401, "<html>401 - Unauthorized</html>");
  };
  EXPECT_NE(error().find("--http-put-response-hop-limit 2"), std::string::npos) << error();
  transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.method == "PUT") {
      return fail(ErrorKind::Unavailable, "no reply");
    }
    return request.target.ends_with("/worker") ? ok(keys("2026-11-23T18:00:00Z")) : ok("worker");
  };
  EXPECT_EQ(error(), "got I");
  environment["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  EXPECT_NE(error().find("--http-put-response-hop-limit 2"), std::string::npos) << error();
}

TEST_F(InstanceSourceTest, TakesNoPageForARole) {
  for (const int status : {200, 401, 403, 500}) {
    transport.requests.clear();
    transport.answer = [status](const net::HttpRequest& request) -> Result<net::HttpResponse> {
      return request.method == "PUT" ? ok("tkn") : refusal(status, "<html>\n<p>x</p>");
    };
    EXPECT_TRUE(error().starts_with("instance metadata: ")) << error();
    EXPECT_EQ(transport.requests.back().target, "/latest/meta-data/iam/security-credentials/");
  }
}

TEST_F(InstanceSourceTest, GoesAgainWhenItIsBusyAndThenSaysSo) {
  transport.reply_with({refusal(503), refusal(429), ok("tkn"), refusal(500), ok("worker"),
                        refusal(503), ok(keys("2026-11-23T18:00:00Z"))});
  EXPECT_EQ(error(), "got I");
  EXPECT_EQ(pauses.size(), 4U);
  transport.reply_with({refusal(503)});
  const auto credentials = current();
  EXPECT_EQ(credentials.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(credentials.error().message, "instance metadata: token: HTTP status 503");
}

TEST_F(InstanceSourceTest, UsesExpiredKeysWhenThereAreNoOthers) {
  transport.answer = instance(200, "2026-11-23T11:00:00Z");
  auto kept = provider();
  EXPECT_TRUE(kept.current(aws::soon()).has_value());
  EXPECT_TRUE(kept.current(aws::soon()).has_value());
  EXPECT_EQ(transport.requests.size(), 3U);
}

}  // namespace
}  // namespace scaler::identity
