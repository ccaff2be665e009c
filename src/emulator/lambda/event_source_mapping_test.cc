#include "emulator/lambda/event_source_mapping.h"

#include <deque>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"
#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Strings = std::vector<std::string>;

using scaler::testing::kNoon;
constexpr Duration kToggle = seconds(30);

std::string failures(const Strings& ids) {
  std::string text;
  for (const std::string& id : ids) {
    text += std::string(text.empty() ? "" : ",") + R"({"itemIdentifier":")" + id + "\"}";
  }
  return R"({"batchItemFailures":[)" + text + "]}";
}

/// A queue, a mapping and a function that answers when the test says so.
struct Scene {
  explicit Scene(MappingSettings settings = {})
      : mapping(world,
                {.uuid = "u",
                 .queue = "jobs",
                 .queue_arn = "arn:aws:sqs:us-east-1:000000000000:jobs",
                 .function_arn = "arn:f",
                 .region = "us-east-1"},
                settings, kToggle,
                [this](const std::string& /*arn*/, std::string payload, OnResult on_result) {
                  calls.emplace_back(std::move(payload), std::move(on_result));
                }) {
    queue = &world.create_queue("jobs", {.visibility_timeout = seconds(30)});
  }

  std::string send(std::string body) { return world.send(*queue, {.body = std::move(body)}); }

  void pass(Duration duration) {
    world.advance(world.now() + duration);
    mapping.tick();
  }

  /// The ids of the messages in a call's event.
  Strings ids(std::size_t call) const {
    const auto document = json::parse(calls.at(call).first);
    Strings found;
    const auto records = json::Reader(*document).field("Records").value().items().value();
    for (const json::Reader& record : records) {
      found.push_back(*record.field("messageId").value().string());
    }
    return found;
  }

  void answer(std::size_t call, InvocationOutcome outcome, std::string payload = "") {
    const OnResult on_result = std::exchange(calls.at(call).second, nullptr);
    on_result({.outcome = outcome, .payload = std::move(payload)});
  }

  Random random = Random(5);
  world::World world = world::World({}, kNoon, random);
  world::Queue* queue = nullptr;
  std::deque<std::pair<std::string, OnResult>> calls = {};
  EventSourceMapping mapping;
};

TEST(EventSourceMapping, DeletesWhatTheFunctionWorkedOff) {
  Scene scene;
  const Strings sent = {scene.send("a"), scene.send("b")};

  scene.mapping.tick();
  ASSERT_THAT(scene.calls, SizeIs(1));
  EXPECT_EQ(scene.ids(0), sent);
  EXPECT_EQ(scene.queue->depth(), (QueueDepth{.in_flight = 2}));
  scene.answer(0, InvocationOutcome::Ok, failures({}));

  EXPECT_EQ(scene.queue->depth(), QueueDepth{});
  EXPECT_EQ(scene.mapping.totals().deleted, 2);
  EXPECT_EQ(scene.mapping.totals().returned, 0);
  EXPECT_EQ(scene.mapping.last_result(), "OK");
}

TEST(EventSourceMapping, ReturnsEveryMessageThatTheFunctionListsAndDeletesNone) {
  Scene scene;
  const Strings sent = {scene.send("a"), scene.send("b"), scene.send("c")};
  scene.mapping.tick();

  scene.answer(0, InvocationOutcome::Ok, failures(sent));

  EXPECT_EQ(scene.mapping.totals().deleted, 0);
  EXPECT_EQ(scene.mapping.totals().returned, 3);
  EXPECT_EQ(scene.queue->totals().deleted, 0);
  EXPECT_EQ(scene.queue->depth(), (QueueDepth{.in_flight = 3}));
  scene.pass(seconds(29));
  EXPECT_THAT(scene.calls, SizeIs(1));
  scene.pass(seconds(1));
  EXPECT_THAT(scene.calls, SizeIs(2));
}

