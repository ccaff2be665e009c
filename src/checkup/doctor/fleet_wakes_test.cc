// What is wrong with the mappings of a fleet's function.
#include "checkup/doctor/fleet_wakes.h"

#include <gtest/gtest.h>

namespace scaler::doctor {
namespace {

class FleetWakes : public ::testing::Test {
 protected:
  FleetWakes() {
    facts_.function = aws::FunctionConfiguration{
        .arn = "arn:aws:lambda:eu-west-1:111111111111:function:f",
        .environment = {
            {"FLEET", "tags"},
            {"WAKE", "true"},
            {"TICK_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111111111111/ticks"}}};
    facts_.mappings = std::vector<aws::EventSourceMapping>();
    for (const std::string name : {"a", "b"}) {
      services_.push_back({.id = {"main", name},
                           .queues = {{"https://sqs.eu-west-1.amazonaws.com/111111111111/" + name}},
                           .policy = Policy::create({}).value()});
      looks_.push_back({.service = ServiceReading{}, .queues = {QueueDepth{}}});
    }
  }
  static std::string arn_of(const std::string& queue) {
    return "arn:aws:sqs:eu-west-1:111111111111:" + queue;
  }
  aws::EventSourceMapping& map(const std::string& queue,
                               aws::MappingState state = aws::MappingState::Enabled) {
    facts_.queues[arn_of(queue)] = aws::QueueSettings{.receives_max = 5};
    facts_.mappings->push_back({.id = "uuid",
                                .event_source_arn = arn_of(queue),
                                .state = state,
                                .reports_batch_item_failures = true});
    return facts_.mappings->back();
  }
  /// "problem queue ...: seen", or nothing.
  std::string found() const {
    Findings findings;
    check_wakes(facts_, services_, looks_, findings);
    std::string text;
    for (const Finding& finding : std::move(findings).sorted()) {
      text += std::string(to_string(finding.severity)) + " " + finding.subject + ": " +
              finding.seen + "\n";
    }
    return text;
  }

  WakeFacts facts_;
  std::vector<ServiceSpec> services_;
  std::vector<Look> looks_;
};

TEST_F(FleetWakes, MappingsThatAreAsTheyShouldBeAreNoFinding) {
  map("a");
  map("ticks");
  EXPECT_EQ(found(), "");
}

TEST_F(FleetWakes, AnUnfitMappingOrQueueIsAProblem) {
  map("a").reports_batch_item_failures = false;
  map("b");
  facts_.queues[arn_of("b")] = aws::QueueSettings{.receives_max = 3};
  services_[0].queues.push_back({"https://sqs.eu-west-1.amazonaws.com/111111111111/order.fifo"});
  map("order.fifo");
  EXPECT_EQ(
      found(),
      "problem queue arn:aws:sqs:eu-west-1:111111111111:a: the mapping uuid lacks "
      "ReportBatchItemFailures\n"
      "problem queue arn:aws:sqs:eu-west-1:111111111111:b: maxReceiveCount is 3, less than 5\n"
      "problem queue arn:aws:sqs:eu-west-1:111111111111:order.fifo: it is FIFO, and its "
      "mapping is to wake a service\n");
}

TEST_F(FleetWakes, AMappingOfNobodyIsAProblemWhileItIsOn) {
  aws::EventSourceMapping& mapping = map("strange");
  EXPECT_TRUE(found().starts_with("problem queue arn:aws:sqs:eu-west-1:111111111111:strange"));
  mapping.state = aws::MappingState::Disabled;
  EXPECT_TRUE(found().starts_with("note queue arn:aws:sqs:eu-west-1:111111111111:strange"));
}

TEST_F(FleetWakes, OneThatIsOnWithoutWakeOrWhileTasksRunIsTold) {
  map("a");
  looks_[0].service->service.desired = 2;
  EXPECT_EQ(found(),
            "risk queue arn:aws:sqs:eu-west-1:111111111111:a: the mapping uuid is enabled while "
            "main/a wants 2 tasks\n");
  services_[0].wake = false;
  EXPECT_EQ(found(),
            "problem queue arn:aws:sqs:eu-west-1:111111111111:a: the mapping uuid is enabled, but "
            "its service is not to be woken\n");
}

TEST_F(FleetWakes, WhoSaysThatItIsWokenNeedsAMapping) {
  services_[1].wake = true;
  EXPECT_TRUE(found().starts_with("problem service main/b: it is to be woken"));
  map("b", aws::MappingState::Disabled);
  EXPECT_EQ(found(), "");
}

TEST_F(FleetWakes, WhatCouldNotBeAskedIsTold) {
  facts_.mappings = fail(ErrorKind::Denied, "AccessDenied");
  EXPECT_EQ(found(), "problem permissions: AccessDenied\n");
  facts_.function->environment.erase("FLEET");
  EXPECT_TRUE(found().starts_with("problem function: its FLEET is not set"));
  facts_.function = fail(ErrorKind::NotFound, "no function");
  EXPECT_TRUE(found().starts_with("problem function: no function"));
}

}  // namespace
}  // namespace scaler::doctor
