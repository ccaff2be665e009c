// When the job queue's own mapping is on, what keeps it off, and which of several is meant.
#include "scaler/invocation/wake_switch.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scaler/invocation/test_support.h"
#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using ::testing::ElementsAre;
using testing::fixed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::policy;
using ::testing::StartsWith;
using testing::tasks;

constexpr const char* kJobs = "https://sqs/1/jobs";
constexpr const char* kJobQueueArn = "arn:aws:sqs:us-east-1:1:jobs";

/// A pass that found so many tasks and wants so many.
PassRecord found(std::int64_t desired, std::int64_t wanted, bool empty = true) {
  return {.reading = ServiceReading{.service = tasks(desired)},
          .queues = {QueueDepth{.visible = empty ? 0 : 1}},
          .decision = Decision{.desired = wanted, .before = desired, .empty = empty}};
}

PassRecord at_rest() {
  return found(0, 0);
}

PassRecord busy() {
  return found(3, 3, false);
}

PassRecord without_decision(PassRecord record) {
  record.decision.reset();
  return record;
}

PassRecord without_queue(PassRecord record) {
  record.queues = {fail(ErrorKind::Throttled, "slow down")};
  record.decision->empty = false;
  return record;
}

PassRecord without_service() {
  return {.reading = fail(ErrorKind::Throttled, "slow down"), .queues = {QueueDepth{}}};
}

class WakeSwitchTest : public ::testing::Test {
 protected:
  /// The one thing that went wrong.
  Result<void> follow(const PassRecord& record) {
    const ManagedService service{.id = {"c", "s"}, .queues = {{url_}}, .policy = policy_};
    const Followed followed{.service = &service, .record = &record};
    WakeReport report = made().follow(std::span(&followed, 1), Deadline::max());
    for (const WakeFault& fault : report.faults) {
      report.errors.push_back(fault.message);
    }
    EXPECT_LE(report.errors.size(), 1U);
    return report.errors.empty() ? Result<void>()
                                 : fail(ErrorKind::Rejected, report.errors.front());
  }
  Result<void> disable() { return made().disable(kJobQueueArn, Deadline::max()); }

  WakeSwitch& made() {
    if (!switch_) {
      switch_.emplace(WakeOptions{.wake = true}, function_, function_);
      switch_->invoked_as(std::string(testing::kFunction));
    }
    return *switch_;
  }
  MappingStatus& mapping() { return function_.mappings.front(); }
  bool on() const { return !function_.enabled().empty(); }

  std::string url_ = kJobs;
  Policy policy_ = fixed(3);
  testing::FakeFunction function_;
  std::optional<WakeSwitch> switch_;
};

// --- when it is on
// -----------------------------------------------------------------------------

/// What becomes of the mapping.
enum class Then { On, Off, AsItWas };

struct Case {
  const char* what;
  PassRecord record;
  Then then;
  Policy policy = fixed(3);
};

TEST_F(WakeSwitchTest, IsOnOnlyAtRest) {
  const std::vector<Case> cases{
      {"at rest", at_rest(), Then::On},
      {"tasks", found(3, 3), Then::Off},
      {"tasks that are stopped", found(3, 0), Then::Off},
      {"tasks that are started", found(0, 3, false), Then::Off},
      {"tasks that are wanted without a message", found(0, 1), Then::Off},
      {"messages below the activation", found(0, 0, false), Then::Off},
      {"paused", at_rest(), Then::Off, policy({.paused = true})},
      {"no scale-out", at_rest(), Then::Off, policy({.scale_out_paused = true})},
      {"tasks, and nothing else is known", without_decision(found(3, 0)), Then::Off},
      {"tasks, and no queue", without_queue(busy()), Then::Off},
      {"no tasks, and nothing else is known", without_decision(at_rest()), Then::AsItWas},
      {"no tasks, and no queue", without_queue(at_rest()), Then::AsItWas},
      {"no service", without_service(), Then::AsItWas}};
  for (const Case& one : cases) {
    policy_ = one.policy;
    switch_.reset();
    for (const bool before : {false, true}) {
      mapping().enabled = before;
      EXPECT_TRUE(follow(one.record)) << one.what;
      EXPECT_EQ(on(), one.then == Then::AsItWas ? before : one.then == Then::On) << one.what;
    }
  }
}

TEST_F(WakeSwitchTest, WhatIsRightIsNotSetAgain) {
  EXPECT_TRUE(follow(at_rest()));
  mapping().enabled = false;
  EXPECT_TRUE(follow(busy()));
  EXPECT_TRUE(disable());
  EXPECT_EQ(function_.switches, 0);
}

