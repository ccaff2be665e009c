#include "guard/messages/queue_call.h"

#include <gtest/gtest.h>

#include "guard/messages/test_support.h"

namespace scaler::guard {
namespace {

using namespace std::chrono_literals;

using testing::kDoor;
using testing::kGuarded;
using testing::kQueue;

net::ServerRequest json_request(const std::string& operation, std::string body) {
  return {.method = "POST",
          .target = "/",
          .headers = {{.name = "X-Amz-Target", .value = "AmazonSQS." + operation},
                      {.name = "Content-Type", .value = "application/x-amz-json-1.0"},
                      {.name = "Authorization",
                       .value = "AWS4-HMAC-SHA256 Credential=AKIA/20261129/eu-central-1/sqs/"
                                "aws4_request, SignedHeaders=host, Signature=0"}},
          .body = std::move(body)};
}

net::ServerRequest form_request(std::string body, std::string target = "/") {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {{.name = "Content-Type",
                       .value = "application/x-www-form-urlencoded; charset=utf-8"}},
          .body = std::move(body)};
}

std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += c == ':' ? "%3A" : c == '/' ? "%2F" : std::string(1, c);
  }
  return result;
}

net::HttpResponse answer(std::string body, int status = 200) {
  return {.status = status, .body = std::move(body)};
}

TEST(QueueCall, ReadsAReceiveInBothProtocols) {
  const auto json = read_call(json_request(
      "ReceiveMessage", "{\"QueueUrl\":\"" + std::string(kQueue) +
                            "\",\"WaitTimeSeconds\":20,\"VisibilityTimeout\":\"90\"}"));
  const auto query = read_call(form_request("Action=ReceiveMessage&QueueUrl=" + encoded(kQueue) +
                                            "&WaitTimeSeconds=20&VisibilityTimeout=90"));
  for (const QueueCall& call : {json, query}) {
    EXPECT_EQ(call.kind, QueueCall::Kind::Receive);
    EXPECT_EQ(call.operation, "ReceiveMessage");
    EXPECT_EQ(call.queue_url, kQueue);
    EXPECT_EQ(call.wait, 20s);
    EXPECT_EQ(call.visibility, 90s);
  }
  for (const auto& [seconds, meant] :
       {std::pair("9223372036854775807", 12h), std::pair("-9223372036854775808", 0h)}) {
    const auto far = read_call(
        json_request("ReceiveMessage",
                     std::string("{\"QueueUrl\":\"q\",\"VisibilityTimeout\":") + seconds + "}"));
    EXPECT_EQ(far.visibility, meant);
  }
  EXPECT_EQ(json.region, "eu-central-1");
  EXPECT_EQ(query.region, "");
}

TEST(QueueCall, TellsTheQueueByItsPathInTheOlderProtocol) {
  EXPECT_EQ(read_call(form_request("Action=ReceiveMessage&Version=2012-11-05",
                                   "/https/sqs.eu-central-1.amazonaws.com/123456789012/jobs"))
                .queue_url,
            kQueue);
}

TEST(QueueCall, ReadsTheOlderProtocolFromWhereverItStands) {
  const std::string text =
      "Action=ReceiveMessage&VisibilityTimeout=90&QueueUrl=" + encoded(kGuarded);
  net::ServerRequest half =
      form_request("VisibilityTimeout=90&QueueUrl=" + encoded(kGuarded), "/?Action=ReceiveMessage");
  for (const net::ServerRequest& request :
       {net::ServerRequest{.method = "GET", .target = "/?" + text},
        net::ServerRequest{.method = "POST", .target = "/?" + text}, half}) {
    const QueueCall call = read_call(request);
    EXPECT_EQ(call.kind, QueueCall::Kind::Receive) << request.target;
    EXPECT_EQ(call.queue_url, kQueue) << request.target;
    EXPECT_EQ(call.visibility, 90s) << request.target;
  }
}

TEST(QueueCall, TakesThePathForTheQueueWhereNothingElseIsSaid) {
  EXPECT_EQ(read_call(form_request("Action=ReceiveMessage", "/123456789012/jobs?a=b")).queue_url,
            "/123456789012/jobs");
}

TEST(QueueCall, ReadsTheRegionOfASignatureInTheQuery) {
  const auto call = read_call(
      {.method = "GET",
       .target = "/?Action=ReceiveMessage&X-Amz-Credential=AKIA%2F20261129%2Feu-west-1%2Fsqs%2F"
                 "aws4_request"});
  EXPECT_EQ(call.region, "eu-west-1");
}

