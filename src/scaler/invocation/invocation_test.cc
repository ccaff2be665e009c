// What each trigger may do, what becomes of its messages, and how an invocation's time is shared.
#include "scaler/invocation/invocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scaler/invocation/test_support.h"
#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::fixed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::managed;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::tasks;

constexpr const char* kTickQueue = "https://sqs/ticks";
constexpr const char* kJobsArn = "arn:aws:sqs:us-east-1:1:s";

PassRecord record_of(std::int64_t desired, std::int64_t wanted, Outcome outcome) {
  return {.looked = true,
          .reading = ServiceReading{.service = tasks(desired)},
          .queues = {QueueDepth{}},
          .decision = Decision{.desired = wanted, .empty = wanted == 0},
          .outcome = outcome,
          .from_zero = desired == 0};
}

PassRecord resting() {
  return record_of(0, 0, Outcome::Held);
}

PassRecord woken() {
  return record_of(0, 3, Outcome::Applied);
}

/// Before a pass that is given: it notes what it was asked for, and tells what the test says.
class Invocations : public ::testing::Test {
 protected:
  Effect invoke(const Invocation& invocation) {
    if (!invoker_) {
      invoker_.emplace(
          std::vector{managed("s", fixed(3))}, settings_, ports_,
          [this](std::span<ManagedService> fleet, const Ports& ports, const PassOptions& options) {
            EXPECT_EQ(fleet.front().id.service, "s");
            EXPECT_EQ(ports.states, &cloud_);
            asked_ = options;
            clock_.pass(pass_takes_);
            return records_;
          });
    }
    return invoker_->invoke(invocation);
  }
  Effect wake(std::int64_t receives = 1) {
    Invocation invocation{.trigger = Trigger::Wake,
                          .messages = two_messages(),
                          .source = kJobsArn,
                          .function_arn = std::string(testing::kFunction)};
    invocation.messages[1].receive_count = receives;
    return invoke(invocation);
  }
  static std::vector<ArrivedMessage> two_messages() {
    return {{.id = "m1", .receipt_handle = "r1"}, {.id = "m2", .receipt_handle = "r2"}};
  }
  MappingStatus& mapping() { return function_.mappings.front(); }
  Duration until(Deadline deadline) const {
    return std::chrono::floor<Duration>(deadline - clock_.steady());
  }

  testing::FakeClock clock_;
  testing::FakeCloud cloud_{clock_};
  testing::FakeFunction function_;
  InvocationSettings settings_{.tick_queue_url = kTickQueue, .tick = 10s, .wake = {.wake = true}};
  InvocationPorts ports_{.reader = cloud_,
                         .scaler = cloud_,
                         .states = &cloud_,
                         .clock = clock_,
                         .messages = &function_,
                         .mapping = &function_,
                         .ticks = &function_};
  std::vector<PassRecord> records_{resting()};
  PassOptions asked_ = {};
  Duration pass_takes_ = {};
  std::optional<Invoker> invoker_;
};

// --- what a trigger may do
// ---------------------------------------------------------------------

TEST_F(Invocations, EachTriggerMayDoItsOwnAndKnowsItsMessages) {
  struct Case {
    Trigger trigger;
    const char* name;
    Permission permission;
    std::int64_t delivered;
  };
  for (const auto& [trigger, name, permission, delivered] :
       {Case{Trigger::Schedule, "schedule", Permission::Everything, 0},
        Case{Trigger::Tick, "tick", Permission::Everything, 0},
        Case{Trigger::Doorbell, "doorbell", Permission::ScaleOutOnly, 2},
        Case{Trigger::Wake, "wake", Permission::ScaleOutOnly, 2},
        Case{Trigger::Manual, "manual", Permission::Everything, 0}}) {
    const Effect effect = invoke({.trigger = trigger, .messages = two_messages()});
    EXPECT_EQ(to_string(trigger), name);
    EXPECT_EQ(asked_.permission, permission) << name;
    EXPECT_EQ(asked_.delivered, delivered) << name;
    EXPECT_EQ(effect.returned, trigger == Trigger::Wake ? Returned::All : Returned::None) << name;
    EXPECT_EQ(effect.records.size(), 1U) << name;
    EXPECT_THAT(effect.errors, IsEmpty()) << name;
  }
}

TEST_F(Invocations, WhoFoundNoTimeToLookHasNotSucceeded) {
  records_.front().looked = false;
  for (const Trigger trigger : {Trigger::Tick, Trigger::Doorbell, Trigger::Manual}) {
    EXPECT_THAT(invoke({.trigger = trigger, .messages = two_messages()}).errors,
                ElementsAre(HasSubstr("no service was looked at")))
        << to_string(trigger);
  }
  records_.push_back(resting());  // The others of a fleet are first in the next pass.
  EXPECT_THAT(invoke({.trigger = Trigger::Tick}).errors, IsEmpty());
}

