#include "edge/aws/instance_cloud.h"

#include <algorithm>
#include <functional>
#include <map>
#include <pthread.h>

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

std::string described_service(const std::string& name, const std::string& provider,
                              const std::string& tag, int desired = 0) {
  return R"({"serviceArn":"arn:aws:ecs:us-east-1:1:service/c/)" + name +
         R"(","status":"ACTIVE","deployments":[],"runningCount":0,"pendingCount":0,"desiredCount":)" +
         std::to_string(desired) + R"(,"capacityProviderStrategy":[{"capacityProvider":")" +
         provider + R"("}],"tags":[{"key":")" + tag + R"(","value":"v2"}]})";
}

/// An AWS with a group of one GPU instance, that answers by operation. "ListTasks RUNNING",
/// "ListTasks STOPPED" and "ListTasks jobs" are told apart.
class FakeCluster {
 public:
  FakeCluster() {
    test.transport.answer = [this](const net::HttpRequest& request) { return answer(request); };
  }

  Result<GroupSeen> look() {
    return cloud.look({.cluster = "c", .provider = "gpu", .services = {jobs}},
                      test.clock.steady() + 30s);
  }
  Result<void> carry_out(const InstanceAction& action) {
    return cloud.carry_out({.cluster = "c", .provider = "gpu", .services = {jobs}}, action,
                           Deadline::max(), soon());
  }
  /// The operations since the last call.
  std::vector<std::string> asked() { return std::exchange(operations, {}); }

  TestClient test;
  InstanceCloud cloud{test.client()};
  ServiceOnGroup jobs{.id = {.cluster = "c", .service = "jobs"},
                      .counts = {.name = "jobs", .desired = 1},
                      .task_definitions = {"jobs:1"}};
  std::vector<std::string> operations = {};
  std::map<std::string, std::string> answers = {
      {"DescribeCapacityProviders",
       R"({"capacityProviders":[{"name":"gpu","type":"EC2_AUTOSCALING","autoScalingGroupProvider":{)"
       R"("autoScalingGroupArn":"arn:aws:autoscaling:us-east-1:1:autoScalingGroup:u:)"
       R"(autoScalingGroupName/gpus","managedScaling":{"status":"DISABLED"}}}]})"},
      {"DescribeAutoScalingGroups",
       "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>"
       "<AutoScalingGroupName>gpus</AutoScalingGroupName><MinSize>0</MinSize>"
       "<MaxSize>4</MaxSize><DesiredCapacity>1</DesiredCapacity><NewInstancesProtectedFromScaleIn>"
       "true</NewInstancesProtectedFromScaleIn><Instances><member><InstanceId>i-1</InstanceId>"
       "<InstanceType>g5.xlarge</InstanceType><LifecycleState>InService</LifecycleState>"
       "<ProtectedFromScaleIn>true</ProtectedFromScaleIn></member></Instances></member>"
       "</AutoScalingGroups></DescribeAutoScalingGroupsResult></R>"},
      {"DescribePolicies", "<R><DescribePoliciesResult/></R>"},
      {"DescribeScalingActivities",
       "<R><DescribeScalingActivitiesResult><Activities><member><StatusCode>Failed</StatusCode>"
       "<StatusMessage>no capacity</StatusMessage><Description>Launching a new EC2 instance"
       "</Description><StartTime>2026-11-23T11:59:00Z</StartTime></member><member><StatusCode>"
       "Successful</StatusCode><Description>Launching a new EC2 instance: i-1</Description>"
       "<StartTime>2026-11-23T11:00:00Z</StartTime></member></Activities>"
       "</DescribeScalingActivitiesResult></R>"},
      {"ListContainerInstances", R"({"containerInstanceArns":["arn:ci-1","arn:ci-2"]})"},
      {"DescribeContainerInstances", containers(0, 0)},
      {"ListServices", R"({"serviceArns":["s/c/jobs"]})"},
      {"ListServices DAEMON", R"({"serviceArns":[]})"},
      {"DescribeServices",
       R"({"services":[)" + described_service("jobs", "gpu", "ecs-scaler:state") + "]}"},
      {"ListTasks RUNNING", R"({"taskArns":[]})"},
      {"ListTasks STOPPED", R"({"taskArns":[]})"},
      {"ListTasks jobs", R"({"taskArns":[]})"},
      {"DescribeTasks", R"({"tasks":[]})"},
      {"DescribeTaskDefinition",
       R"({"taskDefinition":{"cpu":"1024","memory":"2048","containerDefinitions":[]}})"},
      {"TagResource", "{}"},
      {"UntagResource", "{}"},
      {"UpdateContainerInstancesState", "{}"},
      {"SetDesiredCapacity", "<R/>"},
      {"TerminateInstanceInAutoScalingGroup", "<R/>"}};

  /// So many instances in the group, i-1 and on, with so many tasks on each.
  void have(int count, int tasks = 0) {
    std::string members;
    std::string arns;
    std::string described;
    for (int i = 1; i <= count; ++i) {
      const std::string number = std::to_string(i);
      members += "<member><InstanceId>i-" + number +
                 "</InstanceId><LifecycleState>InService</LifecycleState><ProtectedFromScaleIn>"
                 "true</ProtectedFromScaleIn></member>";
      arns += (i > 1 ? R"(,"arn:ci-)" : R"("arn:ci-)") + number + "\"";
      described += (i > 1 ? "," : "") + container(number, tasks, 0, "ACTIVE", "idle 5");
    }
    std::string& group = answers["DescribeAutoScalingGroups"];
    const std::size_t begin = group.find("<Instances>") + 11;
    group.replace(begin, group.find("</Instances>") - begin, members);
    answers["ListContainerInstances"] = R"({"containerInstanceArns":[)" + arns + "]}";
    answers["DescribeContainerInstances"] = R"({"containerInstances":[)" + described + "]}";
  }

  std::string date = {};  ///< of each answer
  /// What happens just before an operation is answered.
  std::map<std::string, std::function<void()>> before = {};

  /// One instance of the group, and one of another.
  static std::string containers(int running, int pending, const std::string& status = "ACTIVE",
                                const std::string& mark = "idle 5") {
    return R"({"containerInstances":[)" + container("1", running, pending, status, mark) + "," +
           container("2", running, pending, status, mark) + "]}";
  }
  static std::string container(const std::string& number, int running, int pending,
                               const std::string& status, const std::string& mark) {
    return R"({"containerInstanceArn":"arn:ci-)" + number + R"(","ec2InstanceId":"i-)" + number +
           R"(","status":")" + status + R"(","tags":[{"key":"ecs-scaler:instance","value":")" +
           mark + R"("}],"agentConnected":true,"runningTasksCount":)" + std::to_string(running) +
           R"(,"pendingTasksCount":)" + std::to_string(pending) +
           R"(,"registeredResources":[],"remainingResources":[]})";
  }

 private:
  Result<net::HttpResponse> answer(const net::HttpRequest& request) {
    const auto target = net::find_header(request.headers, "X-Amz-Target");
    std::string operation(
        target ? target->substr(target->find('.') + 1)
               : std::string_view(request.body).substr(7, request.body.find('&') - 7));
    operations.push_back(operation);
    if (operation == "ListTasks" || operation == "ListServices") {
      for (const char* kind : {"RUNNING", "STOPPED", "jobs", "DAEMON"}) {
        operation += request.body.contains(kind) ? std::string(" ") + kind : "";
      }
    }
    if (const auto then = before.find(operation); then != before.end()) {
      then->second();
    }
    std::string body = answers.at(operation);
    // They are alike but for their names.
    if (const std::size_t name = body.find(R"("gpu")");
        operation == "DescribeCapacityProviders" && name != std::string::npos) {
      body.replace(name + 1, 3, split(request.body, "\"").at(3));
    }
    if (body == "denied") {
      return service_failure(400, "AccessDeniedException");
    }
    if (body == "missing cluster") {
      return service_failure(400, "ClusterNotFoundException");
    }
    Result<net::HttpResponse> response = ok(body);
    if (!date.empty()) {
      response->headers.emplace_back("Date", date);
    }
    return response;
  }
};

