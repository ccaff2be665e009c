#include "lab/world/world.h"

#include <algorithm>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::SizeIs;

using scaler::testing::kNoon;

struct Scene {
  explicit Scene(ServiceBehaviour behaviour = {}, std::uint64_t seed = 5)
      : random(seed), world({}, kNoon, random) {
    jobs = &world.create_queue("jobs", {});
    world.create_cluster("main");
    behaviour.job_queue = "jobs";
    service = &world.create_service(
        {.name = "workers", .cluster = "main", .task_definition = "td:1", .behaviour = behaviour});
  }

  Random random;
  World world;
  Queue* jobs = nullptr;
  Service* service = nullptr;
};

std::int64_t count_of(const World& world, EventKind kind) {
  return std::ranges::count(world.history(), kind, &HistoryEvent::kind);
}

TEST(World, WorksOffAQueueWithOneTask) {
  Scene scene;
  for (int i = 0; i < 5; ++i) {
    scene.world.send(*scene.jobs, {.body = "job"});
  }
  scene.world.set_desired(*scene.service, 1);

  scene.world.advance(kNoon + seconds(5));
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.visible = 4, .in_flight = 1}));
  scene.world.advance(kNoon + seconds(14));
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.in_flight = 1}));
  scene.world.advance(kNoon + seconds(15));

  EXPECT_EQ(scene.jobs->depth(), QueueDepth{});
  EXPECT_EQ(scene.service->totals().processed, 5);
  EXPECT_EQ(count_of(scene.world, EventKind::MessageProcessed), 5);
  EXPECT_EQ(count_of(scene.world, EventKind::QueueDrained), 1);
  EXPECT_EQ(scene.world.history().back().at, kNoon + seconds(15));
}

TEST(World, GivesAMessageToAnIdleWorkerTheMomentItIsSent) {
  Scene scene;
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + seconds(30));

  scene.world.send(*scene.jobs, {.body = "job"});

  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.in_flight = 1}));
  EXPECT_EQ(scene.service->working(), 1);
}

TEST(World, RenewsTheVisibilityOfLongWork) {
  Scene scene({.work_time = {.min = minutes(10), .max = minutes(10)}});
  scene.world.set_desired(*scene.service, 2);
  scene.world.advance(kNoon + seconds(5));
  scene.world.send(*scene.jobs, {.body = "long"});

  scene.world.advance(kNoon + minutes(10));
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.in_flight = 1}));
  scene.world.advance(kNoon + minutes(11));

  EXPECT_EQ(scene.jobs->totals().received, 1);
  EXPECT_EQ(scene.service->totals().processed, 1);
}

TEST(World, BringsAMessageBackWhoseWorkerWasKilled) {
  Scene scene({.work_time = {.min = seconds(20), .max = seconds(20)}});
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + seconds(5));
  scene.world.send(*scene.jobs, {.body = "job"});
  scene.world.advance(kNoon + seconds(10));

  scene.world.set_desired(*scene.service, 0);

  EXPECT_EQ(scene.service->totals().killed_while_working, 1);
  EXPECT_EQ(count_of(scene.world, EventKind::WorkKilled), 1);
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.in_flight = 1})) << "until its timeout";
  scene.world.advance(kNoon + seconds(35));
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.visible = 1}));
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + minutes(2));
  EXPECT_EQ(scene.service->totals().processed, 1);
}

TEST(World, MovesPoisonToTheDeadLetterQueueThroughItsWorkers) {
  Scene scene;
  scene.world.create_queue("dead", {});
  QueueSettings settings = scene.jobs->settings();
  settings.redrive = Redrive{.dead_letter_queue = "dead", .max_receive_count = 1};
  scene.jobs->change_settings(settings, kNoon);
  scene.world.send(*scene.jobs, {.body = "poison"});
  EXPECT_THAT(scene.world.receive(*scene.jobs, {}), SizeIs(1));

  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + minutes(1));

  EXPECT_EQ(scene.service->totals().processed, 0);
  EXPECT_EQ(scene.world.find_queue("dead")->depth(), (QueueDepth{.visible = 1}));
  EXPECT_EQ(count_of(scene.world, EventKind::MessageDeadLettered), 1);
}