TEST_F(Invocations, ADryRunMayDoNothing) {
  invoke({.trigger = Trigger::Manual, .dry_run = true});
  EXPECT_EQ(asked_.permission, Permission::Nothing);
}

TEST_F(Invocations, ThePassGetsTheSettings) {
  settings_.look_every = 5min;
  settings_.tick = 20s;
  settings_.patience = Patience::AllButSlow;
  settings_.steady = false;
  invoke({});
  EXPECT_EQ(asked_.look_every, 5min);
  EXPECT_EQ(asked_.tick, 20s);
  EXPECT_EQ(asked_.patience, Patience::AllButSlow);
  EXPECT_FALSE(asked_.steady);
}

TEST_F(Invocations, TheEffectTellsAllErrorsAndHowLongThePassTook) {
  records_ = {resting(), resting()};
  records_[0].errors = {"one", "two"};
  records_[1].errors = {"three"};
  pass_takes_ = 1200ms;
  const Effect effect = invoke({.trigger = Trigger::Tick});
  EXPECT_THAT(effect.errors, ElementsAre("one", "two", "three"));
  EXPECT_EQ(effect.took, 1200ms);
}

TEST_F(Invocations, WithoutAFunctionThereIsOnlyThePass) {
  ports_.messages = nullptr;
  ports_.mapping = nullptr;
  ports_.ticks = nullptr;
  settings_.wake.wake = false;
  records_ = {woken()};
  EXPECT_THAT(invoke({.trigger = Trigger::Schedule}).errors, IsEmpty());
  EXPECT_THAT(invoke({.trigger = Trigger::Manual}).errors, IsEmpty());
}

// --- the schedule
// ------------------------------------------------------------------------------

TEST_F(Invocations, AScheduleSwitchesTheMappingAndSendsTheTicks) {
  mapping().enabled = false;
  invoke({});
  EXPECT_TRUE(mapping().enabled);
  EXPECT_EQ(function_.ticks_to, kTickQueue);
  EXPECT_THAT(function_.ticks, ElementsAre(10s, 20s, 30s, 40s, 50s));
}

TEST_F(Invocations, AScheduleDoesEachOfItsThingsWhateverBecomesOfTheOthers) {
  records_.front().errors = {"the queue"};
  function_.finding = fail(ErrorKind::Throttled, "the mapping");
  function_.ticking = fail(ErrorKind::NotFound, "the ticks");
  EXPECT_THAT(invoke({}).errors, ElementsAre("the queue", "the mapping", "the ticks"));
  EXPECT_EQ(function_.finds, 1);
  EXPECT_EQ(function_.ticks.size(), 5U);
}

TEST_F(Invocations, WithoutWakeTheMappingIsNeverAskedFor) {
  settings_.wake.wake = false;
  records_ = {woken()};
  invoke({.trigger = Trigger::Schedule});
  invoke({.trigger = Trigger::Tick});
  EXPECT_EQ(function_.finds, 0);
}

TEST_F(Invocations, TicksFillTheTimeUntilTheNextSchedule) {
  settings_.tick = 20s;
  settings_.look_every = 90s;
  invoke({});
  EXPECT_THAT(function_.ticks, ElementsAre(20s, 40s, 60s, 80s));
}

TEST_F(Invocations, NoTickIsDelayedForLongerThanSqsAllows) {
  settings_.tick = 5min;
  settings_.look_every = 1h;
  invoke({});
  EXPECT_THAT(function_.ticks, ElementsAre(5min, 10min));
}

TEST_F(Invocations, TicksAreOffWithoutAQueueAtZeroSecondsAndWithoutAPort) {
  InvocationSettings without_queue = settings_;
  without_queue.tick_queue_url.clear();
  InvocationSettings at_zero = settings_;
  at_zero.tick = 0s;
  InvocationPorts without_port = ports_;
  without_port.ticks = nullptr;
  for (const auto& [settings, ports] :
       {std::pair(without_queue, ports_), std::pair(at_zero, ports_),
        std::pair(settings_, without_port)}) {
    Invoker invoker({managed("s", fixed(3))}, settings, ports);
    EXPECT_THAT(invoker.invoke({}).errors, IsEmpty());
    EXPECT_FALSE(function_.deadlines.contains("send"));
  }
}

// --- the other looks
// ---------------------------------------------------------------------------

TEST_F(Invocations, WhoWakesTheServiceSwitchesTheMappingOff) {
  for (const Trigger trigger : {Trigger::Tick, Trigger::Doorbell, Trigger::Manual}) {
    mapping().enabled = true;
    records_ = {woken()};
    EXPECT_THAT(invoke({.trigger = trigger}).errors, IsEmpty());
    EXPECT_FALSE(mapping().enabled) << to_string(trigger);
  }
}

