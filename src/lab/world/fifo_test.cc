#include <algorithm>
#include <map>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"
#include "lab/world/queue.h"
#include "lab/world/world.h"

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using scaler::testing::kNoon;

std::shared_ptr<const FifoMark> mark(std::string group, std::string id = "") {
  return std::make_shared<const FifoMark>(
      FifoMark{.group = std::move(group), .deduplication_id = std::move(id)});
}

std::vector<std::string> bodies(const std::vector<ReceivedMessage>& messages) {
  std::vector<std::string> found;
  for (const ReceivedMessage& message : messages) {
    found.push_back(message.body);
  }
  return found;
}

class FifoTest : public ::testing::Test {
 protected:
  static void send(Queue& queue, const std::string& body, Instant now = kNoon) {
    queue.post({.body = body, .fifo = mark(body.substr(0, 1))}, now);
  }
  static std::vector<ReceivedMessage> receive(Queue& queue, Instant now = kNoon,
                                              std::int64_t max = 1) {
    return queue.receive({.messages_max = max}, now, nullptr);
  }

  Random random_{7};
  Queue queue_{"jobs.fifo", {.fifo = FifoSettings{}}, kNoon, random_};
};

TEST_F(FifoTest, AGroupGivesNothingWhileOneOfItsMessagesIsInFlight) {
  for (const char* body : {"a1", "a2", "b1"}) {
    send(queue_, body);
  }

  const auto first = receive(queue_);
  EXPECT_THAT(bodies(first), ElementsAre("a1"));
  EXPECT_THAT(bodies(receive(queue_)), ElementsAre("b1"));
  EXPECT_FALSE(queue_.has_next());
  EXPECT_EQ(queue_.depth(), (QueueDepth{.visible = 1, .in_flight = 2}));

  EXPECT_EQ(queue_.delete_message(first[0].receipt_handle, kNoon), HandleOutcome::Done);
  EXPECT_THAT(bodies(receive(queue_)), ElementsAre("a2"));
}

TEST_F(FifoTest, OneReceiveTakesSeveralOfAGroupBeforeOthers) {
  for (const char* body : {"a1", "b1", "a2", "b2", "a3"}) {
    send(queue_, body);
  }
  EXPECT_THAT(bodies(receive(queue_, kNoon, 4)), ElementsAre("a1", "a2", "a3", "b1"));
  // b2 waits for b1.
  EXPECT_THAT(receive(queue_, kNoon, 10), IsEmpty());
}

TEST_F(FifoTest, AGroupStaysHeldUntilAllOfABatchAreGoneOrBack) {
  for (const char* body : {"a1", "a2", "a3"}) {
    send(queue_, body);
  }
  const auto batch = receive(queue_, kNoon, 2);
  queue_.delete_message(batch[0].receipt_handle, kNoon);
  EXPECT_THAT(receive(queue_), IsEmpty());

  EXPECT_EQ(queue_.change_visibility(batch[1].receipt_handle, Duration(0), kNoon),
            HandleOutcome::Done);
  EXPECT_THAT(bodies(receive(queue_, kNoon, 10)), ElementsAre("a2", "a3"));
}

TEST_F(FifoTest, WhatReturnsComesBeforeWhatFollowsIt) {
  for (const char* body : {"a1", "b1", "a2", "a3"}) {
    send(queue_, body);
  }
  receive(queue_, kNoon, 2);
  EXPECT_EQ(queue_.next_event(), kNoon + seconds(30));
  EXPECT_THAT(bodies(receive(queue_, kNoon + seconds(30), 10)),
              ElementsAre("a1", "a2", "a3", "b1"));
}

TEST_F(FifoTest, ATimeoutOfZeroGivesEachMessageOncePerReceive) {
  send(queue_, "a1");
  send(queue_, "a2");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(bodies(queue_.receive({.messages_max = 10, .visibility_timeout = Duration(0)},
                                      kNoon, nullptr)),
                ElementsAre("a1", "a2"));
  }
}

TEST_F(FifoTest, RefusesToDeleteWhatIsNoLongerInFlight) {
  send(queue_, "a1");
  const std::string first = receive(queue_)[0].receipt_handle;
  const Instant later = kNoon + seconds(30);
  EXPECT_EQ(queue_.delete_message(first, later), HandleOutcome::Expired);
  const std::string second = receive(queue_, later)[0].receipt_handle;
  EXPECT_EQ(queue_.delete_message(first, later), HandleOutcome::Expired);
  EXPECT_EQ(queue_.delete_message(second, later), HandleOutcome::Done);
  EXPECT_EQ(queue_.delete_message(second, later), HandleOutcome::Stale);
}

