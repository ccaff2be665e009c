#include "lab/world/instance_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"
#include "lab/world/world.h"

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using scaler::testing::kNoon;
constexpr Resources kBig{.cpu = 4096, .memory = 16'000, .gpus = 1};
constexpr Resources kHalf{.cpu = 2048, .memory = 4000};
constexpr Resources kGpu{.cpu = 1024, .memory = 4000, .gpus = 1};

/// Three minutes from a launch to an instance that takes tasks.
GroupSettings settings() {
  return {.name = "gpu",
          .cluster = "main",
          .instance_type = "g5.xlarge",
          .resources = kBig,
          .max = 4,
          .protects_new = true,
          .launch = {.min = minutes(2), .max = minutes(2)},
          .agent = {.min = minutes(1), .max = minutes(1)}};
}

class Groups : public ::testing::Test {
 protected:
  Groups() { world_.create_cluster("main"); }

  Service& serve(std::int64_t desired, Resources needs = kGpu) {
    return world_.create_service(
        {.name = "worker",
         .cluster = "main",
         .task_definition = "worker:1",
         .desired = desired,
         .launch_type = "EC2",
         .behaviour = {.task_start = {.min = seconds(20), .max = seconds(20)},
                       .task_stop = stop_,
                       .needs = needs},
         .groups = {"gpu"},
         .capacity_provider = "gpu"});
  }
  void after(Duration time) { world_.advance(world_.now() + time); }
  /// A group whose one instance has registered.
  InstanceGroup& with_instances(std::int64_t count, GroupSettings with = settings()) {
    InstanceGroup& group = world_.create_group(std::move(with));
    group.set_desired(count, "a user asked", world_.now());
    after(minutes(3));
    return group;
  }
  static const Instance& first(const InstanceGroup& group) {
    return group.instances().begin()->second;
  }
  static std::vector<TaskState> states(const Service& service) {
    std::vector<TaskState> states;
    for (const auto& [number, task] : service.tasks()) {
      states.push_back(task.state);
    }
    return states;
  }

  Random random_{1};
  World world_{{}, kNoon, random_};
  DurationRange stop_ = {.min = seconds(1), .max = seconds(1)};
};

TEST_F(Groups, TasksAreProvisioningUntilAnInstanceRegisters) {
  InstanceGroup& group = world_.create_group(settings());
  Service& service = serve(1);
  after(hours(1));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Provisioning))
      << "nobody asked for an instance";

  group.set_desired(1, "a user asked", world_.now());
  after(minutes(2));
  EXPECT_EQ(first(group).lifecycle, Lifecycle::InService);
  EXPECT_EQ(first(group).registration, AgentRegistration::None);
  EXPECT_THAT(states(service), ElementsAre(TaskState::Provisioning));

  after(minutes(1));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Pending));
  EXPECT_EQ(service.tasks().begin()->second.container_instance, first(group).container_id);
  EXPECT_EQ(first(group).free.gpus, 0);
  after(seconds(20));
  EXPECT_EQ(service.running(), 1);
}

TEST_F(Groups, TheFullestInstanceIsFilledFirst) {
  InstanceGroup& group = with_instances(3);
  serve(3, kHalf);
  std::vector<std::int64_t> tasks;
  for (const auto& [number, instance] : group.instances()) {
    tasks.push_back(instance.tasks);
  }
  EXPECT_THAT(tasks, ElementsAre(2, 1, 0));
}

TEST_F(Groups, RoomIsTakenUntilATaskHasStopped) {
  stop_ = {.min = seconds(120), .max = seconds(120)};
  InstanceGroup& group = with_instances(1);
  Service& service = serve(1);
  after(minutes(1));
  world_.set_desired(service, 0);
  after(seconds(119));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Stopping));
  EXPECT_EQ(first(group).tasks, 1);
  EXPECT_FALSE(first(group).empty_since);
  after(seconds(1));
  EXPECT_EQ(first(group).tasks, 0);
  EXPECT_EQ(first(group).free, kBig);
}

// Which of two tasks a scale-in stops is left to chance: the one that runs, at times.
TEST_F(Groups, ATaskThatWaitsGetsTheRoomOfOneThatStopsWhateverElseHappens) {
  with_instances(1);
  Service& service = serve(2);
  for (int i = 0; i < 10; ++i) {
    after(minutes(1));
    world_.set_desired(service, 1);
    after(minutes(1));
    EXPECT_THAT(states(service), ElementsAre(TaskState::Running));
    world_.set_desired(service, 2);
  }
}

