#include "edge/aws/client.h"

#include <gtest/gtest.h>

#include "edge/aws/sts.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

const ApiCall kCall{.service = AwsService::Ecs,
                    .operation = "UpdateService",
                    .subject = "c/a",
                    .body = R"({"desiredCount":3})"};

std::string header(const net::HttpRequest& request, std::string_view name) {
  return std::string(net::find_header(request.headers, name).value_or(""));
}

TEST(Client, SignsAndAddressesACall) {
  TestClient test;
  test.transport.reply_with({ok(R"({"service":{}})")});

  ASSERT_TRUE(test.client().call(kCall, soon()).has_value());

  const net::HttpRequest& request = test.transport.requests.at(0);
  EXPECT_EQ(net::host_header(request.origin), "ecs.us-east-1.amazonaws.com");
  EXPECT_EQ(request.origin.scheme, "https");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/");
  EXPECT_EQ(header(request, "content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(header(request, "x-amz-target"), "AmazonEC2ContainerServiceV20141113.UpdateService");
  EXPECT_NE(header(request, "authorization").find("/us-east-1/ecs/aws4_request"),
            std::string::npos);
  EXPECT_EQ(header(request, "x-amz-date"), "20261123T120000Z");
}

TEST(Client, RepeatsWhatWasThrottledWhateverTheStatus) {
  for (const auto& failure : {service_failure(403, "com.amazonaws.sqs#RequestThrottled"),
                              service_failure(400, "ThrottlingException", "Rate exceeded")}) {
    TestClient test;
    test.transport.reply_with({failure, failure, ok("{}")});
    EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
    EXPECT_EQ(test.transport.requests.size(), 3U);
    EXPECT_EQ(test.pauses.size(), 2U);
  }
}

TEST(Client, CountsEachAttemptByOperationAndResult) {
  TestClient test;
  test.transport.reply_with({service_failure(400, "ThrottlingException", "Rate exceeded"),
                             fail(ErrorKind::Unavailable, "connect: refused"), ok("{}")});
  EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
  std::map<std::optional<ErrorKind>, std::int64_t> counts;
  for (const auto& [key, histogram] : test.client().stats().histograms()) {
    EXPECT_EQ(key.service, AwsService::Ecs);
    EXPECT_EQ(key.operation, "UpdateService");
    for (const std::int64_t count : histogram.counts()) {
      counts[key.failure] += count;
    }
  }
  const std::map<std::optional<ErrorKind>, std::int64_t> expected{
      {std::nullopt, 1}, {ErrorKind::Throttled, 1}, {ErrorKind::Unavailable, 1}};
  EXPECT_EQ(counts, expected);
}

TEST(Client, RepeatsWhatBrokeOnTheWay) {
  TestClient test;
  test.transport.reply_with({fail(ErrorKind::Unavailable, "connect: refused"),
                             net::HttpResponse{.status = 502, .body = "<html>"}, ok("{}")});
  EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
  EXPECT_EQ(test.transport.requests.size(), 3U);
}

TEST(Client, NeverRepeatsWhatMayBeWrongByThen) {
  for (const Result<net::HttpResponse>& failure : std::vector<Result<net::HttpResponse>>{
           service_failure(400, "ThrottlingException"), fail(ErrorKind::Unavailable, "reset")}) {
    TestClient test;
    test.transport.reply_with({failure, ok("{}")});
    ApiCall call = kCall;
    call.once = true;
    EXPECT_FALSE(test.client().call(call, soon()).has_value());
    EXPECT_EQ(test.transport.requests.size(), 1U);
  }
}

TEST(Client, GivesUpAfterTheLastAttemptAndSaysWhatWhereAndWhy) {
  TestClient test(Environment{{"AWS_MAX_ATTEMPTS", "2"}});
  test.transport.reply_with({service_failure(500, "ServerException", "oops")});
  const auto reply = test.client().call(kCall, soon());
  EXPECT_EQ(reply.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(reply.error().message,
            "ECS UpdateService c/a: ServerException: oops (request id req-1)");
  EXPECT_EQ(test.transport.requests.size(), 2U);
}

TEST(Client, NeverRepeatsADenialOrAWrongRequest) {
  for (const char* code : {"AccessDeniedException", "InvalidParameterException",
                           "ServiceNotFoundException", "SignatureDoesNotMatch"}) {
    TestClient test;
    test.transport.reply_with({service_failure(400, code)});
    EXPECT_FALSE(test.client().call(kCall, soon()).has_value());
    EXPECT_EQ(test.transport.requests.size(), 1U) << code;
  }
}

TEST(Client, DoesNotRepeatAReplyThatIsNoJson) {
  for (const char* body : {"{\"service\":", "<html></html>", "\"\xff\""}) {
    TestClient test;
    test.transport.reply_with({ok(body)});
    const auto reply = test.client().call(kCall, soon());
    EXPECT_EQ(reply.error().kind, ErrorKind::Malformed) << body;
    EXPECT_TRUE(reply.error().message.starts_with("ECS UpdateService c/a: "))
        << reply.error().message;
    EXPECT_EQ(test.transport.requests.size(), 1U);
  }
}

TEST(Client, SendsABatchSideBySideAndRepeatsOnlyItsFailures) {
  TestClient test;
  int throttled = 0;
  test.transport.answer =
      [&throttled](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.body == "1" && throttled++ < 1) {
      return service_failure(400, "ThrottlingException");
    }
    return request.body == "2" ? service_failure(400, "AccessDenied")
                               : ok("{\"n\":" + request.body + "}");
  };
  std::vector<ApiCall> calls(4, kCall);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].body = std::to_string(i);
  }
  const auto replies = test.client().call(calls, soon());
  EXPECT_EQ(test.transport.round_sizes, (std::vector<std::size_t>{4, 1}));
  EXPECT_EQ(std::get<std::int64_t>(replies[1]->value.find("n")->data()), 1);
  EXPECT_EQ(replies[2].error().kind, ErrorKind::Denied);
  EXPECT_TRUE(replies[3].has_value());
}