TEST_F(WakeSwitchTest, TheMappingIsAskedForByTheQueueAndWhatWasInvoked) {
  made().invoked_as("arn:aws:lambda:us-east-1:1:function:f:live");
  EXPECT_TRUE(disable());
  EXPECT_EQ(function_.asked.function_arn, "arn:aws:lambda:us-east-1:1:function:f:live");
  EXPECT_EQ(function_.asked.queue_arn, kJobQueueArn);
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.asked.queue_arn, "");  // It follows from the URL.
  EXPECT_EQ(function_.asked.queue_url, kJobs);
  EXPECT_EQ(function_.lists, 0);
}

TEST_F(WakeSwitchTest, TheOnlyMappingIsMeantWhateverWasInvoked) {
  mapping().invoked = false;
  mapping().enabled = false;
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_TRUE(on());
}

TEST_F(WakeSwitchTest, WithoutAMappingBothFail) {
  function_.finding = fail(ErrorKind::NotFound, "no mapping");
  EXPECT_EQ(follow(at_rest()).error().message, "no mapping");
  EXPECT_EQ(disable().error().message, "no mapping");
}

// --- changes that others make, and those that fail
// ---------------------------------------------

TEST_F(WakeSwitchTest, AScheduleLeavesAMappingInTransitionToTheNext) {
  mapping().in_transition = true;
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.switches, 0);
  mapping().in_transition = false;
  function_.failures["uuid"] = {ErrorKind::Conflict, "ResourceInUseException"};
  EXPECT_TRUE(follow(busy()));
  EXPECT_TRUE(on());
}

TEST_F(WakeSwitchTest, AChangeThatFailsIsTold) {
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_EQ(disable().error().message, "TooManyRequestsException");
  EXPECT_EQ(function_.finds, 1);
  EXPECT_EQ(follow(busy()).error().message, "TooManyRequestsException");
  mapping().enabled = false;
  EXPECT_EQ(follow(at_rest()).error().message, "TooManyRequestsException");
}

TEST_F(WakeSwitchTest, AWakeAcceptsThatATwinWasQuicker) {
  function_.failures["uuid"] = {ErrorKind::Conflict, "ResourceInUseException"};
  function_.effect_despite_error = true;
  EXPECT_TRUE(disable());
  mapping().enabled = true;
  function_.after_switch = [this] {
    mapping() = {.id = "another", .enabled = true, .reports_failures = true};
  };
  EXPECT_TRUE(disable()) << "the one that delivered is gone";
}

TEST_F(WakeSwitchTest, AWakeFailsWhileSomeoneElseChangesTheMapping) {
  function_.failures["uuid"] = {ErrorKind::Conflict, "ResourceInUseException"};
  EXPECT_EQ(disable().error().message, "ResourceInUseException");
  function_.after_switch = [this] { function_.finding = fail(ErrorKind::Throttled, "slow down"); };
  EXPECT_EQ(disable().error().message, "slow down");
}

// --- queues and mappings that are unfit
// --------------------------------------------------------

TEST_F(WakeSwitchTest, AMappingThatWouldDeleteIsKeptOff) {
  mapping().reports_failures = false;
  EXPECT_THAT(follow(at_rest()).error().message,
              StartsWith("the event source mapping uuid lacks ReportBatchItemFailures"));
  EXPECT_FALSE(on());
  EXPECT_FALSE(follow(at_rest()));
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, AWakeByAMappingThatWouldDeleteFailsAfterDisablingIt) {
  mapping().reports_failures = false;
  EXPECT_THAT(disable().error().message, HasSubstr("lacks ReportBatchItemFailures"));
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, AQueueThatDeadLettersTooSoonIsRefusedUntilItIsMended) {
  function_.wake_settings = WakeSettings{.receives_max = 4};
  EXPECT_EQ(follow(at_rest()).error().message,
            "WAKE is true, but maxReceiveCount of https://sqs/1/jobs is 4: wakes use up receives, "
            "so it must be at least 5, or there must be no dead-letter queue");
  EXPECT_FALSE(on());
  EXPECT_FALSE(follow(at_rest()));
  function_.wake_settings = WakeSettings{};
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_TRUE(on());
}

TEST_F(WakeSwitchTest, AFifoQueueIsRefused) {
  function_.wake_settings = WakeSettings{.fifo = true};
  EXPECT_THAT(follow(at_rest()).error().message,
              StartsWith("WAKE is true, but https://sqs/1/jobs is FIFO: "));
  EXPECT_FALSE(on());
}

