#include "edge/aws/stored_object.h"

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

const ObjectAddress kObject{.bucket = "scaling", .key = "teams/a b/fleet.json"};

net::HttpResponse version(std::string text, std::string etag) {
  return {.status = 200,
          .headers = {{.name = "ETag", .value = std::move(etag)}},
          .body = std::move(text)};
}

net::HttpResponse refusal_of_s3(int status, const std::string& code,
                                const std::string& region = "") {
  net::HttpResponse response{.status = status,
                             .body = "<?xml version=\"1.0\"?>\n<Error><Code>" + code +
                                     "</Code><Message>why</Message></Error>"};
  if (!region.empty()) {
    response.headers.push_back({.name = "x-amz-bucket-region", .value = region});
  }
  return response;
}

class StoredObjectTest : public ::testing::Test {
 protected:
  Result<std::optional<DocumentVersion>> fetch(const std::string& known = "") {
    if (!object_) {
      object_.emplace(test_.client(), address_);
    }
    return object_->fetch(known, soon());
  }
  const net::HttpRequest& request(std::size_t i) const { return test_.transport.requests.at(i); }

  TestClient test_;
  ObjectAddress address_ = kObject;
  std::optional<StoredObject> object_ = {};
};

TEST_F(StoredObjectTest, AsksForTheObjectUnlessItIsTheKnownOne) {
  test_.transport.reply_with({version("{}", "\"1\""), net::HttpResponse{.status = 304}});

  const auto first = fetch();
  const auto second = fetch("\"1\"");

  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_EQ((*first)->text, "{}");
  EXPECT_EQ((*first)->version, "\"1\"");
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(second->has_value());
  EXPECT_EQ(request(0).method, "GET");
  EXPECT_EQ(request(0).origin.host, "scaling.s3.us-east-1.amazonaws.com");
  EXPECT_EQ(request(0).target, "/teams/a%20b/fleet.json");
  EXPECT_FALSE(net::find_header(request(0).headers, "If-None-Match"));
  EXPECT_FALSE(net::find_header(request(0).headers, "X-Amz-Target"));
  EXPECT_EQ(net::find_header(request(0).headers, "X-Amz-Content-Sha256"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(net::find_header(request(1).headers, "If-None-Match"), "\"1\"");
  EXPECT_TRUE(net::find_header(request(1).headers, "Authorization")->contains("if-none-match"));
}

TEST_F(StoredObjectTest, TakesNoPartAndNothingThatIsUnchangedSinceNobodyKnowsWhen) {
  net::HttpResponse part = version("{}", "\"1\"");
  part.status = 206;
  for (const net::HttpResponse& response : {part, net::HttpResponse{.status = 304}}) {
    TestClient test;
    test.transport.answer = [&response](const net::HttpRequest&) { return response; };
    StoredObject object(test.client(), kObject);
    const auto fetched = object.fetch("", soon());
    ASSERT_FALSE(fetched.has_value()) << response.status;
    EXPECT_TRUE(fetched.error().message.contains(std::to_string(response.status)))
        << fetched.error().message;
  }
}

TEST_F(StoredObjectTest, TheBucketStandsInThePathWhereTheHostCannotBeItsOwn) {
  test_.transport.reply_with({version("{}", "\"1\"")});
  address_.bucket = "scaling.example.com";
  EXPECT_TRUE(fetch().has_value());
  EXPECT_EQ(request(0).origin.host, "s3.us-east-1.amazonaws.com");
  EXPECT_EQ(request(0).target, "/scaling.example.com/teams/a%20b/fleet.json");

  TestClient elsewhere(Environment{{"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/store"}});
  elsewhere.transport.reply_with({version("{}", "\"1\"")});
  StoredObject object(elsewhere.client(), kObject);
  EXPECT_TRUE(object.fetch("", soon()).has_value());
  EXPECT_EQ(elsewhere.transport.requests.at(0).origin.host, "127.0.0.1");
  EXPECT_EQ(elsewhere.transport.requests.at(0).target, "/store/scaling/teams/a%20b/fleet.json");
}

TEST_F(StoredObjectTest, TwoBucketsHaveAHostEach) {
  test_.transport.reply_with({version("{}", "\"1\"")});
  EXPECT_TRUE(fetch().has_value());
  StoredObject other(test_.client(), {.bucket = "other", .key = "k"});
  EXPECT_TRUE(other.fetch("", soon()).has_value());
  EXPECT_EQ(request(1).origin.host, "other.s3.us-east-1.amazonaws.com");
}

TEST_F(StoredObjectTest, FollowsToTheRegionOfTheBucketAndRemembersIt) {
  for (const auto& [status, code] :
       {std::pair(301, "PermanentRedirect"), std::pair(400, "AuthorizationHeaderMalformed")}) {
    TestClient test;
    test.transport.reply_with({refusal_of_s3(status, code, "eu-west-1"), version("{}", "\"1\"")});
    StoredObject object(test.client(), kObject);

    EXPECT_TRUE(object.fetch("", soon()).has_value());
    EXPECT_TRUE(object.fetch("\"0\"", soon()).has_value());

    ASSERT_EQ(test.transport.requests.size(), 3U);
    for (const std::size_t i : {1U, 2U}) {
      const net::HttpRequest& asked = test.transport.requests[i];
      EXPECT_EQ(asked.origin.host, "scaling.s3.eu-west-1.amazonaws.com");
      EXPECT_TRUE(net::find_header(asked.headers, "Authorization")->contains("/eu-west-1/s3/"));
    }
  }
}

TEST_F(StoredObjectTest, ARedirectThatLeadsNowhereNamesTheRegion) {
  test_.transport.reply_with({refusal_of_s3(301, "PermanentRedirect", "eu-west-1")});
  const auto object = fetch();
  EXPECT_EQ(object.error().kind, ErrorKind::Rejected);
  EXPECT_TRUE(object.error().message.contains("the bucket is in eu-west-1"))
      << object.error().message;
  EXPECT_EQ(test_.transport.requests.size(), 2U);

  TestClient wrong;
  wrong.transport.reply_with({refusal_of_s3(400, "InvalidArgument", "us-east-1")});
  StoredObject refused(wrong.client(), kObject);
  EXPECT_TRUE(refused.fetch("", soon()).error().message.contains("InvalidArgument: why"));

  for (const std::string region : {"evil.example.com/", "", "-", "US"}) {
    TestClient test;
    test.transport.reply_with({refusal_of_s3(301, "PermanentRedirect", region)});
    StoredObject odd(test.client(), kObject);
    EXPECT_FALSE(odd.fetch("", soon()).has_value());
    EXPECT_EQ(test.transport.requests.size(), 1U) << region;
  }
}

TEST_F(StoredObjectTest, TellsWhatIsRefusedByItsKind) {
  for (const auto& [response, kind] :
       {std::pair(refusal_of_s3(403, "AccessDenied"), ErrorKind::Denied),
        std::pair(refusal_of_s3(404, "NoSuchKey"), ErrorKind::NotFound),
        std::pair(refusal_of_s3(404, "NoSuchBucket"), ErrorKind::NotFound),
        std::pair(refusal_of_s3(503, "SlowDown"), ErrorKind::Throttled),
        std::pair(refusal_of_s3(403, "SignatureDoesNotMatch"), ErrorKind::Unauthorized),
        std::pair(refusal_of_s3(307, "TemporaryRedirect"), ErrorKind::Rejected)}) {
    TestClient test;
    test.transport.reply_with({response});
    StoredObject object(test.client(), kObject);
    const auto fetched = object.fetch("", soon());
    EXPECT_EQ(fetched.error().kind, kind) << fetched.error().message;
    EXPECT_TRUE(fetched.error().message.starts_with("S3 GetObject s3://scaling/teams/a b/"));
  }
}

TEST_F(StoredObjectTest, IsAskedAtTheEndpointsOfItsKind) {
  EXPECT_EQ(*endpoint_host(AwsService::S3, "eu-west-1", EndpointKind::DualStack),
            "s3.dualstack.eu-west-1.amazonaws.com");
  EXPECT_EQ(*endpoint_host(AwsService::S3, "us-gov-west-1", EndpointKind::Fips),
            "s3-fips.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(*endpoint_host(AwsService::S3, "cn-north-1", EndpointKind::Plain),
            "s3.cn-north-1.amazonaws.com.cn");
  EXPECT_FALSE(endpoint_host(AwsService::S3, "eu-west-1", EndpointKind::Fips).has_value());
}

}  // namespace
}  // namespace scaler::aws