TEST(Client, SendsALargeBatchByAndByAndKeepsItsOrder) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    return ok("{\"n\":" + request.body + "}");
  };
  std::vector<ApiCall> calls(1500, {.service = AwsService::Sqs, .operation = "GetQueueAttributes"});
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].body = std::to_string(i);
  }
  const auto replies = test.client().call(calls, soon());
  EXPECT_EQ(test.transport.round_sizes.front(), 64U);
  EXPECT_EQ(std::get<std::int64_t>(replies[700]->value.find("n")->data()), 700);
  EXPECT_EQ(std::get<std::int64_t>(replies[1499]->value.find("n")->data()), 1499);
}

TEST(Client, HonoursThePauseThatTheServerAsksFor) {
  TestClient test;
  net::HttpResponse busy = service_failure(503, "ServiceUnavailable");
  busy.headers.push_back({.name = "x-amz-retry-after", .value = "2345"});
  test.transport.reply_with({busy, ok("{}")});
  EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
  EXPECT_EQ(test.pauses, std::vector<Duration>{2345ms});
}

TEST(Client, SignsWithTheServersClockWhenOursIsWrong) {
  TestClient test;
  net::HttpResponse skewed = service_failure(403, "InvalidSignatureException", "Signature expired");
  skewed.headers.push_back({.name = "Date", .value = "Mon, 23 Nov 2026 13:30:00 GMT"});
  test.transport.reply_with({skewed, ok("{}")});
  EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
  EXPECT_EQ(header(test.transport.requests.at(1), "x-amz-date"), "20261123T133000Z");
  EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
  EXPECT_EQ(header(test.transport.requests.at(2), "x-amz-date"), "20261123T133000Z");
  EXPECT_TRUE(test.pauses.empty());
}

TEST(Client, CorrectsTheClockOnceACall) {
  TestClient test;
  int minutes = 10;
  test.transport.answer = [&minutes](const auto&) -> Result<net::HttpResponse> {
    net::HttpResponse skewed = service_failure(403, "RequestTimeTooSkewed");
    skewed.headers.push_back(
        {.name = "Date", .value = "Mon, 23 Nov 2026 13:" + std::to_string(minutes) + ":00 GMT"});
    minutes += 10;
    return skewed;
  };
  EXPECT_EQ(test.client().call(kCall, soon()).error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(test.transport.requests.size(), 2U);
}

TEST(Client, DoesNotBlameTheClockForAWrongSecret) {
  TestClient test;
  net::HttpResponse refused = service_failure(403, "SignatureDoesNotMatch");
  refused.headers.push_back({.name = "Date", .value = "Mon, 23 Nov 2026 12:01:00 GMT"});
  test.transport.reply_with({refused});
  EXPECT_EQ(test.client().call(kCall, soon()).error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(test.transport.requests.size(), 1U);
}

std::string keys(const std::string& id) {
  return R"({"AccessKeyId":")" + id +
         R"(","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-24T00:00:00Z"})";
}

