#include "edge/aws/error_table.h"

#include <gtest/gtest.h>

namespace scaler::aws {
namespace {

TEST(Classify, GoesByCodeBeforeStatus) {
  EXPECT_EQ(classify("RequestThrottled", 403), ErrorKind::Throttled);     // SQS
  EXPECT_EQ(classify("ThrottlingException", 400), ErrorKind::Throttled);  // ECS
  EXPECT_EQ(classify("TooManyRequestsException", 429), ErrorKind::Throttled);
  EXPECT_EQ(classify("ServerException", 500), ErrorKind::Unavailable);
  EXPECT_EQ(classify("ExpiredTokenException", 400), ErrorKind::Unauthorized);
  EXPECT_EQ(classify("AccessDeniedException", 400), ErrorKind::Denied);
  EXPECT_EQ(classify("QueueDoesNotExist", 400), ErrorKind::NotFound);
  EXPECT_EQ(classify("ClusterNotFoundException", 400), ErrorKind::NotFound);
  EXPECT_EQ(classify("ResourceInUseException", 400), ErrorKind::Conflict);
}

TEST(Classify, TakesALimitOnAChangeForARefusal) {
  EXPECT_EQ(classify("LimitExceededException", 400), ErrorKind::Throttled);
  for (const char* code : {"LimitExceededException", "ServiceQuotaExceededException",
                           "InvalidParameterException", "ClientException"}) {
    EXPECT_EQ(classify(code, 400, "UpdateService"), ErrorKind::TooMany) << code;
  }
  for (const char* code : {"ServiceNotActiveException", "PlatformUnknownException",
                           "UnsupportedFeatureException", "NamespaceNotFoundException"}) {
    EXPECT_EQ(classify(code, 400, "UpdateService"), ErrorKind::Rejected) << code;
  }
  EXPECT_EQ(classify("ThrottlingException", 400, "UpdateService"), ErrorKind::Throttled);
}

TEST(Classify, FallsBackToTheStatusForUnknownCodes) {
  EXPECT_EQ(classify("HTTP status 502", 502), ErrorKind::Unavailable);
  EXPECT_EQ(classify("SomethingNew", 429), ErrorKind::Throttled);
  EXPECT_EQ(classify("SomethingNew", 404), ErrorKind::Rejected);
  EXPECT_EQ(classify("SomethingNew", 403), ErrorKind::Rejected);
  EXPECT_EQ(classify("SomethingNew", 400), ErrorKind::Rejected);
}

TEST(ReadError, FindsCodeMessageAndRequestIdInEveryProtocol) {
  const ServiceError json = read_error(
      {.status = 400,
       .headers = {{"x-amzn-RequestId", "r1"}},
       .body = R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"})"});
  EXPECT_EQ(json.code, "QueueDoesNotExist");
  EXPECT_EQ(json.message, "no such queue");
  EXPECT_EQ(json.request_id, "r1");

  const ServiceError rest =
      read_error({.status = 404,
                  .headers = {{"X-Amzn-ErrorType", "ResourceNotFoundException:http://x/"}},
                  .body = R"({"Type":"User","Message":"gone"})"});
  EXPECT_EQ(rest.code, "ResourceNotFoundException");
  EXPECT_EQ(rest.message, "gone");

  const ServiceError xml = read_error(
      {.status = 403,
       .body = "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>"
               "<Message>a &lt;b&gt; &amp;lt;</Message></Error><RequestId>r2</RequestId>"
               "</ErrorResponse>"});
  EXPECT_EQ(xml.code, "SignatureDoesNotMatch");
  EXPECT_EQ(xml.message, "a <b> &lt;");
  EXPECT_EQ(xml.request_id, "r2");
}

TEST(ReadError, TellsOnOneLineAndSteersNoTerminal) {
  const ServiceError error = read_error({.status = 400,
                                         .body = "{\"__type\":\"x#Bad\\u001b[31m\",\"message\":"
                                                 "\"a\\n\\u001b]0;t\\u0007b\\u009b2J\\u00e4\"}"});
  EXPECT_EQ(error.code, "Bad [31m");
  EXPECT_EQ(error.message, "a  ]0;t b  2J\u00e4");
}

TEST(ReadError, TakesTheStatusWhereThereIsNoCode) {
  for (const char* body :
       {"", "not json", "[]", "{}", "<html>Bad Gateway</html>", R"({"code":7})"}) {
    EXPECT_EQ(read_error({.status = 502, .body = body}).code, "HTTP status 502") << body;
  }
}

TEST(XmlText, IsEmptyForWhatIsNotThere) {
  EXPECT_EQ(xml_text("<a>1</a>", "b"), "");
  EXPECT_EQ(xml_text("<a>1", "a"), "");
  EXPECT_EQ(xml_text("", "a"), "");
}

}  // namespace
}  // namespace scaler::aws