TEST_F(FifoTest, KnowsARepeatedSendForFiveMinutes) {
  const std::uint64_t first = queue_.post({.fifo = mark("a", "x")}, kNoon);
  receive(queue_);
  queue_.purge(kNoon);
  EXPECT_EQ(queue_.repeated_send(*mark("b", "x"), kNoon + minutes(5) - Duration(1)), first);
  EXPECT_EQ(queue_.repeated_send(*mark("a", "y"), kNoon), std::nullopt);
  EXPECT_EQ(queue_.repeated_send(*mark("a", "x"), kNoon + minutes(5)), std::nullopt);

  const std::uint64_t second = queue_.post({.fifo = mark("a", "x")}, kNoon + minutes(5));
  EXPECT_EQ(queue_.repeated_send(*mark("a", "x"), kNoon + minutes(6)), second);
}

TEST_F(FifoTest, KnowsIdsByGroupIfToldSo) {
  Queue queue("x.fifo", {.fifo = FifoSettings{.deduplicates_by_group = true}}, kNoon, random_);
  const std::uint64_t first = queue.post({.fifo = mark("a", "x")}, kNoon);
  EXPECT_EQ(queue.repeated_send(*mark("a", "x"), kNoon), first);
  EXPECT_EQ(queue.repeated_send(*mark("b", "x"), kNoon), std::nullopt);
}

TEST_F(FifoTest, ARepeatedReceiveGetsTheSameUntilSomebodyTouchesThem) {
  for (const char* body : {"a1", "a2", "b1"}) {
    send(queue_, body);
  }
  const ReceiveRequest request{.messages_max = 2, .attempt_id = "try"};
  const auto first = queue_.receive(request, kNoon, nullptr);
  const auto again = queue_.receive(request, kNoon + seconds(20), nullptr);
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].receipt_handle, first[0].receipt_handle);
  EXPECT_EQ(again[1].receive_count, 1);
  EXPECT_EQ(queue_.next_event(), kNoon + seconds(50)) << "the timeout begins anew";

  queue_.delete_message(first[0].receipt_handle, kNoon + seconds(20));
  EXPECT_THAT(bodies(queue_.receive(request, kNoon + seconds(20), nullptr)), ElementsAre("b1"));
  // What it took the last time is back by then; the id stands for that receive alone.
  EXPECT_THAT(bodies(queue_.receive(request, kNoon + minutes(3), nullptr)),
              ElementsAre("a2", "b1"));
}

TEST_F(FifoTest, DeadLettersKeepTheirGroupAndOrderAndBeginToAgeAnew) {
  Queue dead("dead.fifo", {.retention = minutes(5), .fifo = FifoSettings{}}, kNoon, random_);
  Queue jobs("j.fifo",
             {.redrive = Redrive{.dead_letter_queue = "dead.fifo", .max_receive_count = 1},
              .fifo = FifoSettings{}},
             kNoon, random_);
  for (const char* body : {"a1", "a2"}) {
    send(jobs, body);
  }
  EXPECT_THAT(jobs.receive({.messages_max = 2}, kNoon, &dead), SizeIs(2));
  send(jobs, "a3", kNoon + seconds(1));
  const Instant later = kNoon + minutes(10);
  EXPECT_THAT(bodies(jobs.receive({.messages_max = 10}, later, &dead)), ElementsAre("a3"));
  EXPECT_THAT(bodies(receive(dead, later)), ElementsAre("a1"));
  EXPECT_THAT(receive(dead, later), IsEmpty());
  EXPECT_EQ(dead.next_event(), later + seconds(30));
}

TEST_F(FifoTest, AChangedDelayHoldsForWhatIsThere) {
  QueueSettings settings = queue_.settings();
  settings.delay = minutes(2);
  queue_.change_settings(settings, kNoon);
  send(queue_, "a1");
  settings.delay = minutes(1);
  queue_.change_settings(settings, kNoon + seconds(30));
  EXPECT_EQ(queue_.next_event(), kNoon + minutes(1));
  send(queue_, "a2", kNoon + seconds(40));
  EXPECT_THAT(bodies(receive(queue_, kNoon + minutes(1), 10)), ElementsAre("a1"));
}