/// A client whose credentials come from a container endpoint, with a new key at each look.
struct ContainerClient : TestClient {
  ContainerClient() {
    environment.erase("AWS_ACCESS_KEY_ID");
    environment.erase("AWS_SECRET_ACCESS_KEY");
    environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials";
    transport.answer = [this](const net::HttpRequest& request) -> Result<net::HttpResponse> {
      if (request.origin.host == "169.254.170.2") {
        return ok(keys("KEY" + std::to_string(++looks)));
      }
      return service(request);
    };
  }
  int looks = 0;
  ScriptedTransport::Answer service = {};
};

TEST(Client, RenewsExpiredCredentialsOnceForTheWholeBatch) {
  ContainerClient test;
  test.service = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    const bool old = header(request, "authorization").find("=KEY1/") != std::string::npos;
    return old ? service_failure(400, "ExpiredTokenException") : ok("{}");
  };
  const std::vector<ApiCall> calls(3, kCall);
  for (const auto& reply : test.client().call(calls, soon())) {
    EXPECT_TRUE(reply.has_value());
  }
  EXPECT_EQ(test.looks, 2);
  EXPECT_TRUE(test.pauses.empty());
}

TEST(Client, RenewsCredentialsOnlyOnceACall) {
  ContainerClient test;
  test.service = [](const auto&) { return service_failure(400, "ExpiredTokenException"); };
  EXPECT_EQ(test.client().call(kCall, soon()).error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(test.looks, 2);
}

TEST(Client, ReportsExpiredCredentialsOfTheEnvironment) {
  TestClient test;
  test.transport.reply_with({service_failure(400, "ExpiredTokenException", "expired")});
  const auto reply = test.client().call(kCall, soon());
  EXPECT_EQ(reply.error().kind, ErrorKind::Unauthorized);
  EXPECT_NE(reply.error().message.find("ExpiredTokenException"), std::string::npos);
  EXPECT_EQ(test.transport.requests.size(), 1U);
}

TEST(Client, TellsARefusedSignatureWithoutTheTokenThatAwsEchoes) {
  TestClient test(Environment{{"AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjE"}});
  test.transport.reply_with({service_failure(
      403, "InvalidSignatureException",
      R"(The Canonical String should have been\n'POST\n/\n\nx-amz-security-token:IQoJb3JpZ2luX2VjE\n)"
      R"(x-amz-security-token:an-older-one\n\nhost' and top-secret-key)")});
  const auto reply = test.client().call(kCall, soon());
  const std::string& message = reply.error().message;
  EXPECT_EQ(message.find("IQoJ"), std::string::npos) << message;
  EXPECT_EQ(message.find("an-older-one"), std::string::npos) << message;
  EXPECT_EQ(message.find("top-secret-key"), std::string::npos) << message;
  EXPECT_NE(message.find("x-amz-security-token:[hidden]"), std::string::npos) << message;
}

TEST(Client, SendsNothingWithoutCredentials) {
  TestClient test;
  test.environment.erase("AWS_ACCESS_KEY_ID");
  test.environment.erase("AWS_SECRET_ACCESS_KEY");
  const auto reply = test.client().call(kCall, soon());
  EXPECT_EQ(reply.error().kind, ErrorKind::Unauthorized);
  EXPECT_TRUE(test.transport.requests.empty());
}

TEST(Client, PutsAnEndpointsPathInFrontAndSignsIt) {
  TestClient test(Environment{{"AWS_ENDPOINT_URL", "http://127.0.0.1:4566/aws/"}});
  test.transport.reply_with({ok("{}")});
  EXPECT_TRUE(test.client().call(kCall, soon()).has_value());
  EXPECT_EQ(test.transport.requests.at(0).target, "/aws/");
}

TEST(CallerIdentity, ReadsAccountAndArn) {
  TestClient test;
  test.transport.reply_with(
      {ok("<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>"
          "<Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"),
       ok("<nothing/>")});
  const auto identity = caller_identity(test.client(), soon());
  EXPECT_EQ(identity->arn, "arn:aws:iam::1:user/u");
  EXPECT_EQ(identity->account, "1");
  EXPECT_EQ(caller_identity(test.client(), soon()).error().kind, ErrorKind::Malformed);
}

TEST(ParseHttpDate, ReadsTheOneFormThatServersSend) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            *parse_instant("1994-11-06T08:49:37Z"));
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 0x:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace scaler::aws
