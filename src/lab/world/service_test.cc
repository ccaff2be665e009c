#include "lab/world/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using scaler::testing::kNoon;

class Counter final : public ServiceObserver {
 public:
  void task_running(const Service&, const Task&) override { ++running; }
  void task_stopping(const Service&, const Task&) override { ++stopping; }
  void task_stopped(const Service&, const Task&) override { ++stopped; }
  void work_killed(const Service&, const Task&) override { ++killed; }
  void deployment_completed(const Service&) override { ++completed; }

  int running = 0;
  int stopping = 0;
  int stopped = 0;
  int killed = 0;
  int completed = 0;
};

class ServiceTest : public ::testing::Test {
 protected:
  Service make(std::int64_t desired) {
    return {{.name = "workers", .cluster = "main", .task_definition = "td:1", .desired = desired},
            kNoon,
            random_,
            counter_,
            &jobs_};
  }
  Service make_processes(std::int64_t desired) {
    Service service{{.name = "workers",
                     .cluster = "main",
                     .task_definition = "td:1",
                     .desired = desired,
                     .behaviour = {.processes = true}},
                    kNoon,
                    random_,
                    counter_};
    run(service, kNoon + seconds(5));
    return service;
  }
  static Task& first_task(Service& service) {
    return *service.find_task(service.tasks().begin()->second.id);
  }
  /// Runs everything that is due until `to`.
  static void run(Service& service, Instant to) {
    for (Instant next = service.next_event(); next <= to; next = service.next_event()) {
      service.settle(next);
    }
    service.settle(to);
  }

  /// By the worker that has been idle for longest.
  void begin_work(Service& service, const Work& work, Instant act_at) {
    service.begin_work(*service.idle_worker(jobs_), work, act_at);
  }

  Random random_{3};
  Counter counter_;
  Station jobs_;
};

TEST_F(ServiceTest, StartsTasksThroughProvisioningAndPending) {
  Service service = make(2);

  EXPECT_EQ(service.tasks().begin()->second.state, TaskState::Provisioning);
  EXPECT_EQ(service.pending(), 2);
  run(service, kNoon + seconds(2));
  EXPECT_EQ(service.tasks().begin()->second.state, TaskState::Pending);
  EXPECT_FALSE(service.deployments().front().completed);
  run(service, kNoon + seconds(5));
  EXPECT_EQ(service.running(), 2);
  EXPECT_EQ(service.pending(), 0);
  EXPECT_TRUE(service.deployments().front().completed);
  EXPECT_THAT(service.events().front().message, HasSubstr("has reached a steady state"));
  EXPECT_EQ(service.totals().tasks_peak, 2);
}

TEST_F(ServiceTest, IsSteadyAtOnceWhenItWantsNothing) {
  const Service service = make(0);
  EXPECT_TRUE(service.deployments().front().completed);
  EXPECT_EQ(service.next_event(), kNever);
}

TEST_F(ServiceTest, LowersTheDesiredCountAtOnceAndStopsTasksInTheirTime) {
  Service service = make(3);
  run(service, kNoon + seconds(5));

  service.set_desired(1, kNoon + seconds(10));

  EXPECT_EQ(service.desired(), 1);
  EXPECT_EQ(service.running(), 1) << "a stopping task is not RUNNING";
  EXPECT_THAT(service.tasks(), SizeIs(3));
  run(service, kNoon + seconds(11));
  EXPECT_THAT(service.tasks(), SizeIs(1));
  EXPECT_THAT(service.stopped_tasks(), SizeIs(2));
  EXPECT_EQ(counter_.stopped, 2);
  EXPECT_EQ(service.totals().task_time, 2 * seconds(11));
  EXPECT_EQ(service.task_time(kNoon + seconds(20)), 2 * seconds(11) + seconds(20));
}

TEST_F(ServiceTest, StopsTasksThatHaveNotYetStarted) {
  Service service = make(2);
  service.set_desired(0, kNoon + seconds(1));

  run(service, kNoon + seconds(60));

  EXPECT_EQ(counter_.running, 0);
  EXPECT_EQ(service.pending(), 0);
  EXPECT_TRUE(service.tasks().empty());
}