// Messages stream in: the look at what was set finds more of them, and the count is raised again.
TEST_F(Invocations, WhoWakesTheServiceInTwoStepsSwitchesTheMappingOffToo) {
  cloud_.before_look = [this](int look) {
    cloud_.queue("https://sqs/s") = QueueDepth{.visible = look == 1 ? 5 : 10};
  };
  invoker_.emplace(std::vector{managed("s", testing::per_task(1))}, settings_, ports_);
  invoke({.trigger = Trigger::Tick});
  EXPECT_THAT(cloud_.set_of("s"), ElementsAre(5, 10));
  EXPECT_FALSE(mapping().enabled);
}

TEST_F(Invocations, WhoDoesNotWakeTheServiceNeverAsksForTheMapping) {
  for (const PassRecord& record :
       {resting(), record_of(0, 3, Outcome::Failed), record_of(1, 3, Outcome::Applied),
        PassRecord{.reading = fail(ErrorKind::Throttled, "slow down")}}) {
    records_ = {record};
    invoke({.trigger = Trigger::Tick});
  }
  EXPECT_EQ(function_.finds, 0);
}

TEST_F(Invocations, AMappingThatCannotBeSwitchedOffFailsTheTick) {
  records_ = {woken()};
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_THAT(invoke({.trigger = Trigger::Tick}).errors, ElementsAre("TooManyRequestsException"));
}

// --- a wake
// ------------------------------------------------------------------------------------

TEST_F(Invocations, AWakeSwitchesTheMappingOffAndHandsItsMessagesBack) {
  EXPECT_THAT(wake().errors, IsEmpty());
  EXPECT_FALSE(mapping().enabled);
  EXPECT_EQ(function_.asked.queue_arn, kJobsArn);
  EXPECT_EQ(function_.asked.function_arn, testing::kFunction);
  EXPECT_EQ(function_.returned_to, "https://sqs/s");
  ASSERT_EQ(function_.returned.size(), 2U);
  EXPECT_EQ(function_.returned[0].receipt_handle, "r1");
  EXPECT_EQ(function_.returned[1].receipt_handle, "r2");
  EXPECT_EQ(function_.returned[1].visibility, 30s);
}

TEST_F(Invocations, AWakeDoesSoWhateverBecameOfItsPass) {
  records_ = {{.looked = true,
               .reading = fail(ErrorKind::Unauthorized, "AccessDeniedException"),
               .errors = {"AccessDeniedException"}}};
  EXPECT_THAT(wake().errors, ElementsAre("AccessDeniedException"));
  EXPECT_FALSE(mapping().enabled);
  EXPECT_EQ(function_.returned.size(), 2U);
}

TEST_F(Invocations, AMessageThatCannotBeHandedBackFailsTheWake) {
  function_.failures["r2"] = {ErrorKind::Unavailable, "ChangeMessageVisibility: 503"};
  const Effect effect = wake();
  EXPECT_THAT(effect.errors, ElementsAre("ChangeMessageVisibility: 503"));
  EXPECT_EQ(effect.returned, Returned::All);
}

TEST_F(Invocations, AnOverlappingWakeFindsTheMappingOffAlready) {
  wake();
  EXPECT_THAT(wake().errors, IsEmpty());
  EXPECT_EQ(function_.switches, 1);
  EXPECT_EQ(function_.returned.size(), 4U);
}

// Else a message that bounces would burn its receives within minutes.
TEST_F(Invocations, WhileTheMappingStaysOnTheVisibilityDoublesWithEachReceive) {
  const auto visibility = [this](std::int64_t receives) {
    wake(receives);
    return function_.returned.back().visibility;
  };
  EXPECT_EQ(visibility(4), 30s);
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  mapping().enabled = true;
  EXPECT_EQ(visibility(1), 30s);
  EXPECT_EQ(visibility(4), 240s);
  EXPECT_EQ(visibility(11), 30s * 1024);
  EXPECT_EQ(visibility(12), 12h);
  EXPECT_EQ(visibility(60), 12h);
  EXPECT_THAT(wake().errors, ElementsAre("TooManyRequestsException"));
}

TEST_F(Invocations, AVisibilityOfZeroDoublesFromASecond) {
  settings_.wake_return = 0s;
  wake();
  EXPECT_EQ(function_.returned.back().visibility, 0s);
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  mapping().enabled = true;
  wake(3);
  EXPECT_EQ(function_.returned.back().visibility, 4s);
}

// --- time
// --------------------------------------------------------------------------------------

