#include "emulator/sqs/sqs_api.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/sqs/digests.h"
#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

using scaler::testing::kNoon;
constexpr std::string_view kUrl = R"("QueueUrl":"http://x/000000000000/jobs")";

class SqsApiTest : public ::testing::Test {
 protected:
  SqsApiTest() : world_({}, kNoon, random_), api_(world_, "http://x", "eu-west-1") {
    queue_ = &world_.create_queue("jobs", {});
  }

  /// The body of the answer, "error <code>", or "waiting".
  std::string call(std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    auto answer = std::make_shared<std::string>("waiting");
    api_.handle({.operation = operation,
                 .body = *document,
                 .caller = caller_,
                 .abandoned = [gone = gone_] { return *gone; }},
                [answer](ApiAnswer result) {
                  EXPECT_THAT(*answer, ::testing::AnyOf("waiting", "served")) << "answered twice";
                  *answer = result ? *result : "error " + result.error().code;
                });
    last_ = answer;
    return *answer;
  }
  std::string on_queue(std::string_view operation, std::string_view more = "") {
    return call(operation, fmt::format("{{{}{}{}}}", kUrl, more.empty() ? "" : ",", more));
  }
  std::string handle_of(const std::string& answer) {
    const std::size_t at = answer.find(R"("ReceiptHandle":")") + 17;
    return answer.substr(at, answer.find('"', at) - at);
  }

  Random random_{1};
  world::World world_;
  SqsApi api_;
  world::Queue* queue_ = nullptr;
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "sqs"};
  std::shared_ptr<std::string> last_;
  std::shared_ptr<bool> gone_ = std::make_shared<bool>(false);  ///< the client of the next calls
};

TEST_F(SqsApiTest, CountsMessages) {
  on_queue("SendMessage", R"("MessageBody":"a")");
  EXPECT_EQ(
      on_queue(
          "GetQueueAttributes",
          R"("AttributeNames":["ApproximateNumberOfMessages","ApproximateNumberOfMessagesNotVisible"])"),
      R"({"Attributes":{"ApproximateNumberOfMessages":"1","ApproximateNumberOfMessagesNotVisible":"0"}})");
}

TEST_F(SqsApiTest, WritesArnsOfTheCallersRegion) {
  EXPECT_EQ(on_queue("GetQueueAttributes", R"("AttributeNames":["QueueArn"])"),
            R"({"Attributes":{"QueueArn":"arn:aws:sqs:eu-west-1:000000000000:jobs"}})");
}

TEST_F(SqsApiTest, LeavesTheMessageToTheNextPollWhenAClientHasGone) {
  EXPECT_EQ(on_queue("ReceiveMessage", R"("WaitTimeSeconds":10)"), "waiting");
  const auto abandoned = last_;
  const auto gone = std::exchange(gone_, std::make_shared<bool>(false));
  EXPECT_EQ(on_queue("ReceiveMessage", R"("WaitTimeSeconds":10)"), "waiting");
  *gone = true;

  world_.send(*queue_, {.body = "late"});
  api_.serve_waiting();

  EXPECT_EQ(*abandoned, "waiting");
  EXPECT_THAT(*last_, HasSubstr(R"("Body":"late")"));
  EXPECT_EQ(queue_->totals().received, 1);
  EXPECT_EQ(api_.next_deadline(), world::kNever);
}

TEST_F(SqsApiTest, AnswersAWaitingReceiveWhenAMessageComes) {
  EXPECT_EQ(on_queue("ReceiveMessage", R"("WaitTimeSeconds":10)"), "waiting");
  EXPECT_EQ(api_.next_deadline(), kNoon + seconds(10));
  const auto waiting = last_;

  world_.send(*queue_, {.body = "late"});
  api_.serve_waiting();

  EXPECT_THAT(*waiting, HasSubstr(R"("Body":"late")"));
  EXPECT_EQ(api_.next_deadline(), world::kNever);
}

TEST_F(SqsApiTest, AnswersWaitingReceivesInTheirOrder) {
  on_queue("ReceiveMessage", R"("WaitTimeSeconds":10)");
  const auto first = last_;
  on_queue("ReceiveMessage", R"("WaitTimeSeconds":5)");
  const auto second = last_;
  EXPECT_EQ(api_.next_deadline(), kNoon + seconds(5));

  world_.send(*queue_, {.body = "one"});
  api_.serve_waiting();

  EXPECT_THAT(*first, HasSubstr("one"));
  EXPECT_EQ(*second, "waiting");
}

