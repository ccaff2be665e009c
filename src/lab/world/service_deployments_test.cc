// Rolling deployments: what runs beside what, and what comes of one whose tasks fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"
#include "lab/world/service.h"

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::SizeIs;

using scaler::testing::kNoon;

class Killed final : public ServiceObserver {
 public:
  void task_running(const Service&, const Task&) override {}
  void task_stopping(const Service&, const Task& task) override { stopping.push_back(task.id); }
  void task_stopped(const Service&, const Task&) override {}
  void work_killed(const Service&, const Task&) override { ++works; }
  void deployment_completed(const Service&) override {}

  std::vector<std::string> stopping = {};
  int works = 0;
};

/// What a deployment has done at most and at least, of tasks that are to run.
struct Extremes {
  std::int64_t running_least = 1'000'000;
  std::int64_t wanted_most = 0;
};

class DeploymentTest : public ::testing::Test {
 protected:
  Service make(std::int64_t desired, RollingUpdate rolling, ServiceBehaviour behaviour = {}) {
    Service service{{.name = "workers",
                     .cluster = "main",
                     .task_definition = "td:1",
                     .desired = desired,
                     .behaviour = behaviour,
                     .rolling = rolling},
                    kNoon,
                    random_,
                    killed_,
                    &jobs_};
    run(service, kNoon + minutes(1));
    return service;
  }

  static Extremes run(Service& service, Instant to) {
    Extremes seen;
    const auto look = [&] {
      seen.running_least = std::min(seen.running_least, service.running());
      seen.wanted_most = std::max(seen.wanted_most, service.running() + service.pending());
    };
    look();
    for (Instant next = service.next_event(); next <= to; next = service.next_event()) {
      service.settle(next);
      while (Task* const task = service.due_worker(next)) {
        service.end_work(*task, true, next);
      }
      look();
    }
    service.settle(to);
    return seen;
  }

  static bool all_of(const Service& service, const std::string& definition) {
    return std::ranges::all_of(service.tasks(), [&](const auto& numbered) {
      return numbered.second.task_definition == definition;
    });
  }

  /// The process of each task of the definition that runs ends at once, as long as there is one.
  int fail_all(Service& service, const std::string& definition, Instant& now) {
    int failed = 0;
    for (int step = 0; step < 3'000; ++step) {
      now += seconds(1);
      run(service, now);
      std::vector<std::string> ids;
      for (const auto& [number, task] : service.tasks()) {
        if (task.task_definition == definition && task.state == TaskState::Running) {
          ids.push_back(task.id);
        }
      }
      for (const std::string& id : ids) {
        service.task_ended(*service.find_task(id), 1, now);
        ++failed;
      }
      end_stopping(service, now);
    }
    return failed;
  }

  /// Processes that were told to stop do.
  void end_stopping(Service& service, Instant now) {
    for (const std::string& id : std::exchange(killed_.stopping, {})) {
      if (Task* const task = service.find_task(id)) {
        service.task_ended(*task, 0, now);
      }
    }
  }

  Random random_{3};
  Killed killed_;
  Station jobs_;
};

TEST_F(DeploymentTest, KeepsBetweenMinimumAndMaximum) {
  struct Case {
    std::int64_t desired, minimum, maximum, least, most;
  };
  for (const Case& it :
       {Case{4, 100, 200, 4, 8}, Case{4, 50, 100, 2, 4}, Case{4, 100, 125, 4, 5},
        Case{4, 100, 150, 4, 6}, Case{3, 50, 150, 2, 4}, Case{10, 0, 100, 0, 10},
        Case{7, 34, 143, 3, 10}, Case{100, 100, 110, 100, 110}, Case{1, 0, 100, 0, 1}}) {
    Service service =
        make(it.desired, {.minimum_percent = it.minimum, .maximum_percent = it.maximum});
    service.deploy({.task_definition = "td:2"}, &jobs_, kNoon + minutes(2));
    const Extremes seen = run(service, kNoon + hours(1));
    EXPECT_EQ(seen.running_least, it.least) << it.desired << " " << it.minimum << " " << it.maximum;
    EXPECT_EQ(seen.wanted_most, it.most) << it.desired << " " << it.minimum << " " << it.maximum;
    EXPECT_TRUE(service.deployments().front().completed);
    EXPECT_TRUE(all_of(service, "td:2"));
    EXPECT_EQ(service.running(), it.desired);
  }
}

TEST_F(DeploymentTest, WithRoomForNoTaskBesideItStandsStill) {
  Service service = make(1, {.minimum_percent = 100, .maximum_percent = 150});
  service.deploy({.task_definition = "td:2"}, &jobs_, kNoon + minutes(2));
  run(service, kNoon + hours(1));
  EXPECT_FALSE(service.deployments().front().completed);
  EXPECT_TRUE(all_of(service, "td:1"));
  service.set_desired(2, kNoon + hours(1));  // 3 may run.
  run(service, kNoon + hours(2));
  EXPECT_TRUE(service.deployments().front().completed);
}

