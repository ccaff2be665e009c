#include "wire/decision_json.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;

Result<Observation> observation(std::string_view text) {
  const json::Value value = json::parse(text).value();
  return read_observation(json::Reader(value, "$.observation"));
}

TEST(DecisionJson, ReadsAnObservation) {
  const Result<Observation> seen = observation(
      R"({"at":"2026-11-23T12:00:00Z","queues":[{"visible":95,"in_flight":5,"delayed":0},{"error":"Throttled"}],
          "service":{"desired":2,"running":2,"pending":0,"status":"DRAINING","deploying":true,
                     "deploying_since":"2026-11-23T11:00:00Z","protected":1}})");
  ASSERT_TRUE(seen.has_value()) << seen.error().message;
  EXPECT_EQ(seen->at, kNoon);
  EXPECT_EQ(*seen->queues[0], (QueueDepth{.visible = 95, .in_flight = 5}));
  EXPECT_EQ(seen->queues[1].error().message, "Throttled");
  EXPECT_EQ(seen->service.status, ServiceStatus::Draining);
  EXPECT_EQ(seen->service.protected_tasks, 1);
  EXPECT_TRUE(seen->service.deploying);
  EXPECT_EQ(seen->service.deploying_since, kNoon - std::chrono::hours(1));
}

TEST(DecisionJson, RefusesWhatIsMissingWrongOrUnknown) {
  for (
      const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
          {R"({"queues":[],"service":{"desired":1}})", "$.observation.at is missing"},
          {R"({"at":"2026-11-23T12:00:00Z","queues":[],"service":{"desired":1}})",
           "$.observation.queues: at least one queue is needed"},
          {R"({"at":"2026-11-23T12:00:00Z","queues":[{"in_flight":1}],"service":{"desired":1}})",
           "$.observation.queues[0].visible is missing"},
          {R"({"at":"2026-11-23T12:00:00Z","queues":[{"visible":-1}],"service":{"desired":1}})",
           "$.observation.queues[0].visible: -1 is not a whole number of at least 0"},
          {R"({"at":"2026-11-23T12:00:00Z","queues":[{"visible":1}],"service":{}})",
           "$.observation.service.desired is missing"},
          {R"({"at":"2026-11-23T12:00:00Z","queues":[{"visible":1}],"service":{"desired":1,"state":"x"}})",
           "$.observation.service.state is not a known field; did you mean 'status'?"},
          {R"({"at":"2026-11-23T12:00:00Z","queues":[{"visible":1}],"service":{"desired":1,"status":"on"}})",
           "$.observation.service.status: 'on' is not one of ACTIVE|DRAINING|INACTIVE"}}) {
    const Result<Observation> seen = observation(text);
    ASSERT_FALSE(seen.has_value()) << text;
    EXPECT_EQ(seen.error().message, message);
  }
}

TEST(DecisionJson, StateRoundTrips) {
  const ServiceState state{.empty_since = kNoon,
                           .empty_observations = 3,
                           .last_scale_out = kNoon - std::chrono::hours(1),
                           .last_scale_in = kNoon - std::chrono::milliseconds(1),
                           .last_set = 4,
                           .failures = 2};
  json::Writer writer;
  write_state(writer, state);
  const json::Value value = json::parse(writer.text()).value();
  EXPECT_EQ(read_state(json::Reader(value)).value(), state);
  json::Writer nothing;
  write_state(nothing, {});
  EXPECT_EQ(nothing.text(), "{}");
}

TEST(DecisionJson, WritesADecision) {
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

TEST(DecisionJson, WritesARecordOnOneLineEvenOfAFailure) {
  PassRecord record{.id = {"c", "s"}, .at = kNoon};
  record.reading = fail(ErrorKind::NotFound, "DescribeServices c/s: MISSING");
  record.queues = {fail(ErrorKind::Throttled, "slow down")};
  record.errors = {"DescribeServices c/s: MISSING"};
  EXPECT_EQ(record_json(record), R"({"at":"2026-11-23T12:00:00Z","cluster":"c","service_name":"s",)"
                                 R"("queues":[{"error":"Throttled"}],"outcome":"held",)"
                                 R"("errors":["DescribeServices c/s: MISSING"]})");
}

}  // namespace
}  // namespace scaler
