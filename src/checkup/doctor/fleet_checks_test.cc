#include "checkup/doctor/fleet_checks.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "ground/json/value.h"

namespace scaler::doctor {
namespace {

const AccountRole kRole{.arn = "arn:aws:iam::222222222222:role/scaler"};

Look read_look() {
  return {.service = ServiceReading{.arn = "arn"}, .queues = {QueueDepth{.visible = 3}}};
}

/// The credentials are of 111111111111.
FleetFacts facts_of(const ServiceId& id, Look look) {
  FleetFacts facts{.caller = aws::CallerIdentity{.account = "111111111111", .arn = "me"},
                   .credential_source = "environment"};
  facts.services.push_back({.id = id,
                            .queues = {{"https://sqs.eu-west-1.amazonaws.com/111111111111/jobs"}},
                            .policy = Policy::create({}).value()});
  facts.looks.push_back(std::move(look));
  return facts;
}

TEST(FleetDoctor, AServiceThatIsReadIsANote) {
  const auto findings = diagnose_fleet(facts_of({"main", "worker"}, read_look()));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_FALSE(has_problem(findings));
  EXPECT_EQ(findings.front().seen, "3 visible and 0 in flight; desired 0, running 0");
}

// It was dropped, with the word who asked and the check of accounts: "0 problems".
TEST(FleetDoctor, ACallerWhoIsNotKnownIsAProblem) {
  FleetFacts facts = facts_of({"main", "worker"}, read_look());
  facts.caller = fail(ErrorKind::Unauthorized, "not allowed");
  const auto findings = diagnose_fleet(facts);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_TRUE(has_problem(findings));
  EXPECT_EQ(findings.front().subject, "credentials");
}

Finding finding_with(const std::function<void(Look&)>& change) {
  Look look = read_look();
  change(look);
  return diagnose_fleet(facts_of({"main", "worker"}, look)).front();
}

TEST(FleetDoctor, WhatKeepsAServiceFromBeingScaledIsTold) {
  const Finding wrong = finding_with([](Look& look) {
    look.service->service.paused_until = kPausedForGood;
    look.service->pause_complaint = "ecs-scaler:pause: 'x' is no instant";
  });
  EXPECT_EQ(wrong.severity, Severity::Problem);
  EXPECT_TRUE(wrong.seen.starts_with("ecs-scaler:pause: 'x' is no instant"));
  const Finding paused = finding_with([](Look& look) {
    look.service->service.paused_until = *parse_instant("2026-11-23T12:00:00Z");
  });
  EXPECT_EQ(paused.severity, Severity::Note);
  EXPECT_TRUE(paused.seen.starts_with("is paused until 2026-11-23T12:00:00Z"));
  const Finding draining =
      finding_with([](Look& look) { look.service->service.status = ServiceStatus::Draining; });
  EXPECT_EQ(draining.severity, Severity::Problem);
  EXPECT_TRUE(draining.seen.starts_with("is not ACTIVE"));
  const Finding daemon = finding_with(
      [](Look& look) { look.service->service.scheduling = SchedulingStrategy::Daemon; });
  EXPECT_EQ(daemon.severity, Severity::Problem);
}

TEST(FleetDoctor, AQueueThatDoesNotExistIsNamedAsSuch) {
  const Finding gone = finding_with(
      [](Look& look) { look.queues = {fail(ErrorKind::NotFound, "QueueDoesNotExist")}; });
  EXPECT_EQ(gone.severity, Severity::Problem);
  EXPECT_EQ(gone.seen, "a queue does not exist: QueueDoesNotExist");
  EXPECT_FALSE(gone.advice.contains("policy"));
  const Finding denied =
      finding_with([](Look& look) { look.queues = {fail(ErrorKind::Denied, "AccessDenied")}; });
  EXPECT_EQ(denied.seen, "a queue could not be read: AccessDenied");
}

TEST(FleetDoctor, AServiceInNobodysRoleIsNamed) {
  const ServiceId id{.cluster = "main",
                     .service = "arn:aws:ecs:eu-west-1:222222222222:service/main/worker"};
  const auto findings =
      diagnose_fleet(facts_of(id, {.service = fail(ErrorKind::Denied, "AccessDenied")}));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().severity, Severity::Problem);
  EXPECT_TRUE(findings.front().subject.contains(id.service));
  EXPECT_TRUE(findings.front().seen.contains("no role is given for it"));
  EXPECT_TRUE(findings.front().advice.contains("222222222222"));
}

TEST(FleetDoctor, ARoleThatIsDeniedIsNamedOnceWithAllThatItLeavesAlone) {
  const Look denied{.service = fail(ErrorKind::Unauthorized,
                                    "ECS DescribeServices main/a: STS AssumeRole: AccessDenied")};
  FleetFacts facts = facts_of({.cluster = "main", .service = "a", .role = kRole}, denied);
  facts.services.push_back(facts.services.front());
  facts.services.back().id.service = "b";
  facts.services.back().queues = {{"https://sqs.eu-west-1.amazonaws.com/111111111111/other"}};
  facts.looks.push_back(denied);
  const auto findings = diagnose_fleet(facts);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.front().subject, "role " + kRole.arn);
  EXPECT_EQ(findings.front().seen,
            "cannot be assumed, so that nobody scales main/a (222222222222), main/b "
            "(222222222222): STS AssumeRole: AccessDenied");
}

TEST(FleetDoctor, AQueueUnderTwoServicesIsARisk) {
  FleetFacts facts = facts_of({"main", "a"}, read_look());
  facts.services.push_back(facts.services.front());
  facts.services.back().id.service = "b";
  facts.looks.push_back(read_look());
  const auto findings = diagnose_fleet(facts);
  EXPECT_EQ(findings.front().severity, Severity::Risk);
  EXPECT_EQ(findings.front().seen, "is the job queue of main/a, main/b");
}

TEST(FleetDoctor, TellsAsJsonToo) {
  const FleetFacts facts = facts_of({"main", "worker"}, read_look());
  const auto document = json::parse(fleet_json_of(facts, diagnose_fleet(facts)));
  ASSERT_TRUE(document.has_value());
  EXPECT_NE(document->find("findings"), nullptr);
  EXPECT_NE(document->find("identity"), nullptr);
}

}  // namespace
}  // namespace scaler::doctor