TEST(OriginForm, IsTheTargetWithoutTheHost) {
  for (const auto& [target, wanted] : std::initializer_list<std::pair<const char*, const char*>>{
           {"/a?b=http://c/d", "/a?b=http://c/d"},
           {"http://127.0.0.1:9324/guard/status", "/guard/status"},
           {"http://127.0.0.1:9324/https/sqs.eu-central-1.amazonaws.com/1/q?a=b",
            "/https/sqs.eu-central-1.amazonaws.com/1/q?a=b"},
           {"HTTP://127.0.0.1:9324", "/"},
           {"http://127.0.0.1?a=b/c", "/?a=b/c"},
           {"*", "*"},
           {"example.com:443", "example.com:443"}}) {
    EXPECT_EQ(origin_form(target), wanted) << target;
  }
}

TEST(QueueCall, ReadsWhichMessagesAreMeant) {
  const auto one = read_call(json_request("DeleteMessage", R"({"ReceiptHandle":"a"})"));
  ASSERT_EQ(one.entries.size(), 1U);
  EXPECT_EQ(one.entries[0].handle, "a");
  const auto json = read_call(json_request(
      "ChangeMessageVisibilityBatch",
      R"({"Entries":[{"Id":"1","ReceiptHandle":"a","VisibilityTimeout":0},{"Id":"2","ReceiptHandle":"b","VisibilityTimeout":30}]})"));
  const std::string begin = "Action=ChangeMessageVisibilityBatch";
  const std::string name = "&ChangeMessageVisibilityBatchRequestEntry.";
  const auto query = read_call(form_request(
      begin + name + "1.Id=1" + name + "1.ReceiptHandle=a" + name + "1.VisibilityTimeout=0" + name +
      "2.Id=2" + name + "2.ReceiptHandle=b" + name + "2.VisibilityTimeout=30"));
  for (const QueueCall& call : {json, query}) {
    EXPECT_EQ(call.kind, QueueCall::Kind::ChangeVisibility);
    ASSERT_EQ(call.entries.size(), 2U);
    EXPECT_EQ(call.entries[0].handle, "a");
    EXPECT_EQ(call.entries[0].visibility, 0s);
    EXPECT_EQ(call.entries[1].handle, "b");
    EXPECT_EQ(call.entries[1].visibility, 30s);
  }
}

TEST(QueueCall, TakesWhatItCannotReadAsSomethingElse) {
  for (const net::ServerRequest& request :
       {json_request("ReceiveMessage", "{"), json_request("ReceiveMessage", "[]"),
        json_request("DeleteMessageBatch", R"({"Entries":{}})"), json_request("", ""),
        form_request(""), form_request("&&=&%"), form_request("Action=DeleteMessageBatch"),
        net::ServerRequest{.method = "GET", .target = "/?Action"}}) {
    const QueueCall call = read_call(request);
    EXPECT_EQ(call.queue_url, "");
    EXPECT_TRUE(call.entries.empty());
  }
}

TEST(Forwardable, SaysTheQueuesOwnUrlAndNothingOfTheWorkersSignature) {
  net::ServerRequest request = json_request(
      "SendMessage",
      "{\"QueueUrl\":\"" + std::string(kGuarded) + "\",\"MessageBody\":\"" + std::string(kGuarded) +
          "\",\"DelaySeconds\":1,\"MessageAttributes\":{\"a\":{\"DataType\":\"Number\"}}}");
  request.headers.push_back({.name = "Accept-Encoding", .value = "gzip"});
  request.headers.push_back({.name = "X-Amz-Security-Token", .value = "t"});
  const net::HttpRequest forwarded = forwardable(request);
  EXPECT_EQ(forwarded.body, "{\"QueueUrl\":\"" + std::string(kQueue) + "\",\"MessageBody\":\"" +
                                std::string(kGuarded) +
                                "\",\"DelaySeconds\":1,"
                                "\"MessageAttributes\":{\"a\":{\"DataType\":\"Number\"}}}");
  for (const std::string_view name : {"authorization", "accept-encoding", "x-amz-security-token"}) {
    EXPECT_EQ(net::find_header(forwarded.headers, name), std::nullopt) << name;
  }
  EXPECT_EQ(net::find_header(forwarded.headers, "x-amz-target"), "AmazonSQS.SendMessage");
}

TEST(Forwardable, LeavesABodyThatNamesNoGuardedQueueAsItIs) {
  const std::string body = "{ \"QueueUrl\" : \"" + std::string(kQueue) + "\", \"X\": 1.50 }";
  EXPECT_EQ(forwardable(json_request("SendMessage", body)).body, body);
  EXPECT_EQ(forwardable(json_request("SendMessage", "{\"a\"")).body, "{\"a\"");
  EXPECT_EQ(forwardable(form_request("Action=a+b&QueueUrl=x")).body, "Action=a+b&QueueUrl=x");
}