TEST_F(ServiceTest, ScalesInWithoutSparingBusyTasks) {
  int killed = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    random_ = Random(seed);
    Service service = make(2);
    run(service, kNoon + seconds(5));
    begin_work(service, {.done_at = kNoon + hours(1)}, kNoon + hours(1));
    service.set_desired(1, kNoon + seconds(6));
    killed += static_cast<int>(service.totals().killed_while_working);
    EXPECT_EQ(service.working() + service.totals().killed_while_working, 1);
    EXPECT_EQ(service.has_idle_worker(), service.working() == 0);
  }
  EXPECT_GT(killed, 8);
  EXPECT_LT(killed, 32);
  EXPECT_EQ(counter_.killed, killed);
}

TEST_F(ServiceTest, ReplacesAllTasksInADeployment) {
  Service service = make(2);
  run(service, kNoon + seconds(5));

  service.deploy({.task_definition = "td:2"}, &jobs_, kNoon + seconds(10));

  ASSERT_THAT(service.deployments(), SizeIs(2));
  EXPECT_TRUE(service.deployments()[0].primary);
  EXPECT_FALSE(service.deployments()[0].completed);
  EXPECT_FALSE(service.deployments()[1].primary);
  EXPECT_EQ(service.running(), 2) << "the former tasks work on";
  EXPECT_EQ(service.pending(service.deployments()[0]), 2);
  run(service, kNoon + seconds(15));
  EXPECT_EQ(service.running(), 2);
  run(service, kNoon + seconds(16));
  ASSERT_THAT(service.deployments(), SizeIs(1));
  EXPECT_TRUE(service.deployments().front().completed);
  for (const auto& [number, task] : service.tasks()) {
    EXPECT_EQ(task.task_definition, "td:2");
  }
  EXPECT_EQ(counter_.completed, 2);
}

TEST_F(ServiceTest, ScalesDuringADeployment) {
  Service service = make(2);
  run(service, kNoon + seconds(5));
  service.deploy({}, &jobs_, kNoon + seconds(10));

  service.set_desired(3, kNoon + seconds(11));
  run(service, kNoon + seconds(60));

  EXPECT_EQ(service.running(), 3);
  EXPECT_THAT(service.deployments(), SizeIs(1));
  service.deploy({}, &jobs_, kNoon + seconds(70));
  service.set_desired(0, kNoon + seconds(71));
  run(service, kNoon + seconds(90));
  EXPECT_TRUE(service.tasks().empty());
  EXPECT_TRUE(service.deployments().front().completed);
}

TEST_F(ServiceTest, DrainsBeforeItIsInactive) {
  Service service = make(1);
  run(service, kNoon + seconds(5));

  service.remove(kNoon + seconds(10));

  EXPECT_EQ(service.status(), ServiceStatus::Draining);
  run(service, kNoon + seconds(11));
  EXPECT_EQ(service.status(), ServiceStatus::Inactive);
}

TEST_F(ServiceTest, LetsWorkersTakeTurns) {
  Service service = make(2);
  run(service, kNoon + seconds(5));
  const Instant done = kNoon + seconds(10);
  begin_work(service, {.receipt = {.sequence = 1}, .done_at = done}, done);
  begin_work(service, {.receipt = {.sequence = 2}, .done_at = done + seconds(1)},
             kNoon + seconds(8));

  EXPECT_FALSE(service.has_idle_worker());
  EXPECT_EQ(service.due_worker(kNoon + seconds(7)), nullptr);
  Task* const renews = service.due_worker(kNoon + seconds(8));
  ASSERT_NE(renews, nullptr);
  EXPECT_EQ(renews->work.value().receipt.sequence, 2U);
  service.continue_work(*renews, done + seconds(1));
  EXPECT_EQ(service.next_event(), done);
  Task* const ends = service.due_worker(done);
  ASSERT_NE(ends, nullptr);
  service.end_work(*ends, true, done);
  EXPECT_TRUE(service.has_idle_worker());
}

TEST_F(ServiceTest, KeepsAHundredEventsAndStoppedTasks) {
  Service service = make(0);
  Instant now = kNoon;
  for (int i = 0; i < 120; ++i, now += seconds(20)) {
    service.set_desired(i % 2 == 0 ? 2 : 0, now);
    run(service, now + seconds(19));
  }
  EXPECT_THAT(service.events(), SizeIs(100));
  EXPECT_THAT(service.stopped_tasks(), SizeIs(100));
  EXPECT_EQ(counter_.stopped, 120);
}

