#include "wire/observation.h"

#include <gtest/gtest.h>

#include "wire/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;
using testing::RandomParts;

Result<Observation> observation(std::string_view text) {
  const json::Value value = json::parse(text).value();
  return read_observation(json::Reader(value, "$.observation"));
}

TEST(ObservationJson, ReadsAnObservation) {
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

TEST(ObservationJson, RefusesWhatIsMissingWrongOrUnknown) {
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

TEST(ObservationJson, RefusesAWeightOutOfItsRange) {
  for (const char* queue : {R"({"visible":1,"weight":0})", R"({"error":"Throttled","weight":0})"}) {
    EXPECT_EQ(observation(R"({"at":"2026-11-23T12:00:00Z","queues":[)" + std::string(queue) +
                          R"(],"service":{"desired":1}})")
                  .error()
                  .message,
              "$.observation.queues[0].weight: 0 is not a number from 0.001 to 1000");
  }
}

TEST(ObservationJson, ReadsEveryMember) {
  const Result<Observation> seen = observation(
      R"({"at":"2026-11-23T12:00:00Z","queues":[{"visible":1,"weight":2.5},{"error":"NotFound"}],
          "service":{"desired":3,"scheduling_strategy":"DAEMON"},"delivered":4,"look_every":5.5,
          "tick":1.5})");
  ASSERT_TRUE(seen.has_value()) << seen.error().message;
  // Names every member: one that is new does not compile here.
  const auto& [at, queues, weights, delivered, look_every, tick, service] = *seen;
  EXPECT_EQ(at, kNoon);
  EXPECT_EQ(queues[1].error().kind, ErrorKind::NotFound);
  EXPECT_EQ(weights, (std::vector<Millionths>{{2'500'000}, {Millionths::kOne}}));
  EXPECT_EQ(delivered, 4);
  EXPECT_EQ(look_every, std::chrono::milliseconds(5500));
  EXPECT_EQ(tick, std::chrono::milliseconds(1500));
  EXPECT_EQ(service.running, 3) << "as many as are desired, unless it is said";
  EXPECT_EQ(service.scheduling, SchedulingStrategy::Daemon);
}

ServiceObservation random_service(RandomParts& random) {
  ServiceObservation service;
  // Names every member. What records do not tell stays as it is in a new value.
  auto& [desired, running, pending, protected_tasks, status, scheduling, deploying, deploying_since,
         paused_until] = service;
  for (auto* count : {&desired, &running, &pending}) {
    *count = random.between(0, 5000);
  }
  EXPECT_EQ(protected_tasks, 0);
  EXPECT_EQ(scheduling, SchedulingStrategy::Replica);
  status = static_cast<ServiceStatus>(random.between(0, 2));
  deploying = random.maybe();
  deploying_since = random.perhaps_instant();
  paused_until = random.perhaps_instant();
  return service;
}

TEST(ObservationJson, RoundTrips) {
  RandomParts random(2);
  for (int i = 0; i < testing::kValues; ++i) {
    const QueueDepth depth{.visible = random.between(0, 1'000'000),
                           .in_flight = random.between(0, 120'000),
                           .delayed = random.between(0, 99)};
    const Instant at = random.instant();
    const ServiceObservation service = random_service(random);
    json::Writer writer;
    writer.begin_object().field("at", format_instant(at));
    write_queues(writer.name("queues"), {depth, fail(ErrorKind::NotFound, "it is gone")});
    write_service(writer.name("service"), service);
    writer.end_object();
    const Result<Observation> seen = observation(writer.text());
    ASSERT_TRUE(seen.has_value()) << seen.error().message << " in " << writer.text();
    EXPECT_EQ(seen->at, at);
    EXPECT_EQ(seen->queues[0].value(), depth);
    EXPECT_EQ(seen->queues[1].error().kind, ErrorKind::NotFound);
    EXPECT_EQ(seen->service, service) << writer.text();
  }
}

}  // namespace
}  // namespace scaler
