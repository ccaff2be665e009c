#include "scaler/controller/lease.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  Duration between(Duration low, Duration high) {
    return Duration(random_.between(low.count(), high.count()));
  }
  double between(double low, double high) { return low + (high - low) * random_.uniform(); }
  bool chance(double part) { return random_.uniform() < part; }
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(count) - 1));
  }

 private:
  Random random_;
};

/// Virtual time: what happens when, in order.
class Agenda {
 public:
  void at(Duration when, std::function<void()> happens) {
    events_[{when, ++count_}] = std::move(happens);
  }
  void in(Duration delay, std::function<void()> happens) { at(now + delay, std::move(happens)); }
  /// `after_each` is called when anything has happened, and every 50 ms.
  void run_until(Duration end, const std::function<void()>& after_each) {
    while (now < end) {
      const Duration next = events_.empty() ? end : std::min(events_.begin()->first.first, end);
      now = std::min(next, now + 50ms);
      if (!events_.empty() && events_.begin()->first.first <= now) {
        auto event = events_.extract(events_.begin());
        event.mapped()();
      }
      after_each();
    }
  }

  Duration now = {};

 private:
  std::map<std::pair<Duration, int>, std::function<void()>> events_ = {};
  int count_ = 0;
};

class Table {
 public:
  Result<void> take(const LeaseRecord& next, const std::string& seen_version) {
    const std::string version = record ? record->version : "";
    return put(next, version == seen_version || !record);
  }
  Result<void> renew(const LeaseRecord& next) {
    return put(next, record && record->owner == next.owner);
  }

  std::optional<LeaseRecord> record = {};

 private:
  Result<void> put(const LeaseRecord& next, bool allowed) {
    if (!allowed) {
      return fail(ErrorKind::Conflict, "ConditionalCheckFailedException");
    }
    record = next;
    return {};
  }
};

/// What may go wrong between a controller and its table, and in the controller itself.
struct Weather {
  double lost_requests = 0;
  double lost_replies = 0;
  Duration delay_max = 20ms;
  double pauses = 0;  ///< of the calls; the whole process stands still meanwhile
  Duration pause_max = 40s;
};

/// A controller with a lease, its own clocks, and calls that take their time.
class Node {
 public:
  Node(std::string name, Agenda& agenda, Table& table, Dice& random, const Weather& weather)
      : lease(name),
        agenda_(&agenda),
        table_(&table),
        random_(&random),
        weather_(&weather),
        steady_offset_(random.between(Duration(0ms), Duration(10h))) {}

  void begin() {
    agenda_->in(until_due(), [this] {
      if (!dead) {
        act();
      }
    });
  }
  LeaseMoment now() const {
    return {.steady = Deadline(agenda_->now + steady_offset_),
            .wall = testing::kNoon + agenda_->now + wall_step};
  }
  bool may_write() const {
    return !dead && agenda_->now >= paused_until_ && lease.may_write(now());
  }
  void pause(Duration duration) { paused_until_ = agenda_->now + duration; }

  Lease lease;
  Duration wall_step = {};
  bool dead = false;

 private:
  static constexpr Duration kTimeout = 2s;

  Duration until_due() const {
    const Duration left = std::chrono::ceil<Duration>(lease.due() - now().steady);
    return std::max({left, Duration(0), paused_until_ - agenda_->now});
  }
  Duration some_delay() { return random_->between(Duration(0ms), weather_->delay_max); }

  /// Runs `carried_out` at the table some time later, and `answered` with what it returned, or with
  /// nothing once nobody waits any longer.
  template <typename T>
  void call(std::function<Result<T>()> carried_out, std::function<void(Result<T>)> answered) {
    if (random_->chance(weather_->pauses)) {
      pause(random_->between(Duration(0ms), weather_->pause_max));
    }
    const auto open = std::make_shared<bool>(true);
    const auto end = [this, open, answered](Result<T> result) {
      if (std::exchange(*open, false)) {
        const Duration paused = std::max(Duration(0), paused_until_ - agenda_->now);
        agenda_->in(paused, [this, answered, result] {
          if (!dead) {
            answered(result);
            begin();
          }
        });
      }
    };
    agenda_->in(kTimeout, [end] { end(fail(ErrorKind::Unavailable, "no answer")); });
    if (random_->chance(weather_->lost_requests)) {
      return;
    }
    const bool answer = !random_->chance(weather_->lost_replies);
    agenda_->in(some_delay(), [this, carried_out, end, answer] {
      Result<T> result = carried_out();
      if (answer) {
        agenda_->in(some_delay(), [end, result] { end(result); });
      }
    });
  }

  void act() {
    const LeaseMoment began = now();
    const auto wrote = [this, began](const Result<void>& result) {
      lease.wrote(result, began, now());
    };
    switch (lease.action()) {
      case Lease::Action::Read:
        return call<std::optional<LeaseRecord>>(
            [this] { return Result<std::optional<LeaseRecord>>(table_->record); },
            [this](const auto& found) { lease.read(found, now()); });
      case Lease::Action::Take:
        return call<void>([this, record = lease.next_record(),
                           seen = lease.seen_version()] { return table_->take(record, seen); },
                          wrote);
      case Lease::Action::Renew:
        return call<void>([this, record = lease.next_record()] { return table_->renew(record); },
                          wrote);
    }
  }

  Agenda* agenda_;
  Table* table_;
  Dice* random_;
  const Weather* weather_;
  Duration steady_offset_;
  Duration paused_until_ = {};
};

