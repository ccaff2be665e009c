#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/sqs/sqs_api.h"
#include "emulator/sqs/sqs_event.h"
#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using scaler::testing::kNoon;

class SqsFifoTest : public ::testing::Test {
 protected:
  SqsFifoTest() : world_({}, kNoon, random_), api_(world_, "http://x", "eu-west-1") {
    queue_ = &world_.create_queue("jobs.fifo", {.fifo = world::FifoSettings{}});
    world_.create_queue("plain", {});
  }

  /// The body of the answer, or "<code>: <message>".
  std::string call(std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    std::string answer = "waiting";
    api_.handle({.operation = operation, .body = *document, .caller = caller_},
                [&answer](ApiAnswer result) {
                  answer = result ? *result : result.error().code + ": " + result.error().message;
                });
    return answer;
  }
  std::string on(std::string_view queue, std::string_view operation, std::string_view more = "") {
    return call(operation,
                fmt::format(R"({{"QueueUrl":"{}"{}{}}})", queue, more.empty() ? "" : ",", more));
  }
  std::string send(std::string_view body, std::string_view group, std::string_view id) {
    return on(
        "jobs.fifo", "SendMessage",
        fmt::format(R"("MessageBody":"{}","MessageGroupId":"{}","MessageDeduplicationId":"{}")",
                    body, group, id));
  }
  std::string create(std::string_view name, std::string_view attributes) {
    return call("CreateQueue",
                fmt::format(R"({{"QueueName":"{}","Attributes":{{{}}}}})", name, attributes));
  }
  static std::string field(const std::string& answer, std::string_view name) {
    const std::string begin = fmt::format(R"("{}":")", name);
    const std::size_t at = answer.find(begin);
    return at == std::string::npos
               ? ""
               : answer.substr(at + begin.size(),
                               answer.find('"', at + begin.size()) - at - begin.size());
  }

  Random random_{1};
  world::World world_;
  SqsApi api_;
  world::Queue* queue_ = nullptr;
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "sqs"};
};

TEST_F(SqsFifoTest, ANameEndsInFifoExactlyWhenTheQueueIs) {
  EXPECT_THAT(create("a.fifo", R"("FifoQueue":"true")"), HasSubstr("/a.fifo"));
  EXPECT_THAT(create("a.fifo", R"("FifoQueue":"true")"), HasSubstr("/a.fifo")) << "the same again";
  EXPECT_THAT(create("b", R"("FifoQueue":"true")"),
              AllOf(HasSubstr("InvalidParameterValue"), HasSubstr(".fifo suffix")));
  EXPECT_THAT(create("b.fifo", ""), HasSubstr("InvalidParameterValue"));
  EXPECT_THAT(create("b.fifo", R"("FifoQueue":"false")"), HasSubstr("InvalidParameterValue"));
  EXPECT_THAT(create("b", R"("FifoQueue":"false")"),
              HasSubstr("InvalidAttributeName: Unknown Attribute FifoQueue."));
  for (const std::string& name : {std::string(".fifo"), std::string(76, 'a') + ".fifo"}) {
    EXPECT_THAT(create(name, R"("FifoQueue":"true")"), HasSubstr("InvalidParameterValue"));
  }
  EXPECT_THAT(create(std::string(75, 'a') + ".fifo", R"("FifoQueue":"true")"),
              HasSubstr("QueueUrl"));
}

