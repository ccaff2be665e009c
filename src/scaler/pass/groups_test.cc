#include "scaler/pass/groups.h"

#include <algorithm>
#include <deque>
#include <map>

#include <gtest/gtest.h>

#include "scaler/pass/test_support.h"

namespace scaler::testing {
namespace {

using namespace std::chrono_literals;
using Kind = InstanceAction::Kind;
using Actions = std::vector<std::string>;

/// A group of instances with one GPU each, that does at once what it is told.
class FakeGroup final : public InstanceReader, public InstanceScaler {
 public:
  explicit FakeGroup(FakeClock& clock) : clock_(&clock) {}

  Result<GroupSeen> look(const GroupRequest& request, Deadline deadline) override {
    requests.push_back(request);
    if (hangs) {
      clock_->pass(std::chrono::floor<Duration>(deadline - clock_->steady()));
      return fail(ErrorKind::Unavailable, "deadline");
    }
    if (!answer) {
      return std::unexpected(answer.error());
    }
    GroupSeen seen = group;
    seen.at = clock_->now();
    for (const ServiceOnGroup& service : request.services) {
      seen.services.push_back(service.counts);
      seen.services.back().need = {.cpu = 1, .memory = 1, .gpus = 1};
      seen.services.back().provisioning = provisioning;
    }
    return seen;
  }

  void together(std::span<const std::function<void()>> works) override {
    together_of.push_back(works.size());
    InstanceReader::together(works);
  }

  Result<void> carry_out(const GroupRequest& /*request*/, const InstanceAction& action,
                         Deadline leave_by, Deadline /*deadline*/) override {
    clock_->pass(call_time);
    if (clock_->steady() > leave_by) {
      return fail(ErrorKind::Overdue, "not sent");
    }
    tried.push_back(std::string(to_string(action.kind)));
    if (auto& coming = failures[action.kind]; !coming.empty()) {
      Error error = std::move(coming.front());
      coming.pop_front();
      return std::unexpected(std::move(error));
    }
    const auto at = std::ranges::find(group.instances, action.instance, &InstanceSeen::id);
    switch (action.kind) {
      case Kind::SetDesired:
        group.desired = action.desired;
        break;
      case Kind::Recall:
      case Kind::Mark:
        at->mark = action.mark;
        break;
      case Kind::Unmark:
        at->mark = {};
        break;
      case Kind::Undrain:
        at->mark = {};
        at->registration = Registration::Active;
        break;
      case Kind::Drain:
        at->mark = action.mark;
        at->registration = Registration::Draining;
        break;
      case Kind::End:
        group.instances.erase(at);
        --group.desired;
        break;
    }
    return {};
  }

  /// So many instances, each with its task or empty.
  void have(int count, std::int64_t tasks_each) {
    group.instances.clear();
    group.desired = count;
    for (int i = 0; i < count; ++i) {
      group.instances.push_back(
          {.id = "i-" + std::to_string(i),
           .type = "g5.xlarge",
           .registered = {.cpu = 4096, .memory = 15000, .gpus = 1},
           .remaining = {.cpu = 4096, .memory = 15000, .gpus = 1 - tasks_each},
           .running = tasks_each});
    }
  }
  Actions take_tried() { return std::exchange(tried, {}); }
  std::size_t take_looks() { return std::exchange(requests, {}).size(); }

  GroupSeen group{.name = "gpus", .max = 4};
  Result<void> answer = {};
  bool hangs = false;
  std::int64_t provisioning = 0;
  Duration call_time = {};
  std::map<Kind, std::deque<Error>> failures = {};
  std::vector<GroupRequest> requests = {};
  Actions tried = {};
  std::vector<std::size_t> together_of = {};  ///< groups

 private:
  FakeClock* clock_;
};

PolicyOptions own_options(std::int64_t target = 1) {
  return {.scale_up_target = target,
          .scale_down_threshold = Duration::zero(),
          .zero_confirmations = 1,
          .capacity = Capacity::Own};
}

class GroupsTest : public PassTest {
 protected:
  GroupsTest() { use("s", own_options()); }