TEST_F(SqsApiTest, EndsAWaitWithoutMessages) {
  on_queue("ReceiveMessage", R"("WaitTimeSeconds":10)");
  world_.advance(kNoon + seconds(10) - Duration(1));
  api_.serve_waiting();
  EXPECT_EQ(*last_, "waiting");

  world_.advance(kNoon + seconds(10));
  api_.serve_waiting();

  EXPECT_EQ(*last_, "{}");
}

TEST_F(SqsApiTest, WakesAWaitForADelayedMessage) {
  on_queue("SendMessage", R"("MessageBody":"a","DelaySeconds":3)");
  on_queue("ReceiveMessage", R"("WaitTimeSeconds":10)");
  world_.advance(kNoon + seconds(3));
  api_.serve_waiting();
  EXPECT_THAT(*last_, HasSubstr(R"("Body":"a")"));
}

TEST_F(SqsApiTest, AnswersOperationsWithoutOutputWithNothing) {
  on_queue("SendMessage", R"("MessageBody":"a")");
  const std::string handle = handle_of(on_queue("ReceiveMessage"));
  EXPECT_EQ(on_queue("ChangeMessageVisibility",
                     fmt::format(R"("ReceiptHandle":"{}","VisibilityTimeout":60)", handle)),
            "");
  EXPECT_EQ(on_queue("DeleteMessage", fmt::format(R"("ReceiptHandle":"{}")", handle)), "");
  EXPECT_EQ(on_queue("PurgeQueue"), "");
  EXPECT_EQ(queue_->depth(), QueueDepth{});
}

TEST_F(SqsApiTest, PurgesOnceAMinute) {
  EXPECT_EQ(on_queue("PurgeQueue"), "");
  world_.advance(kNoon + seconds(59));
  EXPECT_EQ(on_queue("PurgeQueue"), "error PurgeQueueInProgress");
  world_.advance(kNoon + seconds(60));
  EXPECT_EQ(on_queue("PurgeQueue"), "");
}