TEST_F(Invocations, WhatIsStillToBeDoneHasTwoSecondsEach) {
  const Deadline end = clock_.steady() + 1min;
  invoke({.deadline = end});
  EXPECT_EQ(asked_.deadline, end - 6s);
  EXPECT_EQ(function_.deadlines["find"], end - 4s);
  EXPECT_EQ(function_.deadlines["send"], end - 2s);

  invoke({.trigger = Trigger::Wake, .deadline = end});
  EXPECT_EQ(asked_.deadline, end - 6s);
  EXPECT_EQ(function_.deadlines["set_enabled"], end - 4s);
  EXPECT_EQ(function_.deadlines["hand_back"], end - 2s);

  records_ = {woken()};
  invoke({.trigger = Trigger::Tick, .deadline = end});
  EXPECT_EQ(asked_.deadline, end - 4s);
  EXPECT_EQ(function_.deadlines["find"], end - 2s);
}

TEST_F(Invocations, OfLittleTimeItHasASixthEach) {
  const Deadline end = clock_.steady() + 6s;
  pass_takes_ = 3s;
  invoke({.trigger = Trigger::Wake, .deadline = end});
  EXPECT_EQ(asked_.deadline, end - 3s);
  EXPECT_EQ(function_.deadlines["set_enabled"], end - 1s);
  EXPECT_EQ(function_.deadlines["hand_back"], end - 500ms);
}

TEST_F(Invocations, AfterItsTimeNothingIsHeldBack) {
  const Deadline end = clock_.steady() - 1min;
  invoke({.trigger = Trigger::Wake, .deadline = end});
  EXPECT_EQ(asked_.deadline, end);
  EXPECT_EQ(function_.deadlines["hand_back"], end);
}

TEST_F(Invocations, NoSlotIsWaitedForAfterThePass) {
  const Deadline end = clock_.steady() + 1min;
  invoke({.deadline = end, .slots_until = end - 55s});
  EXPECT_EQ(asked_.slots_until, end - 55s);
  invoke({.trigger = Trigger::Manual, .deadline = end});
  EXPECT_EQ(asked_.slots_until, asked_.deadline);
}

TEST_F(Invocations, WhatHasNoSlotWhenTheNextTickComesIsLeftToThat) {
  const Deadline end = clock_.steady() + 1min;
  for (const Trigger trigger : {Trigger::Schedule, Trigger::Tick, Trigger::Doorbell}) {
    invoke({.trigger = trigger, .deadline = end});
    EXPECT_EQ(until(asked_.slots_until), 9s);
  }
}

// --- a fleet that changes
// ----------------------------------------------------------------------

class FakeSource final : public FleetSource {
 public:
  FleetNews ask(Deadline deadline) override {
    asked_until = deadline;
    return std::exchange(news, {});
  }
  FleetNews ask_for(const Shard* shard, Deadline deadline) override {
    shards_asked.push_back(shard != nullptr ? shard->from + ".." + shard->before : "none");
    return ask(deadline);
  }
  FleetNews ask_about(const QueueAddress& queue, Deadline deadline) override {
    queues_asked.push_back(queue.name);
    return ask(deadline);
  }
  std::vector<FleetMember> members() const override { return known; }
  void hurry() override { ++hurried; }
  std::vector<std::string> keep(StateWriter& /*writer*/, const Shard& shard,
                                Deadline deadline) override {
    kept.push_back(shard.from + ".." + shard.before);
    kept_until = deadline;
    return not_kept;
  }
  FleetNews news = {};
  Deadline asked_until = {};
  int hurried = 0;
  std::vector<FleetMember> known = {};
  std::vector<std::string> kept = {};  ///< for which shards settings were
  Deadline kept_until = {};
  std::vector<std::string> not_kept = {};
  std::vector<std::string> shards_asked = {};
  std::vector<std::string> queues_asked = {};
};

class FakeOrders final : public ShardOrders {
 public:
  Result<void> send(const std::string& queue_url, std::span<const ShardOrder> orders,
                    Deadline /*deadline*/) override {
    to = queue_url;
    given.insert(given.end(), orders.begin(), orders.end());
    return sending;
  }
  void share_rates(std::int64_t parts) override { shares.push_back(parts); }

  std::string to = {};
  std::vector<ShardOrder> given = {};
  std::vector<std::int64_t> shares = {};
  Result<void> sending = {};
};

class ChangingFleet : public ::testing::Test {
 protected:
  Effect invoke(Trigger trigger = Trigger::Tick) {
    return invoker_.invoke({.trigger = trigger, .deadline = clock_.steady() + 40s});
  }
  static std::vector<ServiceSpec> specs(std::initializer_list<const char*> names) {
    std::vector<ServiceSpec> all;
    for (const std::string name : names) {
      all.push_back({.id = {"c", name}, .queues = {{"https://sqs/" + name}}, .policy = fixed(3)});
    }
    return all;
  }

  testing::FakeClock clock_;
  testing::FakeCloud cloud_{clock_};
  FakeSource source_;
  Invoker invoker_{
      {},
      {},
      {.reader = cloud_, .scaler = cloud_, .states = &cloud_, .clock = clock_, .fleet = &source_}};
};