TEST_F(ServiceTest, DrawsStartTimesFromTheRange) {
  ServiceDefinition definition{.name = "workers", .cluster = "main", .desired = 50};
  definition.behaviour.task_start = {.min = seconds(20), .max = seconds(40)};
  Service service(definition, kNoon, random_, counter_, &jobs_);

  run(service, kNoon + seconds(40));

  for (const auto& [number, task] : service.tasks()) {
    ASSERT_TRUE(task.started_at.has_value());
    EXPECT_GE(*task.started_at, kNoon + seconds(20));
  }
  EXPECT_LT(service.tasks().at(1).start_time, seconds(40));
}

TEST_F(ServiceTest, AProcessHasAsLongToStopAsItTakes) {
  Service service = make_processes(1);
  Task& task = first_task(service);

  service.set_desired(0, kNoon + seconds(10));
  run(service, kNoon + hours(1));

  EXPECT_EQ(task.state, TaskState::Stopping);
  EXPECT_EQ(counter_.stopping, 1);
  service.task_ended(task, 137, kNoon + hours(1));
  ASSERT_THAT(service.stopped_tasks(), SizeIs(1));
  const Task& stopped = service.stopped_tasks().front();
  EXPECT_EQ(stopped.exit_code, 137);
  EXPECT_EQ(to_string(stopped.stop_code), "ServiceSchedulerInitiated");
  EXPECT_EQ(stopped.stopped_at, kNoon + hours(1));
}

TEST_F(ServiceTest, ATaskThatHasNotRunYetHasNoProcessToWaitFor) {
  Service service({.name = "workers",
                   .cluster = "main",
                   .task_definition = "td:1",
                   .desired = 1,
                   .behaviour = {.processes = true}},
                  kNoon, random_, counter_);
  service.set_desired(0, kNoon + seconds(1));
  run(service, kNoon + seconds(5));
  EXPECT_TRUE(service.tasks().empty());
  EXPECT_EQ(counter_.stopping, 0);
}

TEST_F(ServiceTest, AProcessThatEndsByItselfIsReplaced) {
  Service service = make_processes(1);

  service.task_ended(first_task(service), 0, kNoon + seconds(60));

  EXPECT_EQ(counter_.stopping, 0);
  EXPECT_EQ(service.stopped_tasks().front().stopped_reason, "Essential container in task exited");
  EXPECT_EQ(to_string(service.stopped_tasks().front().stop_code), "EssentialContainerExited");
  EXPECT_EQ(service.pending(), 1);
  run(service, kNoon + seconds(65));
  EXPECT_EQ(service.running(), 1);
}

TEST_F(ServiceTest, ProcessesThatKeepEndingAtOnceAreStartedLaterAndLater) {
  Service service = make_processes(1);
  Instant now = kNoon + seconds(5);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 14; ++i) {
    service.task_ended(first_task(service), 1, now);
    const Instant ended = now;
    while (service.running() == 0) {
      ASSERT_LT(service.next_event(), kNever);
      now = service.next_event();
      service.settle(now);
    }
    pauses.push_back(std::chrono::duration_cast<seconds>(now - ended).count() - 5);
  }
  EXPECT_THAT(pauses,
              ::testing::ElementsAre(0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300));
  EXPECT_EQ(std::ranges::count_if(service.events(),
                                  [](const ServiceEvent& event) {
                                    return event.message.contains(
                                        "is unable to consistently start tasks successfully");
                                  }),
            1);

  service.task_ended(first_task(service), 1, now + seconds(10));  // It had worked for a while.
  run(service, now + seconds(15));
  EXPECT_EQ(service.running(), 1);
}

TEST_F(ServiceTest, AProtectedTaskIsSparedUntilItsProtectionEnds) {
  for (const bool released : {true, false}) {
    Service service = make_processes(2);
    Task& task = first_task(service);
    service.protect(task, kNoon + seconds(600), kNoon + seconds(6));
    EXPECT_EQ(service.protected_tasks(), 1);

    service.set_desired(0, kNoon + seconds(10));
    service.deploy({.task_definition = "td:2"}, &jobs_, kNoon + seconds(11));
    run(service, kNoon + seconds(599));

    EXPECT_EQ(task.state, TaskState::Running);
    EXPECT_EQ(service.running(), 1);
    if (released) {
      service.protect(task, std::nullopt, kNoon + seconds(599));
    } else {
      run(service, kNoon + seconds(600));
    }
    EXPECT_EQ(task.state, TaskState::Stopping);
    EXPECT_EQ(service.protected_tasks(), 0);
  }
}