class LeaseTest : public ::testing::Test {
 protected:
  void begin(int nodes = 2) {
    for (int i = 0; i < nodes; ++i) {
      nodes_.push_back(
          std::make_unique<Node>("node" + std::to_string(i), agenda_, table_, random_, weather_));
      nodes_.back()->begin();
    }
  }
  void run_for(Duration duration) {
    agenda_.run_until(agenda_.now + duration, [this] { check(); });
  }
  Node* writer() {
    Node* found = nullptr;
    for (const auto& node : nodes_) {
      if (node->may_write()) {
        found = node.get();
      }
    }
    return found;
  }
  /// Runs until another than `former` writes; how long that took.
  Duration takeover_from(const Node* former) {
    const Duration began = agenda_.now;
    while (writer() == nullptr || writer() == former) {
      run_for(50ms);
      if (agenda_.now - began > 60s) {
        break;
      }
    }
    return agenda_.now - began;
  }

  Dice random_{1};
  Agenda agenda_ = {};
  Table table_ = {};
  Weather weather_ = {};
  std::vector<std::unique_ptr<Node>> nodes_ = {};
  int writers_max_ = 0;
  Duration written_ = {};  ///< while anybody might
  Duration checked_ = {};

 private:
  void check() {
    int writers = 0;
    for (const auto& node : nodes_) {
      writers += node->may_write() ? 1 : 0;
    }
    writers_max_ = std::max(writers_max_, writers);
    written_ += writers > 0 ? agenda_.now - checked_ : Duration(0);
    checked_ = agenda_.now;
  }
};

TEST_F(LeaseTest, TheFirstTakesItAndKeepsIt) {
  begin();
  run_for(500ms);
  const Node* const holder = writer();
  ASSERT_NE(holder, nullptr);
  run_for(10min);
  EXPECT_EQ(writer(), holder);
  EXPECT_EQ(writers_max_, 1);
  EXPECT_GT(written_, 10min - 1s);
}

TEST_F(LeaseTest, AHolderThatDiesIsSucceededWithinTheTtlAndTwoLooks) {
  for (int round = 0; round < 20; ++round) {
    nodes_.clear();
    agenda_ = {};
    checked_ = {};
    table_ = {};
    begin();
    run_for(random_.between(Duration(1s), Duration(30s)));
    Node* const holder = writer();
    ASSERT_NE(holder, nullptr);
    holder->dead = true;
    const Duration took = takeover_from(holder);
    EXPECT_GE(took, Lease::kTtl - Lease::kRenewEvery);
    EXPECT_LE(took, Lease::kTtl + Lease::kLookEvery + 200ms);
  }
}

TEST_F(LeaseTest, AHolderThatStoodStillWritesNoMoreWhenItWakes) {
  begin();
  run_for(5s);
  Node* const holder = writer();
  holder->pause(20s);
  takeover_from(holder);
  run_for(2min);
  EXPECT_NE(writer(), holder);
  EXPECT_EQ(holder->lease.owner(), writer() == nodes_[0].get() ? "node0" : "node1");
  EXPECT_EQ(writers_max_, 1);
}

TEST_F(LeaseTest, WhatIsReleasedIsTakenAtTheNextLook) {
  begin();
  run_for(5s);
  Node* const holder = writer();
  holder->dead = true;
  table_.record.reset();
  EXPECT_LE(takeover_from(holder), Lease::kLookEvery + 200ms);
}

TEST_F(LeaseTest, AHolderThatIsCutOffStopsAtTwoThirdsOfTheTtl) {
  begin(1);
  run_for(1min);
  weather_.lost_requests = 1;
  const Duration before = written_;
  run_for(1min);
  EXPECT_GT(written_ - before, Lease::kWritesFor - Lease::kRenewEvery - 100ms);
  EXPECT_LE(written_ - before, Lease::kWritesFor);
  weather_.lost_requests = 0;
  run_for(5s);
  EXPECT_NE(writer(), nullptr);
}

TEST_F(LeaseTest, AClockThatIsSetForwardStopsWritingUntilTheNextRenewal) {
  begin(1);
  run_for(1min);
  nodes_[0]->wall_step = 1h;  // Or the machine was suspended, which steady time does not tell.
  EXPECT_EQ(writer(), nullptr);
  run_for(Lease::kRenewEvery + 100ms);
  EXPECT_NE(writer(), nullptr);
}

TEST_F(LeaseTest, ALostAnswerToATakeIsNoLostLease) {
  weather_.lost_replies = 1;
  begin(1);
  run_for(3s);
  EXPECT_EQ(writer(), nullptr);
  weather_.lost_replies = 0;
  run_for(5s);
  EXPECT_NE(writer(), nullptr);
}

// Lost requests and answers, requests that arrive half a minute late, processes that stand still,
// clocks that are set: two may never write at the same moment, and mostly one does.
TEST_F(LeaseTest, NeverDoTwoWriteWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    random_ = Dice(seed);
    nodes_.clear();
    agenda_ = {};
    checked_ = {};
    written_ = {};
    table_ = {};
    weather_ = {.lost_requests = random_.between(0.0, 0.4),
                .lost_replies = random_.between(0.0, 0.4),
                .delay_max = random_.between(Duration(10ms), Duration(30s)),
                .pauses = random_.between(0.0, 0.1),
                .pause_max = 40s};
    begin(static_cast<int>(random_.below(3)) + 2);
    for (int i = 0; i < 20; ++i) {
      run_for(random_.between(Duration(0ms), Duration(30s)));
      nodes_[random_.below(nodes_.size())]->wall_step +=
          random_.between(Duration(-1h), Duration(1h));
    }
    ASSERT_LE(writers_max_, 1) << "seed " << seed;
    weather_ = {};
    run_for(2min);
    ASSERT_NE(writer(), nullptr) << "seed " << seed;
    EXPECT_GT(written_, 1min) << "seed " << seed;
  }
}

}  // namespace
}  // namespace scaler