  void use(const std::string& name, const PolicyOptions& options,
           std::vector<std::string> providers = {"gpu"}) {
    std::erase_if(fleet_, [&](const ManagedService& one) { return one.id.service == name; });
    fleet_.push_back(managed(name, *Policy::create(options)));
    std::ranges::sort(fleet_, {}, [](const ManagedService& one) { return one.id.service; });
    cloud_.service(name)->runs_on = {.providers = std::move(providers),
                                     .task_definitions = {name + ":1"}};
    quiet(name);
  }

  std::vector<PassRecord> pass_all(PassOptions options = {}) {
    clock_.pass(10s);
    return run_pass(fleet_,
                    {.reader = cloud_,
                     .scaler = cloud_,
                     .states = &cloud_,
                     .clock = clock_,
                     .instances = &group_,
                     .instance_scaler = &group_},
                    options);
  }
  /// The record of "s", if it is alone.
  PassRecord one_pass(PassOptions options = {}) { return pass_all(options).front(); }
  ManagedService& service(const std::string& name) {
    return *std::ranges::find(fleet_, name,
                              [](const ManagedService& one) { return one.id.service; });
  }

  static std::string told(const PassRecord& record) {
    std::string text;
    for (const InstanceStep& step :
         record.group ? record.group->steps : std::vector<InstanceStep>{}) {
      text += explain(step) + "\n";
    }
    return text;
  }