TEST(Forwardable, ChangesNothingElseOfABodyWhoseQueueItNames) {
  const std::string begin = "{ \"MessageBody\":";
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  for (const std::string& body :
       {std::string(R"("a \ud83d b")"), std::string(R"("\/ \u00e9")"), std::string("\"\xff\""),
        std::string("1.0"), std::string("1e400"), deep, std::string(R"("a","MessageBody":"b")"),
        std::string(R"("\"QueueUrl\":\"http://127.0.0.1:1/https/x/1/a\"")"),
        std::string(R"("a\"QueueUrl" )"), std::string(R"({"QueueUrl":{"DataType":"String"}})"),
        std::string(R"({"QueueUrl":"v"})")}) {
    const auto text = [&](std::string_view url) {
      return begin + body + ",\t\"QueueUrl\" : \"" + std::string(url) + "\" }";
    };
    EXPECT_EQ(forwardable(json_request("SendMessage", text(kGuarded))).body, text(kQueue));
  }
  const std::string escaped =
      R"({"QueueUrl":"http:\/\/127.0.0.1:9324\u002Fhttps\/sqs.eu-central-1.amazonaws.com\/1\/a"})";
  EXPECT_EQ(forwardable(json_request("SendMessage", escaped)).body,
            R"({"QueueUrl":"https://sqs.eu-central-1.amazonaws.com/1/a"})");
  EXPECT_EQ(forwardable(json_request("SendMessage",
                                     R"({"QueueUrl":"http://127.0.0.1:9324/https/a/1/b\u0022"})"))
                .body,
            R"({"QueueUrl":"https://a/1/b\""})");
  for (const char* const body :
       {"", "{\"QueueUrl\"", "{\"QueueUrl\":\"http://a/https/b", "\"QueueUrl\":"}) {
    EXPECT_EQ(forwardable(json_request("SendMessage", body)).body, body);
  }
}

TEST(Forwardable, LeavesOutWhatTheConnectionHeaderNames) {
  net::ServerRequest request = json_request("ReceiveMessage", "{}");
  request.headers.push_back({.name = "Connection", .value = "Upgrade,HTTP2-Settings, \tx-hop"});
  request.headers.push_back({.name = "Http2-Settings", .value = "AAEAAEAAAAIAAAAB"});
  request.headers.push_back({.name = "X-Hop", .value = "a"});
  request.headers.push_back({.name = "X-Kept", .value = "a"});
  const net::HttpRequest forwarded = forwardable(request);
  for (const std::string_view name : {"connection", "http2-settings", "x-hop"}) {
    EXPECT_EQ(net::find_header(forwarded.headers, name), std::nullopt) << name;
  }
  EXPECT_EQ(net::find_header(forwarded.headers, "x-kept"), "a");
}

TEST(Forwardable, TakesTheGuardOutOfFormsAndPaths) {
  const net::HttpRequest forwarded =
      forwardable(form_request("Action=DeleteMessage&QueueUrl=" + encoded(kGuarded),
                               "/https/sqs.eu-central-1.amazonaws.com/123456789012/jobs?a=b"));
  EXPECT_EQ(forwarded.target, "/123456789012/jobs?a=b");
  EXPECT_EQ(forwarded.body, "Action=DeleteMessage&QueueUrl=" + encoded(kQueue));
}

TEST(Forwardable, TakesGuardAndSignatureOutOfAQuery) {
  const std::string kept =
      "/?Action=DeleteMessage&QueueUrl=" + encoded(kQueue) + "&ReceiptHandle=a";
  const net::HttpRequest forwarded = forwardable(
      {.method = "GET",
       .target = "/?Action=DeleteMessage&QueueUrl=" + encoded(kGuarded) +
                 "&ReceiptHandle=a&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=b"
                 "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=c"
                 "&X-Amz-Signature=d"});
  EXPECT_EQ(forwarded.target, kept);
  EXPECT_EQ(forwardable({.method = "GET", .target = kept}).target, kept);
}

TEST(QueueAnswer, ReadsMessagesInBothProtocols) {
  const QueueCall json{.protocol = WireProtocol::Json};
  const QueueCall query{.protocol = WireProtocol::Query};
  const auto from_json = read_messages(
      json,
      answer(R"({"Messages":[{"MessageId":"m","ReceiptHandle":"a+/="},{"ReceiptHandle":"b"}]})"));
  const auto from_xml = read_messages(
      query,
      answer("<ReceiveMessageResponse><ReceiveMessageResult><Message><MessageId>m</MessageId>"
             "<ReceiptHandle>a+/=</ReceiptHandle><Body>&lt;Message&gt;</Body></Message>"
             "<Message><ReceiptHandle>b</ReceiptHandle></Message>"
             "</ReceiveMessageResult></ReceiveMessageResponse>"));
  for (const auto& messages : {from_json, from_xml}) {
    ASSERT_TRUE(messages.has_value()) << messages.error().message;
    ASSERT_EQ(messages->size(), 2U);
    EXPECT_EQ((*messages)[0].handle, "a+/=");
    EXPECT_EQ((*messages)[1].handle, "b");
  }
}

TEST(QueueAnswer, KnowsAnEmptyOneAndWhatIsNone) {
  for (const WireProtocol protocol : {WireProtocol::Json, WireProtocol::Query}) {
    const QueueCall call{.protocol = protocol};
    const auto messages = read_messages(call, empty_answer(call));
    ASSERT_TRUE(messages.has_value()) << messages.error().message;
    EXPECT_TRUE(messages->empty());
    for (const char* body : {"", "<html>", "[", R"({"Messages":{}})", R"({"Messages":[{}]})",
                             R"({"Messages":[{"ReceiptHandle":""}]})"}) {
      EXPECT_FALSE(read_messages(call, answer(body)).has_value()) << body;
    }
  }
  EXPECT_TRUE(read_messages({}, answer(R"({"Messages":null})"))->empty());
}

TEST(QueueAnswer, TellsWhichEntriesOfABatchWereDone) {
  QueueCall call{.kind = QueueCall::Kind::Delete,
                 .operation = "DeleteMessageBatch",
                 .batch = true,
                 .entries = {{.id = "1", .handle = "a"}, {.id = "2", .handle = "b"}}};
  const auto handles = [&call](const net::HttpResponse& response) {
    std::string text;
    for (const CallEntry& entry : done_entries(call, response)) {
      text += entry.handle;
    }
    return text;
  };
  EXPECT_EQ(handles(answer(R"({"Successful":[{"Id":"2"}],"Failed":[{"Id":"1"}]})")), "b");
  EXPECT_EQ(handles(answer(R"({"Successful":[{"Id":"2"}]})", 500)), "");
  EXPECT_EQ(handles(answer("{")), "");
  call.protocol = WireProtocol::Query;
  EXPECT_EQ(
      handles(answer("<DeleteMessageBatchResultEntry><Id>1</Id></DeleteMessageBatchResultEntry>"
                     "<BatchResultErrorEntry><Id>2</Id></BatchResultErrorEntry>")),
      "a");
  call.batch = false;
  call.entries = {{.handle = "c"}};
  EXPECT_EQ(handles(answer("<DeleteMessageResponse/>")), "c");
  EXPECT_EQ(handles(answer("", 400)), "");
}

TEST(PassedOn, SaysTheGuardedUrlOfQueuesAndNothingOfTheConnection) {
  QueueCall call{.kind = QueueCall::Kind::NamesQueues};
  const std::string queue(kQueue);
  const std::string guarded_one(kGuarded);
  net::HttpResponse response = answer("{\"QueueUrl\":\"" + queue + "\"}");
  response.headers = {{.name = "Connection", .value = "close"},
                      {.name = "Content-Length", .value = "1"},
                      {.name = "x-amzn-RequestId", .value = "r"}};
  const net::HttpResponse passed = passed_on(call, response, kDoor);
  EXPECT_EQ(passed.body, "{\"QueueUrl\":\"" + guarded_one + "\"}");
  ASSERT_EQ(passed.headers.size(), 1U);
  EXPECT_EQ(passed.headers[0].name, "x-amzn-RequestId");
  EXPECT_EQ(passed_on(call, answer("{\"queueUrls\":[\"" + queue + "\"]}"), kDoor).body,
            "{\"queueUrls\":[\"" + guarded_one + "\"]}");
  call.protocol = WireProtocol::Query;
  EXPECT_EQ(
      passed_on(
          call,
          answer("<a><QueueUrl>" + queue + "</QueueUrl><QueueUrl>" + queue + "</QueueUrl></a>"),
          kDoor)
          .body,
      "<a><QueueUrl>" + guarded_one + "</QueueUrl><QueueUrl>" + guarded_one + "</QueueUrl></a>");
}

TEST(PassedOn, LeavesMessagesAsTheyAre) {
  const QueueCall call{.kind = QueueCall::Kind::Receive};
  const std::string body = "{\"Messages\":[{\"Body\":\"" + std::string(kQueue) + "\"}]}";
  EXPECT_EQ(passed_on(call, answer(body), kDoor).body, body);
}

}  // namespace
}  // namespace scaler::guard