TEST(World, EndsWhenDeadLettersGoInACircle) {
  Scene scene;
  Queue& other = scene.world.create_queue("other", {});
  other.change_settings({.redrive = Redrive{.dead_letter_queue = "jobs", .max_receive_count = 1}},
                        kNoon);
  scene.jobs->change_settings(
      {.redrive = Redrive{.dead_letter_queue = "other", .max_receive_count = 1}}, kNoon);
  scene.world.send(*scene.jobs, {.body = "a"});
  Instant now = kNoon;
  for (int i = 0; i < 10; ++i, now += minutes(1)) {
    scene.world.advance(now);
    scene.world.receive(*scene.jobs, {.messages_max = 10});
    scene.world.receive(other, {.messages_max = 10});
  }
  const QueueDepth a = scene.jobs->depth();
  const QueueDepth b = other.depth();
  EXPECT_EQ(a.visible + a.in_flight + b.visible + b.in_flight, 1);
}

TEST(World, SurvivesTheDeletionOfAQueueUnderItsWorkers) {
  Scene scene({.work_time = {.min = minutes(1), .max = minutes(1)}});
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + seconds(5));
  scene.world.send(*scene.jobs, {.body = "job"});

  scene.world.delete_queue("jobs");
  scene.world.advance(kNoon + minutes(5));

  EXPECT_EQ(scene.service->totals().processed, 0);
  EXPECT_EQ(scene.service->working(), 0);
}

TEST(World, ReplacesATaskThatCrashesAndBringsItsMessageBack) {
  Scene scene({.crash_share = 0.4}, 8);
  scene.world.set_desired(*scene.service, 2);
  for (int i = 0; i < 20; ++i) {
    scene.world.send(*scene.jobs, {.body = "job"});
  }

  scene.world.advance(kNoon + hours(1));

  const ServiceTotals& totals = scene.service->totals();
  EXPECT_EQ(totals.processed, 20);
  EXPECT_GT(totals.crashed, 0);
  EXPECT_EQ(totals.tasks_started, 2 + totals.crashed);
  EXPECT_EQ(scene.service->running(), 2);
  EXPECT_EQ(totals.killed_while_working, 0);
}

TEST(World, NeverFinishesPoison) {
  Scene scene({.poison_share = 1});
  scene.world.set_desired(*scene.service, 1);
  scene.world.send(*scene.jobs, {.body = "poison"});

  scene.world.advance(kNoon + minutes(10));

  EXPECT_EQ(scene.service->totals().processed, 0);
  EXPECT_GT(scene.service->totals().failed, 5);
  EXPECT_EQ(scene.jobs->totals().deleted, 0);
}

TEST(World, SparesTasksThatProtectThemselvesUntilTheirWorkIsDone) {
  Scene scene({.workers_protect = true});
  scene.world.set_desired(*scene.service, 3);
  scene.world.advance(kNoon + seconds(10));
  scene.world.send_many(*scene.jobs, 2);
  EXPECT_EQ(scene.service->protected_tasks(), 2);

  scene.world.set_desired(*scene.service, 0);

  EXPECT_EQ(scene.service->desired(), 0);
  EXPECT_EQ(scene.service->running(), 2) << "the idle one stops at once";
  scene.world.advance(kNoon + seconds(20));
  EXPECT_EQ(scene.service->running(), 0);
  EXPECT_EQ(scene.service->totals().processed, 2);
  EXPECT_EQ(scene.service->totals().killed_while_working, 0);
}

TEST(World, AGuardKeepsTheProtectionForAWhileAfterTheWork) {
  Scene scene({.workers_protect = true, .protection_lingers = seconds(30)});
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + seconds(10));
  scene.world.send_many(*scene.jobs, 1);
  scene.world.set_desired(*scene.service, 0);

  scene.world.advance(kNoon + seconds(40));
  EXPECT_EQ(scene.service->totals().processed, 1);
  EXPECT_EQ(scene.service->running(), 1);
  EXPECT_EQ(scene.service->protected_tasks(), 1);
  scene.world.advance(kNoon + seconds(50));
  EXPECT_EQ(scene.service->running(), 0);
}