  FakeGroup group_{clock_};
};

TEST_F(GroupsTest, OneMessageStartsTaskAndInstanceInOnePass) {
  queue()->visible = 1;

  const PassRecord record = one_pass();

  EXPECT_EQ(cloud_.set_of("s"), (Counts{1}));
  EXPECT_EQ(group_.tried, (Actions{"set_desired"}));
  EXPECT_EQ(group_.group.desired, 1);
  ASSERT_TRUE(record.group);
  EXPECT_EQ(record.group->desired, 1);
  EXPECT_TRUE(told(record).contains("s: 1 task wanted, 0 placed, 1 to place")) << told(record);
  EXPECT_EQ(group_.requests.at(0).services.at(0).task_definitions,
            (std::vector{std::string("s:1")}));
  EXPECT_FALSE(record.failed());
}

TEST_F(GroupsTest, TheRecordCountsInstancesByWhatTheyAre) {
  group_.have(3, 0);
  group_.group.instances[1].state = GroupState::Pending;
  group_.group.instances[2].registration = Registration::Draining;
  const PassRecord record = one_pass();
  ASSERT_TRUE(record.group);
  EXPECT_EQ(record.group->in_service, 2);
  EXPECT_EQ(record.group->idle, 1);
  EXPECT_EQ(record.group->draining, 1);
}

TEST_F(GroupsTest, InstancesFirstLooksOnceForAllThatWaitForThem) {
  PolicyOptions first = own_options();
  first.capacity_order = CapacityOrder::InstancesFirst;
  use("s", first);
  use("t", first);
  queue("s")->visible = 1;
  queue("t")->visible = 1;
  pass_all();
  EXPECT_EQ(group_.take_looks(), 2U) << "one before the tasks, one before the instances";
}

TEST_F(GroupsTest, AnInstanceWithoutWorkIsMarkedDrainedAndEnded) {
  group_.have(1, 0);

  std::vector<Actions> acts;
  for (int i = 0; i < 12; ++i) {
    one_pass();
    acts.push_back(group_.take_tried());
  }

  EXPECT_EQ(acts.at(0), (Actions{"mark"}));
  EXPECT_EQ(acts.at(6), (Actions{"drain"}));
  EXPECT_EQ(acts.at(9), (Actions{"end"}));
  EXPECT_EQ(std::ranges::count_if(acts, [](const Actions& one) { return !one.empty(); }), 3);
  EXPECT_EQ(group_.group.desired, 0);
  EXPECT_TRUE(cloud_.set_of("s").empty());
}

TEST_F(GroupsTest, AGroupAtRestIsLookedAtEveryFiveMinutesAndToldAllTheSame) {
  one_pass();
  EXPECT_EQ(group_.take_looks(), 1U);
  for (int i = 0; i < 29; ++i) {
    const PassRecord record = one_pass();
    ASSERT_TRUE(record.group);
    EXPECT_EQ(record.group->desired, 0);
  }
  EXPECT_EQ(group_.take_looks(), 0U);
  one_pass();
  EXPECT_EQ(group_.take_looks(), 1U);

  queue()->visible = 1;
  one_pass();
  EXPECT_EQ(group_.take_looks(), 1U);
  EXPECT_EQ(group_.group.desired, 1);
}

TEST_F(GroupsTest, AServiceWithoutTasksRestsOnceItsInstancesHaveEnded) {
  constexpr PassOptions kSparing{.describe_every = 5min};
  group_.have(1, 0);
  use("other", {.capacity = Capacity::Off});  // On the same group.
  PolicyOptions elsewhere = own_options();
  elsewhere.capacity = Capacity::Off;
  use("elsewhere", elsewhere, {"cpu"});
  pass_all(kSparing);
  cloud_.described.clear();
  int passes = 0;
  for (; group_.group.desired > 0; ++passes) {
    ASSERT_LT(passes, 20);
    pass_all(kSparing);
  }
  EXPECT_EQ(std::ranges::count(cloud_.described, "s"), passes);
  EXPECT_EQ(std::ranges::count(cloud_.described, "other"), passes);
  EXPECT_LE(std::ranges::count(cloud_.described, "elsewhere"), 1);
  pass_all(kSparing);  // It has seen that there are none.
  cloud_.described.clear();

  const std::vector<PassRecord> records = pass_all(kSparing);

  EXPECT_LE(cloud_.described.size(), 1U);  // In its turn.
  EXPECT_EQ(std::ranges::count_if(records,
                                  [](const PassRecord& record) { return record.group != nullptr; }),
            2);
}

TEST_F(GroupsTest, OneThatRestsIsWokenWithItsInstancesInOnePassAndEndsNoneThatAreInUse) {
  constexpr PassOptions kSparing{.describe_every = 5min};
  use("other", own_options());
  pass_all(kSparing);
  queue()->visible = 1;
  group_.have(1, 0);  // Somebody's by hand, and nobody has seen what "other" wants now.
  group_.group.instances.at(0).mark = {.kind = InstanceMark::Kind::Idle, .at = clock_.at - 1h};
  cloud_.described.clear();

  pass_all(kSparing);

  EXPECT_EQ(cloud_.set_of("s"), (Counts{1}));
  EXPECT_EQ(std::ranges::count(group_.tried, "drain"), 0);
  EXPECT_EQ(std::ranges::count(cloud_.described, "other"), 0);
  cloud_.described.clear();
  pass_all(kSparing);
  EXPECT_EQ(std::ranges::count(cloud_.described, "other"), 1);
}

TEST_F(GroupsTest, NothingEndsWhereOtherPassesLookAtServicesOfTheCluster) {
  group_.have(1, 0);
  for (int i = 0; i < 20; ++i) {
    pass_all({.split_clusters = {std::string(plain_name(fleet_.front().id.cluster))}});
  }
  EXPECT_EQ(std::ranges::count(group_.tried, "end"), 0);
  pass_all({.split_clusters = {"another"}});
  EXPECT_FALSE(group_.tried.empty());
}

TEST_F(GroupsTest, OneThatRestsAndFollowsIsGivenItsHeadStart) {
  constexpr PassOptions kSparing{.describe_every = 5min};
  PolicyOptions options = own_options();
  options.capacity = Capacity::Follow;
  group_.group.managed_scaling = true;
  use("s", options);
  pass_all(kSparing);
  cloud_.described.clear();
  pass_all(kSparing);
  EXPECT_TRUE(cloud_.described.empty());
  queue()->visible = 1;
  pass_all(kSparing);
  EXPECT_EQ(group_.tried, (Actions{"set_desired"}));
}

TEST_F(GroupsTest, WhatAnotherProcessStartedSinceIsNoRest) {
  one_pass();
  group_.have(1, 0);
  ServiceState state = testing::quiet(clock_.at);
  state.last_look = clock_.at + 8s;
  state.last_scale_out = clock_.at + 5s;
  state.last_scale_in = clock_.at + 8s;
  cloud_.service("s")->saved_state = format_state(state);
  one_pass();
  EXPECT_EQ(group_.take_looks(), 2U);
  EXPECT_EQ(group_.tried, (Actions{"mark"}));
}

TEST_F(GroupsTest, AnotherProcessOnTheGroupIsToldAndHoldsItsInstances) {
  group_.have(1, 0);
  group_.group.scaled_by_others = {"video"};
  EXPECT_TRUE(one_pass().complaint.contains("another process scales video, on this same group"));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(one_pass().complaint, "") << "once an hour";
  }
  EXPECT_TRUE(group_.tried.empty());
}

TEST_F(GroupsTest, AllGroupsAreDrivenTogether) {
  use("z", own_options(), {"cpu"});
  queue()->visible = queue("z")->visible = 1;
  pass_all();
  EXPECT_EQ(group_.together_of, (std::vector<std::size_t>{2}));
}

TEST_F(GroupsTest, NothingEndsOnAPartialLook) {
  group_.have(1, 0);
  group_.group.complete = false;
  EXPECT_TRUE(one_pass().complaint.contains("not everything could be read: no instance ends"));
  for (int i = 0; i < 20; ++i) {
    one_pass();
  }
  EXPECT_TRUE(group_.tried.empty());
  group_.group.complete = true;
  group_.group.instances.front().looked = false;
  group_.group.unread = "ListTasks: denied";
  clock_.pass(1h);
  EXPECT_TRUE(one_pass().complaint.contains("(ListTasks: denied): not ended"));
  EXPECT_TRUE(group_.tried.empty());

  group_.answer =
      fail(ErrorKind::Unavailable, "EC2 AutoScaling DescribeAutoScalingGroups gpus: 503");
  EXPECT_TRUE(one_pass().failed());
  EXPECT_TRUE(group_.tried.empty());
}

TEST_F(GroupsTest, NothingEndsWhileAServiceThatMayBeOnItIsUnread) {
  group_.have(1, 0);
  use("other", own_options());
  for (int i = 0; i < 7; ++i) {  // Marked, then drained.
    pass_all();
  }
  EXPECT_EQ(group_.take_tried(), (Actions{"mark", "drain"}));
  const Result<ServiceReading> reading = cloud_.service("other");
  cloud_.services["other"] = fail(ErrorKind::Denied, "denied");
  for (int i = 0; i < 10; ++i) {
    pass_all();
  }
  EXPECT_TRUE(group_.tried.empty());

  // A process that has never read it knows still less.
  for (ManagedService& service : fleet_) {
    service.group = {};
  }
  pass_all();
  EXPECT_TRUE(group_.tried.empty());

  cloud_.services["other"] = reading;
  pass_all();
  EXPECT_EQ(group_.take_tried(), (Actions{"end"}));
}

TEST_F(GroupsTest, AnUnreadServiceOfAnotherGroupHoldsNothing) {
  use("other", own_options(), {"cpu"});
  pass_all();
  group_.have(1, 0);
  service("s").group.rested = {};
  cloud_.services["other"] = fail(ErrorKind::Denied, "denied");

  const std::vector<PassRecord> records = pass_all();

  EXPECT_EQ(group_.tried, (Actions{"mark"}));
  EXPECT_FALSE(records.at(1).failed());
}

TEST_F(GroupsTest, ATriggerThatOnlyScalesOutPreparesNoEnd) {
  group_.have(2, 0);
  group_.group.instances.at(0).mark = {.kind = InstanceMark::Kind::Idle, .at = clock_.at - 2min};
  one_pass({.permission = Permission::ScaleOutOnly});
  EXPECT_TRUE(group_.tried.empty());

  queue()->visible = 1;
  use("s", own_options(3));
  one_pass({.permission = Permission::ScaleOutOnly});
  EXPECT_EQ(group_.tried.front(), "set_desired");
  EXPECT_EQ(group_.group.desired, 3);
}

TEST_F(GroupsTest, ADryRunOnlyLooks) {
  queue()->visible = 1;
  const PassRecord record = one_pass({.permission = Permission::Nothing});
  EXPECT_TRUE(told(record).contains("1 instance more -> 1")) << told(record);
  EXPECT_EQ(record.group->desired, 0);
  EXPECT_TRUE(group_.tried.empty() && cloud_.set.empty());
}

TEST_F(GroupsTest, APausedServiceLeavesTheGroupAsItIs) {
  group_.have(1, 0);
  PolicyOptions options = own_options();
  options.scale_in_paused = true;
  use("s", options);
  one_pass();
  EXPECT_TRUE(group_.tried.empty());

  cloud_.service("s")->service.paused_until = kPausedForGood;
  cloud_.service("s")->service.desired = 3;
  use("s", own_options());
  one_pass();
  EXPECT_TRUE(group_.tried.empty());
}

TEST_F(GroupsTest, WhatHoldsAnInstanceIsToldByItsName) {
  group_.have(1, 0);
  PolicyOptions options = own_options();
  options.scale_in_paused = true;
  use("s", options);
  const PassRecord paused = one_pass();
  EXPECT_TRUE(told(paused).contains("no instance ends: s is paused, or its scale-in is"))
      << told(paused);
  EXPECT_FALSE(told(paused).contains("not everything could be read")) << told(paused);
  EXPECT_EQ(paused.complaint, "");

  use("s", own_options());
  use("other", own_options());
  pass_all();
  cloud_.services["other"] = fail(ErrorKind::Denied, "denied");
  const PassRecord unread = pass_all().at(1);
  EXPECT_TRUE(told(unread).contains("no instance ends: other was not read in this pass"))
      << told(unread);
  EXPECT_EQ(group_.requests.back().fleet, (std::vector<std::string>{"other", "s"}));
  EXPECT_EQ(unread.complaint, "");
}

TEST_F(GroupsTest, TasksThatEcsDeniesStartAndKeepNoInstances) {
  use("s", own_options(3));
  queue()->visible = 1;
  const auto refuse = [this](const ErrorKind kind) {
    cloud_.failures["s"] = std::deque<Result<void>>(40, fail(kind, "UpdateService: no"));
    return one_pass();
  };
  refuse(ErrorKind::Denied);
  EXPECT_EQ(group_.group.desired, 0);
  refuse(ErrorKind::Throttled);
  EXPECT_EQ(group_.group.desired, 1) << "what passes comes with a later pass";
  group_.have(3, 0);
  for (int i = 0; i < 15 && group_.group.desired > 0; ++i) {
    refuse(ErrorKind::Denied);
  }
  EXPECT_EQ(group_.group.desired, 0);

  cloud_.failures.clear();
  one_pass();
  EXPECT_EQ(cloud_.service("s")->service.desired, 3);
  EXPECT_EQ(group_.group.desired, 1);
}

TEST_F(GroupsTest, ARefusalIsToldOnceAnHourAndHoldsNoTask) {
  group_.group.managed_scaling = true;
  queue()->visible = 1;

  const PassRecord record = one_pass();

  EXPECT_EQ(cloud_.set_of("s"), (Counts{1}));
  EXPECT_TRUE(group_.tried.empty());
  EXPECT_FALSE(record.failed());
  EXPECT_TRUE(
      record.complaint.contains("capacity provider gpu: the group is left alone: its "
                                "capacity provider has managed scaling on"))
      << record.complaint;
  EXPECT_EQ(one_pass().complaint, "");
  clock_.pass(1h);
  EXPECT_NE(one_pass().complaint, "");
}

TEST_F(GroupsTest, AServiceWithoutAGroupOfItsOwnIsRefusedByName) {
  const auto refusal = [this](const std::vector<std::string>& providers, const std::string& type) {
    use("s", own_options(), providers);
    cloud_.service("s")->runs_on.launch_type = type;
    const PassRecord record = one_pass();
    EXPECT_TRUE(record.group && record.group->steps.front().reason == InstanceReason::Refused);
    return record.complaint;
  };
  EXPECT_TRUE(refusal({}, "FARGATE").contains("it runs on Fargate"));
  EXPECT_TRUE(refusal({"FARGATE_SPOT", "FARGATE"}, "").contains("it runs on Fargate"));
  EXPECT_TRUE(refusal({}, "EC2").contains("it has no capacity provider"));
  EXPECT_TRUE(refusal({"a", "b"}, "").contains("it has 2 capacity providers"));
  EXPECT_TRUE(group_.requests.empty());
  group_.answer = fail(ErrorKind::Rejected, "the capacity provider mi has no Auto Scaling group");
  EXPECT_TRUE(refusal({"mi"}, "").contains("has no Auto Scaling group"));
}

TEST_F(GroupsTest, WhatFailsIsAFailureOfItsServicesAlone) {
  use("other", {.scale_up_target = 2});
  queue()->visible = queue("other")->visible = 1;
  group_.failures[Kind::SetDesired].push_back({ErrorKind::Denied, "SetDesiredCapacity: denied"});

  const std::vector<PassRecord> records = pass_all();

  EXPECT_EQ(records.at(1).errors, (std::vector<std::string>{"SetDesiredCapacity: denied"}));
  EXPECT_FALSE(records.at(0).failed());
  EXPECT_EQ(cloud_.set_of("s"), (Counts{1}));
  EXPECT_EQ(cloud_.set_of("other"), (Counts{2}));
}

TEST_F(GroupsTest, OneActionThatFailsHoldsNoOther) {
  group_.have(2, 0);
  group_.failures[Kind::Mark].push_back({ErrorKind::Denied, "TagResource: denied"});
  EXPECT_TRUE(one_pass().failed());
  EXPECT_EQ(group_.take_tried(), (Actions{"mark", "mark"}));

  group_.failures[Kind::Mark].push_back({ErrorKind::Conflict, "ResourceContention"});
  EXPECT_FALSE(one_pass().failed());
}

TEST_F(GroupsTest, WhatTakesTooLongIsLookedAtAgain) {
  group_.have(4, 0);
  group_.call_time = 200ms;

  const PassRecord record = one_pass();

  EXPECT_EQ(group_.tried, (Actions{"mark", "mark", "mark", "mark"}));
  EXPECT_EQ(group_.take_looks(), 2U);
  EXPECT_EQ(record.group->done.size(), 4U);
  EXPECT_FALSE(record.failed());

  group_.have(4, 0);
  group_.call_time = 600ms;  // Nothing can leave in time: the next pass may do better.
  EXPECT_FALSE(one_pass().failed());
  EXPECT_EQ(group_.take_looks(), 1U);
}

/// Each call took 0.3 s there: the two that read the group again used up the half second after the
/// look, in each pass, and no instance was ever started.
TEST_F(GroupsTest, AFarRegionWithholdsNoInstance) {
  group_.call_time = 900ms;
  queue()->visible = 1;
  EXPECT_FALSE(one_pass().failed());
  EXPECT_EQ(group_.tried, (Actions{"set_desired"}));
  EXPECT_EQ(group_.group.desired, 1);
}

TEST_F(GroupsTest, AnActionThatComesTooLateHoldsNoNewInstance) {
  group_.have(2, 1);
  InstanceSeen& drained = group_.group.instances.front();
  drained.running = 0;
  drained.remaining.gpus = 1;
  drained.registration = Registration::Draining;
  drained.mark = {.kind = InstanceMark::Kind::Drained, .at = clock_.at + 10s};
  use("s", own_options(3));
  queue()->visible = 1;
  group_.call_time = 700ms;
  one_pass();
  EXPECT_EQ(group_.tried, (Actions{"set_desired"})) << "the other was too late to be put back";
}

TEST_F(GroupsTest, ThatActionsComeTooLateIsToldAfterTheThirdPass) {
  group_.have(1, 0);
  group_.call_time = 600ms;
  EXPECT_FALSE(one_pass().failed());
  EXPECT_FALSE(one_pass().failed());
  const PassRecord third = one_pass();
  ASSERT_TRUE(third.failed());
  EXPECT_TRUE(third.errors.front().contains("3 passes in a row")) << third.errors.front();
  EXPECT_TRUE(third.errors.front().contains("not sent")) << third.errors.front();
  group_.call_time = 0ms;
  EXPECT_FALSE(one_pass().failed());
  group_.have(1, 0);
  group_.call_time = 600ms;
  EXPECT_FALSE(one_pass().failed());
}

TEST_F(GroupsTest, WhatThePassHasNoTimeForIsLeftToTheNextOne) {
  group_.have(4, 0);
  group_.call_time = 200ms;
  EXPECT_FALSE(one_pass({.deadline = clock_.steady() + 10s + 300ms}).failed());
  EXPECT_EQ(group_.take_tried(), (Actions{"mark", "mark"}));
  EXPECT_EQ(group_.take_looks(), 1U);
}

TEST_F(GroupsTest, AGroupThatHangsTakesNoTimeFromTasksAndLittleFromOthers) {
  use("z", own_options(), {"cpu"});
  queue()->visible = queue("z")->visible = 1;
  group_.hangs = true;
  const Deadline deadline = clock_.steady() + 10s + 4s;

  const std::vector<PassRecord> records = pass_all({.deadline = deadline});

  EXPECT_EQ(cloud_.set.size(), 2U);
  EXPECT_LE(clock_.steady(), deadline);
  EXPECT_TRUE(records.at(0).failed());
  group_.hangs = false;
  group_.requests.clear();
  pass_all();
  EXPECT_EQ(group_.requests.front().provider, "cpu") << "the longest unseen is first";
}

TEST_F(GroupsTest, ServicesOfOneGroupAreOneNeedUnderTheCautiousSettings) {
  PolicyOptions first = own_options();
  PolicyOptions second = own_options();
  second.instance_idle = 5min;  // "other" is the first in the fleet, so not the last word.
  second.instance_min = 1;
  second.instance_tasks = 1;
  use("s", first);
  use("other", second);
  use("third", {.capacity = Capacity::Follow});
  for (const std::string name : {"s", "other", "third"}) {
    queue(name)->visible = 1;
  }
  pass_all();
  EXPECT_EQ(group_.take_looks(), 1U);
  EXPECT_EQ(group_.group.desired, 3);
  group_.take_tried();

  group_.have(3, 0);
  for (const std::string name : {"s", "other", "third"}) {
    *queue(name) = {};
    running(0, name);
    use(name, name == "s" ? first : name == "other" ? second : PolicyOptions{});
  }
  for (int i = 0; i < 60; ++i) {
    pass_all();
    const bool early = i < 30;
    EXPECT_EQ(group_.group.desired == 3, early || group_.group.desired == 3) << i;
  }
  EXPECT_EQ(group_.group.desired, 1);
}

TEST_F(GroupsTest, InstancesFirstSetsOnlyTasksThatHaveRoom) {
  PolicyOptions options = own_options(3);
  options.capacity_order = CapacityOrder::InstancesFirst;
  options.instance_tasks = 1;
  use("s", options);
  queue()->visible = 5;

  const PassRecord record = one_pass();

  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(record.decision->steps.back().reason, Reason::NoInstanceYet);
  EXPECT_EQ(group_.group.desired, 3);
  group_.have(2, 0);
  group_.group.desired = 3;
  one_pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{2}));
  EXPECT_EQ(group_.group.desired, 3);

  group_.have(3, 1);
  group_.group.instances.back().running = 0;
  group_.group.instances.back().remaining.gpus = 1;
  one_pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{2, 3}));
}

