#include "lab/world/queue.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using scaler::testing::kNoon;

class QueueTest : public ::testing::Test {
 protected:
  Queue make(QueueSettings settings = {}) { return {"jobs", std::move(settings), kNoon, random_}; }
  /// The receipt handle of the one message that a receive brings.
  static std::string receive_one(Queue& queue, Instant now) {
    const auto messages = queue.receive({.messages_max = 1}, now, nullptr);
    EXPECT_THAT(messages, SizeIs(1));
    return messages.empty() ? "" : messages.front().receipt_handle;
  }

  Random random_{7};
};

TEST_F(QueueTest, HidesAReceivedMessageUntilItsTimeout) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);

  EXPECT_THAT(queue.receive({}, kNoon, nullptr), SizeIs(1));

  EXPECT_EQ(queue.depth(), (QueueDepth{.in_flight = 1}));
  EXPECT_THAT(queue.receive({}, kNoon + seconds(29), nullptr), IsEmpty());
  EXPECT_EQ(queue.next_event(), kNoon + seconds(30));
  const auto again = queue.receive({}, kNoon + seconds(30), nullptr);
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again.front().receive_count, 2);
  EXPECT_EQ(again.front().first_received_at, kNoon);
  EXPECT_EQ(again.front().sent_at, kNoon);
}

TEST_F(QueueTest, ReceivesOldestFirstAndNoMoreThanAskedFor) {
  Queue queue = make();
  for (const char* body : {"a", "b", "c"}) {
    queue.send({.body = body, .attributes = "{}"}, kNoon);
  }

  const auto messages = queue.receive({.messages_max = 2}, kNoon, nullptr);

  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[0].body, "a");
  EXPECT_EQ(messages[1].body, "b");
  EXPECT_EQ(messages[1].attributes, "{}");
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1, .in_flight = 2}));
}

TEST_F(QueueTest, DeletesByTheLatestHandleEvenAfterTheTimeout) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  const std::string handle = receive_one(queue, kNoon);

  EXPECT_EQ(queue.delete_message(handle, kNoon + minutes(1)), HandleOutcome::Done);

  EXPECT_EQ(queue.depth(), QueueDepth{});
  EXPECT_EQ(queue.delete_message(handle, kNoon + minutes(1)), HandleOutcome::Stale);
  EXPECT_EQ(queue.totals().deleted, 1);
  EXPECT_EQ(queue.next_event(), kNever);
}

TEST_F(QueueTest, LeavesAMessageAloneThatWasReceivedAgainSinceTheHandle) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  const std::string first = receive_one(queue, kNoon);
  const std::string second = receive_one(queue, kNoon + seconds(30));

  EXPECT_EQ(queue.delete_message(first, kNoon + seconds(31)), HandleOutcome::Stale);
  EXPECT_EQ(queue.change_visibility(first, seconds(60), kNoon + seconds(31)), HandleOutcome::Done)
      << "as AWS takes it";
  EXPECT_EQ(queue.next_event(), kNoon + seconds(91));
  EXPECT_EQ(queue.depth(), (QueueDepth{.in_flight = 1}));
  EXPECT_EQ(queue.delete_message(second, kNoon + seconds(31)), HandleOutcome::Done);
}

TEST_F(QueueTest, RefusesHandlesThatItNeverGaveOut) {
  Queue queue = make();
  Queue other = make();
  queue.send({.body = "a"}, kNoon);
  const std::string handle = receive_one(queue, kNoon);
  std::string changed = handle;
  changed.back() = changed.back() == '1' ? '2' : '1';

  EXPECT_EQ(other.delete_message(handle, kNoon), HandleOutcome::Invalid);
  EXPECT_EQ(queue.delete_message(changed, kNoon), HandleOutcome::Invalid);
  EXPECT_EQ(queue.delete_message(handle.substr(1), kNoon), HandleOutcome::Invalid);
  EXPECT_EQ(queue.delete_message("", kNoon), HandleOutcome::Invalid);
  EXPECT_EQ(queue.delete_message(std::string(48, 'x'), kNoon), HandleOutcome::Invalid);
  EXPECT_EQ(queue.depth().in_flight, 1);
}

TEST_F(QueueTest, ChangesVisibilityInBothDirections) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  const std::string handle = receive_one(queue, kNoon);

  EXPECT_EQ(queue.change_visibility(handle, minutes(10), kNoon), HandleOutcome::Done);
  EXPECT_THAT(queue.receive({}, kNoon + minutes(9), nullptr), IsEmpty());
  EXPECT_EQ(queue.change_visibility(handle, seconds(0), kNoon + minutes(9)), HandleOutcome::Done);
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1}));
  EXPECT_EQ(queue.change_visibility(handle, seconds(5), kNoon + minutes(9)), HandleOutcome::Stale);
}