TEST_F(SqsApiTest, LetsAMinutePassBetweenDeletingAndCreating) {
  EXPECT_EQ(on_queue("DeleteQueue"), "");
  EXPECT_EQ(call("CreateQueue", R"({"QueueName":"jobs"})"), "error QueueDeletedRecently");
  world_.advance(kNoon + seconds(60));
  EXPECT_EQ(call("CreateQueue", R"({"QueueName":"jobs"})"),
            R"({"QueueUrl":"http://x/000000000000/jobs"})");
}

TEST_F(SqsApiTest, RefusesAReceiveWithTooManyInFlight) {
  for (int i = 0; i < 120'000; ++i) {
    queue_->send({}, kNoon);
  }
  world_.receive(*queue_, {.messages_max = 120'000});
  EXPECT_EQ(on_queue("ReceiveMessage"), "error OverLimit");
}

TEST_F(SqsApiTest, TakesOnlyTheCharactersOfXml) {
  EXPECT_EQ(on_queue("SendMessage", R"("MessageBody":"\u0008")"), "error InvalidMessageContents");
  EXPECT_EQ(on_queue("SendMessage", R"("MessageBody":"a\uffff")"), "error InvalidMessageContents");
  EXPECT_THAT(on_queue("SendMessage", R"("MessageBody":"\t\n\r \ud7ff\ue000\ufffd\ud83d\ude80")"),
              HasSubstr("MessageId"));
}

/// A dead-letter queue "dead" of "jobs", with so many dead letters.
class MessageMovesTest : public SqsApiTest {
 protected:
  void bury(int count) {
    call("CreateQueue", R"({"QueueName":"dead"})");
    on_queue("SetQueueAttributes", R"("Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":)"
                                   R"(\"arn:aws:sqs:eu-west-1:000000000000:dead\",)"
                                   R"(\"maxReceiveCount\":1}"})");
    for (int i = 0; i < count; ++i) {
      on_queue("SendMessage", fmt::format(R"("MessageBody":"job {}")", i));
    }
    on_queue("ReceiveMessage", R"("MaxNumberOfMessages":10,"VisibilityTimeout":0)");
    on_queue("ReceiveMessage", R"("MaxNumberOfMessages":10)");
    dead_ = world_.find_queue("dead");
    EXPECT_EQ(dead_->depth().visible, count);
  }
  std::string start(std::string_view more = "") {
    return call("StartMessageMoveTask", fmt::format("{{{}{}}}", kSource, more));
  }
  std::string list() {
    return call("ListMessageMoveTasks", fmt::format(R"({{{},"MaxResults":10}})", kSource));
  }
  void pass(Duration time) {
    world_.advance(world_.now() + time);
    api_.serve_waiting();
  }

  static constexpr std::string_view kSource =
      R"("SourceArn":"arn:aws:sqs:eu-west-1:000000000000:dead")";
  world::Queue* dead_ = nullptr;
};

TEST_F(MessageMovesTest, BringDeadLettersBackToWhereTheyCameFrom) {
  bury(3);
  call(
      "ReceiveMessage",
      R"({"QueueUrl":"dead","VisibilityTimeout":0,"AttributeNames":["DeadLetterQueueSourceArn"]})");
  EXPECT_THAT(*last_,
              HasSubstr(R"("DeadLetterQueueSourceArn":"arn:aws:sqs:eu-west-1:000000000000:jobs")"));

  EXPECT_THAT(start(), HasSubstr("TaskHandle"));
  api_.serve_waiting();

  EXPECT_EQ(dead_->depth().visible, 0);
  EXPECT_EQ(queue_->depth().visible, 3);
  EXPECT_THAT(list(), HasSubstr(R"("Status":"COMPLETED")"));
  EXPECT_THAT(list(), HasSubstr(R"("ApproximateNumberOfMessagesMoved":3)"));
  EXPECT_THAT(on_queue("ReceiveMessage", R"("AttributeNames":["ApproximateReceiveCount"])"),
              HasSubstr(R"("ApproximateReceiveCount":"1")"))
      << "it is a new message";
}

TEST_F(MessageMovesTest, KeepToTheirRateAndCanBeCancelled) {
  bury(5);
  const std::string answer = start(R"(,"MaxNumberOfMessagesPerSecond":2)");
  api_.serve_waiting();
  EXPECT_EQ(dead_->depth().visible, 3);
  EXPECT_EQ(api_.next_deadline(), kNoon + seconds(1));
  EXPECT_EQ(start(), "error UnsupportedOperation") << "one at a time";

  pass(seconds(1));
  EXPECT_EQ(dead_->depth().visible, 1);
  EXPECT_EQ(call("CancelMessageMoveTask", answer), R"({"ApproximateNumberOfMessagesMoved":4})");
  pass(seconds(5));
  EXPECT_EQ(dead_->depth().visible, 1);
  EXPECT_THAT(list(), HasSubstr(R"("Status":"CANCELLED")"));
  EXPECT_EQ(call("CancelMessageMoveTask", answer), "error UnsupportedOperation");
}

TEST_F(MessageMovesTest, GoWhereTheyAreTold) {
  bury(2);
  call("CreateQueue", R"({"QueueName":"second-try"})");
  start(R"(,"DestinationArn":"arn:aws:sqs:eu-west-1:000000000000:second-try")");
  api_.serve_waiting();
  EXPECT_EQ(world_.find_queue("second-try")->depth().visible, 2);
  EXPECT_EQ(queue_->depth().visible, 0);
}

TEST_F(MessageMovesTest, FailForWhatWasSentToTheDeadLetterQueueItself) {
  bury(0);
  call("SendMessage", R"({"QueueUrl":"dead","MessageBody":"by hand"})");
  start();
  api_.serve_waiting();
  EXPECT_THAT(list(), HasSubstr(R"("FailureReason":"CouldNotDetermineMessageSource")"));
  EXPECT_EQ(dead_->depth().visible, 1);
}

TEST_F(MessageMovesTest, AreRefusedWhereThereIsNothingToMove) {
  EXPECT_EQ(start(), "error ResourceNotFoundException");
  bury(0);
  EXPECT_EQ(
      call("StartMessageMoveTask", R"({"SourceArn":"arn:aws:sqs:eu-west-1:000000000000:jobs"})"),
      "error InvalidParameterValue")
      << "no dead-letter queue";
  EXPECT_EQ(start(R"(,"DestinationArn":"arn:aws:sqs:eu-west-1:000000000000:none")"),
            "error ResourceNotFoundException");
  EXPECT_EQ(start(fmt::format(R"(,"DestinationArn":{})", kSource.substr(12))),
            "error InvalidParameterValue")
      << "to itself";
  EXPECT_EQ(start(R"(,"MaxNumberOfMessagesPerSecond":501)"), "error InvalidParameterValue");
  EXPECT_EQ(call("CancelMessageMoveTask", R"({"TaskHandle":"x"})"),
            "error ResourceNotFoundException");
}

TEST_F(SqsApiTest, KeepsTheQueuesOfRegionsApart) {
  caller_.region = "eu-north-1";
  EXPECT_EQ(on_queue("PurgeQueue"), "error QueueDoesNotExist");
  EXPECT_EQ(call("ListQueues", "{}"), "{}");
  EXPECT_EQ(call("CreateQueue", R"({"QueueName":"jobs"})"),
            R"({"QueueUrl":"http://x/000000000000/jobs"})");
  on_queue("SendMessage", R"("MessageBody":"northern")");
  EXPECT_EQ(on_queue("GetQueueAttributes", R"("AttributeNames":["QueueArn"])"),
            R"({"Attributes":{"QueueArn":"arn:aws:sqs:eu-north-1:000000000000:jobs"}})");
  EXPECT_EQ(call("ListQueues", "{}"), R"({"QueueUrls":["http://x/000000000000/jobs"]})");

  caller_.region = "eu-west-1";
  EXPECT_EQ(call("ListQueues", "{}"), R"({"QueueUrls":["http://x/000000000000/jobs"]})");
  EXPECT_EQ(on_queue("ReceiveMessage"), "{}");
  EXPECT_EQ(call("CreateQueue",
                 R"({"QueueName":"other","Attributes":{"RedrivePolicy":)"
                 R"("{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-north-1:000000000000:jobs\",)"
                 R"(\"maxReceiveCount\":1}"}})"),
            "error InvalidParameterValue")
      << "a dead-letter queue is of the same region";
}

TEST_F(SqsApiTest, CountsAttributesIntoTheMessagesSize) {
  on_queue("SetQueueAttributes", R"("Attributes":{"MaximumMessageSize":"1024"})");
  const std::string body(1015, 'x');
  const std::string attribute =
      R"("MessageAttributes":{"n":{"DataType":"String","StringValue":"vv"}})";
  EXPECT_THAT(on_queue("SendMessage", fmt::format(R"("MessageBody":"{}",{})", body, attribute)),
              HasSubstr("MessageId"));
  EXPECT_EQ(on_queue("SendMessage", fmt::format(R"("MessageBody":"{}x",{})", body, attribute)),
            "error InvalidParameterValue");
}

TEST_F(SqsApiTest, CountsAttributesIntoTheSizeOfABatch) {
  const auto batch = [&](std::size_t attribute) {
    return on_queue("SendMessageBatch",
                    fmt::format(R"("Entries":[{{"Id":"a","MessageBody":"{}"}},)"
                                R"({{"Id":"b","MessageBody":"b","MessageAttributes":{{"n":)"
                                R"({{"DataType":"String","StringValue":"{}"}}}}}}])",
                                std::string(1'000'000, 'x'), std::string(attribute, 'y')));
  };
  EXPECT_THAT(batch(48'568), HasSubstr(R"("Id":"b")"));
  EXPECT_EQ(batch(48'569), "error BatchRequestTooLong");
}

TEST_F(SqsApiTest, RefusesTagsOfANewQueueAsThoseOfAnOldOne) {
  for (const std::string tags : {R"({"":"x"})", R"({"aws:a":"x"})"}) {
    EXPECT_EQ(call("CreateQueue", fmt::format(R"({{"QueueName":"q","tags":{}}})", tags)),
              "error InvalidParameterValue");
    EXPECT_EQ(on_queue("TagQueue", fmt::format(R"("Tags":{})", tags)),
              "error InvalidParameterValue");
  }
  EXPECT_EQ(world_.find_queue("q"), nullptr);
}

TEST_F(SqsApiTest, SurvivesMessagesOfOtherSenders) {
  world_.send(*queue_, {.body = "bare"});
  world_.send(*queue_, {.body = "odd", .attributes = "no JSON"});
  const std::string answer = on_queue(
      "ReceiveMessage",
      R"("MaxNumberOfMessages":10,"AttributeNames":["All"],"MessageAttributeNames":["All"])");
  EXPECT_THAT(answer, HasSubstr(R"("Body":"odd")"));
  EXPECT_THAT(answer, HasSubstr(R"("ApproximateReceiveCount":"1")"));
}

TEST(Digests, AreThoseOfTheStandards) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace scaler::emulator