std::string task_on(const std::string& group, const std::string& status) {
  return R"({"tasks":[{"containerInstanceArn":"arn:ci-1","group":"service:)" + group +
         R"(","lastStatus":")" + status + R"("}]})";
}

const std::string kOneTask = R"({"taskArns":["arn:t-1"]})";

TEST(InstanceCloud, AGroupThatDoesNotAnswerHoldsThePassesEverMoreRarely) {
  FakeCluster fake;
  Duration delay = 1h;
  fake.test.transport.delay = [&](const net::HttpRequest& request) {
    return request.body.contains("DescribeAutoScalingGroups") ? delay : Duration::zero();
  };
  const auto look = [&fake] {
    const Deadline before = fake.test.clock.steady();
    const bool seen = fake.look().has_value();
    return std::pair(seen, std::chrono::ceil<Duration>(fake.test.clock.steady() - before));
  };
  EXPECT_EQ(look(), std::pair(false, Duration(4500ms)));
  fake.asked();
  EXPECT_EQ(look(), std::pair(false, Duration(0s)));
  EXPECT_TRUE(fake.asked().empty());
  EXPECT_EQ(fake.look().error().message,
            "the group of the capacity provider gpu did not answer in time: it is asked again in "
            "10 s");
  fake.test.clock.advance(10s);
  EXPECT_EQ(look(), std::pair(false, Duration(4500ms)));
  fake.test.clock.advance(19s);
  EXPECT_EQ(look(), std::pair(false, Duration(0s)));

  delay = 300ms;
  fake.test.clock.advance(1s);
  EXPECT_EQ(look(), std::pair(true, Duration(300ms)));
  delay = 1h;
  EXPECT_EQ(look(), std::pair(false, Duration(600ms)));  // Twice what it needed.
}

TEST(InstanceCloud, ATaskThatIsNotDescribedCountsAsOneThatStops) {
  FakeCluster fake;
  fake.answers["ListTasks STOPPED"] = kOneTask;
  const auto first = fake.look();
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_FALSE(first->instances.at(0).looked);
  fake.answers["DescribeTasks"] =
      R"({"tasks":[],"failures":[{"arn":"arn:t-1","reason":"MISSING"}]})";
  const auto second = fake.look();
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_TRUE(second->instances.at(0).empty());
  fake.answers["DescribeTasks"] = R"({"tasks":[],"failures":[{"arn":"arn:t-1","reason":"BUSY"}]})";
  const auto third = fake.look();
  ASSERT_TRUE(third.has_value()) << third.error().message;
  EXPECT_FALSE(third->instances.at(0).looked);
}

TEST(InstanceCloud, AGroupThatIsDeniedIsAskedEachTime) {
  FakeCluster fake;
  fake.answers["DescribeAutoScalingGroups"] = "denied";
  EXPECT_EQ(fake.look().error().kind, ErrorKind::Denied);
  fake.asked();
  EXPECT_EQ(fake.look().error().kind, ErrorKind::Denied);
  EXPECT_FALSE(fake.asked().empty());
}

TEST(InstanceCloud, BringsGroupInstancesAndServicesTogether) {
  FakeCluster fake;
  const Result<GroupSeen> seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->name, "gpus");
  EXPECT_EQ(std::tie(seen->min, seen->max, seen->desired), std::tuple(0, 4, 1));
  EXPECT_TRUE(seen->complete && seen->new_instances_protected && !seen->managed_scaling);
  EXPECT_EQ(seen->failures.in_a_row, 1);
  EXPECT_EQ(seen->failures.reason, "no capacity");
  ASSERT_EQ(seen->instances.size(), 1U);
  EXPECT_TRUE(seen->instances.at(0).empty());
  EXPECT_EQ(seen->instances.at(0).registration, Registration::Active);
  EXPECT_EQ(seen->instances.at(0).launched, *parse_instant("2026-11-23T11:00:00Z"));
  EXPECT_EQ(seen->services.at(0).need.memory, 2048);
}