TEST(EventSourceMapping, DeletesOnlyTheOthersOfAPartialFailure) {
  Scene scene;
  const Strings sent = {scene.send("a"), scene.send("b"), scene.send("c")};
  scene.mapping.tick();

  scene.answer(0, InvocationOutcome::Ok, failures({sent[1]}));

  EXPECT_EQ(scene.mapping.totals().deleted, 2);
  EXPECT_EQ(scene.queue->depth(), (QueueDepth{.in_flight = 1}));
  EXPECT_EQ(scene.queue->stored_messages().at(0).id, sent[1]);
}

TEST(EventSourceMapping, LeavesTheVisibilityThatTheFunctionSet) {
  Scene scene;
  const std::string id = scene.send("a");
  scene.mapping.tick();
  const auto document = json::parse(scene.calls[0].first);
  const auto records = json::Reader(*document).field("Records").value().items().value();
  const std::string handle = records[0].field("receiptHandle").value().string().value();

  scene.world.change_visibility(*scene.queue, handle, seconds(5));
  scene.answer(0, InvocationOutcome::Ok, failures({id}));

  scene.pass(milliseconds(4999));
  EXPECT_THAT(scene.calls, SizeIs(1));
  scene.pass(milliseconds(1));
  ASSERT_THAT(scene.calls, SizeIs(2));
  EXPECT_NE(scene.calls[1].first.find(R"("ApproximateReceiveCount":"2")"), std::string::npos);
}

TEST(EventSourceMapping, DeletesNothingOfAFailedInvocation) {
  Scene scene;
  scene.send("a");
  scene.mapping.tick();

  scene.answer(0, InvocationOutcome::FunctionError, R"({"errorMessage":"x"})");

  EXPECT_EQ(scene.queue->depth(), (QueueDepth{.in_flight = 1}));
  EXPECT_EQ(scene.mapping.totals().failed_batches, 1);
  EXPECT_EQ(scene.mapping.last_result(), "PROBLEM: Function call failed");
}

TEST(EventSourceMapping, DoesNotReadTheAnswerWithoutReportBatchItemFailures) {
  Scene scene({.report_batch_item_failures = false});
  const std::string id = scene.send("a");
  scene.mapping.tick();

  scene.answer(0, InvocationOutcome::Ok, failures({id}));

  EXPECT_EQ(scene.mapping.totals().deleted, 1);
}

TEST(EventSourceMapping, DoesNotDeleteAMessageThatSomeoneElseHasReceivedSince) {
  Scene scene;
  scene.send("a");
  scene.mapping.tick();
  scene.world.advance(kNoon + seconds(31));
  ASSERT_THAT(scene.world.receive(*scene.queue, {}), SizeIs(1));

  scene.answer(0, InvocationOutcome::Ok, failures({}));

  EXPECT_EQ(scene.mapping.totals().deleted, 0);
  EXPECT_EQ(scene.queue->depth(), (QueueDepth{.in_flight = 1}));
}

TEST(EventSourceMapping, FillsBatchesAndKeepsToItsConcurrency) {
  Scene scene({.batch_size = 4, .concurrency_max = 2});
  for (int i = 0; i < 10; ++i) {
    scene.send("m");
  }

  scene.mapping.tick();

  ASSERT_THAT(scene.calls, SizeIs(2));
  EXPECT_THAT(scene.ids(0), SizeIs(4));
  EXPECT_THAT(scene.ids(1), SizeIs(4));
  scene.answer(1, InvocationOutcome::Ok);
  scene.mapping.tick();
  ASSERT_THAT(scene.calls, SizeIs(3));
  EXPECT_THAT(scene.ids(2), SizeIs(2));
}

TEST(EventSourceMapping, GathersALargeBatchForItsWindow) {
  Scene scene({.batch_size = 25, .batching_window = seconds(3)});
  for (int i = 0; i < 12; ++i) {
    scene.send("m");
  }
  scene.mapping.tick();
  EXPECT_THAT(scene.calls, IsEmpty());
  scene.send("later");

  scene.pass(seconds(2));
  EXPECT_THAT(scene.calls, IsEmpty());
  scene.pass(seconds(1));

  ASSERT_THAT(scene.calls, SizeIs(1));
  EXPECT_THAT(scene.ids(0), SizeIs(13));
  for (int i = 0; i < 25; ++i) {
    scene.send("m");
  }
  scene.mapping.tick();
  ASSERT_THAT(scene.calls, SizeIs(2));
  EXPECT_THAT(scene.ids(1), SizeIs(25));
}