// Nobody can make a mapping for it that would be found.
TEST_F(WakeSwitchTest, AFifoQueueWithoutAMappingIsRefusedForWhatItIs) {
  function_.finding = fail(ErrorKind::NotFound, "no mapping");
  url_ = "https://sqs/1/jobs.fifo";
  EXPECT_THAT(follow(at_rest()).error().message, HasSubstr("jobs.fifo is FIFO: "));
  function_.finding = fail(ErrorKind::Throttled, "slow down");
  EXPECT_EQ(follow(at_rest()).error().message, "slow down");
}

TEST_F(WakeSwitchTest, TheQueueIsAskedAtTheFirstPassAndBeforeEachEnabling) {
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.settings_reads, 1);
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.settings_reads, 1);
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_EQ(function_.settings_reads, 2);
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_EQ(function_.settings_reads, 2);
}

TEST_F(WakeSwitchTest, AnUnfitQueueIsToldAlsoWhileTasksRun) {
  function_.wake_settings = WakeSettings{.fifo = true};
  EXPECT_THAT(follow(busy()).error().message, HasSubstr("is FIFO"));
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, SettingsThatCannotBeReadForNowChangeNothing) {
  function_.wake_settings = fail(ErrorKind::Throttled, "slow down");
  for (const bool before : {false, true}) {
    mapping().enabled = before;
    EXPECT_EQ(follow(at_rest()).error().message, "slow down");
    EXPECT_EQ(on(), before);
  }
}

TEST_F(WakeSwitchTest, SettingsThatMayNotBeReadKeepItOff) {
  function_.wake_settings = fail(ErrorKind::Denied, "AccessDenied");
  EXPECT_EQ(follow(at_rest()).error().message, "AccessDenied");
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, WhyItIsUnfitIsToldRatherThanThatItCouldNotBeDisabled) {
  mapping().reports_failures = false;
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_THAT(follow(at_rest()).error().message, HasSubstr("lacks ReportBatchItemFailures"));
}

// --- several mappings
// --------------------------------------------------------------------------

class SeveralMappings : public WakeSwitchTest {
 protected:
  SeveralMappings() {
    function_.mappings = {
        {.id = "plain", .function_arn = "f", .enabled = true, .reports_failures = true},
        {.id = "live", .function_arn = "f:live", .enabled = true, .reports_failures = true}};
  }
  void none_enabled() {
    for (MappingStatus& mapping : function_.mappings) {
      mapping.enabled = false;
    }
  }
  MappingStatus& live() { return function_.mappings[1]; }
};

TEST_F(SeveralMappings, AreOneSwitchThatIsOnWhenOneIsEnabled) {
  live().enabled = false;
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), ElementsAre("plain"));
}

TEST_F(SeveralMappings, AreAllDisabled) {
  EXPECT_TRUE(disable());
  EXPECT_THAT(function_.enabled(), IsEmpty());
  live().enabled = true;
  EXPECT_TRUE(follow(busy()));
  EXPECT_THAT(function_.enabled(), IsEmpty());
}

TEST_F(SeveralMappings, OneThatCannotBeDisabledLeavesTheOthersNoExcuse) {
  function_.failures["plain"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_EQ(disable().error().message, "TooManyRequestsException");
  EXPECT_THAT(function_.enabled(), ElementsAre("plain"));
}

TEST_F(SeveralMappings, OnlyTheOneThatIsBoundToWhatWasInvokedIsEnabled) {
  none_enabled();
  live().invoked = true;
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), ElementsAre("live"));
}

TEST_F(SeveralMappings, NoneIsEnabledWhenNoneIsBoundToWhatWasInvoked) {
  none_enabled();
  EXPECT_THAT(follow(at_rest()).error().message,
              HasSubstr("several of this function, plain (f), live (f:live), and none is bound to "
                        "arn:aws:lambda:us-east-1:1:function:f,"));
  EXPECT_THAT(function_.enabled(), IsEmpty());
}

TEST_F(SeveralMappings, OneThatWouldDeleteKeepsAllOffWhileItDeliversOrCould) {
  mapping().reports_failures = false;
  EXPECT_FALSE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), IsEmpty());
  EXPECT_THAT(follow(at_rest()).error().message, HasSubstr("mapping plain lacks"))
      << "which is bound to what was invoked is not known";
  mapping().invoked = true;
  EXPECT_FALSE(follow(at_rest()));
  mapping().invoked = false;
  live().invoked = true;
  mapping().enabled = true;
  EXPECT_FALSE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), IsEmpty());
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), ElementsAre("live"));
}