TEST_F(ServiceTest, ProtectionThatWasAskedForCountsBesideThatOfEmulatedWorkers) {
  Service service{{.name = "workers",
                   .cluster = "main",
                   .task_definition = "td:1",
                   .desired = 3,
                   .behaviour = {.workers_protect = true}},
                  kNoon,
                  random_,
                  counter_,
                  &jobs_};
  run(service, kNoon + seconds(5));
  Task& task = first_task(service);
  service.protect(task, kNoon + hours(1), kNoon + seconds(6));
  EXPECT_EQ(service.protected_tasks(), 1);

  service.set_desired(0, kNoon + seconds(7));

  EXPECT_EQ(task.state, TaskState::Running);
  EXPECT_EQ(service.running(), 1);
  begin_work(service, {.done_at = kNoon + hours(2)}, kNoon + hours(2));
  EXPECT_EQ(service.protected_tasks(), 1) << "twice protected is one task";
}

TEST_F(ServiceTest, ProtectionHelpsNeitherAgainstAPersonNorAgainstTheServicesEnd) {
  Service service = make_processes(2);
  for (const auto& [number, task] : service.tasks()) {
    service.protect(*service.find_task(task.id), kNoon + hours(2), kNoon + seconds(6));
  }
  service.stop(first_task(service), "by hand", kNoon + seconds(7));
  EXPECT_EQ(first_task(service).state, TaskState::Stopping);
  EXPECT_EQ(service.pending(), 1);
  service.remove(kNoon + seconds(8));
  EXPECT_EQ(service.running(), 0);
}

TEST_F(ServiceTest, ScalesInFromTheZoneWithMostTasks) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    random_ = Random(seed);
    Service service({.name = "workers", .desired = 9, .behaviour = {.zones = 3}}, kNoon, random_,
                    counter_, &jobs_);
    run(service, kNoon + seconds(5));
    for (std::int64_t desired = 8; desired >= 0; --desired) {
      service.set_desired(desired, kNoon + seconds(6));
      std::vector<std::int64_t> in_zone(3, 0);
      for (const auto& [number, task] : service.tasks()) {
        in_zone.at(task.zone) += task.state == TaskState::Running ? 1 : 0;
      }
      const auto [fewest, most] = std::ranges::minmax(in_zone);
      EXPECT_LE(most - fewest, 1) << desired;
    }
  }
}

TEST_F(ServiceTest, SparesProtectedTasksAlsoInTheFullestZone) {
  Service service({.name = "workers", .desired = 4, .behaviour = {.zones = 3}}, kNoon, random_,
                  counter_, &jobs_);
  run(service, kNoon + seconds(5));
  std::vector<std::string> spared;
  for (const auto& [number, task] : service.tasks()) {
    if (task.zone == 0) {
      spared.push_back(task.id);
    }
  }
  ASSERT_EQ(spared.size(), 2);
  for (const std::string& id : spared) {
    service.protect(*service.find_task(id), kNoon + hours(1), kNoon + seconds(5));
  }
  service.set_desired(2, kNoon + seconds(6));
  run(service, kNoon + seconds(10));
  ASSERT_EQ(service.tasks().size(), 2);
  for (const std::string& id : spared) {
    EXPECT_NE(service.find_task(id), nullptr);
  }
}

TEST_F(ServiceTest, ReplacesNoSingleTask) {
  Service service({.cluster = "main", .upkeep = Upkeep::Single}, kNoon, random_, counter_);
  const auto ids = service.run({.task_definition = "td:1", .process = true}, &jobs_, 2, kNoon);
  run(service, kNoon + seconds(5));
  ASSERT_EQ(ids.size(), 2);
  EXPECT_EQ(service.running(), 2);
  service.task_ended(*service.find_task(ids[0]), 3, kNoon + seconds(6));
  service.stop(*service.find_task(ids[1]), "enough", kNoon + seconds(7));
  service.task_ended(*service.find_task(ids[1]), 143, kNoon + seconds(8));
  run(service, kNoon + seconds(60));
  EXPECT_TRUE(service.tasks().empty());
  EXPECT_EQ(service.find_any_task(ids[0])->exit_code, 3);
  EXPECT_EQ(service.find_any_task(ids[1])->stop_code, StopCode::UserInitiated);
  EXPECT_EQ(counter_.completed, 0);
}

}  // namespace
}  // namespace scaler::world