TEST_F(QueueTest, KeepsAMessageInFlightForTwelveHoursAtMost) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  const std::string handle = receive_one(queue, kNoon);

  EXPECT_EQ(queue.change_visibility(handle, hours(12), kNoon), HandleOutcome::Done);
  EXPECT_EQ(queue.change_visibility(handle, hours(12), kNoon + seconds(1)), HandleOutcome::TooLong);
}

TEST_F(QueueTest, DelaysByTheMessageOrElseByTheQueue) {
  Queue queue = make({.delay = seconds(10)});
  queue.send({.body = "queue's"}, kNoon);
  queue.send({.body = "own", .delay = seconds(5)}, kNoon);
  queue.send({.body = "none", .delay = seconds(0)}, kNoon);

  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1, .delayed = 2}));
  queue.settle(kNoon + seconds(5));
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 2, .delayed = 1}));
  queue.settle(kNoon + seconds(10));
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 3}));
}

TEST_F(QueueTest, MovesAMessageToTheDeadLetterQueueOnTheReceiveTooMany) {
  Queue queue = make({.redrive = Redrive{.dead_letter_queue = "dead", .max_receive_count = 2}});
  Queue dead("dead", {}, kNoon, random_);
  const std::string id = queue.send({.body = "poison"}, kNoon);
  Instant now = kNoon;
  for (int i = 0; i < 2; ++i, now += seconds(30)) {
    EXPECT_THAT(queue.receive({}, now, &dead), SizeIs(1));
  }

  EXPECT_THAT(queue.receive({}, now, &dead), IsEmpty());

  EXPECT_EQ(queue.depth(), QueueDepth{});
  EXPECT_EQ(queue.totals().redriven, 1);
  EXPECT_EQ(dead.totals().dead_letters_in, 1);
  EXPECT_EQ(dead.totals().sent, 0);
  const auto letters = dead.receive({}, now, nullptr);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters.front().id, id);
  EXPECT_EQ(letters.front().sent_at, kNoon) << "retention counts from the first send";
  EXPECT_EQ(letters.front().receive_count, 3);
}

TEST_F(QueueTest, DeliversOtherMessagesInTheReceiveThatMovesOneAway) {
  Queue queue = make({.redrive = Redrive{.dead_letter_queue = "dead", .max_receive_count = 1}});
  Queue dead("dead", {}, kNoon, random_);
  queue.send({.body = "poison"}, kNoon);
  receive_one(queue, kNoon);
  queue.settle(kNoon + seconds(30));
  queue.send({.body = "good"}, kNoon + seconds(30));

  const auto messages = queue.receive({.messages_max = 10}, kNoon + seconds(30), &dead);

  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages.front().body, "good");
}

TEST_F(QueueTest, KeepsDeliveringWithoutADeadLetterQueue) {
  Queue queue = make({.redrive = Redrive{.dead_letter_queue = "gone", .max_receive_count = 1}});
  queue.send({.body = "a"}, kNoon);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(queue.receive({}, kNoon + i * seconds(30), nullptr), SizeIs(1));
  }
  EXPECT_EQ(queue.totals().receive_count_max, 5);
}

TEST_F(QueueTest, DropsMessagesAtTheEndOfRetentionWhereverTheyAre) {
  Queue queue = make({.retention = minutes(1)});
  queue.send({.body = "in flight"}, kNoon);
  receive_one(queue, kNoon);
  queue.send({.body = "visible"}, kNoon);
  queue.send({.body = "delayed", .delay = minutes(15)}, kNoon);

  queue.settle(kNoon + minutes(1));

  EXPECT_EQ(queue.depth(), QueueDepth{});
  EXPECT_EQ(queue.totals().expired, 3);
}

TEST_F(QueueTest, PurgesEverything) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  const std::string handle = receive_one(queue, kNoon);
  queue.send({.body = "b"}, kNoon);

  EXPECT_EQ(queue.purge(kNoon), 2);

  EXPECT_EQ(queue.depth(), QueueDepth{});
  EXPECT_EQ(queue.delete_message(handle, kNoon), HandleOutcome::Stale);
  EXPECT_EQ(queue.totals().purged, 2);
}