TEST(InstanceCloud, ATaskThatIsStillStoppingCounts) {
  FakeCluster fake;
  fake.answers["ListTasks STOPPED"] = kOneTask;
  for (const char* status : {"DEACTIVATING", "STOPPING", "DEPROVISIONING"}) {
    fake.answers["DescribeTasks"] = task_on("jobs", status);
    EXPECT_EQ(fake.look()->instances.at(0).lingering, 1) << status;
  }
  fake.answers["DescribeTasks"] = task_on("jobs", "STOPPED");
  EXPECT_TRUE(fake.look()->instances.at(0).empty());
}

TEST(InstanceCloud, TasksOfDaemonServicesDoNotCount) {
  FakeCluster fake;
  fake.answers["ListServices DAEMON"] =
      R"({"serviceArns":["arn:aws:ecs:us-east-1:1:service/c/logs"]})";
  fake.answers["DescribeContainerInstances"] = FakeCluster::containers(1, 0);
  fake.answers["ListTasks RUNNING"] = kOneTask;
  fake.answers["DescribeTasks"] = task_on("logs", "RUNNING");
  EXPECT_TRUE(fake.look()->instances.at(0).empty());
  fake.answers["DescribeTasks"] = task_on("jobs", "RUNNING");
  EXPECT_EQ(fake.look()->instances.at(0).running, 1);
  // The count has a task that the list does not show yet.
  fake.answers["DescribeTasks"] = task_on("logs", "RUNNING");
  fake.answers["DescribeContainerInstances"] = FakeCluster::containers(1, 1);
  EXPECT_EQ(fake.look()->instances.at(0).running, 1);
}

TEST(InstanceCloud, WhatItCouldNotReadMakesTheLookIncompleteOrNone) {
  for (const char* operation : {"ListServices DAEMON", "ListServices"}) {
    FakeCluster fake;
    fake.answers[operation] = "denied";
    const Result<GroupSeen> seen = fake.look();
    ASSERT_TRUE(seen) << operation;
    EXPECT_FALSE(seen->complete) << operation;
    const std::string_view name(operation);
    EXPECT_TRUE(seen->unread.contains(name.substr(0, name.find(' ')))) << seen->unread;
  }
  for (const char* operation :
       {"DescribeCapacityProviders", "DescribeAutoScalingGroups", "DescribePolicies",
        "DescribeScalingActivities", "ListContainerInstances", "DescribeContainerInstances",
        "DescribeTaskDefinition"}) {
    FakeCluster fake;
    fake.answers[operation] = "denied";
    EXPECT_EQ(fake.look().error().kind, ErrorKind::Denied) << operation;
  }
}

TEST(InstanceCloud, AnInstanceWhoseTasksCannotBeReadHoldsItsOwnEndAlone) {
  FakeCluster fake;
  fake.have(2);
  fake.before["ListTasks STOPPED"] = [&fake] {
    const bool first = fake.test.transport.requests.back().body.contains(R"("arn:ci-1")");
    fake.answers["ListTasks STOPPED"] = first ? "denied" : R"({"taskArns":[]})";
  };
  const auto seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->complete);
  EXPECT_FALSE(seen->instances.at(0).empty());
  EXPECT_TRUE(seen->instances.at(1).empty());
  EXPECT_TRUE(seen->unread.contains("ListTasks")) << seen->unread;
}

/// Two calls for each idle instance were more than ECS's rates allow: of a hundred, none ever
/// ended.
TEST(InstanceCloud, ManyIdleInstancesAreReadByAFewCalls) {
  FakeCluster fake;
  fake.have(90);
  fake.answers["ListTasks STOPPED"] = R"({"taskArns":["arn:t-1","arn:t-2","arn:t-3","arn:t-4"]})";
  const auto stopping = [](const std::string& on, const std::string& status) {
    return R"({"containerInstanceArn":"arn:ci-)" + on +
           R"(","group":"service:jobs","lastStatus":")" + status + R"("})";
  };
  fake.answers["DescribeTasks"] = R"({"tasks":[)" + stopping("7", "STOPPING") + "," +
                                  stopping("7", "DEPROVISIONING") + "," + stopping("8", "STOPPED") +
                                  R"(,{"lastStatus":"STOPPING"}]})";
  const auto seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->complete);
  EXPECT_EQ(std::ranges::count_if(seen->instances, &InstanceSeen::empty), 89);
  EXPECT_EQ(seen->instances.at(6).lingering, 2);
  EXPECT_LE(fake.asked().size(), 13U);

  fake.answers["ListTasks STOPPED"] = "denied";
  const auto blind = fake.look();
  ASSERT_TRUE(blind) << blind.error().message;
  EXPECT_EQ(std::ranges::count_if(blind->instances, &InstanceSeen::empty), 0);
  fake.answers["ListTasks STOPPED"] = R"({"taskArns":["arn:t-1"]})";
  fake.answers["DescribeTasks"] = R"({"tasks":[]})";
  EXPECT_EQ(std::ranges::count_if(fake.look()->instances, &InstanceSeen::empty), 0)
      << "nothing is told of a task that may be on any of them";
}

TEST(InstanceCloud, WhereTooManyTasksHaveStoppedInstancesAreReadInTurns) {
  FakeCluster fake;
  fake.have(30);
  fake.before["ListTasks STOPPED"] = [&fake] {
    const bool whole = !fake.test.transport.requests.back().body.contains("containerInstance");
    fake.answers["ListTasks STOPPED"] =
        whole ? R"({"taskArns":[],"nextToken":"more"})" : R"({"taskArns":[]})";
  };
  std::vector<std::string> read;
  for (int looks = 0; looks < 3; ++looks) {
    const auto seen = fake.look();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_TRUE(seen->complete);
    EXPECT_EQ(std::ranges::count_if(seen->instances, &InstanceSeen::empty), 20);
    for (const InstanceSeen& instance : seen->instances) {
      if (looks < 2 && instance.empty()) {
        read.push_back(instance.id);
      }
    }
    fake.test.clock.advance(10s);
  }
  std::ranges::sort(read);
  EXPECT_EQ(std::ranges::unique(read).begin() - read.begin(), 30) << "each within two looks";
}

