#include "emulator/front/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;

struct Asked {
  std::string method = "POST";
  std::string target = "/";
  std::string service = {};  ///< that the request is signed for; empty: unsigned
  net::HttpHeaders headers = {};
  std::string body = {};
};

Route route_of(Asked asked) {
  if (!asked.service.empty()) {
    asked.headers.push_back({.name = "Authorization",
                             .value = "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/" +
                                      asked.service +
                                      "/aws4_request, SignedHeaders=host, Signature=0"});
  }
  asked.headers.push_back({.name = "Host", .value = "aws:4566"});
  return find_route({.method = asked.method,
                     .target = asked.target,
                     .headers = std::move(asked.headers),
                     .body = std::move(asked.body)});
}

Asked form(std::string service, std::string body, std::string target = "/") {
  return {.target = std::move(target),
          .service = std::move(service),
          .headers = {{.name = "Content-Type", .value = "application/x-www-form-urlencoded"}},
          .body = std::move(body)};
}

Asked json(std::string service, std::string version, std::string target) {
  return {.service = std::move(service),
          .headers = {{.name = "Content-Type", .value = "application/x-amz-json-" + version},
                      {.name = "X-Amz-Target", .value = std::move(target)}}};
}

/// The answer that the route's error makes.
net::HttpResponse answer(const Route& route) {
  return error_response({.protocol = route.protocol,
                         .service = route.service,
                         .query = route.query,
                         .request_id = "id"},
                        route.error);
}

TEST(Route, FindsSqsInBothProtocols) {
  const Route in_json = route_of(json("sqs", "1.0", "AmazonSQS.ListQueues"));
  EXPECT_EQ(in_json.error.code, "");
  EXPECT_EQ(in_json.service, "sqs");
  EXPECT_EQ(in_json.operation, "ListQueues");
  EXPECT_EQ(in_json.protocol, WireProtocol::Json10);
  const Route in_form = route_of(form("sqs", "Action=ListQueues&Version=2012-11-05"));
  EXPECT_EQ(in_form.error.code, "");
  EXPECT_EQ(in_form.service, "sqs");
  EXPECT_EQ(in_form.operation, "ListQueues");
  EXPECT_EQ(in_form.protocol, WireProtocol::Query);
}

TEST(Route, FindsTheServiceOfAnUnsignedForm) {
  EXPECT_EQ(route_of(form("", "Action=ListQueues&Version=2012-11-05")).service, "sqs");
  EXPECT_EQ(route_of(form("", "Action=PurgeQueue", "/000000000000/jobs")).service, "sqs");
  EXPECT_EQ(route_of(form("", "Action=GetCallerIdentity&Version=2011-06-15")).service, "sts");
  EXPECT_EQ(route_of(form("", "Action=ListQueues")).service, "");
}

TEST(Route, TakesTheQueueFromThePath) {
  const Route route = route_of(form("sqs", "Action=PurgeQueue", "/000000000000/jobs"));
  EXPECT_EQ(form_value(route.form, "QueueUrl"), "http://aws:4566/000000000000/jobs");
  const Route named =
      route_of(form("sqs", "Action=PurgeQueue&QueueUrl=http://x/000000000000/a", "/b"));
  EXPECT_EQ(form_value(named.form, "QueueUrl"), "http://x/000000000000/a");
  EXPECT_EQ(form_value(route_of(form("sqs", "Action=ListQueues", "/a")).form, "QueueUrl"), "");
}

TEST(Route, TakesAFormFromTheUrl) {
  const Route route = route_of({.method = "GET",
                                .target = "/000000000000/jobs?Version=2012-11-05&Action=PurgeQueue",
                                .service = "sqs"});
  EXPECT_EQ(route.operation, "PurgeQueue");
  EXPECT_EQ(form_value(route.form, "QueueUrl"), "http://aws:4566/000000000000/jobs");
}

TEST(Route, TakesAFormFromUrlAndBodyTogether) {
  Asked asked = form("sqs", "QueueNamePrefix=a&", "/?Action=ListQueues&");
  EXPECT_EQ(form_value(route_of(asked).form, "QueueNamePrefix"), "a");
  asked.headers.clear();
  EXPECT_EQ(route_of(asked).operation, "ListQueues");
}

TEST(Route, SaysInEachProtocolWhatIsNotOffered) {
  struct Case {
    Asked asked;
    std::string type;
    int status;
    std::string body;
  };
  const std::vector<Case> cases{
      {form("sns", "Action=ListTopics&Version=2010-03-31"), "text/xml", 400,
       "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>The embedded "
       "AWS does not offer 'sns' (ListTopics). It offers SQS,"},
      {form("ec2", "Action=DescribeInstances&Version=2016-11-15"), "text/xml", 400,
       "<Response><Errors><Error><Code>InvalidAction</Code><Message>The embedded AWS does not "
       "offer 'ec2' (DescribeInstances)."},
      {json("dynamodb", "1.0", "DynamoDB_20120810.ListTables"), "application/x-amz-json-1.0", 400,
       R"({"__type":"UnknownOperationException","message":"The embedded AWS does not offer 'dynamodb' (DynamoDB_20120810.ListTables).)"},
      {json("kms", "1.1", "TrentService.ListKeys"), "application/x-amz-json-1.1", 400,
       "does not offer 'kms'"},
      {{.method = "GET", .target = "/bucket/key", .service = "s3"},
       "application/xml",
       501,
       "<Error><Code>NotImplemented</Code><Message>The embedded AWS does not offer 's3' (GET "
       "/bucket/key)."},
      {{.method = "GET", .target = "/?X-Amz-Credential=A%2F20261123%2Feu%2Fs3%2Faws4_request"},
       "application/xml",
       501,
       "does not offer 's3'"},
      {{.method = "GET", .target = "/2013-04-01/hostedzone", .service = "route53"},
       "application/xml",
       404,
       "<ErrorResponse><Error><Type>Sender</Type>"},
      {{.method = "GET", .target = "/restapis", .service = "apigateway"},
       "application/x-amz-json-1.1",
       404,
       "does not offer 'apigateway' (GET /restapis)"},
      {{.target = "/service/GraniteServiceVersion20100801/operation/ListMetrics",
        .service = "monitoring",
        .headers = {{.name = "smithy-protocol", .value = "rpc-v2-cbor"}}},
       "application/cbor",
       404,
       std::string("\xa2\x79\0\x06__type\x79\0\x19UnknownOperationException\x79\0\x07message", 46)},
      {{.method = "GET"}, "application/x-amz-json-1.1", 404, "does not offer this service"},
      {form("s3", "", "/bucket?uploads"), "application/xml", 501, "does not offer 's3'"},
      {form("ecs", "Action=ListClusters"), "text/xml", 400, "does not offer 'ecs'"},
  };
  for (const Case& expected : cases) {
    const Route route = route_of(expected.asked);
    const net::HttpResponse found = answer(route);
    EXPECT_EQ(content_type(route.protocol), expected.type) << expected.body;
    EXPECT_EQ(found.status, expected.status) << expected.body;
    EXPECT_THAT(found.body, HasSubstr(expected.body));
  }
}

TEST(Route, EscapesWhatItRepeats) {
  EXPECT_THAT(answer(route_of(form("<&>", "Action=%3Cx"))).body,
              HasSubstr("'&lt;&amp;&gt;' (&lt;x)"));
}

}  // namespace
}  // namespace scaler::emulator
