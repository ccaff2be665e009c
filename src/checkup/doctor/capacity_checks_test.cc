#include "checkup/doctor/capacity_checks.h"

#include <functional>

#include <gtest/gtest.h>

#include "checkup/doctor/diagnosis.h"

namespace scaler::doctor {
namespace {

/// A service whose tasks run on a group that ECS drives.
Facts on_group() {
  return {.service = aws::ServiceDetails{.desired = 1, .running = 1},
          .capacity = {{.provider =
                            aws::CapacityProvider{
                                .name = "gpu",
                                .type = "EC2_AUTOSCALING",
                                .group_arn = "arn:aws:autoscaling:eu-central-1:123456789012:"
                                             "autoScalingGroup:u:autoScalingGroupName/gpus",
                                .managed_scaling = true},
                        .group = aws::AutoScalingGroup{.max = 4, .desired = 1},
                        .activities = std::vector<aws::ScalingActivity>{}}}};
}

Facts on_managed_instances(std::optional<std::int64_t> scale_in_after) {
  return {.service = aws::ServiceDetails{},
          .capacity = {
              {.provider = aws::CapacityProvider{
                   .name = "mi", .type = "MANAGED_INSTANCES", .scale_in_after = scale_in_after}}}};
}

/// All findings, as "severity: seen", the worst first.
std::vector<std::string> found(const Facts& facts) {
  Findings findings;
  check_capacity(facts, findings);
  std::vector<std::string> texts;
  for (const Finding& finding : std::move(findings).sorted()) {
    texts.push_back(std::string(to_string(finding.severity)) + ": " + finding.seen);
  }
  return texts;
}

using Texts = std::vector<std::string>;

const std::string kManaged =
    "note: ECS's managed scaling drives the group gpus: from none it starts two instances, and "
    "each stays about 15 minutes after its last task";

Texts found_after(const std::function<void(Facts&, CapacityFacts&)>& change) {
  Facts facts = on_group();
  change(facts, facts.capacity.front());
  return found(facts);
}

TEST(Capacity, SaysNothingOfFargate) {
  EXPECT_EQ(found({.service = aws::ServiceDetails{}}), Texts{});
}

TEST(Capacity, SaysWhatManagedScalingCosts) {
  EXPECT_EQ(found(on_group()), Texts{kManaged});
}

TEST(Capacity, SaysWhenManagedInstancesEnd) {
  EXPECT_EQ(found(on_managed_instances(60)), Texts{});
  EXPECT_EQ(found(on_managed_instances(600)), Texts{});
  EXPECT_EQ(found(on_managed_instances(601)),
            Texts{"note: mi keeps an instance for 601 s after its last task"});
  EXPECT_EQ(found(on_managed_instances({})),
            Texts{"note: mi leaves it to ECS when an instance without tasks ends"});
  EXPECT_EQ(found(on_managed_instances(-1)),
            Texts{"risk: mi never ends an instance for being without tasks (scaleInAfter is -1)"});
}

TEST(Capacity, WithoutManagedScalingNothingStartsAnInstance) {
  const auto off = [](std::int64_t instances, std::int64_t tasks) {
    return found_after([=](Facts& facts, CapacityFacts& capacity) {
      capacity.provider->managed_scaling = false;
      (*capacity.group)->desired = instances;
      facts.service->desired = tasks;
    });
  };
  EXPECT_EQ(off(1, 1), Texts{});
  EXPECT_EQ(off(0, 0), Texts{});
  EXPECT_EQ(off(0, 1),
            Texts{"problem: the group gpus has no instance, and managed scaling is off"});
}

TEST(Capacity, SaysWhyTasksWait) {
  EXPECT_EQ(found_after([](Facts& facts, CapacityFacts& capacity) {
              (*capacity.group)->desired = 4;
              facts.service->desired = 6;
            }),
            (Texts{"risk: the group gpus is at its maximum of 4, and 1 of 6 tasks run", kManaged}));
  EXPECT_EQ(found_after([](Facts&, CapacityFacts& capacity) {
              (*capacity.group)->suspended = {"AZRebalance", "Launch"};
            }),
            (Texts{"problem: the group gpus may not launch: Launch is suspended", kManaged}));
}

TEST(Capacity, TellsOnlyALatestLaunchThatFailed) {
  const aws::ScalingActivity failed{.status = "Failed",
                                    .message = "We currently do not have sufficient capacity",
                                    .description = "Launching a new EC2 instance.  Status Reason"};
  const aws::ScalingActivity made{.status = "Successful",
                                  .description = "Launching a new EC2 instance: i-1"};
  const aws::ScalingActivity starting{.status = "InProgress",
                                      .description = "Launching a new EC2 instance: i-2"};
  const aws::ScalingActivity gone{.status = "Failed", .description = "Terminating EC2 instance"};
  const auto after = [](const std::vector<aws::ScalingActivity>& activities) {
    return found_after([&](Facts&, CapacityFacts& capacity) { capacity.activities = activities; });
  };
  const Texts told{
      "risk: the latest launch of the group gpus failed: We currently do not have "
      "sufficient capacity",
      kManaged};
  EXPECT_EQ(after({failed, made}), told);
  EXPECT_EQ(after({starting, gone, failed}), told);
  EXPECT_EQ(after({made, failed}), Texts{kManaged});
  EXPECT_EQ(after({gone}), Texts{kManaged});
}

TEST(Capacity, TellsAWarmPoolThatTakesInstancesBack) {
  EXPECT_EQ(found_after([](Facts&, CapacityFacts& capacity) {
              (*capacity.group)->reuses_instances = true;
            }),
            (Texts{"risk: the warm pool of the group gpus takes instances back", kManaged}));
}

TEST(Capacity, OwnSaysWhichGroupItWouldNotDrive) {
  const auto own = [](const std::function<void(CapacityFacts&)>& change) {
    Facts facts = on_group();
    facts.place.capacity = "own";
    facts.service->capacity_providers = {"gpu"};
    facts.capacity.front().provider->managed_scaling = false;
    (*facts.capacity.front().group)->new_instances_protected = true;
    facts.capacity.front().policies = std::int64_t{0};
    change(facts.capacity.front());
    const Texts texts = found(facts);
    return texts.empty() ? "" : texts.front();
  };
  EXPECT_EQ(own([](CapacityFacts&) {}), "");
  const std::string alone = "problem: CAPACITY is own, but the group gpus is left alone: ";
  EXPECT_TRUE(own([](CapacityFacts& facts) {
                facts.provider->managed_scaling = true;
              }).starts_with(alone + "its capacity provider has managed scaling on"));
  EXPECT_TRUE(own([](CapacityFacts& facts) {
                facts.policies = std::int64_t{2};
              }).starts_with(alone + "it has scaling policies of its own (2)"));
  EXPECT_TRUE(own([](CapacityFacts& facts) {
                (*facts.group)->new_instances_protected = false;
              }).starts_with(alone + "it does not protect new instances"));
  EXPECT_TRUE(own([](CapacityFacts& facts) {
                (*facts.group)->instances = {{.id = "i-1", .lifecycle = "InService"}};
              }).starts_with(alone + "i-1 is not protected"));
  EXPECT_EQ(own([](CapacityFacts& facts) {
              facts.policies = fail(ErrorKind::Denied, "DescribePolicies: denied");
            }).substr(0, 7),
            "problem")
      << "what cannot be read is not well";
  EXPECT_EQ(own([](CapacityFacts& facts) { (*facts.group)->suspended = {"Terminate"}; }),
            "problem: the group gpus may end no instance: Terminate is suspended");
  EXPECT_EQ(own([](CapacityFacts& facts) { (*facts.group)->min = 1; }),
            "note: the group gpus never has fewer than 1 instance");
  EXPECT_EQ(own([](CapacityFacts& facts) { (*facts.group)->desired = 0; }), "");
  EXPECT_EQ(own([](CapacityFacts& facts) { facts.provider->managed_protection = true; }),
            "risk: the capacity provider gpu has managed termination protection on, and managed "
            "scaling off");
  EXPECT_EQ(own([](CapacityFacts& facts) { facts.neighbours = std::vector<std::string>{}; }), "");
  EXPECT_EQ(own([](CapacityFacts& facts) { facts.neighbours = {{"a", "b", "c"}}; }),
            "risk: the capacity provider gpu is also that of a and 2 more");
  EXPECT_EQ(own([](CapacityFacts& facts) {
              facts.neighbours = fail(ErrorKind::Denied, "ListServices: denied");
            }).substr(0, 7),
            "problem");
}

TEST(Capacity, OwnNeedsOneProviderWithAGroup) {
  Facts facts = on_managed_instances(60);
  facts.place.capacity = "own";
  EXPECT_EQ(found(facts).front(),
            "problem: CAPACITY is own, but the service has 0 capacity providers");
  facts.service->capacity_providers = {"mi"};
  EXPECT_EQ(found(facts).front(),
            "problem: CAPACITY is own, but the capacity provider mi has no Auto Scaling group");
}

}  // namespace
}  // namespace scaler::doctor
