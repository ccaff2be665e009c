#include "wire/record.h"

#include <gtest/gtest.h>

#include "wire/decision.h"
#include "wire/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;
using testing::RandomParts;

TEST(DecisionJson, HasItsStepsAndTheStateAfterIt) {
  const Policy policy = testing::per_task(10);
  const Decision decision = decide(policy, {}, testing::seen({.visible = 95, .in_flight = 5}, 2));
  json::Writer writer;
  write_decision(writer, decision, advance({}, policy, decision, Outcome::Applied));
  EXPECT_EQ(
      writer.text(),
      R"({"action":"scale_out","desired":10,"demand":10,"steps":[{"rule":"backlog","tasks":10,)"
      R"("note":"95 visible + 5 in flight = 100 messages; 10 per task -> 10"}],)"
      R"("state":{"last_look":"2026-11-23T12:00:00Z","last_scale_out":"2026-11-23T12:00:00Z",)"
      R"("recommendations":[{"at":"2026-11-23T12:00:00Z","tasks":10}],"last_set":10}})");
}

TEST(RecordJson, IsOneLineEvenOfAFailure) {
  PassRecord record{.id = {"c", "s"}, .at = kNoon};
  record.reading = fail(ErrorKind::NotFound, "DescribeServices c/s: MISSING");
  record.queues = {fail(ErrorKind::Throttled, "slow down")};
  record.errors = {"DescribeServices c/s: MISSING"};
  EXPECT_EQ(record_json(record), R"({"at":"2026-11-23T12:00:00Z","cluster":"c","service_name":"s",)"
                                 R"("queues":[{"error":"Throttled"}],"outcome":"held",)"
                                 R"("errors":["DescribeServices c/s: MISSING"]})");
}

TEST(RecordJson, TellsTheInstancesStepByStep) {
  PassRecord record{.id = {"c", "s"}, .at = kNoon};
  record.group = std::make_shared<const GroupRecord>(
      GroupRecord{.at = kNoon,
                  .provider = "gpu",
                  .group = "gpus",
                  .desired = 1,
                  .steps = {{.reason = InstanceReason::Launched, .instances = 1, .numbers = {1}}},
                  .done = {{.kind = InstanceAction::Kind::SetDesired, .desired = 1},
                           {.kind = InstanceAction::Kind::Drain, .instance = "i-1"}}});
  const std::string text = record_json(record);
  EXPECT_TRUE(text.contains(
      R"("instances":{"at":"2026-11-23T12:00:00Z","provider":"gpu","group":"gpus","desired":1,)"
      R"("in_service":0,"idle":0,"draining":0,"launch_failures":0,"steps":[{"rule":"launched",)"
      R"("instances":1,"note":"1 instance more -> 1"}],"actions":[{"action":"set_desired",)"
      R"("desired":1},{"action":"drain","instance":"i-1"}]})"))
      << text;
}

TEST(RecordJson, NamesThePlaceWhereItIsKnown) {
  PassRecord record{.id = {.cluster = "c",
                           .service = "s",
                           .region = "eu-west-1",
                           .role = {.arn = "arn:aws:iam::222222222222:role/scaler"}}};
  record.reading = fail(ErrorKind::NotFound, "MISSING");
  const std::string text = record_json(record);
  EXPECT_TRUE(text.contains(R"("region":"eu-west-1","account":"222222222222")")) << text;
  EXPECT_EQ(testing::read_text(text, read_record)->id.region, "eu-west-1");
}

PassRecord random_record(RandomParts& random) {
  PassRecord record{.id = {"c" + std::to_string(random.between(0, 9)), "s"},
                    .at = random.instant()};
  const QueueDepth depth{.visible = random.between(0, 99), .in_flight = random.between(0, 99)};
  const std::int64_t desired = random.between(0, 50);
  record.queues = {depth};
  record.reading = ServiceReading{.service = testing::tasks(desired)};
  record.decision = decide(testing::per_task(10), testing::quiet(record.at),
                           testing::seen(depth, desired, record.at));
  record.outcome = static_cast<Outcome>(random.between(0, 3));
  return record;
}

TEST(RecordJson, IsReadBack) {
  RandomParts random(3);
  for (int i = 0; i < testing::kValues; ++i) {
    const PassRecord record = random_record(random);
    const std::string text = record_json(record);
    const Result<RecordedPass> pass = testing::read_text(text, read_record);
    ASSERT_TRUE(pass.has_value()) << pass.error().message << " in " << text;
    EXPECT_EQ(pass->id, record.id);
    EXPECT_EQ(pass->observation->at, record.at);
    EXPECT_EQ(pass->observation->queues[0].value(), record.queues[0].value());
    EXPECT_EQ(pass->observation->service, record.reading->service);
    EXPECT_EQ(pass->desired, record.outcome == Outcome::Applied ? record.decision->desired
                                                                : record.reading->service.desired);
  }
}

TEST(RecordJson, OfAServiceThatCouldNotBeReadHasNoObservation) {
  PassRecord record{.id = {"c", "s"}, .at = kNoon};
  record.reading = fail(ErrorKind::NotFound, "MISSING");
  record.queues = {QueueDepth{}};
  const RecordedPass pass = testing::read_text(record_json(record), read_record).value();
  EXPECT_EQ(pass.id, record.id);
  EXPECT_FALSE(pass.observation.has_value());
}

}  // namespace
}  // namespace scaler