TEST_F(ChangingFleet, IsAskedForBeforeEachPassAndAtMostForAWhile) {
  EXPECT_THAT(invoke().records, IsEmpty());
  source_.news.services = specs({"a"});
  cloud_.queue("https://sqs/a") = QueueDepth{.visible = 1};
  const Effect first = invoke(Trigger::Schedule);
  EXPECT_EQ(first.records.size(), 1U);
  EXPECT_THAT(cloud_.set_of("a"), ElementsAre(3));
  EXPECT_LE(source_.asked_until, clock_.steady() + 10s);
  EXPECT_EQ(invoke().records.size(), 1U);  // No news: it is what it was.
  source_.news.services = specs({"a", "b"});
  EXPECT_EQ(invoke().records.size(), 2U);
  source_.news.services = specs({"b"});
  EXPECT_EQ(invoke().records.front().id.service, "b");
}

TEST_F(ChangingFleet, WhatCannotBeAskedFailsTheInvocationAndAWrongTagDoesNot) {
  source_.news.services = specs({"a"});
  source_.news.problems = {{"b", "wrong"}};
  source_.news.asked = true;
  const Effect wrong = invoke();
  EXPECT_THAT(wrong.errors, IsEmpty());
  EXPECT_EQ(wrong.problems.size(), 1U);
  EXPECT_TRUE(wrong.fleet_asked);
  EXPECT_FALSE(invoke().fleet_asked);
  source_.news.errors = {"denied"};
  const Effect denied = invoke();
  EXPECT_THAT(denied.errors, ElementsAre("denied"));
  EXPECT_EQ(denied.records.size(), 1U);  // Who is known is looked at all the same.
  EXPECT_THAT(denied.source_errors, ElementsAre("denied"));
  invoker_.hurry_source();
  EXPECT_EQ(source_.hurried, 1);
}

TEST_F(ChangingFleet, KeepsItsSettingsAfterAPassAndSaysOnceThatItMayNot) {
  source_.not_kept = {"denied", "denied"};
  const Effect first = invoke(Trigger::Schedule);
  EXPECT_THAT(first.errors, IsEmpty());
  ASSERT_THAT(first.notes, SizeIs(1));
  EXPECT_THAT(first.notes.front().message, StartsWith("denied\n"));
  EXPECT_THAT(invoke().notes, IsEmpty());
  EXPECT_THAT(source_.kept, SizeIs(2));
  EXPECT_EQ(source_.kept_until, clock_.steady() + 2s);
  invoke(Trigger::Doorbell);
  invoker_.invoke({.trigger = Trigger::Manual, .dry_run = true, .deadline = Deadline::max()});
  EXPECT_THAT(source_.kept, SizeIs(2));
  invoker_.invoke({.trigger = Trigger::Tick, .deadline = clock_.steady() + 1s});
  EXPECT_LT(source_.kept_until, clock_.steady() + 1s);

  Invoker reader{{}, {}, {.reader = cloud_, .scaler = cloud_, .clock = clock_, .fleet = &source_}};
  reader.invoke({.trigger = Trigger::Tick, .deadline = clock_.steady() + 40s});
  EXPECT_THAT(source_.kept, SizeIs(3)) << "who remembers nothing writes nothing";
}

// --- a fleet that is cut
// -------------------------------------------------------------------------

class CutFleet : public ChangingFleet {
 protected:
  CutFleet() {
    source_.news.services = specs({"a", "b", "c", "d"});
    for (const std::string name : {"a", "b", "c", "d"}) {
      source_.known.push_back({.key = "c/" + name});
      cloud_.queue("https://sqs/" + name) = QueueDepth{.visible = 1};
    }
  }
  Effect invoke(const Invocation& invocation) {
    Invocation timed = invocation;
    timed.deadline = clock_.steady() + 40s;
    return cutting_.invoke(timed);
  }
  std::vector<std::string> set() const {
    std::vector<std::string> names;
    for (const auto& [name, count] : cloud_.set) {
      names.push_back(name);
    }
    return names;
  }

  FakeOrders orders_;
  testing::FakeFunction function_;
  Invoker cutting_{{},
                   {.tick_queue_url = "https://sqs/ticks",
                    .tick = 20s,
                    .shard_queue_url = "https://sqs/shards",
                    .shard_size = 2},
                   {.reader = cloud_,
                    .scaler = cloud_,
                    .states = &cloud_,
                    .clock = clock_,
                    .ticks = &function_,
                    .orders = &orders_,
                    .fleet = &source_}};
};