TEST(EventSourceMapping, TriesAThrottledBatchAgainUntilItsMessagesAreVisible) {
  Scene scene;
  scene.send("a");
  scene.mapping.tick();

  std::size_t tries = 0;
  for (; tries < 40 && scene.mapping.totals().returned == 0; ++tries) {
    if (scene.calls.size() > tries) {
      scene.answer(tries, InvocationOutcome::Throttled);
    }
    scene.pass(seconds(1));
  }

  EXPECT_EQ(tries, 30U);
  EXPECT_EQ(scene.queue->totals().deleted, 0);
  // And received anew in the same moment.
  EXPECT_EQ(scene.queue->totals().received, 2);
  EXPECT_EQ(scene.queue->totals().receive_count_max, 2);
}

TEST(EventSourceMapping, PollsOnUntilItIsDisabled) {
  Scene scene;
  ASSERT_TRUE(scene.mapping.update({.enabled = false}).has_value());
  EXPECT_EQ(scene.mapping.state(), MappingState::Disabling);
  scene.send("a");

  scene.pass(kToggle - milliseconds(1));
  EXPECT_EQ(scene.mapping.state(), MappingState::Disabling);
  EXPECT_THAT(scene.calls, SizeIs(1));
  scene.pass(milliseconds(1));
  EXPECT_EQ(scene.mapping.state(), MappingState::Disabled);
  EXPECT_EQ(scene.mapping.modified_at(), kNoon + kToggle);
  scene.send("b");
  scene.pass(seconds(60));

  EXPECT_THAT(scene.calls, SizeIs(1));
}

TEST(EventSourceMapping, PollsOnlyOnceItIsEnabled) {
  Scene scene;
  ASSERT_TRUE(scene.mapping.update({.enabled = false}).has_value());
  scene.pass(kToggle);
  scene.send("a");
  ASSERT_TRUE(scene.mapping.update({.enabled = true}).has_value());

  scene.pass(kToggle - milliseconds(1));
  EXPECT_EQ(scene.mapping.state(), MappingState::Enabling);
  EXPECT_THAT(scene.calls, IsEmpty());
  scene.pass(milliseconds(1));

  EXPECT_EQ(scene.mapping.state(), MappingState::Enabled);
  EXPECT_THAT(scene.calls, SizeIs(1));
}

TEST(EventSourceMapping, IsInUseWhileAChangeIsUnderWay) {
  Scene scene;
  ASSERT_TRUE(scene.mapping.update({.enabled = false}).has_value());

  for (const bool enabled : {true, false}) {
    const auto second = scene.mapping.update({.enabled = enabled});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
  }

  scene.world.advance(kNoon + kToggle);
  EXPECT_TRUE(scene.mapping.update({.enabled = true}).has_value());
}

TEST(EventSourceMapping, UpdatesSettingsAndAsksForNothingWhenNothingChanges) {
  Scene scene;
  ASSERT_TRUE(scene.mapping.update({.enabled = true, .settings = MappingSettings{}}).has_value());
  EXPECT_EQ(scene.mapping.state(), MappingState::Enabled);

  ASSERT_TRUE(scene.mapping.update({.settings = MappingSettings{.batch_size = 3}}).has_value());

  EXPECT_EQ(scene.mapping.state(), MappingState::Updating);
  EXPECT_EQ(scene.mapping.settings().batch_size, 3);
  scene.pass(kToggle);
  EXPECT_EQ(scene.mapping.state(), MappingState::Enabled);
}

TEST(EventSourceMapping, SaysWhenTheQueueIsGone) {
  Scene scene;
  scene.send("a");
  scene.mapping.tick();
  scene.world.delete_queue("jobs");

  scene.answer(0, InvocationOutcome::Ok, failures({}));
  scene.mapping.tick();

  EXPECT_EQ(scene.mapping.last_result(), "PROBLEM: the queue does not exist");
  EXPECT_EQ(scene.mapping.totals().deleted, 0);
}