// --- a fleet
// -------------------------------------------------------------------------------

/// Services with queues of the same names, each with a mapping that is off.
class WokenFleet : public ::testing::Test {
 protected:
  WokenFleet() { function_.mappings.clear(); }

  void add(const std::string& name, const PassRecord& record, bool mapped = true) {
    services_.push_back({.id = {"c", name}, .queues = {{url_of(name)}}, .policy = fixed(3)});
    records_.push_back(record);
    if (mapped) {
      map(name);
    }
  }
  void map(const std::string& name, bool enabled = false) {
    function_.mappings.push_back({.id = name,
                                  .queue_arn = "arn:aws:sqs:us-east-1:123456789012:" + name,
                                  .function_arn = std::string(testing::kFunction),
                                  .invoked = true,
                                  .enabled = enabled,
                                  .reports_failures = true});
  }
  static std::string url_of(const std::string& name) {
    return "https://sqs.us-east-1.amazonaws.com/123456789012/" + name;
  }
  MappingStatus& mapping(const std::string& id) {
    return *std::ranges::find(function_.mappings, id, &MappingStatus::id);
  }
  WakeReport follow() {
    std::vector<Followed> all;
    for (std::size_t i = 0; i < services_.size(); ++i) {
      all.push_back({.service = &services_[i], .record = &records_[i]});
    }
    switch_.invoked_as(std::string(testing::kFunction));
    return switch_.follow(all, Deadline::max());
  }
  std::map<std::string, std::string> faults(const WakeReport& report) const {
    std::map<std::string, std::string> by_name;
    for (const WakeFault& fault : report.faults) {
      by_name[services_[fault.by].id.service] = fault.message;
    }
    return by_name;
  }

  std::vector<ManagedService> services_;
  std::vector<PassRecord> records_;
  testing::FakeFunction function_;
  WakeSwitch switch_{{.wake = true, .many = true}, function_, function_};
};

TEST_F(WokenFleet, OneCallFindsTheMappingsAndNoneIsMadeWhereAllIsRight) {
  add("a", at_rest());
  add("b", busy());
  add("c", at_rest(), false);
  mapping("b").enabled = true;

  const WakeReport first = follow();

  EXPECT_THAT(first.errors, IsEmpty());
  EXPECT_THAT(first.faults, IsEmpty()) << "a service without a mapping lives by ticks";
  EXPECT_THAT(function_.enabled(), ElementsAre("a"));
  EXPECT_EQ(function_.lists, 1);
  EXPECT_EQ(function_.finds, 0);
  EXPECT_EQ(function_.switches, 2);
  follow();
  EXPECT_EQ(function_.lists, 2);
  EXPECT_EQ(function_.switches, 2);
  EXPECT_EQ(function_.settings_reads, 2);
}

TEST_F(WokenFleet, WithoutAnyServiceToWakeNothingIsAsked) {
  add("a", at_rest());
  add("b", at_rest());
  for (ManagedService& service : services_) {
    service.wake = false;
  }
  EXPECT_THAT(follow().faults, IsEmpty());
  EXPECT_EQ(function_.lists + function_.finds + function_.settings_reads, 0);
}

TEST_F(WokenFleet, OneThatIsUnfitHarmsNoOther) {
  add("a", at_rest());
  add("deletes", at_rest());
  mapping("deletes").reports_failures = false;
  mapping("deletes").enabled = true;
  add("first.fifo", at_rest());
  add("short", at_rest());
  function_.settings_of[url_of("short")] = WakeSettings{.receives_max = 3};
  add("slow", at_rest());
  function_.failures["slow"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  add("z", at_rest());

  const auto wrong = faults(follow());

  EXPECT_EQ(wrong.size(), 4U);
  EXPECT_THAT(wrong.at("deletes"), HasSubstr("lacks ReportBatchItemFailures"));
  EXPECT_THAT(wrong.at("first.fifo"), HasSubstr("first.fifo is FIFO"));
  EXPECT_THAT(wrong.at("short"), HasSubstr("short is 3: wakes use up receives"));
  EXPECT_EQ(wrong.at("slow"), "TooManyRequestsException");
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "z"));
}