TEST_F(GroupsTest, InstancesFirstHoldsNoTaskThatNoInstanceWouldEverBeStartedFor) {
  PolicyOptions options = own_options(3);
  options.capacity_order = CapacityOrder::InstancesFirst;
  use("s", options);
  queue()->visible = 5;
  group_.group.scaling_policies = 1;
  one_pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3}));
}

// --- follow -------------------------------------------------------------------------------------

TEST_F(GroupsTest, FollowAsksForTheFirstInstancesOnAWakeAndForNothingElse) {
  use("s", {.scale_up_target = 3, .instance_tasks = 2});
  group_.group.managed_scaling = true;
  one_pass();
  EXPECT_EQ(group_.take_looks(), 0U) << "at rest";
  queue()->visible = 1;

  const PassRecord record = one_pass();

  EXPECT_EQ(group_.group.desired, 2);
  EXPECT_TRUE(told(record).contains("2 instances, at least 15 min each, on every wake from none"))
      << told(record);
  one_pass();
  EXPECT_EQ(group_.take_looks(), 1U) << "awake";
  running(1);
  EXPECT_EQ(one_pass().decision->action, Action::ScaleOut);
  EXPECT_EQ(group_.take_looks(), 0U) << "from one to three";
}

TEST_F(GroupsTest, FollowNeverTouchesAGroupThatHasInstances) {
  const auto woken = [this] {
    use("s", {.scale_up_target = 3});
    running(0);
    queue()->visible = 1;
    return one_pass();
  };
  group_.group.managed_scaling = true;
  group_.have(1, 0);
  woken();
  group_.have(0, 0);
  group_.group.desired = 1;
  woken();
  EXPECT_EQ(group_.take_looks(), 2U);

  group_.have(0, 0);
  group_.group.managed_scaling = false;
  EXPECT_TRUE(woken().complaint.contains("nothing starts or ends an instance"));
  EXPECT_TRUE(group_.tried.empty());
}