TEST(EventSourceMapping, ResultsThatComeAfterItsEndAreHarmless) {
  OnResult late;
  Random random(1);
  world::World world({}, kNoon, random);
  world::Queue& queue = world.create_queue("jobs", {});
  world.send(queue, {.body = "a"});
  {
    EventSourceMapping mapping(world, {.queue = "jobs"}, {}, kToggle,
                               [&](const std::string&, const std::string&, OnResult on_result) {
                                 late = std::move(on_result);
                               });
    mapping.tick();
  }

  late({.outcome = InvocationOutcome::Ok});

  EXPECT_EQ(queue.totals().deleted, 0);
}

TEST(EventSourceMapping, WritesTheEventOfLambda) {
  Scene scene;
  scene.world.send(*scene.queue,
                   {.body = "hello",
                    .attributes = R"({"sender":"AIDA","trace":"Root=1","attributes":)"
                                  R"({"kind":{"DataType":"String","StringValue":"s"}}})"});
  scene.mapping.tick();

  const auto event = json::parse(scene.calls.at(0).first);
  const auto records = json::Reader(*event).field("Records").value().items().value();
  ASSERT_THAT(records, SizeIs(1));
  const auto text = [&](const json::Reader& reader, std::string_view name) {
    return reader.field(name).value().string().value();
  };
  EXPECT_EQ(text(records[0], "body"), "hello");
  EXPECT_EQ(text(records[0], "md5OfBody"), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(text(records[0], "eventSource"), "aws:sqs");
  EXPECT_EQ(text(records[0], "eventSourceARN"), "arn:aws:sqs:us-east-1:000000000000:jobs");
  EXPECT_EQ(text(records[0], "awsRegion"), "us-east-1");
  const json::Reader attributes = records[0].field("attributes").value();
  EXPECT_EQ(text(attributes, "SentTimestamp"), "1795435200000");
  EXPECT_EQ(text(attributes, "SenderId"), "AIDA");
  EXPECT_EQ(text(attributes, "AWSTraceHeader"), "Root=1");
  const json::Reader kind = records[0].field("messageAttributes").value().field("kind").value();
  EXPECT_EQ(text(kind, "stringValue"), "s");
  EXPECT_EQ(text(kind, "dataType"), "String");
}

struct Answer {
  const char* name;
  const char* text;
  Strings failed;
};

class FailedItems : public ::testing::TestWithParam<Answer> {};

TEST_P(FailedItems, FollowsTheRulesOfLambda) {
  EXPECT_EQ(failed_items(GetParam().text, {"a", "b"}), GetParam().failed);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, FailedItems,
    ::testing::Values(
        Answer{"EmptyAnswer", "", {}}, Answer{"Null", "null", {}}, Answer{"EmptyObject", "{}", {}},
        Answer{"OtherObject", R"({"statusCode":200})", {}},
        Answer{"EmptyList", R"({"batchItemFailures":[]})", {}},
        Answer{"NullList", R"({"batchItemFailures":null})", {}},
        Answer{"One", R"({"batchItemFailures":[{"itemIdentifier":"b"}]})", {"b"}},
        Answer{"Twice",
               R"({"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]})",
               {"b"}},
        Answer{"All",
               R"({"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]})",
               {"a", "b"}},
        Answer{"NoJson", "{\"batchItemFailures\":[", {"a", "b"}},
        Answer{"NoObject", "\"done\"", {"a", "b"}},
        Answer{"NoList", R"({"batchItemFailures":{"itemIdentifier":"b"}})", {"a", "b"}},
        Answer{"NoItem", R"({"batchItemFailures":["b"]})", {"a", "b"}},
        Answer{"EmptyId", R"({"batchItemFailures":[{"itemIdentifier":""}]})", {"a", "b"}},
        Answer{"NullId", R"({"batchItemFailures":[{"itemIdentifier":null}]})", {"a", "b"}},
        Answer{"WrongKey", R"({"batchItemFailures":[{"itemidentifier":"b"}]})", {"a", "b"}},
        Answer{"UnknownId",
               R"({"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"z"}]})",
               {"a", "b"}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace scaler::emulator
