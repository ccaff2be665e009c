// The rules for instances at their edges: each says what it did, and does nothing beside it.
#include <algorithm>

#include <gtest/gtest.h>

#include "scaler/core/instances.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

using Mark = InstanceMark::Kind;
using Told = std::vector<std::string>;

const Room kMachine{.cpu = 4096, .memory = 16'000, .gpus = 1};

InstanceSeen machine(const std::string& id) {
  return {.id = id, .type = "g5.xlarge", .registered = kMachine, .remaining = kMachine};
}

InstanceSeen working(const std::string& id, Room left = {}) {
  InstanceSeen instance = machine(id);
  instance.running = 1;
  instance.remaining = std::move(left);
  return instance;
}

InstanceSeen marked(const std::string& id, Mark kind, Duration ago) {
  InstanceSeen instance = machine(id);
  instance.mark = {.kind = kind, .at = kNoon - ago};
  return instance;
}

InstanceSeen drained(const std::string& id, Duration ago) {
  InstanceSeen instance = marked(id, Mark::Drained, ago);
  instance.registration = Registration::Draining;
  return instance;
}

InstanceSeen recalled(const std::string& id, Duration ago) {
  InstanceSeen instance = drained(id, ago);
  instance.mark.kind = Mark::Recalled;
  return instance;
}

GroupService service(std::int64_t desired, std::int64_t running, TaskNeed need = {.gpus = 1}) {
  return {.name = "jobs", .desired = desired, .running = running, .need = std::move(need)};
}

GroupSeen group(std::vector<InstanceSeen> instances, std::vector<GroupService> services = {}) {
  return {.at = kNoon,
          .name = "gpu",
          .max = 9,
          .desired = static_cast<std::int64_t>(instances.size()),
          .instances = std::move(instances),
          .services = std::move(services)};
}

/// Each step's note, then each action: "> set 2", "> drain i-1".
Told told(const GroupSeen& seen, const InstancePolicy& policy = {}) {
  constexpr std::array<std::string_view, 7> kNames{"undrain", "set",   "recall", "mark",
                                                   "unmark",  "drain", "end"};
  const InstanceDecision decision = decide_instances(policy, seen);
  Told lines;
  for (const InstanceStep& step : decision.steps) {
    lines.push_back(explain(step));
  }
  for (const InstanceAction& action : decision.actions) {
    const bool set = action.kind == InstanceAction::Kind::SetDesired;
    lines.push_back("> " + std::string(kNames.at(static_cast<std::size_t>(action.kind))) + " " +
                    (set ? std::to_string(action.desired) : action.instance));
  }
  return lines;
}

TEST(InstanceRules, WhatLeavesIsCountedNoMore) {
  InstanceSeen leaving = machine("i-1");
  leaving.state = GroupState::Leaving;
  GroupSeen seen = group({leaving}, {service(1, 0)});
  seen.desired = 0;
  EXPECT_EQ(told(seen),
            (Told{"jobs: 1 task wanted, 0 placed, 1 to place", "1 instance more -> 1", "> set 1"}));
  seen.desired = 1;  // One is on its way in its stead.
  EXPECT_EQ(told(seen), (Told{"jobs: 1 task wanted, 0 placed, 1 to place",
                              "1 instance on the way, of which 1 needed"}));
}

TEST(InstanceRules, OfMoreThatAreHeldSomeAreNamed) {
  std::vector<InstanceSeen> held;
  for (const char* id : {"i-1", "i-2", "i-3", "i-4"}) {
    held.push_back(machine(id));
    held.back().state = GroupState::Leaving;
    held.back().lifecycle = "Standby";
  }
  GroupSeen seen = group(held);
  seen.desired = 0;
  EXPECT_EQ(told(seen),
            Told{"4 instances held in another state than InService by a lifecycle hook, a person "
                 "or AWS (i-1 Standby, i-2 Standby, i-3 Standby): not ended by this program"});
}

/// An instance refresh, or a maintenance policy that starts the replacement first: for a while
/// there are more than the group's size.
TEST(InstanceRules, WhileAwsReplacesOneBothCountAndTheOneAtWorkStays) {
  GroupSeen seen = group({working("i-1"), machine("i-2")}, {service(1, 1)});
  seen.desired = 1;
  EXPECT_EQ(told(seen).back(), "> mark i-2");
  EXPECT_EQ(told(seen, {.min = 1}),
            (Told{"1 instance above the group's size, which none can leave at its minimum: the "
                  "size follows -> 2",
                  "i-2 without a task for 0 s, drained after 1 min", "> set 2", "> mark i-2"}));
  seen.instances.at(0).state = GroupState::Leaving;  // It goes, and a task needs another place.
  seen.instances.at(0).lifecycle = "Terminating:Wait";
  seen.services = {service(1, 0)};
  EXPECT_EQ(told(seen).back(), "1 task into the room of instances that run");
}

TEST(InstanceRules, OneInBadHealthIsNotCountedOn) {
  InstanceSeen ill = machine("i-1");
  ill.healthy = false;
  EXPECT_EQ(told(group({ill})),
            Told{"1 instance with a silent agent or in bad health (i-1): not counted on, and not "
                 "ended"});
}

TEST(InstanceRules, OneThatBeganToRegisterAndNeverDidIsTold) {
  InstanceSeen lost = machine("i-1");
  lost.registration = Registration::Registering;
  lost.launched = kNoon - kRegisterWithin;
  EXPECT_EQ(told(group({lost})),
            Told{"1 instance did not register with the cluster in time (i-1): not counted on"});
}

TEST(InstanceRules, WhatIsNotInServiceIsNeitherMarkedNorEnded) {
  InstanceSeen pending = machine("i-1");
  pending.state = GroupState::Pending;
  EXPECT_EQ(told(group({pending})), Told{});
  InstanceSeen standby = drained("i-1", 1h);
  standby.state = GroupState::Pending;
  EXPECT_EQ(
      told(group({standby})),
      Told{"1 instance drained by another hand or interrupted (i-1): not counted on, and left "
           "alone"});
}

TEST(InstanceRules, ThePolicysTasksCountThoseThatAreThere) {
  InstanceSeen instance = working("i-1", {.cpu = 4096});
  const GroupService small = service(4, 1, {.cpu = 1});
  const InstancePolicy two{.tasks_most = 2};
  EXPECT_EQ(told(group({instance}, {small}), two).at(1),
            "1 task into the room of instances that run");
  instance.pending = 1;
  EXPECT_EQ(told(group({instance}, {small}), two).at(1), "2 instances more -> 3");
}

TEST(InstanceRules, ThoseThatWorkAreFilledInTheirOrder) {
  const std::vector instances{working("i-1", {.cpu = 1, .memory = 2}),
                              working("i-2", {.cpu = 3, .memory = 2})};
  const std::vector services{service(2, 1, {.cpu = 1, .memory = 2}),
                             service(2, 1, {.cpu = 2, .memory = 1})};
  EXPECT_EQ(told(group(instances, services)).back(), "2 tasks into the room of instances that run");
}

TEST(InstanceRules, AServiceWhoseTasksAllHaveAPlaceIsNotTold) {
  EXPECT_EQ(told(group({working("i-1")}, {service(1, 1)})), Told{});
}

TEST(InstanceRules, WhatTakesMostIsPlacedFirst) {
  InstanceSeen full = working("i-1");
  full.registered = {.cpu = 4};
  const std::vector services{service(2, 0, {.cpu = 1}), service(3, 1, {.cpu = 3})};
  EXPECT_EQ(told(group({full}, services)).back(), "> set 3");
}

TEST(InstanceRules, ServicesThatTakeTheSameGoInTheirOrder) {
  InstanceSeen taken = working("i-2", {.cpu = 1});
  taken.remaining.taken = {{.port = 80}};
  const std::vector services{service(2, 1, {.cpu = 1, .ports = {{.port = 80}}}),
                             service(2, 1, {.cpu = 1})};
  EXPECT_EQ(told(group({working("i-1", {.cpu = 1}), taken}, services)).back(),
            "2 tasks into the room of instances that run");
}

TEST(InstanceRules, ATaskOnADrainedOnePutsItBackAndItsRoomCounts) {
  InstanceSeen busy = drained("i-1", 1h);
  busy.running = 1;
  EXPECT_EQ(told(group({busy}, {service(2, 1)})),
            (Told{"jobs: 2 tasks wanted, 1 placed, 1 to place",
                  "a task appeared on i-1: it is put back", "> undrain i-1"}));
}

TEST(InstanceRules, WhatIsPutBackIsTold) {
  EXPECT_EQ(told(group({drained("i-1", 5s)}, {service(1, 0)})),
            (Told{"jobs: 1 task wanted, 0 placed, 1 to place",
                  "1 instance that this program drained put back", "> undrain i-1"}));
  // The mark of a clock that was set back is no reason to mark what is put back.
  EXPECT_EQ(told(group({drained("i-1", -1h)}, {service(1, 0)})).back(), "> undrain i-1");
}

TEST(InstanceRules, WhatIsRecalledIsToldWhileItWaits) {
  const std::string needed = "i-1, which this program drained, is needed: recalled ";
  const std::string to_place = "jobs: 1 task wanted, 0 placed, 1 to place";
  EXPECT_EQ(told(group({drained("i-1", 1h)}, {service(1, 0)})),
            (Told{to_place, needed + "0 s ago, put back after 15 s", "> recall i-1"}));
  EXPECT_EQ(told(group({recalled("i-1", 14s)}, {service(1, 0)})),
            (Told{to_place, needed + "14 s ago, put back after 15 s"}));
  EXPECT_EQ(told(group({recalled("i-1", 15s)}, {service(1, 0)})),
            (Told{to_place, "1 instance that this program drained put back", "> undrain i-1"}));
  EXPECT_EQ(told(group({recalled("i-1", -1h)}, {service(1, 0)})).back(), "> recall i-1")
      << "a clock was set back: the wait begins anew";
}

TEST(InstanceRules, WhatIsRecalledGoesBackWhateverIsWantedNow) {
  EXPECT_EQ(told(group({recalled("i-1", 5s)})).size(), 1U);
  EXPECT_EQ(told(group({recalled("i-1", 1h)})).back(), "> undrain i-1");
  InstanceSeen busy = recalled("i-1", 1s);
  busy.pending = 1;
  EXPECT_EQ(told(group({busy})).back(), "> undrain i-1");
  InstanceSeen silent = recalled("i-1", 1h);
  silent.connected = false;
  EXPECT_EQ(told(group({silent}, {service(1, 0)})).back(), "> set 2") << "no task is put on it";
  InstanceSeen leaving = recalled("i-1", 1h);
  leaving.state = GroupState::Leaving;
  EXPECT_EQ(told(group({leaving})), Told{});
}

TEST(InstanceRules, AnInstanceThatIsBackLosesTheMarkOfItsRecall) {
  InstanceSeen back = working("i-1");
  back.mark = {.kind = Mark::Recalled, .at = kNoon};
  EXPECT_EQ(told(group({back})), Told{"> unmark i-1"});
  EXPECT_EQ(told(group({marked("i-1", Mark::Recalled, 1h)})).back(), "> mark i-1");
}

TEST(InstanceRules, ATypeThatHoldsNoneOfTheTasksDoesNotCount) {
  InstanceSeen without = working("i-2");
  without.type = "m5.large";
  without.registered = {.cpu = 4096};
  EXPECT_EQ(told(group({working("i-1"), without}, {service(3, 1)})).back(), "> set 4");
}

TEST(InstanceRules, TheSmallestTypeCountsWhateverItsName) {
  InstanceSeen large = working("i-2");
  large.type = "z";
  large.registered.gpus = 4;
  EXPECT_EQ(told(group({working("i-1"), large}, {service(6, 2)})).back(), "> set 6");
}

TEST(InstanceRules, OfTypesThatHoldAsManyTheFirstCounts) {
  InstanceSeen gpu = working("i-1");
  gpu.registered = {.cpu = 1, .gpus = 2};
  InstanceSeen large = working("i-2");
  large.type = "m5.large";
  large.registered = {.cpu = 4096};
  GroupSeen seen = group({gpu, large}, {service(3, 1), service(4, 1, {.cpu = 2048})});
  seen.max = 4;
  EXPECT_EQ(told(seen).at(2), "no room for 1 task: the group has 4 instances at most");
}

TEST(InstanceRules, WhileTheFirstIsOnItsWayNoSecondIsAskedFor) {
  GroupSeen seen = group({}, {service(2, 0, {.ports = {{.port = 80}}})});
  seen.desired = 1;
  EXPECT_EQ(told(seen).back(), "1 instance on the way, of which 1 needed");
}

TEST(InstanceRules, OneFirstStaysBelowTheMaximum) {
  InstanceSeen lost = machine("i-1");
  lost.registration = Registration::None;
  lost.launched = kNoon - 1h;
  GroupSeen seen = group({lost}, {service(1, 0)});
  seen.max = 1;
  EXPECT_EQ(told(seen).back(), "no room for 1 task: the group has 1 instance at most");
}

TEST(InstanceRules, WhyThoseOnTheirWayDoNotComeIsTold) {
  GroupSeen seen = group({}, {service(1, 0)});
  seen.desired = 1;
  seen.failures = {.in_a_row = 2, .last = kNoon - 1min, .reason = "The AMI does not exist"};
  EXPECT_EQ(
      told(seen, {.tasks_most = 1}),
      (Told{"jobs: 1 task wanted, 0 placed, 1 to place", "1 instance on the way, of which 1 needed",
            "2 launches in a row failed, the last 1 min ago (The AMI does not exist); 2 min "
            "of pause after it"}));
  seen.launch_suspended = true;
  EXPECT_EQ(told(seen, {.tasks_most = 1}).back(), "the group's process Launch is suspended");
  seen.services = {service(2, 0)};  // One more is needed, and told once.
  EXPECT_EQ(told(seen, {.tasks_most = 1}).size(), 3U);
  seen.instances = {machine("i-1")};
  seen.instances.front().registration = Registration::None;
  EXPECT_EQ(told(seen, {.tasks_most = 2}).back(), "1 instance on the way, of which 1 needed");
}

TEST(InstanceRules, WhileNoneCanEndNoneIsDrained) {
  GroupSeen seen = group({marked("i-1", Mark::Idle, 1h)});
  seen.terminate_suspended = true;
  EXPECT_EQ(told(seen), Told{"the group's process Terminate is suspended: i-1 stays"});
}

TEST(InstanceRules, TheMinimumStaysBelowTheMaximum) {
  GroupSeen seen = group({drained("i-1", 20s), working("i-2")});
  seen.max = 2;
  seen.instances.at(0).connected = false;
  EXPECT_EQ(told(seen, {.min = 2}),
            (Told{"never fewer than 2 instances",
                  "i-1 drained 20 s ago, 0 tasks of it not stopped yet; it ends after 25 s without "
                  "any"}));
  seen.instances.at(0) = drained("i-1", 1h);
  seen.instances.at(0).healthy = false;
  EXPECT_EQ(told(seen, {.min = 2}),
            (Told{"never fewer than 2 instances", "i-1 is kept: never fewer than 2 instances"}));
}

TEST(InstanceRules, AMarkOfThisMomentCounts) {
  EXPECT_EQ(told(group({marked("i-1", Mark::Idle, 0s)})),
            Told{"i-1 without a task for 0 s, drained after 1 min"});
  EXPECT_EQ(told(group({marked("i-1", Mark::Drained, 0s)})), Told{});
  EXPECT_EQ(told(group({drained("i-1", 0s)})),
            Told{"i-1 drained 0 s ago, 0 tasks of it not stopped yet; it ends after 25 s without "
                 "any"});
}

TEST(InstanceRules, AMarkOfTheFutureOnOneThatIsNotDrainedBeginsAnew) {
  EXPECT_EQ(told(group({marked("i-1", Mark::Drained, -1h)})).back(), "> mark i-1");
}

/// Of sixty idle instances one could not be looked at, and none ended.
TEST(InstanceRules, OneThatWasNotLookedAtHoldsNoOther) {
  const auto of = [](InstanceSeen first, InstanceSeen second) {
    GroupSeen seen = group({std::move(first), std::move(second)});
    seen.instances.at(0).looked = false;
    seen.unread = "ListTasks: 503";
    return told(seen);
  };
  const Told ending = of(drained("i-1", 1h), drained("i-2", 1h));
  EXPECT_EQ(ending.front(),
            "1 instance of which not everything is known (ListTasks: 503): not ended");
  EXPECT_EQ(ending.back(), "> end i-2");
  EXPECT_EQ(std::ranges::count(ending, "> end i-1"), 0);
  const Told draining = of(marked("i-1", Mark::Idle, 1h), marked("i-2", Mark::Idle, 1h));
  EXPECT_EQ(draining.back(), "> drain i-2");
  EXPECT_EQ(std::ranges::count(draining, "> drain i-1"), 0);
}

TEST(InstanceRules, WhatHoldsAllInstancesIsToldAndHoldsNoNewOne) {
  GroupSeen seen = group({drained("i-1", 1h), marked("i-2", Mark::Idle, 1h)});
  seen.held = "scale-in is paused";
  EXPECT_EQ(told(seen), Told{"no instance ends: scale-in is paused"});
  seen.instances.clear();
  seen.desired = 0;
  seen.services = {service(1, 0)};
  EXPECT_EQ(told(seen).back(), "> set 1");
}

TEST(InstanceRules, TheWayInIsToldStepByStep) {
  EXPECT_EQ(told(group({marked("i-1", Mark::Idle, 90s)})),
            (Told{"i-1 without a task for 1 min 30 s: drained", "> drain i-1"}));
  EXPECT_EQ(told(group({marked("i-1", Mark::Idle, 90s)}), {.min = 1}),
            Told{"i-1 is kept: never fewer than 1 instance"});
  GroupSeen partial = group({marked("i-1", Mark::Idle, 90s)});
  partial.complete = false;
  EXPECT_EQ(told(partial), Told{"not everything could be read: no instance ends"});
  partial.unread = "ECS ListTasks main: denied";
  EXPECT_EQ(told(partial), Told{"not everything could be read (ECS ListTasks main: denied): no "
                                "instance ends"});
}

TEST(InstanceRules, OnlyAnOpenOneLosesItsMark) {
  InstanceSeen silent = working("i-1");
  silent.connected = false;
  silent.mark = {.kind = Mark::Idle, .at = kNoon - 1h};
  EXPECT_EQ(told(group({silent})).size(), 1U);
  InstanceSeen just_back = working("i-1");
  just_back.mark = {.kind = Mark::Drained, .at = kNoon - 5s};  // Another pass is at it.
  EXPECT_EQ(told(group({just_back})), Told{});
}

TEST(InstanceRules, ARolloutOfManyTasksMayRunHalfAsManyMore) {
  GroupService many = service(250, 0);
  many.deploying = true;
  many.maximum_percent = 150;
  EXPECT_EQ(tasks_wanted(many), 375);
}

TEST(InstanceRules, ARefusedGroupWantsWhatItHas) {
  GroupSeen seen = group({machine("i-1")});
  seen.managed_scaling = true;
  EXPECT_EQ(decide_instances({}, seen).wanted, 1);
}

TEST(InstanceRules, TheSizeFollowsInstancesThatItDoesNotCount) {
  GroupSeen two = group({marked("i-1", Mark::Idle, 90s), drained("i-2", 30s)});
  two.desired = 0;
  EXPECT_EQ(told(two), (Told{"2 instances above the group's size, which none can leave at its "
                             "minimum: the size follows -> 2",
                             "i-1 without a task for 1 min 30 s: drained",
                             "i-2 is drained and without a task: it ends -> 1", "> set 2",
                             "> drain i-1", "> end i-2"}));
  two.desired = 1;
  EXPECT_EQ(told(two), (Told{"i-1 is kept: never fewer than 0 instances",
                             "i-2 is drained and without a task: it ends -> 0", "> end i-2"}))
      << "one may end, and the size follows in the next pass";
}

}  // namespace
}  // namespace scaler