/// Each instance was asked for its tasks before what the services need, and a look that had no time
/// left for that started none: 50 busy instances and one DAEMON service were enough.
TEST(InstanceCloud, TasksThatCannotBeReadInTimeWithholdNoInstance) {
  for (const int count : {1, 50}) {
    for (const std::string what : {"DAEMON", "STOPPED", R"("serviceName":"logs")"}) {
      FakeCluster fake;
      fake.have(count, what == "STOPPED" ? 0 : 1);
      fake.answers["ListServices DAEMON"] = R"({"serviceArns":["s/c/logs"]})";
      fake.answers["ListTasks"] = R"({"taskArns":[]})";
      fake.jobs.counts = {.name = "jobs", .desired = count + 1, .running = count};
      fake.test.transport.delay = [&what](const net::HttpRequest& request) {
        return request.body.contains(what) ? Duration(1h) : Duration::zero();
      };
      const auto seen = fake.look();
      ASSERT_TRUE(seen) << count << what << seen.error().message;
      EXPECT_EQ(seen->services.at(0).need.memory, 2048) << what;
    }
  }
}

TEST(InstanceCloud, TasksOfDaemonServicesDoNotCountOnManyInstancesEither) {
  FakeCluster fake;
  fake.have(50, 1);
  fake.answers["ListServices DAEMON"] = R"({"serviceArns":["s/c/logs"]})";
  fake.answers["ListTasks"] = R"({"taskArns":["arn:t-1","arn:t-2","arn:t-3"]})";
  const auto task = [](const std::string& on, const std::string& status) {
    return R"({"containerInstanceArn":"arn:ci-)" + on +
           R"(","group":"service:logs","lastStatus":")" + status + R"("})";
  };
  fake.answers["DescribeTasks"] = R"({"tasks":[)" + task("1", "RUNNING") + "," +
                                  task("2", "PENDING") + "," + task("3", "STOPPING") + "]}";
  const auto seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->complete);
  EXPECT_TRUE(seen->instances.at(0).empty());
  EXPECT_FALSE(seen->instances.at(1).empty()) << "the one that ECS counts is no daemon that waits";
  EXPECT_FALSE(seen->instances.at(2).empty());
  fake.answers["ListTasks"] = "denied";
  const auto blind = fake.look();
  ASSERT_TRUE(blind) << blind.error().message;
  EXPECT_FALSE(blind->complete);
  EXPECT_EQ(std::ranges::count_if(blind->instances, &InstanceSeen::empty), 0);
}

TEST(InstanceCloud, TasksWithoutAnInstanceAreTold) {
  FakeCluster fake;
  fake.jobs.counts.pending = 1;
  fake.answers["ListTasks jobs"] = kOneTask;
  fake.answers["DescribeTasks"] = R"({"tasks":[{"lastStatus":"PROVISIONING"}]})";
  EXPECT_EQ(fake.look()->services.at(0).provisioning, 1);
}

TEST(InstanceCloud, ATaskThatWasPlacedSinceTheServiceWasReadAsksForNoOtherInstance) {
  FakeCluster fake;
  fake.jobs.counts.desired = 2;
  fake.jobs.counts.running = 1;
  fake.answers["ListTasks jobs"] = R"({"taskArns":["arn:t-1","arn:t-2"]})";
  const std::string placed = R"({"containerInstanceArn":"arn:ci-1","lastStatus":"PENDING"})";
  fake.answers["DescribeTasks"] = R"({"tasks":[)" + placed + "," + placed + "]}";
  EXPECT_EQ(fake.look()->services.at(0).running, 2);
  // The list may lag behind the count as well.
  fake.answers["DescribeTasks"] = R"({"tasks":[{"lastStatus":"PROVISIONING"}]})";
  const GroupService seen = fake.look()->services.at(0);
  EXPECT_EQ(std::tie(seen.running, seen.pending, seen.provisioning), std::tuple(1, 1, 1));
}

TEST(InstanceCloud, NeverLowersADesiredCapacity) {
  FakeCluster fake;
  const auto set = [&fake](std::int64_t desired) {
    fake.asked();
    EXPECT_TRUE(fake.carry_out({.kind = InstanceAction::Kind::SetDesired, .desired = desired}));
    return fake.asked().back();
  };
  EXPECT_EQ(set(2), "SetDesiredCapacity");
  EXPECT_TRUE(fake.test.transport.requests.back().body.contains("DesiredCapacity=2"));
  EXPECT_EQ(set(9), "SetDesiredCapacity");
  EXPECT_TRUE(fake.test.transport.requests.back().body.contains("DesiredCapacity=4"));
  EXPECT_EQ(set(1), "DescribeAutoScalingGroups");
  EXPECT_EQ(set(0), "DescribeAutoScalingGroups");
}

/// A process that has only just started (`once`) had no time for its one look there; and one that
/// saw a group at rest had none for the instances that came.
TEST(InstanceCloud, AFarRegionIsSeenWithinOneLook) {
  FakeCluster fake;
  fake.test.transport.delay = [](const net::HttpRequest& /*request*/) { return Duration(330ms); };
  const std::string instances = fake.answers["DescribeAutoScalingGroups"];
  fake.answers["DescribeAutoScalingGroups"] =
      "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>gpus"
      "</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>4</MaxSize><DesiredCapacity>0"
      "</DesiredCapacity></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></R>";
  fake.jobs.counts = {.name = "jobs"};
  for (int looks = 0; looks < 2; ++looks) {
    const auto seen = fake.look();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_TRUE(seen->complete) << seen->unread;
    fake.answers["DescribeAutoScalingGroups"] = instances;
    fake.jobs.counts = {.name = "jobs", .desired = 2};
  }
  EXPECT_TRUE(fake.carry_out({.kind = InstanceAction::Kind::SetDesired, .desired = 2}));
  EXPECT_EQ(fake.asked().back(), "SetDesiredCapacity");
}

TEST(InstanceCloud, NoLeaseIsOverrunByANewInstance) {
  FakeCluster fake;
  fake.test.transport.delay = [](const net::HttpRequest& /*request*/) { return Duration(300ms); };
  const auto result =
      fake.cloud.carry_out({.cluster = "c", .provider = "gpu", .services = {fake.jobs}},
                           {.kind = InstanceAction::Kind::SetDesired, .desired = 2},
                           fake.test.clock.steady() + 400ms, soon());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::Overdue);
}