TEST(World, AGuardChangesProtectionTwiceAMinuteAtMost) {
  Scene scene(
      {.workers_protect = true, .protection_lingers = seconds(5), .protection_least = seconds(60)});
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + seconds(10));
  scene.world.send_many(*scene.jobs, 1);
  scene.world.set_desired(*scene.service, 0);

  scene.world.advance(kNoon + seconds(65));
  EXPECT_EQ(scene.service->totals().processed, 1);
  EXPECT_EQ(scene.service->running(), 1);
  scene.world.advance(kNoon + seconds(75));
  EXPECT_EQ(scene.service->running(), 0);
}

TEST(World, AGuardBreathesBetweenWorksThatNeverEnd) {
  Scene scene(
      {.workers_protect = true, .protection_lingers = seconds(30), .protection_most = minutes(1)});
  scene.world.set_desired(*scene.service, 1);
  scene.world.advance(kNoon + seconds(10));
  scene.world.send_many(*scene.jobs, 1000);
  scene.world.advance(kNoon + seconds(60));
  scene.world.set_desired(*scene.service, 0);

  scene.world.advance(kNoon + seconds(90));
  EXPECT_EQ(scene.service->running(), 0);
  EXPECT_EQ(scene.service->totals().killed_while_working, 0);
}

TEST(World, StartsNoTaskInAShortage) {
  Scene scene;
  scene.world.set_short(*scene.service, true);
  scene.world.set_desired(*scene.service, 2);
  scene.world.advance(kNoon + minutes(5));
  EXPECT_EQ(scene.service->pending(), 2);

  scene.world.set_short(*scene.service, false);
  scene.world.advance(kNoon + minutes(5) + seconds(5));

  EXPECT_EQ(scene.service->running(), 2);
}

TEST(World, TellsItsHistoryInOrderAndForgetsTheOldest) {
  Random random(1);
  World world({.history_max = 3}, kNoon, random);
  Queue& queue = world.create_queue("jobs", {});
  for (int i = 0; i < 5; ++i) {
    world.send(queue, {});
  }
  ASSERT_THAT(world.history(), SizeIs(3));
  EXPECT_EQ(world.history().front().number, 3U);
  EXPECT_EQ(world.history().back().number, 5U);
}

TEST(World, KeepsTaskDefinitionsByRevision) {
  Random random(1);
  World world({}, kNoon, random);
  world.register_task_definition("app", "one");
  world.register_task_definition("app", "two");

  EXPECT_EQ(world.find_task_definition("app", 0)->document, "two");
  EXPECT_EQ(world.find_task_definition("app", 1)->document, "one");
  EXPECT_EQ(world.find_task_definition("app", 2)->family, "app");
  EXPECT_EQ(world.find_task_definition("app", 3), nullptr);
  EXPECT_EQ(world.find_task_definition("app", -1), nullptr);
  EXPECT_EQ(world.find_task_definition("other", 0), nullptr);
}

/// One world under random use, as text.
std::string play(std::uint64_t seed) {
  Scene scene({.task_start = {.min = seconds(1), .max = seconds(20)},
               .work_time = {.min = Duration(100), .max = seconds(90)}},
              seed);
  Random choices(seed + 1);
  Instant now = kNoon;
  for (int i = 0; i < 200; ++i, now += Duration(choices.between(0, 10'000))) {
    scene.world.advance(now);
    if (choices.between(0, 2) == 0) {
      scene.world.set_desired(*scene.service, choices.between(0, 4));
    } else {
      scene.world.send(*scene.jobs, {.body = "job"});
    }
  }
  scene.world.set_desired(*scene.service, 3);
  scene.world.advance(now + hours(2));
  EXPECT_EQ(scene.service->totals().processed, scene.jobs->totals().sent) << "seed " << seed;
  EXPECT_EQ(scene.jobs->depth(), QueueDepth{});
  std::string text;
  for (const HistoryEvent& event : scene.world.history()) {
    text += fmt::format("{} {} {} {} {}\n", event.number, event.at.time_since_epoch().count(),
                        to_string(event.kind), event.subject, event.detail);
  }
  return text;
}

TEST(World, ProcessesEveryMessageOnceWhateverTheScaling) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    play(seed);
  }
}