TEST_F(Groups, ADrainingInstanceTakesNoTasksAndAnActiveOneDoesAgain) {
  InstanceGroup& group = with_instances(1);
  group.set_draining(first(group), true, world_.now());
  Service& service = serve(1);
  after(minutes(5));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Provisioning));
  group.set_draining(first(group), false, world_.now());
  after(minutes(1));
  EXPECT_EQ(service.running(), 1);
}

TEST_F(Groups, DrainingReplacesARunningTaskBeforeItStopsIt) {
  InstanceGroup& group = with_instances(1);
  Service& service = serve(1);
  after(minutes(1));
  const std::string old = service.tasks().begin()->second.id;
  group.set_draining(first(group), true, world_.now());
  after(minutes(1));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Running, TaskState::Provisioning));

  group.set_desired(2, "a user asked", world_.now());
  after(minutes(4));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Running));
  EXPECT_EQ(service.find_task(old), nullptr);
  EXPECT_EQ(first(group).tasks, 0);
  EXPECT_EQ(group.totals().tasks_lost, 0);
}

TEST_F(Groups, DrainingStopsAPendingTaskAtOnce) {
  InstanceGroup& group = with_instances(1);
  Service& service = serve(1);
  after(seconds(5));
  group.set_draining(first(group), true, world_.now());
  EXPECT_THAT(states(service), ElementsAre(TaskState::Stopping, TaskState::Provisioning));
}

TEST_F(Groups, ALowerDesiredCountSparesProtectedInstances) {
  InstanceGroup& group = with_instances(2);
  group.protect(first(group), false);
  group.set_desired(0, "a user asked", world_.now());
  after(minutes(1));
  EXPECT_THAT(group.instances(), SizeIs(1));
  EXPECT_EQ(group.desired(), 0);
  EXPECT_THAT(group.activities().front().message, HasSubstr("protected from scale-in"));
}

TEST_F(Groups, TerminateEndsAProtectedInstanceAndTheTasksOnIt) {
  InstanceGroup& group = with_instances(1);
  Service& service = serve(1);
  after(minutes(1));
  const Activity activity = group.terminate(first(group), true, world_.now());
  EXPECT_EQ(activity.status, "InProgress");
  EXPECT_EQ(group.desired(), 0);
  EXPECT_EQ(group.totals().tasks_lost, 1);
  EXPECT_EQ(service.totals().lost_with_instance, 1);
  after(seconds(30));
  EXPECT_THAT(group.instances(), IsEmpty());
  EXPECT_EQ(group.activities().front().status, "Successful");
  EXPECT_THAT(states(service), ElementsAre(TaskState::Provisioning));
  EXPECT_EQ(service.stopped_tasks().front().stop_code, StopCode::TerminationNotice);
}

TEST_F(Groups, TerminateWithoutDecrementReplacesTheInstance) {
  InstanceGroup& group = with_instances(1);
  const std::string old = first(group).id;
  group.terminate(first(group), false, world_.now());
  after(minutes(3));
  ASSERT_THAT(group.instances(), SizeIs(1));
  EXPECT_NE(first(group).id, old);
  EXPECT_EQ(first(group).registration, AgentRegistration::Active);
  EXPECT_EQ(group.instance_time(world_.now()), minutes(6));
}

TEST_F(Groups, ManagedDrainingEndsAnInstanceAfterItsLastTask) {
  GroupSettings with = settings();
  with.drains = true;
  InstanceGroup& group = with_instances(1, with);
  Service& service = serve(1);
  after(minutes(1));
  group.terminate(first(group), true, world_.now());
  after(minutes(10));
  EXPECT_EQ(first(group).lifecycle, Lifecycle::TerminatingWait);
  EXPECT_EQ(service.running(), 1);
  world_.set_desired(service, 0);
  after(minutes(1));
  EXPECT_THAT(group.instances(), IsEmpty());
  EXPECT_EQ(group.totals().tasks_lost, 0);
}

TEST_F(Groups, ALaunchWithoutCapacityFailsAndIsTriedAgain) {
  InstanceGroup& group = world_.create_group(settings());
  group.fail_launches("We currently do not have sufficient g5.xlarge capacity.", world_.now());
  group.set_desired(2, "a user asked", world_.now());
  after(seconds(90));
  EXPECT_THAT(group.instances(), IsEmpty());
  EXPECT_THAT(group.activities(), Each(::testing::Field(&Activity::status, "Failed")));
  EXPECT_THAT(group.activities(), SizeIs(2)) << "one a minute";
  EXPECT_THAT(group.activities().front().message, HasSubstr("sufficient g5.xlarge"));
  group.fail_launches("", world_.now());
  EXPECT_THAT(group.instances(), SizeIs(2));
}