TEST(InstanceCloud, MarksBeforeItDrainsAndUndrainsBeforeItUnmarks) {
  using Kind = InstanceAction::Kind;
  using Calls = std::vector<std::string>;
  FakeCluster fake;
  const InstanceMark mark{.kind = InstanceMark::Kind::Drained, .at = Instant(5s)};
  EXPECT_EQ(fake.carry_out({.kind = Kind::Drain, .instance = "i-1", .mark = mark}).error().kind,
            ErrorKind::NotFound);
  ASSERT_TRUE(fake.look());
  const auto calls = [&](Kind kind) {
    fake.asked();
    EXPECT_TRUE(fake.carry_out({.kind = kind, .instance = "i-1", .mark = mark}));
    return fake.asked();
  };
  EXPECT_EQ(calls(Kind::Drain), (Calls{"TagResource", "DescribeContainerInstances", "ListServices",
                                       "ListTasks", "UpdateContainerInstancesState"}));
  EXPECT_EQ(calls(Kind::Undrain), (Calls{"UpdateContainerInstancesState", "UntagResource"}));
  EXPECT_EQ(calls(Kind::Recall), Calls{"TagResource"});
  EXPECT_EQ(calls(Kind::Mark), Calls{"TagResource"});
  EXPECT_TRUE(fake.test.transport.requests.back().body.contains("drained 5"));
  EXPECT_EQ(calls(Kind::Unmark), Calls{"UntagResource"});
  fake.answers["DescribeContainerInstances"] =
      FakeCluster::containers(0, 0, "DRAINING", "drained 5");
  EXPECT_EQ(calls(Kind::End).back(), "TerminateInstanceInAutoScalingGroup");
  fake.answers["TagResource"] = "denied";
  fake.asked();
  EXPECT_FALSE(fake.carry_out({.kind = Kind::Drain, .instance = "i-1", .mark = mark}));
  EXPECT_EQ(fake.asked(), Calls{"TagResource"});
}

TEST(InstanceCloud, ATaskThatAppearsAfterTheLookKeepsItsInstance) {
  using Kind = InstanceAction::Kind;
  for (const Kind kind : {Kind::Drain, Kind::End}) {
    FakeCluster fake;
    const std::string status = kind == Kind::End ? "DRAINING" : "ACTIVE";
    const auto containers = [&](int running, int pending) {
      return FakeCluster::containers(running, pending, status, "drained 5");
    };
    std::string& now = fake.answers["DescribeContainerInstances"];
    now = containers(0, 0);
    const auto refusal = [&] {
      fake.asked();
      const auto result = fake.carry_out({.kind = kind, .instance = "i-1"});
      const auto asked = fake.asked();
      const bool changed = std::ranges::count(asked, "UpdateContainerInstancesState") +
                               std::ranges::count(asked, "TerminateInstanceInAutoScalingGroup") >
                           0;
      EXPECT_EQ(changed, result.has_value());
      return result ? "carried out" : result.error().message;
    };
    ASSERT_TRUE(fake.look());
    EXPECT_EQ(refusal(), "carried out");
    const std::string changed = "i-1 has changed since it was seen";
    for (const auto& [running, pending] : {std::pair(1, 0), std::pair(0, 1)}) {
      now = containers(running, pending);
      EXPECT_EQ(refusal(), changed);
    }
    now = containers(0, 0);
    fake.answers["ListTasks STOPPED"] = kOneTask;
    fake.answers["DescribeTasks"] = task_on("jobs", "DEPROVISIONING");
    EXPECT_EQ(refusal(), changed);
    fake.answers["DescribeTasks"] = "denied";  // What is not known is no emptiness.
    EXPECT_EQ(refusal(), changed);
    fake.answers["ListTasks STOPPED"] = R"({"taskArns":[]})";
    now = FakeCluster::containers(0, 0, kind == Kind::End ? "ACTIVE" : "DRAINING", "drained 5");
    EXPECT_EQ(refusal(), changed);
    now = FakeCluster::containers(0, 0, status, "somebody's");
    EXPECT_EQ(refusal(), changed);
    if (kind == Kind::End) {
      now = FakeCluster::containers(0, 0, status, "recalled 6");
      EXPECT_EQ(refusal(), changed);
    }
    now = R"({"containerInstances":[],"failures":[{"arn":"arn:ci-1","reason":"MISSING"}]})";
    EXPECT_EQ(refusal(), changed);
    now = R"({"containerInstances":[]})";
    EXPECT_TRUE(refusal().contains("nothing is told of 1 of 1 instances"));
  }
}

TEST(InstanceCloud, ManagedScalingThatWasTurnedOnSinceTheLookHasTheGroup) {
  using Kind = InstanceAction::Kind;
  FakeCluster fake;
  ASSERT_TRUE(fake.look());
  fake.answers["DescribeContainerInstances"] =
      FakeCluster::containers(0, 0, "DRAINING", "drained 5");
  std::string& provider = fake.answers["DescribeCapacityProviders"];
  provider.replace(provider.find("DISABLED"), 8, "ENABLED");
  EXPECT_EQ(fake.carry_out({.kind = Kind::End, .instance = "i-1"}).error().kind,
            ErrorKind::Conflict);
  fake.asked();
  EXPECT_TRUE(fake.carry_out({.kind = Kind::SetDesired, .desired = 3}));
  EXPECT_EQ(fake.asked().back(), "DescribeAutoScalingGroups");
}

TEST(InstanceCloud, AnInstanceThatIsRegisteredTwiceIsNotSeenEmpty) {
  FakeCluster fake;
  std::string& answer = fake.answers["DescribeContainerInstances"];
  answer.replace(answer.find(R"("ec2InstanceId":"i-2")"), 21, R"("ec2InstanceId":"i-1")");
  const std::string connected = R"("agentConnected":true)";
  for (const std::size_t silent : {answer.find(connected), answer.rfind(connected)}) {
    const std::string before = answer;
    answer.replace(silent, connected.size(), R"("agentConnected":false)");
    const auto seen = fake.look();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_FALSE(seen->instances.at(0).empty());
    EXPECT_TRUE(seen->instances.at(0).connected);
    answer = before;
  }
}