TEST_F(CutFleet, ItsTicksGiveOrdersAndLookAtNothing) {
  for (const Trigger by : {Trigger::Schedule, Trigger::Tick, Trigger::Doorbell}) {
    orders_.given.clear();
    const Effect effect = invoke({.trigger = by});
    EXPECT_THAT(effect.errors, IsEmpty());
    EXPECT_THAT(effect.records, IsEmpty());
    EXPECT_EQ(effect.orders, 2U);
    ASSERT_EQ(orders_.given.size(), 2U);
    EXPECT_EQ(orders_.given[0],
              (ShardOrder{.shard = {.before = "c/c", .parts = 2}, .at = clock_.at, .by = by}));
    EXPECT_EQ(orders_.given[1].shard.from, "c/c");
  }
  EXPECT_EQ(orders_.to, "https://sqs/shards");
  EXPECT_EQ(function_.ticks.size(), 2U);
  EXPECT_THAT(cloud_.looks, IsEmpty());
  EXPECT_THAT(source_.shards_asked, ElementsAre("none", "none", "none"));
}

TEST_F(CutFleet, AnOrderIsThePassOfItsShardWithinItsShareOfTheRates) {
  invoke({.trigger = Trigger::Tick});
  const Effect effect = invoke({.trigger = Trigger::Shard, .order = orders_.given.at(1)});
  EXPECT_EQ(effect.records.size(), 2U);
  EXPECT_THAT(set(), ElementsAre("c", "d"));
  EXPECT_THAT(orders_.shares, ElementsAre(2, 1));
  EXPECT_EQ(source_.shards_asked.back(), "c/c..");
  EXPECT_THAT(source_.kept, ElementsAre("c/c.."));
  EXPECT_EQ(orders_.given.size(), 2U);  // It gives none itself.
  invoke({.trigger = Trigger::Shard, .order = orders_.given.at(0)});
  EXPECT_THAT(set(), ElementsAre("c", "d", "a", "b"));
}

TEST_F(CutFleet, AnOrdersPassTakesNoSlotAfterTheNextOrder) {
  invoke({.trigger = Trigger::Tick});
  clock_.pass(15s);  // It had to wait, and its next one comes in 5 s.
  cloud_.changes_left = 0;
  const Deadline began = clock_.steady();
  invoke({.trigger = Trigger::Shard, .order = orders_.given.at(0)});
  EXPECT_THAT(set(), IsEmpty());
  EXPECT_LE(clock_.steady() - began, 5s);
  EXPECT_GE(clock_.steady() - began, 3s);
}

TEST_F(CutFleet, DoneTwiceItHarmsNothing) {
  invoke({.trigger = Trigger::Tick});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(invoke({.trigger = Trigger::Shard, .order = orders_.given.at(0)}).errors,
                IsEmpty());
  }
  EXPECT_THAT(set(), ElementsAre("a", "b"));
}

TEST_F(CutFleet, AnOrderThatIsAMinuteOldIsLeftOut) {
  invoke({.trigger = Trigger::Tick});
  clock_.pass(1min);
  const Effect effect = invoke({.trigger = Trigger::Shard, .order = orders_.given.at(0)});
  EXPECT_TRUE(effect.out_of_date);
  EXPECT_THAT(effect.errors, IsEmpty());
  EXPECT_THAT(cloud_.looks, IsEmpty());
}

TEST_F(CutFleet, TheOrderOfADoorbellOnlyScalesOut) {
  source_.news.services = specs({"a"});
  cloud_.queue("https://sqs/a") = QueueDepth{};
  cloud_.service("a")->service = tasks(9);
  cloud_.service("a")->saved_state = format_state(testing::quiet(clock_.at));
  for (int i = 0; i < 10; ++i) {
    clock_.pass(1min);
    invoke({.trigger = Trigger::Shard, .order = {.at = clock_.at, .by = Trigger::Doorbell}});
  }
  EXPECT_THAT(set(), IsEmpty());
}

TEST_F(CutFleet, OneThatIsASingleShardIsLookedAtAtOnceAndAPersonMeansAll) {
  source_.known.resize(2);
  EXPECT_EQ(invoke({.trigger = Trigger::Tick}).records.size(), 4U);
  EXPECT_THAT(orders_.given, IsEmpty());
  source_.known = {{.key = "c/a"}, {.key = "c/b"}, {.key = "c/c"}};
  EXPECT_EQ(invoke({.trigger = Trigger::Manual}).records.size(), 4U);
  EXPECT_THAT(orders_.given, IsEmpty());
}