TEST_F(QueueTest, ReturnsAMessageOnceInAReceiveThatHidesNothing) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  const ReceiveRequest request{.messages_max = 10, .visibility_timeout = Duration(0)};

  EXPECT_THAT(queue.receive(request, kNoon, nullptr), SizeIs(1));
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1}));
}

TEST_F(QueueTest, ReportsCountsLateWhenTheyLag) {
  Queue queue = make({.count_lag = seconds(10)});
  queue.send({.body = "a"}, kNoon);

  EXPECT_EQ(queue.approximate_depth(kNoon + seconds(9)), QueueDepth{});
  EXPECT_EQ(queue.approximate_depth(kNoon + seconds(10)), (QueueDepth{.visible = 1}));
  queue.delete_message(receive_one(queue, kNoon + seconds(10)), kNoon + seconds(11));
  EXPECT_EQ(queue.approximate_depth(kNoon + seconds(20)), (QueueDepth{.in_flight = 1}));
  EXPECT_EQ(queue.approximate_depth(kNoon + seconds(21)), QueueDepth{});
}

TEST_F(QueueTest, CountsThatBeginToLagStartFromThePresentOnes) {
  Queue queue = make();
  queue.send({.body = "a"}, kNoon);
  queue.change_settings({.count_lag = seconds(10)}, kNoon + seconds(1));
  queue.send({.body = "b"}, kNoon + seconds(2));

  EXPECT_EQ(queue.approximate_depth(kNoon + seconds(2)), (QueueDepth{.visible = 1}));
  EXPECT_EQ(queue.approximate_depth(kNoon + seconds(12)), (QueueDepth{.visible = 2}));
}

TEST_F(QueueTest, ComesBackFromStorageWithItsHandles) {
  Queue queue = make();
  queue.send({.body = "in flight", .attributes = "x"}, kNoon);
  const std::string handle = receive_one(queue, kNoon);
  queue.send({.body = "visible"}, kNoon);
  queue.send({.body = "delayed", .delay = minutes(15)}, kNoon);

  Queue copy = make();
  copy.restore_handle_key(queue.handle_key(), queue.next_sequence());
  for (const StoredMessage& message : queue.stored_messages()) {
    copy.restore(message, kNoon + seconds(1));
  }

  EXPECT_EQ(copy.depth(), (QueueDepth{.visible = 1, .in_flight = 1, .delayed = 1}));
  EXPECT_EQ(copy.delete_message(handle, kNoon + seconds(1)), HandleOutcome::Done);
  copy.settle(kNoon + minutes(15));
  EXPECT_EQ(copy.depth(), (QueueDepth{.visible = 2}));
}

TEST_F(QueueTest, GivesEveryMessageAnIdOfItsOwn) {
  Queue queue = make();
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.insert(queue.send({}, kNoon));
  }
  EXPECT_THAT(ids, SizeIs(1000));
  for (const std::string& id : ids) {
    ASSERT_THAT(id,
                ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                        "[0-9a-f]{12}"));
  }
}

/// Against a model that keeps one flat list, over random calls.
TEST_F(QueueTest, NeverLosesOrDoublesAMessageUnderRandomUse) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    Queue queue = make({.visibility_timeout = seconds(3)});
    std::set<std::string> there;
    std::vector<std::string> handles;
    Instant now = kNoon;
    for (int step = 0; step < 500; ++step, now += Duration(random.between(0, 2000))) {
      const auto pick = [&] {
        return handles.empty()
                   ? std::string()
                   : handles[static_cast<std::size_t>(random.between(0, std::ssize(handles) - 1))];
      };
      switch (random.between(0, 4)) {
        case 0:
        case 1:
          there.insert(queue.send({.delay = Duration(random.between(0, 4000))}, now));
          break;
        case 2:
          for (const auto& message : queue.receive({.messages_max = 3}, now, nullptr)) {
            ASSERT_TRUE(there.contains(message.id)) << "seed " << seed;
            handles.push_back(message.receipt_handle);
          }
          break;
        case 3:
          queue.delete_message(pick(), now);
          break;
        default:
          queue.change_visibility(pick(), Duration(random.between(0, 5000)), now);
      }
      const QueueDepth depth = queue.depth();
      const std::int64_t left = queue.totals().sent - queue.totals().deleted;
      ASSERT_EQ(depth.visible + depth.in_flight + depth.delayed, left) << "seed " << seed;
      ASSERT_GE(depth.in_flight, 0);
    }
    queue.settle(now + hours(1));
    EXPECT_EQ(queue.depth().visible, queue.totals().sent - queue.totals().deleted);
  }
}

}  // namespace
}  // namespace scaler::world