TEST(InstanceCloud, AnInstanceThatEndedBetweenTwoCallsOfALookIsGone) {
  FakeCluster fake;
  fake.answers["DescribeContainerInstances"] =
      R"({"containerInstances":[],"failures":[{"reason":"MISSING"},{"reason":"MISSING"}]})";
  const auto seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->instances.at(0).registration, Registration::None);
  fake.answers["DescribeContainerInstances"] =
      R"({"containerInstances":[],"failures":[{"reason":"MISSING"}]})";
  EXPECT_EQ(fake.look().error().kind, ErrorKind::Malformed);
}

TEST(InstanceCloud, GoesByTheClockOfAws) {
  FakeCluster fake;
  EXPECT_EQ(fake.look()->at, fake.test.clock.now());
  fake.date = "Mon, 23 Nov 2026 12:00:30 GMT";
  EXPECT_EQ(fake.look()->at, *parse_instant("2026-11-23T12:00:30Z"));
}

/// Neither a state that nobody knows nor one that only leads to another is a reason to end.
TEST(InstanceCloud, OnlyWhatIsInServiceAndKnownToEcsIsEverDrainedOrEnded) {
  using Kind = InstanceAction::Kind;
  const auto ends = [](const std::string& lifecycle, const std::string& status,
                       const std::string& mark) {
    FakeCluster fake;
    std::string& groups = fake.answers["DescribeAutoScalingGroups"];
    groups.replace(groups.find(">InService<"), 11, ">" + lifecycle + "<");
    fake.answers["DescribeContainerInstances"] = FakeCluster::containers(0, 0, status, mark);
    fake.jobs.counts = {.name = "jobs"};
    const auto seen = fake.look();
    EXPECT_TRUE(seen.has_value());
    const InstanceDecision decision = decide_instances({}, *seen);
    return std::ranges::any_of(decision.actions, [](const InstanceAction& action) {
      return action.kind == Kind::Drain || action.kind == Kind::End;
    });
  };
  for (const std::string lifecycle :
       {"InService", "Pending", "Pending:Wait", "Pending:Proceed", "Quarantined", "Terminating",
        "Terminating:Wait", "Terminating:Proceed", "Terminating:Retained", "Terminated",
        "Detaching", "Detached", "EnteringStandby", "Standby", "ReplacingRootVolume",
        "Warmed:Stopped", "Unheard:Of"}) {
    for (const std::string status : {"ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING",
                                     "REGISTRATION_FAILED", "INACTIVE", "UNHEARD_OF", ""}) {
      for (const std::string mark : {"idle 5", "drained 5", "recalled 5", "ours 5", "drained x"}) {
        const bool may =
            lifecycle == "InService" && ((status == "ACTIVE" && mark == "idle 5") ||
                                         (status == "DRAINING" && mark == "drained 5"));
        EXPECT_EQ(ends(lifecycle, status, mark), may) << lifecycle << " " << status << " " << mark;
      }
    }
  }
}

TEST(InstanceCloud, WhatALifecycleHookOrAPersonHoldsIsTold) {
  using Notes = std::vector<std::string>;
  const auto told = [](const std::string& lifecycle) {
    FakeCluster fake;
    std::string& groups = fake.answers["DescribeAutoScalingGroups"];
    groups.replace(groups.find(">InService<"), 11, ">" + lifecycle + "<");
    fake.answers["DescribeTaskDefinition"] = R"({"taskDefinition":{"containerDefinitions":[]}})";
    fake.answers["DescribeScalingActivities"] = "<R><DescribeScalingActivitiesResult/></R>";
    const auto seen = fake.look();
    EXPECT_TRUE(seen.has_value());
    Notes notes;
    for (const InstanceStep& step : decide_instances({.tasks_most = 1}, *seen).steps) {
      notes.push_back(explain(step));
    }
    return notes;
  };
  const std::string to_place = "jobs: 1 task wanted, 0 placed, 1 to place";
  const std::string replaced = "1 instance on the way, of which 1 needed";
  const auto held = [](const std::string& lifecycle) {
    return "1 instance held in another state than InService by a lifecycle hook, a person or AWS "
           "(i-1 " +
           lifecycle + "): not ended by this program";
  };
  for (const std::string lifecycle :
       {"Terminating:Wait", "Terminating:Retained", "EnteringStandby", "Standby", "Detaching",
        "ReplacingRootVolume", "Warmed:Running", "Quarantined"}) {
    EXPECT_EQ(told(lifecycle), (Notes{held(lifecycle), to_place, replaced})) << lifecycle;
  }
  // Its agent has registered, and ECS places tasks on it.
  const std::string here = "1 task into the room of instances that run";
  EXPECT_EQ(told("Pending:Wait"), (Notes{held("Pending:Wait"), to_place, here}));
  for (const char* lifecycle : {"Pending", "Pending:Proceed", "InService"}) {
    EXPECT_EQ(told(lifecycle), (Notes{to_place, here})) << lifecycle;
  }
  for (const char* lifecycle : {"Terminating", "Terminating:Proceed", "Terminated"}) {
    EXPECT_EQ(told(lifecycle), (Notes{to_place, replaced})) << lifecycle;
  }
}

TEST(InstanceCloud, AReplyAboutAnotherGroupIsNone) {
  FakeCluster fake;
  std::string& groups = fake.answers["DescribeAutoScalingGroups"];
  groups.replace(groups.find(">gpus<"), 6, ">cpus<");
  EXPECT_EQ(fake.look().error().kind, ErrorKind::Malformed);
}

TEST(InstanceCloud, AnInstanceOlderThanAllActivitiesIsAsOldAsTheOldest) {
  FakeCluster fake;
  std::string& activities = fake.answers["DescribeScalingActivities"];
  activities = "<R><DescribeScalingActivitiesResult><Activities>";
  for (int i = 0; i < 99; ++i) {
    activities +=
        "<member><StatusCode>Failed</StatusCode><Description>Launching a new EC2 instance"
        "</Description><StartTime>2026-11-23T11:00:00Z</StartTime></member>";
  }
  const std::string end = "</Activities></DescribeScalingActivitiesResult></R>";
  const std::string some = activities;
  activities = some + end;
  EXPECT_EQ(fake.look()->instances.at(0).launched, std::nullopt);
  activities = some +
               "<member><StatusCode>Failed</StatusCode><Description>Launching a new EC2 instance"
               "</Description><StartTime>2026-11-23T10:00:00Z</StartTime></member>" +
               end;
  EXPECT_EQ(fake.look()->instances.at(0).launched, *parse_instant("2026-11-23T10:00:00Z"));
}