TEST_F(CutFleet, AnOrderThatCannotBeGivenFailsTheInvocationWhichLooksItself) {
  orders_.sending = fail(ErrorKind::Denied, "the shards");
  const Effect effect = invoke({.trigger = Trigger::Schedule});
  EXPECT_THAT(effect.errors, ElementsAre("the shards"));
  EXPECT_EQ(effect.orders, 0U);
  EXPECT_THAT(set(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(function_.ticks.size(), 2U);
}

TEST_F(ChangingFleet, ALargeFleetAtRestIsLookedAtByItsQueues) {
  std::vector<ServiceSpec> many;
  for (int i = 0; i < 11; ++i) {
    const std::string name = std::to_string(i);
    many.push_back({.id = {"c", name}, .queues = {{"https://sqs/" + name}}, .policy = fixed(3)});
  }
  source_.news.services = many;
  invoke(Trigger::Schedule);
  EXPECT_EQ(cloud_.described.size(), 11U);
  invoke(Trigger::Tick);
  EXPECT_EQ(cloud_.described.size(), 11U);
  invoke(Trigger::Manual);
  EXPECT_EQ(cloud_.described.size(), 22U);
  source_.news.services = std::vector<ServiceSpec>(many.begin(), many.begin() + 10);
  invoke(Trigger::Tick);
  EXPECT_EQ(cloud_.described.size(), 32U);
}

TEST_F(ChangingFleet, ADoorbellIsNobodysMessage) {
  source_.news.services = specs({"a", "b"});
  cloud_.queue("https://sqs/b") = QueueDepth{.visible = 1};

  invoker_.invoke({.trigger = Trigger::Doorbell,
                   .messages = {{.id = "m1"}},
                   .deadline = clock_.steady() + 40s});

  EXPECT_THAT(cloud_.set_of("a"), IsEmpty());
  EXPECT_THAT(cloud_.set_of("b"), ElementsAre(3));
}

// --- a fleet that is woken
// -----------------------------------------------------------------------

/// Services a to d at rest, whose queues have mappings that are on.
class WokenServices : public ChangingFleet {
 protected:
  WokenServices() {
    function_.mappings.clear();
    for (const std::string name : {"a", "b", "c", "d"}) {
      specs_.push_back({.id = {"c", name}, .queues = {{url_of(name)}}, .policy = fixed(3)});
      cloud_.queue(url_of(name)) = QueueDepth{};
      map(name);
    }
    source_.news.services = specs_;
  }
  void map(const std::string& name) {
    function_.mappings.push_back({.id = name,
                                  .queue_arn = arn_of(name),
                                  .function_arn = std::string(testing::kFunction),
                                  .invoked = true,
                                  .enabled = true,
                                  .reports_failures = true});
  }
  static std::string url_of(const std::string& name) {
    return "https://sqs.us-east-1.amazonaws.com/123456789012/" + name;
  }
  static std::string arn_of(const std::string& name) {
    return "arn:aws:sqs:us-east-1:123456789012:" + name;
  }
  Effect invoke(Invocation invocation) {
    if (!woken_) {
      woken_.emplace(std::vector<ManagedService>(), settings_, ports_);
    }
    invocation.function_arn = testing::kFunction;
    invocation.deadline = clock_.steady() + 40s;
    return woken_->invoke(invocation);
  }
  Effect wake(const std::string& queue) {
    only(queue);
    return invoke({.trigger = Trigger::Wake,
                   .messages = {{.id = "m1", .receipt_handle = "r1"}},
                   .source = arn_of(queue)});
  }
  /// A list by the queue's name tells those on it alone.
  void only(const std::string& queue) {
    function_.found_by_queue.emplace();
    for (const MappingStatus& mapping : function_.mappings) {
      if (mapping.queue_arn == arn_of(queue)) {
        function_.found_by_queue->push_back(mapping.id);
      }
    }
  }
  std::vector<std::string> set() const {
    std::vector<std::string> names;
    for (const auto& [name, count] : cloud_.set) {
      names.push_back(name);
    }
    return names;
  }

  std::vector<ServiceSpec> specs_;
  testing::FakeFunction function_;
  FakeOrders orders_;
  InvocationSettings settings_{.tick_queue_url = url_of("ticks"),
                               .tick = 10s,
                               .doorbell_queue_url = url_of("bell"),
                               .wake = {.wake = true, .many = true},
                               .shard_queue_url = url_of("shards"),
                               .shard_size = 100};
  InvocationPorts ports_{.reader = cloud_,
                         .scaler = cloud_,
                         .states = &cloud_,
                         .clock = clock_,
                         .messages = &function_,
                         .mapping = &function_,
                         .ticks = &function_,
                         .orders = &orders_,
                         .fleet = &source_};
  std::optional<Invoker> woken_;
};

TEST_F(WokenServices, AWakeIsAPassOverTheServicesOfItsQueueAlone) {
  const Effect effect = wake("b");  // The counts lag: they still say nothing.

  EXPECT_THAT(effect.errors, IsEmpty());
  EXPECT_EQ(effect.returned, Returned::All);
  ASSERT_EQ(effect.records.size(), 1U);
  EXPECT_EQ(effect.records.front().id.service, "b");
  EXPECT_THAT(cloud_.set_of("b"), ElementsAre(3));
  EXPECT_THAT(cloud_.described, ::testing::Each("b"));
  EXPECT_THAT(source_.queues_asked, ElementsAre("b"));
  EXPECT_THAT(source_.shards_asked, IsEmpty());
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "c", "d"));
  EXPECT_EQ(function_.returned_to, url_of("b"));
  EXPECT_EQ(function_.returned.size(), 1U);
  EXPECT_EQ(function_.finds, 1);
  EXPECT_EQ(function_.lists, 0);
}