TEST_F(WokenFleet, AMappingOnAQueueOfNobodyIsToldAndLeftAlone) {
  add("a", at_rest());
  add("b", at_rest());
  map("strange", true);
  const WakeReport report = follow();
  ASSERT_EQ(report.nobodys.size(), 1U);
  EXPECT_EQ(report.nobodys.front().id, "strange");
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "b", "strange"));
}

TEST_F(WokenFleet, AServiceThatSaysItIsWokenNeedsAMappingInTheFunctionsRegion) {
  add("a", at_rest(), false);
  add("b", at_rest());
  add("far", at_rest(), false);
  services_[2].queues = {{"https://sqs.eu-west-1.amazonaws.com/123456789012/far"}};
  EXPECT_THAT(follow().faults, IsEmpty());
  services_[0].wake = true;
  services_[2].wake = true;
  const auto wrong = faults(follow());
  EXPECT_EQ(wrong.size(), 2U);
  EXPECT_EQ(wrong.at("a"),
            "no event source mapping on arn:aws:sqs:us-east-1:123456789012:a delivers to "
            "arn:aws:lambda:us-east-1:1:function:f, by whatever alias or version: none could be "
            "switched");
  EXPECT_THAT(wrong.at("far"), HasSubstr("the queue lies in eu-west-1, the function in us-east-1"));
}

TEST_F(WokenFleet, OneQueueIsAskedForByItsName) {
  add("a", at_rest());
  add("b", at_rest());
  services_[1].wake = false;
  EXPECT_THAT(follow().faults, IsEmpty());
  EXPECT_EQ(function_.finds, 1);
  EXPECT_EQ(function_.lists, 0);
  EXPECT_TRUE(mapping("a").enabled);
  function_.finding = fail(ErrorKind::NotFound, "no mapping");
  EXPECT_THAT(follow().errors, IsEmpty()) << "it may live without one";
  services_[0].wake = true;
  EXPECT_EQ(faults(follow()).size(), 1U);
  function_.finding = fail(ErrorKind::Throttled, "slow down");
  EXPECT_THAT(follow().errors, ElementsAre("slow down"));
}

TEST_F(WokenFleet, AQueueOfTwoServicesIsOnWhileBothRest) {
  for (const bool woken : {true, false}) {
    services_.clear();
    records_.clear();
    function_.mappings.clear();
    add("a", at_rest());
    add("other", at_rest(), false);
    add("b", busy(), false);
    services_.back().queues.push_back({url_of("a")});
    services_.back().wake = woken ? std::nullopt : std::optional(false);
    mapping("a").enabled = true;
    EXPECT_THAT(follow().faults, IsEmpty());
    EXPECT_FALSE(mapping("a").enabled);
    records_.back() = at_rest();
    follow();
    EXPECT_TRUE(mapping("a").enabled);
  }
}

TEST_F(WokenFleet, AllQueuesOfAServiceAreOneSwitch) {
  add("a", at_rest());
  services_[0].queues.push_back({url_of("b")});
  map("b");
  follow();
  EXPECT_THAT(function_.enabled(), ElementsAre("a", "b"));
  records_[0] = busy();
  follow();
  EXPECT_THAT(function_.enabled(), IsEmpty());
}

TEST_F(WokenFleet, ALargeOneIsEnabledInParts) {
  const int many = WakeSwitch::kEnabledAtOnce + 10;
  for (int i = 0; i < many; ++i) {
    add("q" + std::to_string(i), at_rest());
  }
  add("busy", busy());
  mapping("busy").enabled = true;
  EXPECT_THAT(follow().faults, IsEmpty());
  EXPECT_EQ(function_.enabled().size(), 100U);
  EXPECT_FALSE(mapping("busy").enabled);
  follow();
  EXPECT_EQ(function_.enabled().size(), 110U);
}

TEST_F(WokenFleet, QueuesThatAreOnAlreadyAreLookedAtInParts) {
  for (int i = 0; i < 30; ++i) {
    add("q" + std::to_string(i), at_rest());
    function_.mappings.back().enabled = true;
  }
  follow();
  EXPECT_EQ(function_.settings_reads, WakeSwitch::kFirstLooks);
  follow();
  follow();
  EXPECT_EQ(function_.settings_reads, 30);
}

TEST_F(WokenFleet, TheSameNameInAnotherAccountIsAnotherQueue) {
  add("a", at_rest());
  add("a", busy(), false);
  services_[1].queues = {{"https://sqs.us-east-1.amazonaws.com/210987654321/a"}};
  follow();
  EXPECT_THAT(function_.enabled(), ElementsAre("a"));
}

}  // namespace
}  // namespace scaler