TEST_F(GroupsTest, FollowLosesNothingButAHeadStart) {
  use("s", {.scale_up_target = 3});
  group_.group.managed_scaling = true;
  group_.failures[Kind::SetDesired].push_back({ErrorKind::Denied, "SetDesiredCapacity: denied"});
  queue()->visible = 1;

  const PassRecord record = one_pass();

  EXPECT_FALSE(record.failed());
  EXPECT_TRUE(record.complaint.contains("could not be asked for: SetDesiredCapacity: denied"));
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3}));
}

TEST_F(GroupsTest, WhatHasNoGroupIsAskedOnce) {
  group_.answer = fail(ErrorKind::Rejected, "the capacity provider mi has no Auto Scaling group");
  for (int i = 0; i < 2; ++i) {
    const GroupMemory memory = fleet_.front().group;
    use("s", {.scale_up_target = 3}, {"mi"});
    fleet_.front().group = memory;
    running(0);
    queue()->visible = 1;
    EXPECT_EQ(one_pass().complaint, "");
  }
  EXPECT_EQ(group_.take_looks(), 1U);
}

TEST_F(GroupsTest, FargateAndOffAreNeverAsked) {
  for (const std::vector<std::string>& providers :
       {std::vector<std::string>{}, {"FARGATE"}, {"FARGATE", "FARGATE_SPOT"}, {"a", "b"}}) {
    use("s", {.scale_up_target = 3}, providers);
    running(0);
    queue()->visible = 1;
    EXPECT_EQ(one_pass().complaint, "");
  }
  use("s", {.scale_up_target = 3, .capacity = Capacity::Off});
  running(0);
  EXPECT_EQ(one_pass().complaint, "");
  EXPECT_TRUE(group_.requests.empty());
}

TEST_F(GroupsTest, WhoeverAsksIsToldWhatAWakeCosts) {
  use("s", {.scale_up_target = 3});
  group_.group.managed_scaling = true;
  group_.group.max = 1;
  const PassRecord record = one_pass({.permission = Permission::Nothing, .all_groups = true});
  EXPECT_EQ(told(record),
            "AWS drives the group by managed scaling: 1 instance, at least 15 min each, on every "
            "wake from none\n");
}

}  // namespace
}  // namespace scaler::testing
