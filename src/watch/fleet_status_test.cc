#include "watch/fleet_status.h"

#include <gtest/gtest.h>

#include "ground/json/value.h"
#include "watch/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

PassRecord scaled_out(std::string service = "worker") {
  PassRecord record =
      testing::scaled_out({"arn:aws:ecs:us-east-1:123456789012:cluster/main", std::move(service)});
  record.state.last_scale_out = testing::kNoon;
  record.state.last_scale_in = testing::kNoon - 1h;
  return record;
}

PassRecord blind() {
  PassRecord record = scaled_out();
  record.reading = fail(ErrorKind::Denied, "denied");
  record.queues = {fail(ErrorKind::Denied, "denied")};
  record.decision.reset();
  record.errors = {"ECS DescribeServices main/worker: AccessDenied", "another"};
  record.state = {};
  return record;
}

FleetStatus status_after(const std::vector<PassRecord>& records) {
  FleetStatus status;
  status.add(records, testing::kNoon + 1s);
  return status;
}

TEST(FleetStatus, TellsQueueTasksLastChangeAndWhy) {
  const FleetStatus status = status_after({scaled_out()});
  EXPECT_EQ(status_text(status, testing::kNoon + 12s),
            "SERVICE                  VISIBLE + IN FLIGHT  RUNNING / DESIRED  LAST CHANGE    NOW\n"
            "main/worker (us-east-1)  30 + 2               1 / 4              out, 12 s ago  "
            "scale_out: \n");
  EXPECT_EQ(status.services[0].account, "123456789012");
  EXPECT_EQ(status.services[0].delayed, 5);
  EXPECT_EQ(status.services[0].read_at, testing::kNoon + 1s);
}

TEST(FleetStatus, TellsTheInstancesUnderTheTasksAndWhy) {
  PassRecord record = scaled_out();
  record.group = std::make_shared<const GroupRecord>(
      GroupRecord{.group = "gpus",
                  .desired = 2,
                  .in_service = 1,
                  .steps = {{.reason = InstanceReason::Launched, .instances = 2, .numbers = {1}}}});
  FleetStatus status = status_after({record});
  const std::string text = status_text(status, testing::kNoon + 12s);
  EXPECT_TRUE(text.contains("1 / 4 on 1 / 2 instances")) << text;
  EXPECT_TRUE(text.contains("; instances: 1 instance more -> 2")) << text;
  status.services[0].steps.clear();
  EXPECT_EQ(read_status(*json::parse(status_json(status)))->services, status.services);
}

TEST(FleetStatus, KeepsTheStepsOfTheDecisionForThePageAlone) {
  PassRecord record = scaled_out();
  record.decision->steps.add({.reason = Reason::NoBacklog, .tasks = 4});
  FleetStatus status = status_after({record});
  EXPECT_TRUE(status.services[0].steps.starts_with(R"([{"rule":"backlog","tasks":4,"note":")"))
      << status.services[0].steps;
  EXPECT_EQ(status_json(status).find("steps"), std::string::npos);
  status.add(std::vector{blind()}, testing::kNoon + 11s);
  EXPECT_EQ(status.services[0].steps, "") << "there was no decision";
}

TEST(FleetStatus, TheSameNamesInTwoAccountsAreToldApart) {
  PassRecord other = scaled_out();
  other.id = {.cluster = "main",
              .service = "worker",
              .region = "us-east-1",
              .role = {.arn = "arn:aws:iam::222222222222:role/scaler"}};
  const std::string text = status_text(status_after({scaled_out(), other}), testing::kNoon + 12s);
  EXPECT_TRUE(text.contains("main/worker (us-east-1) of 123456789012 ")) << text;
  EXPECT_TRUE(text.contains("main/worker (us-east-1) of 222222222222 ")) << text;
}

TEST(FleetStatus, WhatCouldNotBeReadIsUnknownAndKeepsItsLastChange) {
  FleetStatus status = status_after({scaled_out()});
  status.add(std::vector{blind()}, testing::kNoon + 11s);
  const ServiceView& service = status.services[0];
  EXPECT_FALSE(service.visible.has_value());
  EXPECT_FALSE(service.desired.has_value());
  EXPECT_EQ(service.changed_at, testing::kNoon);
  EXPECT_EQ(service.read_at, testing::kNoon + 1s);
  EXPECT_EQ(service.error, "ECS DescribeServices main/worker: AccessDenied");
}

TEST(FleetStatus, OfAServiceForWhichThereWasNoTimeWhatIsKnownStays) {
  FleetStatus status = status_after({scaled_out(), scaled_out("other")});
  const PassRecord unseen{.id = scaled_out().id};
  status.add(std::vector{unseen}, testing::kNoon + 11s);
  ASSERT_EQ(status.services.size(), 1U);
  EXPECT_EQ(status.services[0], status_after({scaled_out()}).services[0]);
  EXPECT_EQ(status_after({unseen}).services[0].looked_at, std::nullopt);
}

TEST(FleetStatus, IsReadBackAsItWasWritten) {
  FleetStatus status = status_after({scaled_out(), blind()});
  status.reload = {.success = false, .last_success = testing::kNoon, .error = "line 3: no"};
  status.lease = LeaseStatus{.held = false, .owner = "other"};
  status.settings_problems = {{.service = "arn:a", .message = "mode: no\nits last go on"}};
  const auto document = json::parse(status_json(status));
  ASSERT_TRUE(document.has_value());
  const auto read = read_status(*document);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  for (ServiceView& service : status.services) {
    service.steps.clear();
  }
  EXPECT_EQ(read->services, status.services);
  EXPECT_EQ(read->settings_problems, status.settings_problems);
  EXPECT_EQ(status_json(*read), status_json(status));
  const std::string text = status_text(*read, testing::kNoon);
  EXPECT_TRUE(text.starts_with("the fleet file of 2026-11-23T12:00:00Z is in force"));
  EXPECT_NE(text.find("the lease is with other\narn:a: mode: no\narn:a: its last go on\n"),
            std::string::npos);
}

TEST(FleetStatus, RefusesWhatIsNone) {
  for (const char* const text : {"[]", "{}", R"({"at":"2026-11-23T12:00:00Z","services":3})"}) {
    EXPECT_FALSE(read_status(*json::parse(text)).has_value()) << text;
  }
}

}  // namespace
}  // namespace scaler