TEST_F(DeploymentTest, OfAHundredBusyTasksEndsAndCutsNoProtectedOneShort) {
  for (const RollingUpdate& rolling : {RollingUpdate{},
                                       {.minimum_percent = 50, .maximum_percent = 100},
                                       {.minimum_percent = 100, .maximum_percent = 110},
                                       {.minimum_percent = 0, .maximum_percent = 100}}) {
    Service service = make(100, rolling, {.workers_protect = true});
    std::uint64_t message = 0;
    while (Task* const task = service.idle_worker(jobs_)) {
      const Instant done = kNoon + minutes(10) + seconds(++message);
      service.begin_work(*task, {.receipt = {.sequence = message}, .done_at = done}, done);
    }
    ASSERT_EQ(service.working(), 100);
    service.deploy({.task_definition = "td:2"}, &jobs_, kNoon + minutes(2));
    for (Instant now = kNoon + minutes(2); now < kNoon + minutes(30); now += seconds(1)) {
      const Extremes seen = run(service, now);
      EXPECT_LE(seen.wanted_most, 100 * rolling.maximum_percent / 100);
      EXPECT_GE(seen.running_least, rolling.minimum_percent);
    }
    EXPECT_EQ(killed_.works, 0);
    EXPECT_EQ(service.totals().processed, 100);
    EXPECT_TRUE(service.deployments().front().completed);
    EXPECT_TRUE(all_of(service, "td:2"));
    EXPECT_EQ(service.running(), 100);
  }
}

TEST_F(DeploymentTest, ThatKeepsFailingIsGivenUpAndRolledBack) {
  for (const auto& [desired, most] : {std::pair(1, 3), std::pair(4, 3), std::pair(25, 13)}) {
    Service service = make(desired, {.breaker = true, .rollback = true}, {.processes = true});
    const std::string first = service.deployments().front().id;
    Instant now = kNoon + minutes(2);
    service.deploy({.task_definition = "td:2"}, &jobs_, now);
    const std::string second = service.deployments().front().id;
    const int failed = fail_all(service, "td:2", now);
    EXPECT_GE(failed, most) << desired;
    EXPECT_LT(failed, most + desired) << desired << ": those that began in the same moment";
    ASSERT_THAT(service.deployments(), SizeIs(1));
    EXPECT_EQ(service.deployments().front().id, first);
    EXPECT_TRUE(service.deployments().front().completed);
    EXPECT_EQ(service.definition().task_definition, "td:1");
    EXPECT_TRUE(all_of(service, "td:1"));
    EXPECT_EQ(service.running(), desired);
    EXPECT_TRUE(std::ranges::any_of(service.events(), [&](const ServiceEvent& event) {
      return event.message == "(service workers) (deployment " + second +
                                  ") deployment failed: tasks failed to start.";
    }));
  }
}

TEST_F(DeploymentTest, ThatKeepsFailingWithoutRollbackStartsNoMore) {
  Service service = make(2, {.breaker = true}, {.processes = true});
  Instant now = kNoon + minutes(2);
  service.deploy({.task_definition = "td:2"}, &jobs_, now);
  EXPECT_LE(fail_all(service, "td:2", now), 4);
  ASSERT_THAT(service.deployments(), SizeIs(2));
  EXPECT_TRUE(service.deployments().front().failed);
  EXPECT_TRUE(all_of(service, "td:1"));
  EXPECT_EQ(service.running(), 2);
  service.deploy({.task_definition = "td:3"}, &jobs_, now);
  for (int i = 0; i < 600; ++i) {
    now += seconds(1);
    run(service, now);
    end_stopping(service, now);
  }
  EXPECT_TRUE(service.deployments().front().completed);
  EXPECT_TRUE(all_of(service, "td:3"));
}

TEST_F(DeploymentTest, WithoutABreakerItIsTriedForEver) {
  Service service = make(2, {}, {.processes = true});
  Instant now = kNoon + minutes(2);
  service.deploy({.task_definition = "td:2"}, &jobs_, now);
  EXPECT_GT(fail_all(service, "td:2", now), 10);
  EXPECT_FALSE(service.deployments().front().failed);
}

TEST_F(DeploymentTest, AnotherOneIsNotPutOffByTheFailuresOfTheOneBefore) {
  Service service = make(1, {}, {.processes = true});
  Instant now = kNoon + minutes(2);
  service.deploy({.task_definition = "td:2"}, &jobs_, now);
  EXPECT_GT(fail_all(service, "td:2", now), 10);  // Minutes pass between its launches by now.

  service.deploy({.task_definition = "td:3"}, &jobs_, now);
  run(service, now + seconds(10));
  EXPECT_EQ(service.running(service.deployments().front()), 1);
}

TEST_F(DeploymentTest, OneTaskThatRunsShowsThatTheyCan) {
  Service service = make(4, {.breaker = true, .rollback = true}, {.processes = true});
  Instant now = kNoon + minutes(2);
  service.deploy({.task_definition = "td:2"}, &jobs_, now);
  now += seconds(30);
  run(service, now);
  for (int i = 0; i < 10; ++i) {
    for (const auto& [number, task] : service.tasks()) {
      if (task.task_definition == "td:2" && task.state == TaskState::Running &&
          now - *task.started_at < seconds(10)) {
        service.task_ended(*service.find_task(task.id), 1, now);
        break;
      }
    }
    now += seconds(8);
    run(service, now);
  }
  EXPECT_FALSE(service.deployments().front().failed);
  EXPECT_EQ(service.definition().task_definition, "td:2");
}

}  // namespace
}  // namespace scaler::world