TEST_F(FifoTest, ExpiredAndRestoredMessagesLeaveTheOrderWhole) {
  send(queue_, "a1");
  receive(queue_);
  send(queue_, "a2", kNoon + seconds(1));
  Queue copy("jobs.fifo", queue_.settings(), kNoon, random_);
  for (const StoredMessage& message : queue_.stored_messages()) {
    copy.restore(message, kNoon + seconds(2));
  }
  EXPECT_THAT(receive(copy, kNoon + seconds(2)), IsEmpty());
  // The first is in flight when its retention ends.
  const Instant end = kNoon + std::chrono::days(4);
  for (Queue* const queue : {&queue_, &copy}) {
    queue->receive({.visibility_timeout = minutes(1)}, end - seconds(1), nullptr);
    EXPECT_THAT(bodies(receive(*queue, end)), ElementsAre("a2"));
  }
}

TEST_F(FifoTest, KeepsTheOrderOfEachGroupUnderFailures) {
  // Whatever is deleted, returned or let run out: what is received of a group is never newer than
  // what is not yet deleted of it.
  std::map<std::string, std::vector<std::string>> done;
  std::vector<std::pair<ReceivedMessage, Instant>> held;
  Instant now = kNoon;
  for (int step = 0; step < 3000; ++step) {
    now += seconds(random_.between(0, 2));
    std::erase_if(held, [&](const auto& one) { return one.second <= now; });
    if (step < 1000) {
      send(queue_, fmt::format("{}{:04}", static_cast<char>(random_.between('a', 'e')), step), now);
    }
    for (const ReceivedMessage& message : receive(queue_, now, random_.between(1, 3))) {
      held.emplace_back(message, now + seconds(30));
    }
    if (held.empty()) {
      continue;
    }
    // A worker deletes what it has done in order; or gives all of it back.
    const ReceivedMessage one = held.front().first;
    held.erase(held.begin());
    if (random_.between(0, 3) == 0) {
      queue_.change_visibility(one.receipt_handle, Duration(0), now);
      std::erase_if(held, [&](const auto& other) {
        if (other.first.fifo->group != one.fifo->group) {
          return false;
        }
        queue_.change_visibility(other.first.receipt_handle, Duration(0), now);
        return true;
      });
    } else if (queue_.delete_message(one.receipt_handle, now) == HandleOutcome::Done) {
      done[one.fifo->group].push_back(one.body);
    }
  }
  std::size_t count = 0;
  for (const auto& [group, messages] : done) {
    EXPECT_TRUE(std::ranges::is_sorted(messages)) << group;
    count += messages.size();
  }
  EXPECT_EQ(count, 1000U);
  EXPECT_EQ(queue_.depth(), QueueDepth{});
}

TEST(FifoWorld, WorkersTakeOneMessageOfAGroupAtATime) {
  Random random(1);
  World world({}, kNoon, random);
  Queue& queue = world.create_queue("jobs.fifo", {.fifo = FifoSettings{}});
  world.create_cluster("main");
  ServiceBehaviour behaviour;
  behaviour.work_time = {.min = seconds(10), .max = seconds(10)};
  behaviour.job_queue = "jobs.fifo";
  Service& service = world.create_service(
      {.name = "worker", .cluster = "main", .desired = 3, .behaviour = behaviour});
  world.advance(kNoon + minutes(5));
  EXPECT_EQ(service.running(), 3);
  for (const char* body : {"a1", "a2", "b1"}) {
    world.send(queue, {.body = body, .fifo = mark(std::string(body, 1))});
  }
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1, .in_flight = 2}));
  world.advance(kNoon + minutes(5) + seconds(10));
  EXPECT_EQ(queue.depth(), (QueueDepth{.in_flight = 1}));
  world.advance(kNoon + minutes(5) + seconds(20));
  EXPECT_EQ(queue.depth(), QueueDepth{});
}

TEST(FifoWorld, AnotherClientsDeletionFeedsAnIdleWorker) {
  Random random(1);
  World world({}, kNoon, random);
  Queue& queue = world.create_queue("jobs.fifo", {.fifo = FifoSettings{}});
  world.create_cluster("main");
  ServiceBehaviour behaviour;
  behaviour.job_queue = "jobs.fifo";
  for (const char* body : {"a1", "a2"}) {
    world.send(queue, {.body = body, .fifo = mark("a")});
  }
  const auto held = world.receive(queue, {.visibility_timeout = hours(1)});
  world.create_service({.name = "worker", .cluster = "main", .desired = 1, .behaviour = behaviour});
  world.advance(kNoon + minutes(5));
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1, .in_flight = 1}));
  world.delete_message(queue, held[0].receipt_handle);
  EXPECT_EQ(queue.depth(), (QueueDepth{.in_flight = 1}));
}

}  // namespace
}  // namespace scaler::world