TEST_F(SqsFifoTest, TellsTheAttributesOfAFifoQueue) {
  EXPECT_THAT(
      on("jobs.fifo", "GetQueueAttributes", R"("AttributeNames":["All"])"),
      AllOf(HasSubstr(R"("FifoQueue":"true")"), HasSubstr(R"("ContentBasedDeduplication":"false")"),
            HasSubstr(R"("DeduplicationScope":"queue")"),
            HasSubstr(R"("FifoThroughputLimit":"perQueue")")));
  EXPECT_THAT(on("plain", "GetQueueAttributes", R"("AttributeNames":["All"])"),
              AllOf(Not(HasSubstr("Fifo")), Not(HasSubstr("Dedup"))));
  for (const char* name :
       {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}) {
    EXPECT_THAT(on("plain", "GetQueueAttributes", fmt::format(R"("AttributeNames":["{}"])", name)),
                HasSubstr("InvalidAttributeName"));
    EXPECT_THAT(
        on("plain", "SetQueueAttributes", fmt::format(R"("Attributes":{{"{}":"true"}})", name)),
        HasSubstr("InvalidAttributeName"));
    EXPECT_THAT(
        on("jobs.fifo", "SetQueueAttributes", fmt::format(R"("Attributes":{{"{}":"x"}})", name)),
        HasSubstr("InvalidAttributeValue"));
  }
  const auto set = [this](std::string_view attributes) {
    return on("jobs.fifo", "SetQueueAttributes", fmt::format(R"("Attributes":{{{}}})", attributes));
  };
  EXPECT_THAT(set(R"("FifoQueue":"false")"), HasSubstr("Modifying queue type is not supported."));
  EXPECT_THAT(set(R"("FifoThroughputLimit":"perMessageGroupId")"),
              HasSubstr("InvalidAttributeValue"));
  EXPECT_EQ(set(R"("FifoThroughputLimit":"perMessageGroupId","DeduplicationScope":"messageGroup")"),
            "");
  EXPECT_THAT(set(R"("DeduplicationScope":"queue")"), HasSubstr("InvalidAttributeValue"));
  EXPECT_THAT(create("jobs.fifo", R"("FifoQueue":"true","ContentBasedDeduplication":"true")"),
              HasSubstr("different value for attribute ContentBasedDeduplication"));
}

TEST_F(SqsFifoTest, AnswersARepeatedSendWithTheFirst) {
  const std::string first = send("one", "g", "x");
  EXPECT_EQ(field(first, "SequenceNumber").size(), 20U);
  const std::string again = send("other body", "h", "x");
  EXPECT_EQ(field(again, "MessageId"), field(first, "MessageId"));
  EXPECT_EQ(field(again, "SequenceNumber"), field(first, "SequenceNumber"));
  EXPECT_EQ(queue_->depth().visible, 1);
  EXPECT_EQ(queue_->totals().sent, 1);

  world_.advance(kNoon + minutes(5));
  const std::string later = send("one", "g", "x");
  EXPECT_NE(field(later, "MessageId"), field(first, "MessageId"));
  EXPECT_GT(field(later, "SequenceNumber"), field(first, "SequenceNumber"));
}

