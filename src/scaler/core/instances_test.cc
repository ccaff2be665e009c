// The rules for instances: what they want, in exact steps, and what they do about it.
#include "scaler/core/instances.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

using Act = InstanceAction::Kind;
using Mark = InstanceMark::Kind;
using Notes = std::vector<std::string>;

const Room kGpuMachine{.cpu = 4096, .memory = 15'000, .gpus = 1};
const TaskNeed kGpuTask{.cpu = 2048, .memory = 8'000, .gpus = 1};

InstanceSeen empty_instance(const std::string& id) {
  return {.id = id, .type = "g5.xlarge", .registered = kGpuMachine, .remaining = kGpuMachine};
}

InstanceSeen busy_instance(const std::string& id) {
  InstanceSeen instance = empty_instance(id);
  instance.remaining = {.cpu = 2048, .memory = 7'000, .gpus = 0};
  instance.running = 1;
  return instance;
}

InstanceSeen drained_instance(const std::string& id, Duration ago) {
  InstanceSeen instance = empty_instance(id);
  instance.registration = Registration::Draining;
  instance.mark = {.kind = Mark::Drained, .at = kNoon - ago};
  return instance;
}

InstanceSeen idle_instance(const std::string& id, Duration ago) {
  InstanceSeen instance = empty_instance(id);
  instance.mark = {.kind = Mark::Idle, .at = kNoon - ago};
  return instance;
}

GroupService jobs(std::int64_t desired, std::int64_t running = 0) {
  return {.name = "jobs", .desired = desired, .running = running, .need = kGpuTask};
}

/// A group with as much capacity as instances.
GroupSeen group_of(std::vector<InstanceSeen> instances, std::vector<GroupService> services = {}) {
  return {.at = kNoon,
          .name = "gpu",
          .max = 10,
          .desired = static_cast<std::int64_t>(instances.size()),
          .instances = std::move(instances),
          .services = std::move(services)};
}

Notes notes(const InstanceDecision& decision) {
  Notes notes;
  for (const InstanceStep& step : decision.steps) {
    notes.push_back(explain(step));
  }
  return notes;
}

/// "set 3", "drain i-1": all actions, in order.
std::string actions(const InstanceDecision& decision) {
  constexpr std::array<std::string_view, 7> kNames{"undrain", "set",   "recall", "mark",
                                                   "unmark",  "drain", "end"};
  std::string text;
  for (const InstanceAction& action : decision.actions) {
    text += (text.empty() ? "" : ", ") +
            std::string(kNames.at(static_cast<std::size_t>(action.kind))) + " " +
            (action.kind == Act::SetDesired ? std::to_string(action.desired) : action.instance);
  }
  return text;
}

std::string actions_for(const GroupSeen& group, const InstancePolicy& policy = {}) {
  return actions(decide_instances(policy, group));
}

TEST(Instances, StartAsManyAsTheTasksNeedThatHaveNoPlace) {
  const InstanceDecision decision =
      decide_instances({}, group_of({busy_instance("i-1"), empty_instance("i-2")}, {jobs(5, 1)}));
  EXPECT_EQ(notes(decision),
            (Notes{"jobs: 5 tasks wanted, 1 placed, 4 to place",
                   "1 task into the room of instances that run", "3 instances more -> 5"}));
  EXPECT_EQ(actions(decision), "set 5");
  EXPECT_EQ(decision.wanted, 5);
}

TEST(Instances, FromNoneOneTellsWhatTheyHoldUnlessThePolicyDoes) {
  const GroupSeen none = group_of({}, {jobs(5)});
  const InstanceDecision one = decide_instances({}, none);
  EXPECT_EQ(notes(one),
            (Notes{"jobs: 5 tasks wanted, 0 placed, 5 to place",
                   "5 tasks to place, and no instance has told what it holds: one first "
                   "(instance_tasks would tell)",
                   "1 instance more -> 1"}));
  EXPECT_EQ(actions_for(none, {.tasks_most = 2}), "set 3");
  GroupSeen coming = none;
  coming.desired = 1;
  EXPECT_EQ(actions_for(coming), "");
  EXPECT_EQ(actions_for(coming, {.tasks_most = 2}), "set 3");
}

TEST(Instances, WaitForThoseThatAreOnTheirWay) {
  InstanceSeen starting = empty_instance("i-1");
  starting.state = GroupState::Pending;
  starting.registration = Registration::None;
  GroupSeen group = group_of({starting, empty_instance("i-2")}, {jobs(3)});
  group.desired = 3;
  const InstanceDecision decision = decide_instances({}, group);
  EXPECT_EQ(notes(decision), (Notes{"jobs: 3 tasks wanted, 0 placed, 3 to place",
                                    "1 task into the room of instances that run",
                                    "2 instances on the way, of which 2 needed"}));
  EXPECT_EQ(actions(decision), "");
}

TEST(Instances, OneOnItsWayThatNoTaskWaitsForIsNotTold) {
  GroupSeen group = group_of({});
  group.desired = 1;
  EXPECT_EQ(notes(decide_instances({}, group)), Notes{});
}

TEST(Instances, AnInstanceThatNeverRegistersIsNotWaitedForAndNotEnded) {
  InstanceSeen lost = empty_instance("i-1");
  lost.registration = Registration::None;
  lost.launched = kNoon - kRegisterWithin;
  const InstanceDecision decision =
      decide_instances({.tasks_most = 1}, group_of({lost}, {jobs(1)}));
  EXPECT_EQ(actions(decision), "set 2");
  EXPECT_EQ(notes(decision).at(0),
            "1 instance did not register with the cluster in time (i-1): not counted on");
  lost.launched = kNoon - kRegisterWithin + 1ms;
  EXPECT_EQ(actions_for(group_of({lost}, {jobs(1)}), {.tasks_most = 1}), "");
}

TEST(Instances, TasksThatECSCouldNotPlaceAreToPlace) {
  GroupService service = jobs(2, 1);
  service.pending = 1;
  EXPECT_EQ(actions_for(group_of({busy_instance("i-1")}, {service})), "");
  service.provisioning = 1;
  EXPECT_EQ(actions_for(group_of({busy_instance("i-1")}, {service})), "set 2");
}

TEST(Instances, ARolloutMayRunAsManyAsItsMaximumPercentAllows) {
  GroupService service = jobs(3, 3);
  service.maximum_percent = 150;
  EXPECT_EQ(tasks_wanted(service), 3);
  service.deploying = true;
  EXPECT_EQ(tasks_wanted(service), 4);  // 4.5, rounded down.
  service.maximum_percent = 50;
  EXPECT_EQ(tasks_wanted(service), 3);
}

TEST(Instances, MixedTypesCountByTheOneThatHoldsTheFewest) {
  InstanceSeen large = busy_instance("i-1");
  large.type = "g5.12xlarge";
  large.registered = {.cpu = 49'152, .memory = 190'000, .gpus = 4};
  large.remaining = {};
  EXPECT_EQ(actions_for(group_of({large, busy_instance("i-2")}, {jobs(7, 3)})), "set 6");
  EXPECT_EQ(actions_for(group_of({large}, {jobs(7, 3)})), "set 2");
}

TEST(Instances, WhatBindsIsWhateverRunsOutFirst) {
  InstanceSeen full = empty_instance("i-1");
  full.running = 1;
  full.remaining = {};
  const auto needed = [&full](const TaskNeed& need) {
    return actions_for(group_of({full}, {{.name = "s", .desired = 4, .need = need}}));
  };
  EXPECT_EQ(needed({.cpu = 2048}), "set 3");
  EXPECT_EQ(needed({.memory = 5'000}), "set 3");
  EXPECT_EQ(needed({.cpu = 2048, .memory = 9'000}), "set 5");
  EXPECT_EQ(needed({.cpu = 128, .gpus = 1}), "set 5");
  EXPECT_EQ(needed({.cpu = 128, .ports = {{.port = 80}}}), "set 5");
}

TEST(Instances, APortIsFreeOnceOnAnInstance) {
  InstanceSeen instance = empty_instance("i-1");
  instance.remaining.taken = {{.port = 80}};
  const auto needed = [&instance](HostPort port) {
    return actions_for(
        group_of({instance}, {{.name = "s", .desired = 1, .need = {.ports = {port}}}}));
  };
  EXPECT_EQ(needed({.port = 80, .udp = true}), "");
  // A new one of the kind has the port taken, too, by what runs on every instance.
  EXPECT_EQ(needed({.port = 80}), "mark i-1");
}

TEST(Instances, SeveralServicesShareAnInstance) {
  const GroupService small{.name = "small", .desired = 3, .need = {.cpu = 1024, .memory = 1'000}};
  InstanceSeen full = busy_instance("i-1");
  full.remaining = {};
  // The GPU's task takes half the CPU, two small ones the rest; the third needs another instance.
  EXPECT_EQ(actions_for(group_of({full}, {small, jobs(2, 1)})), "set 3");
}

TEST(Instances, ATaskThatFitsOnNoInstanceStartsNone) {
  const GroupService huge{.name = "huge", .desired = 2, .need = {.cpu = 1024, .gpus = 2}};
  const InstanceDecision decision = decide_instances({}, group_of({busy_instance("i-1")}, {huge}));
  EXPECT_EQ(actions(decision), "");
  EXPECT_EQ(notes(decision).back(),
            "2 tasks fit on no instance that was seen: more would not help");
}

// A DAEMON task takes its part of every instance. An empty one shows what is left.
TEST(Instances, WhatAnEmptyOneCannotHoldANewOneOfItsTypeCannotEither) {
  InstanceSeen instance = empty_instance("i-1");
  instance.remaining.memory = 7'000;
  const InstanceDecision decision = decide_instances({}, group_of({instance}, {jobs(1)}));
  EXPECT_EQ(decision.steps.at(1).reason, InstanceReason::TooLarge);
}

TEST(Instances, StayWithinTheBoundsOfGroupAndPolicy) {
  GroupSeen group = group_of({busy_instance("i-1")}, {jobs(20, 1)});
  group.max = 3;
  const InstanceDecision decision = decide_instances({}, group);
  EXPECT_EQ(actions(decision), "set 3");
  EXPECT_EQ(notes(decision).at(1), "no room for 17 tasks: the group has 3 instances at most");
  EXPECT_EQ(actions_for(group_of({}), {.min = 2}), "set 2");
  group.desired = 4;  // By another hand.
  EXPECT_EQ(actions_for(group), "");
  group = group_of({});
  group.max = 1;
  EXPECT_EQ(actions_for(group, {.min = 2}), "set 1");
}

TEST(Instances, PutBackWhatThisProgramDrainedBeforeTheyStartAnother) {
  EXPECT_EQ(actions_for(group_of({drained_instance("i-1", 5s)}, {jobs(2)})), "undrain i-1, set 2");
  EXPECT_EQ(actions_for(group_of({drained_instance("i-1", 5s)}), {.min = 1}), "undrain i-1");
}

TEST(Instances, OneThatIsAboutToEndIsRecalledBeforeItIsPutBack) {
  EXPECT_EQ(actions_for(group_of({drained_instance("i-1", kUndrainUntil)}, {jobs(1)})),
            "recall i-1");
  const InstanceDecision last =
      decide_instances({}, group_of({drained_instance("i-1", kUndrainUntil - 200ms)}, {jobs(1)}));
  ASSERT_EQ(actions(last), "undrain i-1");
  EXPECT_EQ(last.actions.at(0).within, 200ms);
}

/// Its end may be denied: at the group's maximum its place would be lost for good.
TEST(Instances, OneThatCouldNotEndComesBackWhenItIsNeeded) {
  GroupSeen group = group_of({drained_instance("i-1", 1h)}, {jobs(1)});
  group.max = 1;
  const InstanceDecision recalls = decide_instances({}, group);
  ASSERT_EQ(actions(recalls), "recall i-1");
  group.instances.at(0).mark = recalls.actions.at(0).mark;
  group.at += kRecalledFor - 1ms;
  EXPECT_EQ(actions_for(group), "");
  group.services.clear();
  EXPECT_EQ(actions_for(group), "") << "no pass ends it any more";
  group.at += 1ms;
  EXPECT_EQ(actions_for(group), "undrain i-1");
  EXPECT_EQ(actions_for(group_of({drained_instance("i-1", 1h)}), {.min = 1}), "recall i-1");
}

TEST(Instances, WhatAnotherHandDrainedIsLeftAlone) {
  InstanceSeen theirs = drained_instance("i-1", 5s);
  for (const Mark mark : {Mark::None, Mark::Idle}) {
    theirs.mark.kind = mark;
    const InstanceDecision decision = decide_instances({}, group_of({theirs}, {jobs(1)}));
    EXPECT_EQ(actions(decision), "set 2");
    EXPECT_EQ(notes(decision).at(0),
              "1 instance drained by another hand or interrupted (i-1): not counted on, and left "
              "alone");
  }
  EXPECT_EQ(actions_for(group_of({theirs})), "");
}

TEST(Instances, AnEmptyOneIsMarkedThenDrainedThenEnded) {
  EXPECT_EQ(actions_for(group_of({empty_instance("i-1")})), "mark i-1");
  EXPECT_EQ(actions_for(group_of({idle_instance("i-1", 59s)})), "");
  EXPECT_EQ(actions_for(group_of({idle_instance("i-1", 60s)})), "drain i-1");
  EXPECT_EQ(actions_for(group_of({drained_instance("i-1", kEndFrom - 1ms)})), "");
  const InstanceDecision decision =
      decide_instances({}, group_of({drained_instance("i-1", kEndFrom)}));
  EXPECT_EQ(actions(decision), "end i-1");
  EXPECT_EQ(notes(decision), (Notes{"i-1 is drained and without a task: it ends -> 0"}));
  EXPECT_EQ(actions_for(group_of({empty_instance("i-1")}), {.idle = 0s}), "drain i-1");
}

TEST(Instances, NoneOfTheThreeTestsCanBeLeftOut) {
  for (const auto member :
       {&InstanceSeen::running, &InstanceSeen::pending, &InstanceSeen::lingering}) {
    InstanceSeen idle = idle_instance("i-1", 1h);
    idle.*member = 1;
    EXPECT_EQ(actions_for(group_of({idle})), "unmark i-1");
    InstanceSeen drained = drained_instance("i-1", 1h);
    drained.*member = 1;
    EXPECT_EQ(actions_for(group_of({drained})),
              member == &InstanceSeen::lingering ? "" : "undrain i-1");
  }
}

TEST(Instances, NothingEndsAfterALookThatMissedSomething) {
  for (const InstanceSeen& seen : {idle_instance("i-1", 1h), drained_instance("i-1", 1h)}) {
    GroupSeen group = group_of({seen});
    group.complete = false;
    EXPECT_EQ(actions_for(group), "");
    group.complete = true;
    group.instances.at(0).looked = false;
    EXPECT_EQ(actions_for(group), "");
    group.instances.at(0).looked = true;
    group.instances.at(0).connected = false;
    EXPECT_EQ(actions_for(group), "");
  }
}

TEST(Instances, NothingEndsWhereAnotherProcessScalesAServiceOfTheGroup) {
  for (const InstanceSeen& seen :
       {empty_instance("i-1"), idle_instance("i-1", 1h), drained_instance("i-1", 1h)}) {
    GroupSeen group = group_of({seen});
    group.scaled_by_others = {"video", "sound"};
    EXPECT_EQ(actions_for(group), "");
    EXPECT_EQ(
        notes(decide_instances({}, group)).front(),
        "another process scales video, sound, on this same group: its tasks count, and what it "
        "is about to want of the group is not known, so no instance ends until one fleet has both "
        "(or the tag ecs-scaler:state is gone there)");
    group.services = {jobs(2)};
    EXPECT_TRUE(actions_for(group).contains("set ")) << "the way out is open";
  }
}

TEST(Instances, OneWithASilentAgentIsNotPutBackForTasks) {
  InstanceSeen silent = drained_instance("i-1", 1s);
  silent.connected = false;
  EXPECT_EQ(actions_for(group_of({silent}, {jobs(1)})), "set 2");
}

TEST(Instances, ATaskThatComesKeepsItsInstance) {
  EXPECT_EQ(actions_for(group_of({idle_instance("i-1", 1h)}, {jobs(1)})), "unmark i-1");
  EXPECT_EQ(actions_for(group_of({idle_instance("i-1", 1h), busy_instance("i-2")}, {jobs(1, 1)})),
            "drain i-1");
}

TEST(Instances, ATaskGoesBesideOthersBeforeItKeepsAnEmptyOne) {
  const GroupService small{.name = "small", .desired = 1, .need = {.cpu = 1024}};
  EXPECT_EQ(actions_for(group_of({idle_instance("i-1", 1h), busy_instance("i-2")}, {small})),
            "drain i-1");
}

TEST(Instances, TheMinimumIsKept) {
  EXPECT_EQ(actions_for(group_of({idle_instance("i-1", 1h), idle_instance("i-2", 1h)}), {.min = 1}),
            "drain i-1");
  EXPECT_EQ(
      actions_for(group_of({idle_instance("i-1", 1h), drained_instance("i-2", 20s)}), {.min = 1}),
      "");
  // A minimum that rises while one is about to end: where it cannot go back, another comes first.
  EXPECT_EQ(actions_for(group_of({drained_instance("i-1", 20s)}), {.min = 1}), "recall i-1");
  InstanceSeen ill = drained_instance("i-1", 25s);
  ill.healthy = false;
  EXPECT_EQ(actions_for(group_of({ill}), {.min = 1}), "set 2, end i-1");
}

TEST(Instances, ADrainThatWasNotCarriedOutBeginsAnew) {
  InstanceSeen half = idle_instance("i-1", 5s);
  half.mark.kind = Mark::Drained;
  EXPECT_EQ(actions_for(group_of({half})), "");  // Perhaps another pass is at it.
  half.mark.at = kNoon - kUndrainUntil;
  EXPECT_EQ(actions_for(group_of({half})), "mark i-1");
  EXPECT_EQ(actions_for(group_of({half}, {jobs(1)})), "unmark i-1");
}

TEST(Instances, AMarkOfTheFutureEndsNothingAndHoldsNothingForEver) {
  InstanceSeen drained = drained_instance("i-1", -1h);
  const InstanceDecision again = decide_instances({}, group_of({drained}));
  ASSERT_EQ(actions(again), "mark i-1");
  EXPECT_EQ(again.actions.at(0).mark, (InstanceMark{.kind = Mark::Drained, .at = kNoon}));
  const InstanceDecision idle = decide_instances({}, group_of({idle_instance("i-1", -1h)}));
  ASSERT_EQ(actions(idle), "mark i-1");
  EXPECT_EQ(idle.actions.at(0).mark, (InstanceMark{.kind = Mark::Idle, .at = kNoon}));
}

TEST(Instances, PauseAfterLaunchesThatFailAndSayWhy) {
  GroupSeen group = group_of({busy_instance("i-1")}, {jobs(2, 1)});
  group.failures = {.in_a_row = 3,
                    .last = kNoon - 3min,
                    .reason = "We currently do not have sufficient capacity"};
  const InstanceDecision decision = decide_instances({}, group);
  EXPECT_EQ(actions(decision), "");
  EXPECT_EQ(notes(decision).back(),
            "3 launches in a row failed, the last 3 min ago (We currently do not have sufficient "
            "capacity); 4 min of pause after it");
  group.failures.last = kNoon - 4min;
  EXPECT_EQ(actions_for(group), "set 2");
  group.failures.in_a_row = 1'000'000;
  EXPECT_EQ(actions_for(group), "");
  group.failures.last = kNoon - 32min;
  EXPECT_EQ(actions_for(group), "set 2");
}

TEST(Instances, SuspendedProcessesAreTold) {
  GroupSeen group = group_of({drained_instance("i-1", 1h)}, {jobs(1)});
  group.instances.at(0).healthy = false;
  group.launch_suspended = true;
  group.terminate_suspended = true;
  const InstanceDecision decision = decide_instances({}, group);
  EXPECT_EQ(actions(decision), "");
  EXPECT_EQ(notes(decision).at(1), "the group's process Launch is suspended");
  EXPECT_EQ(notes(decision).at(2), "the group's process Terminate is suspended: i-1 stays");
}

TEST(Instances, GroupsOfOtherHandsAreRefused) {
  const GroupSeen fine = group_of({drained_instance("i-1", 1h)}, {jobs(5)});
  EXPECT_EQ(refusal_of(fine), "");
  std::vector<GroupSeen> refused(5, fine);
  refused[0].managed_scaling = true;
  refused[1].scaling_policies = 1;
  refused[2].new_instances_protected = false;
  refused[3].weighted = true;
  refused[4].instances.at(0).protected_from_scale_in = false;
  for (const GroupSeen& group : refused) {
    const InstanceDecision decision = decide_instances({}, group);
    EXPECT_EQ(actions(decision), "");
    EXPECT_EQ(notes(decision), (Notes{"the group is left alone: " + refusal_of(group)}));
  }
  // One that leaves is not protected any more, and is none of ours.
  refused[4].instances.at(0).state = GroupState::Leaving;
  EXPECT_EQ(refusal_of(refused[4]), "");
}

TEST(Kick, AsksForWhatIsNeededAtOnceOnlyWhereThereIsNoneAndAwsDrives) {
  const auto kick = [](std::vector<InstanceSeen> instances, std::int64_t desired, bool managed) {
    GroupSeen group = group_of(std::move(instances), {jobs(5)});
    group.desired = desired;
    group.managed_scaling = managed;
    return decide_kick({.tasks_most = 2}, group);
  };
  const InstanceDecision decision = kick({}, 0, true);
  ASSERT_EQ(decision.actions.size(), 1U);
  EXPECT_EQ(decision.actions.front().kind, Act::SetDesired);
  EXPECT_EQ(decision.actions.front().desired, 3);
  EXPECT_EQ(notes(decision).front(),
            "AWS drives the group by managed scaling: 2 instances, at least 15 min each, on every "
            "wake from none");
  EXPECT_TRUE(kick({}, 1, true).actions.empty());
  EXPECT_TRUE(kick({empty_instance("i")}, 0, true).actions.empty()) << "one that leaves";
  EXPECT_TRUE(kick({}, 0, false).actions.empty());
  EXPECT_EQ(notes(kick({}, 0, false)),
            Notes{"managed scaling is off and capacity is follow, so nothing starts or ends an "
                  "instance: turn it on, or set capacity=own"});
}

TEST(Kick, StaysWithinTheMaximumAndPausesAfterFailures) {
  GroupSeen group = group_of({}, {jobs(5)});
  group.managed_scaling = true;
  group.max = 1;
  EXPECT_EQ(decide_kick({.tasks_most = 1}, group).actions.front().desired, 1);
  EXPECT_EQ(decide_kick({}, group).actions.front().desired, 1) << "one first";
  group.failures = {.in_a_row = 1, .last = kNoon - 10s, .reason = "no capacity"};
  EXPECT_TRUE(decide_kick({.tasks_most = 1}, group).actions.empty());
}

TEST(TasksWithRoom, AreThoseThatHaveAPlaceAndThoseThatFit) {
  InstanceSeen silent = empty_instance("silent");
  silent.connected = false;
  GroupSeen group =
      group_of({busy_instance("a"), empty_instance("b"), silent, drained_instance("c", 1min)});
  GroupService service = jobs(9, 1);
  EXPECT_EQ(tasks_with_room({}, group, service), 2);
  service.pending = 3;
  service.provisioning = 3;
  EXPECT_EQ(tasks_with_room({}, group, service), 2);
  service.provisioning = 2;
  EXPECT_EQ(tasks_with_room({}, group, service), 3);
}

}  // namespace
}  // namespace scaler