TEST(InstanceCloud, ServicesOfTheGroupThatAnotherProcessScalesAreNamed) {
  const auto& service = described_service;
  FakeCluster fake;
  fake.answers["ListServices"] =
      R"({"serviceArns":["s/c/jobs","s/c/other","s/c/third","s/c/fixed","s/c/gone"]})";
  const std::string all = R"({"services":[)" + service("jobs", "gpu", "ecs-scaler:state", 0) + "," +
                          service("other", "gpu", "ecs-scaler:state", 0) + "," +
                          service("fixed", "gpu", "team", 0) + "," +
                          service("third", "cpu", "ecs-scaler:state", 0) +
                          R"(],"failures":[{"arn":"s/c/gone","reason":"MISSING"}]})";
  fake.answers["DescribeServices"] = all;
  EXPECT_EQ(fake.look()->scaled_by_others, std::vector<std::string>{"other"});
  fake.asked();
  EXPECT_EQ(fake.look()->scaled_by_others, std::vector<std::string>{"other"});
  EXPECT_EQ(std::ranges::count(fake.asked(), "ListServices"), 1) << "DAEMON services alone";

  fake.test.clock.advance(1min);
  fake.answers["DescribeServices"] = "denied";
  const auto seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_FALSE(seen->complete);
  fake.answers["DescribeServices"] =
      R"({"services":[)" + service("jobs", "gpu", "ecs-scaler:state", 0) + "]}";
  const auto partial = fake.look();
  ASSERT_TRUE(partial) << partial.error().message;
  EXPECT_FALSE(partial->complete);
  EXPECT_TRUE(partial->unread.contains("does not mention the service")) << partial->unread;
  fake.answers["DescribeServices"] = all;
  fake.answers["DescribeContainerInstances"] = FakeCluster::containers(1, 0);
  EXPECT_TRUE(fake.look()->complete) << "nothing could end";
}

/// One whose queue hung was told to be another process's, though one fleet has both. Its tasks
/// count all the same.
TEST(InstanceCloud, AServiceOfTheFleetThatWasNotReadIsNoOtherProcesss) {
  FakeCluster fake;
  fake.answers["ListTasks"] = R"({"taskArns":[]})";
  fake.answers["ListServices"] = R"({"serviceArns":["s/c/jobs","s/c/other","s/c/third"]})";
  fake.answers["DescribeServices"] =
      R"({"services":[)" + described_service("jobs", "gpu", "ecs-scaler:state") + "," +
      described_service("other", "gpu", "ecs-scaler:state", 2) + "," +
      described_service("third", "gpu", "ecs-scaler:state") + "]}";
  const auto seen = fake.cloud.look(
      {.cluster = "c", .provider = "gpu", .services = {fake.jobs}, .fleet = {"jobs", "other"}},
      fake.test.clock.steady() + 30s);
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->scaled_by_others, std::vector<std::string>{"third"});
  ASSERT_EQ(seen->services.size(), 3U);
  EXPECT_EQ(seen->services.at(1).desired, 2);
}

/// A cluster of that name is not there, or all services are gone at once: their instances ended.
TEST(InstanceCloud, WhereTheServiceItselfIsNotToldOfNobodyKnowsWhoElseScales) {
  for (const char* answer :
       {"missing cluster",
        R"({"services":[],"failures":[{"arn":"s/c/jobs","reason":"MISSING"}]})"}) {
    FakeCluster fake;
    fake.answers["DescribeServices"] = answer;
    const auto seen = fake.look();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_FALSE(seen->complete) << answer;
    EXPECT_TRUE(seen->unread.contains("not of 'jobs'")) << seen->unread;
  }
  FakeCluster empty;
  empty.answers["ListServices"] = R"({"serviceArns":[]})";
  EXPECT_FALSE(empty.look()->complete);
}

/// Asked where AWS_REGION says, a cluster of another region had no services: its instances ended.
TEST(InstanceCloud, OthersAreLookedForWhereTheServiceIs) {
  FakeCluster fake;
  fake.answers["ListServices"] = R"({"serviceArns":["s/c/jobs","s/c/other"]})";
  fake.answers["DescribeServices"] = R"({"services":[)" +
                                     described_service("jobs", "gpu", "ecs-scaler:state") + "," +
                                     described_service("other", "gpu", "ecs-scaler:state") + "]}";
  fake.jobs.id.service = "arn:aws:ecs:ap-south-1:1:service/c/jobs";
  EXPECT_EQ(fake.look()->scaled_by_others, std::vector<std::string>{"other"});
  for (const net::HttpRequest& request : fake.test.transport.requests) {
    if (!request.origin.host.starts_with("autoscaling")) {
      EXPECT_TRUE(request.origin.host.contains("ap-south-1")) << request.body;
    }
  }
}

/// Before, the instance on its way for another's task was taken for one's own, whose task then
/// waited for a second start.
TEST(InstanceCloud, TheTasksOfAServiceThatAnotherProcessScalesCount) {
  FakeCluster fake;
  fake.answers["ListServices"] = R"({"serviceArns":["s/c/jobs","s/c/other"]})";
  fake.answers["ListTasks"] = R"({"taskArns":[]})";
  fake.answers["DescribeTaskDefinition"] = R"({"taskDefinition":{"containerDefinitions":[]}})";
  fake.answers["DescribeScalingActivities"] = "<R><DescribeScalingActivitiesResult/></R>";
  const auto want = [&fake](int desired) {
    fake.answers["DescribeServices"] =
        R"({"services":[)" + described_service("jobs", "gpu", "ecs-scaler:state") + "," +
        described_service("other", "gpu", "ecs-scaler:state", desired) + "]}";
  };
  want(0);
  ASSERT_TRUE(fake.look());
  fake.answers["DescribeContainerInstances"] = FakeCluster::containers(1, 0);
  fake.jobs.counts = {.name = "jobs", .desired = 2, .running = 1};
  const auto desired = [&fake] {
    const auto seen = fake.look();
    EXPECT_TRUE(seen && seen->complete);
    return decide_instances({.tasks_most = 1}, *seen).wanted;
  };
  EXPECT_EQ(desired(), 2);
  want(1);
  EXPECT_EQ(desired(), 3);
  std::string& groups = fake.answers["DescribeAutoScalingGroups"];
  groups.replace(groups.find("<DesiredCapacity>1<"), 19, "<DesiredCapacity>2<");
  EXPECT_EQ(desired(), 3) << "one is on its way, and two tasks wait";
  fake.answers["DescribeServices"] = "denied";
  const auto blind = fake.look();
  ASSERT_TRUE(blind) << "own tasks need no word of others";
  EXPECT_FALSE(blind->complete);
}