TEST_F(WokenServices, AWakeOfAQueueOfNobodyIsSwitchedOffHandedBackAndNamed) {
  map("strange");
  const Effect effect = wake("strange");
  EXPECT_THAT(effect.records, IsEmpty());
  ASSERT_EQ(effect.errors.size(), 1U);
  EXPECT_THAT(effect.errors.front(),
              HasSubstr("records of arn:aws:sqs:us-east-1:123456789012:strange came"));
  EXPECT_FALSE(function_.mappings.back().enabled);
  EXPECT_EQ(function_.returned_to, url_of("strange"));
  EXPECT_EQ(effect.returned, Returned::All);
}

TEST_F(WokenServices, AWakeOfSeveralServicesWakesThemAll) {
  source_.news.services->at(3).queues.push_back({url_of("b")});
  const Effect effect = wake("b");
  EXPECT_EQ(effect.records.size(), 2U);
  EXPECT_THAT(set(), ElementsAre("b", "d"));
  // The other queue of the one is switched off as well.
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "c"));
}

TEST_F(WokenServices, AWakeIsHandedBackWhateverTheSourceSays) {
  source_.news = {.errors = {"denied"}};
  const Effect effect = wake("b");
  EXPECT_EQ(effect.errors.size(), 2U);
  EXPECT_FALSE(function_.mappings[1].enabled);
  EXPECT_EQ(function_.returned.size(), 1U);
}

TEST_F(WokenServices, AServiceThatIsNotToBeWokenIsLookedAfterAllTheSame) {
  settings_.wake.wake = false;
  EXPECT_THAT(wake("b").errors, IsEmpty());
  EXPECT_THAT(set(), ElementsAre("b"));
  EXPECT_FALSE(function_.mappings[1].enabled);
}

TEST_F(WokenServices, AScheduleFollowsAllAndATickWhoLeftZero) {
  for (MappingStatus& mapping : function_.mappings) {
    mapping.enabled = false;
  }
  EXPECT_THAT(invoke({}).errors, IsEmpty());
  EXPECT_EQ(function_.enabled().size(), 4U);
  EXPECT_EQ(function_.lists, 1);
  invoke({.trigger = Trigger::Tick});
  EXPECT_EQ(function_.lists, 1);
  only("c");
  cloud_.queue(url_of("c")) = QueueDepth{.visible = 1};
  invoke({.trigger = Trigger::Tick});
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "b", "d"));
  EXPECT_EQ(function_.finds + function_.lists, 2);
}

TEST_F(WokenServices, TheFaultOfOneMappingIsItsServicesAlone) {
  function_.mappings[2].reports_failures = false;
  const Effect effect = invoke({});
  ASSERT_EQ(effect.errors.size(), 1U);
  EXPECT_THAT(effect.errors.front(), ::testing::StartsWith("c/c"));
  EXPECT_EQ(effect.records[2].errors.size(), 1U);
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "b", "d"));
  EXPECT_EQ(function_.ticks.size(), 5U);
}

TEST_F(WokenServices, AMappingOfNobodyIsToldOnceAndTheFunctionsOwnNever) {
  for (const char* queue : {"strange", "ticks", "bell", "shards"}) {
    map(queue);
  }
  const Effect effect = invoke({});
  ASSERT_EQ(effect.notes.size(), 1U);
  EXPECT_EQ(effect.notes.front().service, arn_of("strange"));
  EXPECT_EQ(function_.enabled().size(), 8U);
  EXPECT_THAT(invoke({}).notes, IsEmpty());
}

TEST_F(WokenServices, WithoutTheWholeFleetNobodyIsTold) {
  map("strange");
  source_.news.errors = {"one account is denied"};
  EXPECT_THAT(invoke({}).notes, IsEmpty());
}

TEST_F(WokenServices, AShardFollowsItsOwnServices) {
  for (MappingStatus& mapping : function_.mappings) {
    mapping.enabled = false;
  }
  map("strange");
  const Effect effect =
      invoke({.trigger = Trigger::Shard,
              .order = {.shard = {.before = "c/c", .parts = 2}, .at = clock_.at}});
  EXPECT_THAT(effect.errors, IsEmpty());
  EXPECT_THAT(effect.notes, IsEmpty());
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "b", "strange"));
}

TEST_F(WokenServices, ATickOfAShardSwitchesOffWhoLeftZero) {
  only("b");
  cloud_.queue(url_of("b")) = QueueDepth{.visible = 1};
  invoke({.trigger = Trigger::Shard,
          .order = {.shard = {.before = "c/c", .parts = 2}, .at = clock_.at, .by = Trigger::Tick}});
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "c", "d"));
}

}  // namespace
}  // namespace scaler