TEST_F(SqsFifoTest, TakesTheBodyForAnIdWhenToldSo) {
  EXPECT_THAT(on("jobs.fifo", "SendMessage", R"("MessageBody":"abc","MessageGroupId":"g")"),
              HasSubstr("InvalidParameterValue: The queue should either"));
  on("jobs.fifo", "SetQueueAttributes", R"("Attributes":{"ContentBasedDeduplication":"true"})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(on("jobs.fifo", "SendMessage", R"("MessageBody":"abc","MessageGroupId":"g")"),
                HasSubstr("SequenceNumber"));
  }
  EXPECT_EQ(queue_->depth().visible, 1);
  EXPECT_THAT(
      on("jobs.fifo", "ReceiveMessage", R"("AttributeNames":["All"])"),
      AllOf(HasSubstr(R"("MessageGroupId":"g")"), HasSubstr(R"("SequenceNumber":"1000)"),
            HasSubstr(R"("MessageDeduplicationId":"ba7816bf8f01cfea414140de5dae2223b00361a3)")));
}

TEST_F(SqsFifoTest, RefusesWhatBelongsToTheOtherType) {
  EXPECT_THAT(
      on("jobs.fifo", "SendMessage", R"("MessageBody":"a","MessageDeduplicationId":"x")"),
      HasSubstr("MissingParameter: The request must contain the parameter MessageGroupId."));
  EXPECT_THAT(
      on("jobs.fifo", "SendMessage",
         R"("MessageBody":"a","MessageGroupId":"g","MessageDeduplicationId":"x","DelaySeconds":2)"),
      HasSubstr("Value 2 for parameter DelaySeconds is invalid."));
  EXPECT_THAT(
      on("jobs.fifo", "SendMessage",
         R"("MessageBody":"a","MessageGroupId":"g","MessageDeduplicationId":"x","DelaySeconds":0)"),
      HasSubstr("SequenceNumber"));
  for (const std::string& bad : {std::string("with space"), std::string(129, 'x'), std::string()}) {
    EXPECT_THAT(send("a", "g", bad), HasSubstr("InvalidParameterValue"));
    EXPECT_THAT(send("a", bad, "y"), HasSubstr(bad.empty() ? "MissingParameter" : "128 in length"));
  }
  EXPECT_THAT(on("plain", "SendMessage", R"("MessageBody":"a","MessageDeduplicationId":"x")"),
              HasSubstr("not valid for this queue type"));
  EXPECT_THAT(on("plain", "ReceiveMessage", R"("ReceiveRequestAttemptId":"x")"),
              HasSubstr("not valid for this queue type"));
  EXPECT_THAT(on("plain", "SendMessage", R"("MessageBody":"a","MessageGroupId":"tenant")"),
              Not(HasSubstr("SequenceNumber")));
  EXPECT_THAT(on("plain", "ReceiveMessage", R"("AttributeNames":["All"])"),
              AllOf(HasSubstr(R"("MessageGroupId":"tenant")"), Not(HasSubstr("SequenceNumber"))));
}

TEST_F(SqsFifoTest, AnExpiredHandleDeletesNothing) {
  send("a", "g", "x");
  const std::string handle = field(on("jobs.fifo", "ReceiveMessage"), "ReceiptHandle");
  world_.advance(kNoon + seconds(30));
  EXPECT_THAT(on("jobs.fifo", "DeleteMessage", fmt::format(R"("ReceiptHandle":"{}")", handle)),
              HasSubstr("The receipt handle has expired."));
}

TEST_F(SqsFifoTest, GivesNothingBeyondItsInFlightLimitAndNoError) {
  for (int i = 0; i < 120'001; ++i) {
    queue_->post({}, kNoon);
  }
  world_.receive(*queue_, {.messages_max = 120'000});
  EXPECT_EQ(on("jobs.fifo", "ReceiveMessage"), "{}");
}

TEST_F(SqsFifoTest, ADeadLetterQueueIsOfTheSameType) {
  const auto redrive = [](std::string_view target) {
    return fmt::format(
        R"("RedrivePolicy":"{{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:000000000000:{}\",)"
        R"(\"maxReceiveCount\":1}}")",
        target);
  };
  constexpr std::string_view kWords = "Dead-letter queue must be same type of queue as the source.";
  EXPECT_THAT(create("a.fifo", R"("FifoQueue":"true",)" + redrive("plain")), HasSubstr(kWords));
  EXPECT_THAT(create("a", redrive("jobs.fifo")), HasSubstr(kWords));
  EXPECT_THAT(create("a.fifo", redrive("jobs.fifo") + R"(,"FifoQueue":"true")"),
              HasSubstr("QueueUrl"));
  EXPECT_EQ(on("jobs.fifo", "ListDeadLetterSourceQueues"),
            R"({"queueUrls":["http://x/000000000000/a.fifo"]})");
  EXPECT_EQ(on("plain", "ListDeadLetterSourceQueues"), R"({"queueUrls":[]})");
}

TEST_F(SqsFifoTest, AnEventTellsWhatLambdaTells) {
  send("a", "g", "x");
  const auto messages = world_.receive(*queue_, {});
  EXPECT_THAT(
      sqs_event({.queue_arn = "arn", .region = "r"}, messages),
      AllOf(HasSubstr(R"("MessageGroupId":"g")"), HasSubstr(R"("MessageDeduplicationId":"x")"),
            HasSubstr(R"("SequenceNumber":"10000000000000000001")")));
}

TEST_F(SqsFifoTest, KeepsAndTellsAttributesWithoutEffect) {
  const auto set = [this](std::string_view attributes) {
    return on("plain", "SetQueueAttributes", fmt::format(R"("Attributes":{{{}}})", attributes));
  };
  const auto all = [this] {
    return on("plain", "GetQueueAttributes", R"("AttributeNames":["All"])");
  };
  EXPECT_THAT(all(), AllOf(HasSubstr(R"("SqsManagedSseEnabled":"true")"), Not(HasSubstr("Kms")),
                           Not(HasSubstr("Polic"))));
  EXPECT_EQ(set(R"("Policy":"{\"Statement\":[]}","KmsMasterKeyId":"alias/aws/sqs",)"
                R"("RedriveAllowPolicy":"{\"redrivePermission\":\"denyAll\"}")"),
            "");
  EXPECT_THAT(all(), AllOf(HasSubstr(R"("SqsManagedSseEnabled":"false")"),
                           HasSubstr(R"("KmsMasterKeyId":"alias/aws/sqs")"),
                           HasSubstr(R"("KmsDataKeyReusePeriodSeconds":"300")"),
                           HasSubstr(R"("Policy":"{\"Statement\":[]}")"), HasSubstr("denyAll")));
  EXPECT_THAT(set(R"("SqsManagedSseEnabled":"true")"), HasSubstr("InvalidAttributeName: You can"));
  EXPECT_EQ(set(R"("KmsMasterKeyId":"","Policy":"","RedriveAllowPolicy":"",)"
                R"("SqsManagedSseEnabled":"true")"),
            "");
  EXPECT_THAT(all(), AllOf(HasSubstr(R"("SqsManagedSseEnabled":"true")"), Not(HasSubstr("Kms")),
                           Not(HasSubstr("Polic"))));
  for (const char* bad :
       {R"("Policy":"{")", R"("Policy":"{}")", R"("KmsDataKeyReusePeriodSeconds":"59")",
        R"("KmsDataKeyReusePeriodSeconds":"")", R"("SqsManagedSseEnabled":"yes")",
        R"("RedriveAllowPolicy":"{\"redrivePermission\":\"some\"}")",
        R"("RedriveAllowPolicy":"{\"redrivePermission\":\"byQueue\"}")",
        R"("RedriveAllowPolicy":"{\"redrivePermission\":\"allowAll\",\"sourceQueueArns\":[]}")"}) {
    EXPECT_THAT(set(bad), HasSubstr("InvalidAttributeValue")) << bad;
  }
  EXPECT_THAT(create("plain", R"("Policy":"{\"Statement\":[]}")"),
              HasSubstr("different value for attribute Policy"));
}

TEST_F(SqsFifoTest, PermissionsBecomeStatementsOfThePolicy) {
  const auto add = [this](std::string_view label, std::string_view actions) {
    return on("plain", "AddPermission",
              fmt::format(R"("Label":"{}","AWSAccountIds":["111111111111"],"Actions":[{}])", label,
                          actions));
  };
  const auto policy = [this] {
    return on("plain", "GetQueueAttributes", R"("AttributeNames":["Policy"])");
  };
  EXPECT_EQ(add("one", R"("SendMessage")"), "");
  EXPECT_THAT(policy(), AllOf(HasSubstr(R"(\"Sid\":\"one\")"), HasSubstr(R"(\"SQS:SendMessage\")"),
                              HasSubstr("arn:aws:iam::111111111111:root")));
  EXPECT_THAT(add("one", R"("*")"), HasSubstr("Value one for parameter Label is invalid. Reason: "
                                              "Already exists."));
  EXPECT_THAT(add("two", R"("CreateQueue")"), HasSubstr("Only the queue owner is allowed"));
  EXPECT_THAT(add("two", R"("*","*","*","*","*","*","*","*")"), HasSubstr("OverLimit: 8 Actions"));
  EXPECT_THAT(add("two", ""), HasSubstr("MissingParameter"));
  EXPECT_EQ(add("two", R"("*","PurgeQueue")"), "");
  EXPECT_EQ(on("plain", "RemovePermission", R"("Label":"one")"), "");
  EXPECT_THAT(policy(), AllOf(Not(HasSubstr("one")), HasSubstr("SQS:PurgeQueue")));
  EXPECT_THAT(on("plain", "RemovePermission", R"("Label":"one")"), HasSubstr("can't find label"));
  EXPECT_EQ(on("plain", "RemovePermission", R"("Label":"two")"), "");
  EXPECT_THAT(policy(), Not(HasSubstr("Policy")));
  // A sender's own policy may be one statement without a list.
  on("plain", "SetQueueAttributes", R"("Attributes":{"Policy":"{\"Statement\":{\"Sid\":\"x\"}}"})");
  EXPECT_EQ(add("y", R"("*")"), "");
  EXPECT_THAT(policy(), AllOf(HasSubstr(R"(\"Sid\":\"x\")"), HasSubstr(R"(\"Sid\":\"y\")")));
}

TEST_F(SqsFifoTest, ANameIsTakenForItsUrl) {
  EXPECT_THAT(on("plain", "SendMessage", R"("MessageBody":"a")"), HasSubstr("MessageId"));
  EXPECT_THAT(on("none", "ReceiveMessage"), HasSubstr("QueueDoesNotExist"));
  for (const char* bad : {"", "a/b", "arn:aws:sqs:eu-west-1:000000000000:plain"}) {
    EXPECT_THAT(on(bad, "ReceiveMessage"), HasSubstr("InvalidAddress")) << bad;
  }
}

}  // namespace
}  // namespace scaler::emulator