TEST(InstanceCloud, AGroupThatIsSlowHoldsNoOther) {
  FakeCluster fake;
  fake.test.transport.delay = [](const net::HttpRequest& request) {
    return Duration(request.body.contains(R"("slow")") ? 1h : 100ms);
  };
  std::map<std::string, Deadline> ended;
  const Deadline begun = fake.test.clock.steady();
  std::vector<std::function<void()>> works;
  for (const std::string provider : {"slow", "gpu", "other"}) {
    works.emplace_back([&, provider] {
      const auto seen = fake.cloud.look(
          {.cluster = "c", .provider = provider, .services = {fake.jobs}}, begun + 30s);
      EXPECT_EQ(seen.has_value(), provider != "slow");
      ended[provider] = fake.test.clock.steady();
    });
  }
  fake.cloud.together(works);
  EXPECT_LT(ended.at("gpu") - begun, 2s);
  EXPECT_LT(ended.at("other") - begun, 2s);
  EXPECT_GE(ended.at("slow") - begun, 2s);
}

TEST(InstanceCloud, WhereNoThreadIsToBeHadOneWorkComesAfterTheOther) {
  pthread_attr_t usual = {};
  pthread_attr_t huge = {};
  ASSERT_EQ(::pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(::pthread_getattr_default_np(&huge), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&huge, std::size_t{1} << 47U), 0);  // No room for that.
  FakeCluster fake;
  int looked = 0;
  const std::vector<std::function<void()>> works(3, [&] { looked += fake.look() ? 1 : 0; });
  ASSERT_EQ(::pthread_setattr_default_np(&huge), 0);
  fake.cloud.together(works);
  ASSERT_EQ(::pthread_setattr_default_np(&usual), 0);
  EXPECT_EQ(looked, 3);
}

TEST(InstanceCloud, MoreWorksThanRunAtOnceAllEnd) {
  FakeCluster fake;
  std::size_t ended = 0;
  const std::vector<std::function<void()>> works(2 * SideBySide::kMost + 1, [&] {
    if (ended++ % 8 == 0) {  // All of them would be over ECS's rates.
      EXPECT_TRUE(fake.look());
    }
  });
  fake.cloud.together(works);
  EXPECT_EQ(ended, works.size());
  fake.cloud.together({});
  EXPECT_TRUE(fake.look()) << "as before";
}

TEST(InstanceCloud, IsReachedAsItsServicesAre) {
  using Kind = InstanceAction::Kind;
  FakeCluster fake;
  fake.jobs.id.role = {.arn = "arn:aws:iam::222222222222:role/scaler"};
  fake.answers["AssumeRole"] =
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDOFROLE</AccessKeyId>"
      "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
      "2126-11-23T13:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
  ASSERT_TRUE(fake.look());
  for (const Kind kind : {Kind::SetDesired, Kind::Recall, Kind::Mark, Kind::Drain, Kind::Undrain,
                          Kind::Unmark, Kind::End}) {
    if (kind == Kind::End) {
      fake.answers["DescribeContainerInstances"] =
          FakeCluster::containers(0, 0, "DRAINING", "drained 5");
    }
    EXPECT_TRUE(fake.carry_out({.kind = kind, .instance = "i-1", .desired = 4}));
  }
  EXPECT_EQ(fake.asked().front(), "AssumeRole");
  for (std::size_t i = 1; i < fake.test.transport.requests.size(); ++i) {
    const net::HttpRequest& request = fake.test.transport.requests[i];
    EXPECT_TRUE(net::find_header(request.headers, "Authorization")->contains("AKIDOFROLE"))
        << request.body;
  }
}

TEST(InstanceCloud, LeavesTheInstancesThatAwsDrivesUnread) {
  FakeCluster fake;
  std::string& provider = fake.answers["DescribeCapacityProviders"];
  provider.replace(provider.find("DISABLED"), 8, "ENABLED");
  fake.jobs.counts.pending = 1;
  const Result<GroupSeen> seen = fake.look();
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->managed_scaling);
  EXPECT_EQ(seen->instances.size(), 1U);
  EXPECT_EQ(fake.asked(),
            (std::vector<std::string>{"DescribeCapacityProviders", "DescribeAutoScalingGroups",
                                      "DescribePolicies", "DescribeScalingActivities",
                                      "DescribeTaskDefinition"}));
}

TEST(InstanceCloud, SaysWhatInstancesWithoutAGroupCost) {
  const auto refusal = [](const std::string& more) {
    FakeCluster fake;
    fake.answers["DescribeCapacityProviders"] =
        R"({"capacityProviders":[{"name":"gpu")" + more + "}]}";
    const Result<GroupSeen> seen = fake.look();
    EXPECT_EQ(seen.error().kind, ErrorKind::Rejected);
    return seen.error().message;
  };
  const auto managed = [&](const std::string& after) {
    return refusal(R"(,"type":"MANAGED_INSTANCES","managedInstancesProvider":{)" + after + "}");
  };
  const std::string text = "the capacity provider gpu has no Auto Scaling group";
  EXPECT_EQ(refusal(""), text);
  EXPECT_EQ(managed(R"("infrastructureOptimization":{"scaleInAfter":60})"),
            text + ": its Managed Instances end 60 s after their last task");
  EXPECT_TRUE(managed(R"("infrastructureOptimization":{"scaleInAfter":-1})").contains("never end"));
  EXPECT_TRUE(managed("").contains("scaleInAfter is not set"));
}

}  // namespace
}  // namespace scaler::aws