TEST(World, IsTheSameForTheSameSeed) {
  EXPECT_EQ(play(11), play(11));
  EXPECT_NE(play(11), play(12));
}

TEST(World, IsTheSameHoweverFinelyTimeAdvances) {
  const auto run = [](Duration step) {
    Scene scene;
    for (int i = 0; i < 20; ++i) {
      scene.world.send(*scene.jobs, {.delay = Duration(i * 333)});
    }
    scene.world.set_desired(*scene.service, 2);
    for (Instant now = kNoon; now <= kNoon + minutes(1); now += step) {
      scene.world.advance(now);
    }
    return std::pair(scene.service->totals().processed, scene.world.history().back().at);
  };
  EXPECT_EQ(run(Duration(100)), run(minutes(1)));
}

TEST(World, ADeploymentTakesItsTasksToAnotherQueue) {
  Scene scene;
  Queue& others = scene.world.create_queue("others", {});
  scene.world.set_desired(*scene.service, 2);
  scene.world.advance(kNoon + seconds(5));
  scene.world.deploy(*scene.service, {.task_definition = "td:2", .job_queue = "others"});
  // Until the new tasks run, the old ones work for their own queue.
  scene.world.send(*scene.jobs, {.body = "job"});
  EXPECT_EQ(scene.service->working(), 1);

  scene.world.advance(kNoon + seconds(20));
  scene.world.send(*scene.jobs, {.body = "left"});
  scene.world.send(others, {.body = "taken"});

  EXPECT_EQ(scene.jobs->depth().visible, 1 + scene.service->totals().killed_while_working);
  EXPECT_EQ(others.depth(), (QueueDepth{.in_flight = 1}));
}

TEST(World, ADeploymentWithoutAQueueLeavesItsTasksIdle) {
  Scene scene;
  scene.world.set_desired(*scene.service, 2);
  scene.world.advance(kNoon + seconds(5));
  scene.world.deploy(*scene.service, {.task_definition = "td:2", .job_queue = ""});
  scene.world.advance(kNoon + seconds(20));
  scene.world.send(*scene.jobs, {.body = "left"});
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.visible = 1}));
  // And back again.
  scene.world.deploy(*scene.service, {.task_definition = "td:1", .job_queue = "jobs"});
  scene.world.advance(kNoon + seconds(40));
  EXPECT_EQ(scene.jobs->depth(), QueueDepth{});
}

TEST(World, SingleTasksWorkForTheirQueueUntilTheyAreStopped) {
  Scene scene;
  Cluster& cluster = *scene.world.find_cluster("main");
  const auto ids =
      scene.world.run_tasks(cluster, {.task_definition = "td:1", .job_queue = "jobs"}, 2, {});
  scene.world.send(*scene.jobs, {.body = "job"});
  scene.world.advance(kNoon + seconds(10));
  EXPECT_EQ(scene.jobs->depth(), QueueDepth{});
  EXPECT_EQ(scene.service->running(), 0);
  for (const std::string& id : ids) {
    const FoundTask found = scene.world.find_task(id);
    scene.world.stop(*found.service, *found.task, "enough");
  }
  scene.world.advance(kNoon + seconds(20));
  scene.world.send(*scene.jobs, {.body = "left"});
  EXPECT_EQ(scene.jobs->depth(), (QueueDepth{.visible = 1}));
}

TEST(World, IsEmptyAfterItIsCleared) {
  Scene scene;
  scene.world.register_task_definition("td", "{}");
  scene.world.send(*scene.jobs, {.body = "job"});
  scene.world.set_desired(*scene.service, 1);
  scene.world.clear();
  EXPECT_EQ(scene.world.next_event(), kNever);
  EXPECT_EQ(scene.world.find_queue("jobs"), nullptr);
  EXPECT_EQ(scene.world.find_cluster("main"), nullptr);
  EXPECT_EQ(scene.world.find_task_definition("td", 0), nullptr);
  EXPECT_THAT(scene.world.history(), SizeIs(0));
  scene.world.advance(kNoon + hours(1));
}

}  // namespace
}  // namespace scaler::world