TEST_F(Groups, AnInstanceMayNeverRegister) {
  InstanceGroup& group = world_.create_group(settings());
  group.lose_registrations(1);
  group.set_desired(1, "a user asked", world_.now());
  Service& service = serve(1);
  after(hours(2));
  EXPECT_EQ(first(group).lifecycle, Lifecycle::InService);
  EXPECT_FALSE(first(group).registered_at);
  EXPECT_THAT(states(service), ElementsAre(TaskState::Provisioning));
}

/// Found by the random trials: the task waited for ever, for one was on its way.
TEST_F(Groups, AManagedInstanceThatDoesNotRegisterIsReplaced) {
  GroupSettings with = settings();
  with.scale_in_after = seconds(60);
  InstanceGroup& group = world_.create_group(with);
  group.lose_registrations(1);
  Service& service = serve(1);
  after(minutes(14));
  EXPECT_EQ(service.running(), 0);
  EXPECT_THAT(group.instances(), SizeIs(1));
  after(minutes(7));
  EXPECT_EQ(service.running(), 1);
  EXPECT_EQ(group.desired(), 1);
}

TEST_F(Groups, AnInstanceWhoseAgentIsGoneTakesNoTasks) {
  InstanceGroup& group = with_instances(1);
  group.set_agent_connected(first(group), false);
  Service& service = serve(1);
  after(minutes(5));
  EXPECT_EQ(service.running(), 0);
  group.set_agent_connected(first(group), true);
  after(minutes(1));
  EXPECT_EQ(service.running(), 1);
}

TEST_F(Groups, SpotTakesAnInstanceBackInTwoMinutes) {
  InstanceGroup& group = with_instances(1);
  Service& service = serve(1);
  after(minutes(1));
  const std::string old = first(group).id;
  group.reclaim(first(group), world_.now());
  after(seconds(119));
  EXPECT_EQ(service.running(), 1);
  after(seconds(1));
  EXPECT_EQ(service.running(), 0);
  EXPECT_EQ(service.stopped_tasks().front().stop_code, StopCode::SpotInterruption);
  EXPECT_EQ(group.totals().tasks_lost, 0) << "nobody here ended it";
  after(minutes(4));
  EXPECT_NE(first(group).id, old);
  EXPECT_EQ(service.running(), 1);
}

TEST_F(Groups, ARebalanceEndsAnInstanceThatIsNotProtected) {
  InstanceGroup& group = with_instances(2);
  EXPECT_FALSE(group.rebalance(world_.now())) << "all are protected";
  group.protect(first(group), false);
  group.suspend("AZRebalance", true, world_.now());
  EXPECT_FALSE(group.rebalance(world_.now()));
  group.suspend("AZRebalance", false, world_.now());
  const std::string old = first(group).id;
  EXPECT_TRUE(group.rebalance(world_.now()));
  after(minutes(3));
  EXPECT_EQ(group.find(old), nullptr);
  EXPECT_THAT(group.instances(), SizeIs(2));
}

TEST_F(Groups, SuspendedLaunchesWait) {
  InstanceGroup& group = world_.create_group(settings());
  group.suspend("Launch", true, world_.now());
  group.set_desired(1, "a user asked", world_.now());
  after(minutes(10));
  EXPECT_THAT(group.instances(), IsEmpty());
  group.suspend("Launch", false, world_.now());
  EXPECT_THAT(group.instances(), SizeIs(1));
}

TEST_F(Groups, ManagedScalingStartsTwoFromZeroAndKeepsThemForFifteenMinutes) {
  GroupSettings with = settings();
  with.managed = ManagedScaling{.termination_protection = true};
  InstanceGroup& group = world_.create_group(with);
  Service& service = serve(1);
  after(seconds(119));
  EXPECT_THAT(group.instances(), IsEmpty()) << "a minute is measured, the next one acts";
  after(seconds(1));
  EXPECT_THAT(group.instances(), SizeIs(2));
  after(minutes(4));
  EXPECT_EQ(service.running(), 1);

  world_.set_desired(service, 0);
  after(minutes(13));
  EXPECT_THAT(group.instances(), SizeIs(2));
  after(minutes(3));
  EXPECT_THAT(group.instances(), IsEmpty());
  EXPECT_EQ(group.desired(), 0);
}

TEST_F(Groups, ManagedScalingWithProtectionSparesInstancesWithTasks) {
  GroupSettings with = settings();
  with.managed = ManagedScaling{.termination_protection = true};
  InstanceGroup& group = with_instances(3, with);
  Service& service = serve(1);
  after(hours(2));
  EXPECT_THAT(group.instances(), SizeIs(1));
  EXPECT_EQ(service.running(), 1);
  EXPECT_EQ(group.totals().tasks_lost, 0);
}

TEST_F(Groups, ManagedScalingWaitsForTheWarmUpBeforeTheNextStep) {
  GroupSettings with = settings();
  with.managed = ManagedScaling{};
  InstanceGroup& group = world_.create_group(with);
  serve(4);
  after(minutes(6));
  EXPECT_THAT(group.instances(), SizeIs(2));
  after(minutes(2));
  EXPECT_THAT(group.instances(), SizeIs(4));
}

TEST_F(Groups, ATaskThatFitsOnNoInstanceStartsNone) {
  GroupSettings with = settings();
  with.managed = ManagedScaling{};
  InstanceGroup& group = world_.create_group(with);
  serve(1, {.gpus = 2});
  after(hours(1));
  EXPECT_THAT(group.instances(), IsEmpty());
}

TEST_F(Groups, ManagedInstancesComeAtOnceAndGoSoonAfterTheirLastTask) {
  GroupSettings with = settings();
  with.scale_in_after = seconds(60);
  InstanceGroup& group = world_.create_group(with);
  Service& service = serve(2);
  after(seconds(0));
  EXPECT_THAT(group.instances(), SizeIs(2));
  after(minutes(4));
  EXPECT_EQ(service.running(), 2);
  world_.set_desired(service, 0);
  after(seconds(60));
  EXPECT_THAT(group.instances(), SizeIs(2));
  after(seconds(60));
  EXPECT_THAT(group.instances(), IsEmpty());
}

TEST_F(Groups, AnInstanceOfTheWarmPoolIsThereSooner) {
  GroupSettings with = settings();
  with.warm_pool = WarmPool{.prepared_max = 2, .start = {.min = seconds(50), .max = seconds(50)}};
  InstanceGroup& group = world_.create_group(with);
  Service& service = serve(1);
  after(minutes(30));
  EXPECT_EQ(group.instance_time(world_.now()), minutes(6)) << "both were made ready";
  EXPECT_EQ(group.stopped_time(world_.now()), 2 * minutes(27));

  group.set_desired(1, "a user asked", world_.now());
  after(seconds(50));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Pending));
  after(seconds(20));
  EXPECT_EQ(service.running(), 1);
  EXPECT_EQ(group.instance_time(world_.now()), minutes(6) + seconds(70));

  group.terminate(first(group), true, world_.now());
  after(minutes(10));
  EXPECT_EQ(group.instance_time(world_.now()), minutes(9) + seconds(70)) << "another is made ready";
}

TEST_F(Groups, AWarmPoolThatIsNotReadyHelpsNobody) {
  GroupSettings with = settings();
  with.warm_pool = WarmPool{.prepared_max = 1};
  InstanceGroup& group = world_.create_group(with);
  after(minutes(1));
  group.set_desired(1, "a user asked", world_.now());
  after(minutes(2) - seconds(1));
  EXPECT_EQ(first(group).lifecycle, Lifecycle::Pending);
  EXPECT_EQ(group.instance_time(world_.now()), minutes(3) - seconds(1))
      << "the one that was being made ready is not wanted any more";
}

TEST_F(Groups, TheFirstTaskOfAnInstanceWaitsForItsImage) {
  GroupSettings with = settings();
  with.image_pull = {.min = minutes(1), .max = minutes(1)};
  InstanceGroup& group = with_instances(1, with);
  Service& service = serve(1);
  after(seconds(79));
  EXPECT_EQ(service.running(), 0);
  after(seconds(1));
  EXPECT_EQ(service.running(), 1);

  world_.set_desired(service, 0);
  after(minutes(1));
  world_.set_desired(service, 1);
  after(seconds(20));
  EXPECT_EQ(service.running(), 1) << "it is there now";
  EXPECT_EQ(group.totals().launched, 1);
}

TEST_F(Groups, ADeletedGroupEndsItsInstances) {
  InstanceGroup& group = with_instances(2);
  Service& service = serve(1);
  after(minutes(1));
  world_.delete_group(group);
  EXPECT_EQ(world_.find_group("gpu"), nullptr);
  after(minutes(1));
  EXPECT_THAT(states(service), ElementsAre(TaskState::Provisioning));
  EXPECT_THAT(group.instances(), IsEmpty());
}

}  // namespace
}  // namespace scaler::world
