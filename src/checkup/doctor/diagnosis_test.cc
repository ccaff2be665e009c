// Each finding appears for what it is about and not without it.

#include "checkup/doctor/diagnosis.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"
#include "edge/config/environment.h"
#include "scaler/core/names.h"
#include "scaler/state/state_text.h"

namespace scaler::doctor {
namespace {

using namespace std::chrono_literals;

const Instant kNow =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

/// A deployment that nothing is wrong with.
Facts healthy() {
  const std::string url = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";
  return {
      .place = {.queue_url = url, .service = {.cluster = "c", .service = "s"}, .function = "f"},
      .at = kNow,
      .caller = aws::CallerIdentity{.account = "123456789012", .arn = "arn"},
      .credential_source = "environment",
      .queue = aws::QueueSettings{.arn = "arn:aws:sqs:eu-central-1:123456789012:jobs",
                                  .visibility_timeout = 180s,
                                  .receives_max = 5,
                                  .dead_letter_arn = "arn:dlq"},
      .service = aws::ServiceDetails{.arn = "arn:aws:ecs:eu-central-1:123456789012:service/c/s",
                                     .status = "ACTIVE",
                                     .scheduling_strategy = "REPLICA",
                                     .deployment_controller = "ECS",
                                     .launch_type = "FARGATE"},
      .scalable_target = std::optional<aws::ScalableTarget>(),
      .function = aws::FunctionConfiguration{.name = "f",
                                             .timeout = 30s,
                                             .state = "Active",
                                             .environment = {{"SQS_QUEUE_URL", url},
                                                             {"ECS_CLUSTER_NAME", "c"},
                                                             {"ECS_SERVICE_NAME", "s"},
                                                             {"WAKE", "true"}}},
      .mapping = std::optional(aws::EventSourceMapping{
          .id = "u1", .state = aws::MappingState::Enabled, .reports_batch_item_failures = true})};
}

/// The one finding, as "severity subject: seen".
std::string finding(const Facts& facts) {
  const std::vector<Finding> findings = diagnose(facts);
  return findings.size() == 1 ? std::string(to_string(findings[0].severity)) + " " +
                                    findings[0].subject + ": " + findings[0].seen
                              : text_of(findings);
}

std::string finding_after(const std::function<void(Facts&)>& spoil) {
  Facts facts = healthy();
  spoil(facts);
  return finding(facts);
}

std::unexpected<Error> denied() {
  return fail(ErrorKind::Denied, "SQS GetQueueAttributes q: AccessDeniedException: no");
}

TEST(Diagnosis, FindsNothingOnAHealthyDeployment) {
  EXPECT_TRUE(diagnose(healthy()).empty()) << text_of(diagnose(healthy()));
  EXPECT_EQ(text_of(diagnose(healthy())), "0 problems, 0 risks, 0 notes\n");
}

TEST(Diagnosis, Proxy) {
  EXPECT_EQ(finding_after([](Facts& f) {
              f.proxies = {{.proxy = "http://p:1", .variable = "HTTPS_PROXY", .services = "SQS"}};
            }),
            "note proxy: calls to SQS go through http://p:1 of HTTPS_PROXY");
}

TEST(Diagnosis, Queue) {
  EXPECT_EQ(finding_after([](Facts& f) { f.queue = fail(ErrorKind::NotFound, "no queue"); }),
            "problem queue: no queue");
  EXPECT_EQ(finding_after([](Facts& f) { f.queue->fifo = true; }),
            "problem queue: it is FIFO, and WAKE is true");
  EXPECT_EQ(finding_after([](Facts& f) { f.queue->receives_max.reset(); }),
            "risk queue: it has no redrive policy");
  EXPECT_EQ(finding_after([](Facts& f) { f.queue->receives_max = 3; }),
            "problem queue: maxReceiveCount is 3, less than 5");
  EXPECT_EQ(finding_after([](Facts& f) {
              f.queue->receives_max = 3;
              (*f.function)->environment["WAKE"] = "false";
              (**f.mapping)->state = aws::MappingState::Disabled;
            }),
            "risk queue: maxReceiveCount is 3, less than 5");
  EXPECT_EQ(finding_after([](Facts& f) { f.queue->visibility_timeout = 179s; }),
            "risk queue: the visibility timeout of 2 min 59 s is less than 6 times the function's "
            "timeout of 30 s");
  EXPECT_EQ(
      finding_after([](Facts& f) { (*f.function)->environment["SECONDS_PER_MESSAGE"] = "200"; }),
      "risk queue: the visibility timeout of 3 min is shorter than SECONDS_PER_MESSAGE, 3 min 20 "
      "s");
}

TEST(Diagnosis, Service) {
  EXPECT_EQ(finding_after([](Facts& f) { f.service = fail(ErrorKind::NotFound, "MISSING"); }),
            "problem service: MISSING");
  EXPECT_EQ(finding_after([](Facts& f) { f.service->status = "INACTIVE"; }),
            "problem service: its status is INACTIVE");
  EXPECT_EQ(finding_after([](Facts& f) { f.service->scheduling_strategy = "DAEMON"; }),
            "problem service: its scheduling strategy is DAEMON");
  EXPECT_EQ(finding_after([](Facts& f) { f.service->deployment_controller = "CODE_DEPLOY"; }),
            "risk service: its deployment controller is CODE_DEPLOY");
  EXPECT_EQ(finding_after([](Facts& f) { f.service->arn = "arn:aws:ecs:r:1:service/s"; }),
            "problem service: its ARN arn:aws:ecs:r:1:service/s is of the short form");
  EXPECT_EQ(finding_after([](Facts& f) { f.instances = 0; }),
            "problem cluster: the service's launch type is EC2, and no instance is registered with "
            "the cluster");
  EXPECT_TRUE(finding_after([](Facts& f) {
                f.service->tags["ecs-scaler:state"] = "v99 x";
              }).starts_with("risk state: the tag ecs-scaler:state cannot be read: "));
  EXPECT_TRUE(finding_after([](Facts& f) {
                f.service->tags["ecs-scaler:state"] =
                    format_state({.last_look = Instant(Duration(1)), .late_looks = 3});
              }).starts_with("risk state: the last 3 scale-ins or more were withheld"));
}

TEST(Diagnosis, StateTag) {
  const auto fill = [](Facts& f, int tags) {
    f.service->tags["aws:ecs:clusterName"] = "c";
    for (int i = 0; i < tags; ++i) {
      f.service->tags[std::to_string(i)] = "";
    }
  };
  EXPECT_EQ(finding_after([&](Facts& f) { fill(f, 50); }),
            "problem state: the service has 50 tags, and ecs-scaler:state is not among them; ECS "
            "takes no more than 50");
  EXPECT_EQ(finding_after([&](Facts& f) { fill(f, 49); }), finding(healthy()));
  EXPECT_EQ(finding_after([&](Facts& f) {
              fill(f, 49);
              f.service->tags["ecs-scaler:state"] = "";
            }),
            finding(healthy()));
}

TEST(Diagnosis, ZoneRebalancingStopsWorkersThatDoNotProtectTheirTask) {
  const auto rebalancing = [](std::string value, std::string scale_in_when) {
    return finding_after([&](Facts& f) {
      f.service->zone_rebalancing = std::move(value);
      f.place.scale_in_when = std::move(scale_in_when);
    });
  };
  EXPECT_EQ(rebalancing("ENABLED", ""),
            "risk service: availability-zone rebalancing is on, and SCALE_IN_WHEN is idle");
  EXPECT_EQ(rebalancing("ENABLED", "any"),
            "risk service: availability-zone rebalancing is on, and SCALE_IN_WHEN is any");
  EXPECT_EQ(rebalancing("ENABLED", "protected"), finding(healthy()));
  EXPECT_EQ(rebalancing("DISABLED", ""), finding(healthy()));
}

TEST(Diagnosis, NamesTheToolThatManagesTheService) {
  const auto owner = [](const std::string& key, const std::string& value) {
    Facts facts = healthy();
    facts.service->tags[key] = value;
    const std::vector<Finding> findings = diagnose(facts);
    return findings.empty() ? "" : findings.front().seen + " " + findings.front().page;
  };
  EXPECT_EQ(owner("aws:cloudformation:stack-name", "web"),
            "its tag aws:cloudformation:stack-name=web says that CloudFormation manages it "
            "docs/infrastructure-tools.md#cloudformation");
  EXPECT_EQ(owner("copilot-application", "shop"),
            "its tag copilot-application=shop says that Copilot manages it "
            "docs/infrastructure-tools.md#copilot");
  EXPECT_EQ(owner("pulumi:stack", "dev"),
            "its tag pulumi:stack=dev says that Pulumi manages it "
            "docs/infrastructure-tools.md#pulumi");
  EXPECT_EQ(owner("ManagedBy", "Terraform"),
            "its tag ManagedBy=Terraform says that Terraform manages it "
            "docs/infrastructure-tools.md#terraform");
  EXPECT_EQ(owner("Terraform", "true"),
            "its tag Terraform=true says that Terraform manages it "
            "docs/infrastructure-tools.md#terraform");
  EXPECT_EQ(owner("managed-by", "AWS CDK"),
            "its tag managed-by=AWS CDK says that CDK manages it "
            "docs/infrastructure-tools.md#cdk");
  EXPECT_EQ(owner("managed_by", "ecspresso"),
            "its tag managed_by=ecspresso says that ecspresso manages it "
            "docs/infrastructure-tools.md#ecspresso");
  EXPECT_EQ(owner("Terraform", "false"), "");
  EXPECT_EQ(owner("team", "terraform"), "");
  EXPECT_EQ(owner("copilots", "2"), "");
}

TEST(Diagnosis, NamesOneToolOnly) {
  EXPECT_TRUE(finding_after([](Facts& f) {
                f.service->tags["aws:cloudformation:stack-name"] = "shop-prod-worker";
                f.service->tags["copilot-application"] = "shop";
              }).starts_with("note service: its tag copilot-application=shop"));
}

aws::ServiceDeployment rollout(std::string state, Duration created, Duration updated) {
  return {.id = "ecs-svc/1",
          .rollout = std::move(state),
          .reason = {},
          .created_at = kNow - created,
          .updated_at = kNow - updated};
}

TEST(Diagnosis, DeploymentsWithoutEnd) {
  const auto with = [](std::vector<aws::ServiceDeployment> deployments, std::int64_t desired = 1) {
    return finding_after([&](Facts& f) {
      (*f.mapping)->value().state = aws::MappingState::Disabled;
      f.service->desired = desired;
      f.service->deployments = std::move(deployments);
    });
  };
  const aws::ServiceDeployment old = rollout("COMPLETED", 90h, 90h);
  EXPECT_EQ(with({rollout("IN_PROGRESS", 61min, 1min), old}),
            "risk deployment: ecs-svc/1 has been in progress for 1 h 1 min");
  EXPECT_EQ(with({rollout("IN_PROGRESS", 60min, 1min), old}), finding(healthy()));
  EXPECT_EQ(with({old}), finding(healthy()));
  // The first rollout of a service goes on until its first tasks are steady.
  EXPECT_EQ(with({rollout("IN_PROGRESS", 90h, 90h)}, 0), finding(healthy()));
  EXPECT_EQ(with({rollout("IN_PROGRESS", 90h, 1min)}), finding(healthy()));
  EXPECT_EQ(with({rollout("IN_PROGRESS", 90h, 2h)}),
            "risk deployment: ecs-svc/1 has been in progress for 2 h");
  EXPECT_EQ(with({{.id = "ecs-svc/1", .rollout = "IN_PROGRESS"}, old}), finding(healthy()));
  EXPECT_EQ(with({{.id = "ecs-svc/1", .rollout = "FAILED", .reason = "tasks failed to start."}}),
            "risk deployment: ecs-svc/1 has failed: tasks failed to start.");
  EXPECT_EQ(with({{.id = "ecs-svc/1", .rollout = "FAILED"}}, 0),
            "risk deployment: ecs-svc/1 has failed: ECS gives no reason");
}

/// What is found beside so many tasks and messages.
std::string at_work(std::int64_t desired, std::int64_t running, const QueueDepth& depth,
                    const std::string& scale_in_when = "") {
  return finding_after([&](Facts& f) {
    (*f.mapping)->value().state = aws::MappingState::Disabled;
    f.place.scale_in_when = scale_in_when;
    f.service->desired = desired;
    f.service->running = running;
    f.queue->depth = depth;
  });
}

TEST(Diagnosis, SuspectsWorkersThatDeleteBeforeTheyWork) {
  EXPECT_EQ(at_work(2, 2, {.visible = 9}),
            "note work: 2 tasks run, 9 messages wait, and none is in flight");
  EXPECT_EQ(at_work(1, 1, {.visible = 1}),
            "note work: 1 task runs, 1 message waits, and none is in flight");
  EXPECT_EQ(at_work(2, 2, {.visible = 9, .in_flight = 1}), finding(healthy()));
  EXPECT_EQ(at_work(2, 0, {.visible = 9}), finding(healthy()));
  EXPECT_EQ(at_work(2, 2, {}), finding(healthy()));
}

TEST(Diagnosis, SuspectsDeadWorkersMessages) {
  EXPECT_EQ(at_work(0, 0, {.in_flight = 3}),
            "note work: 3 messages are in flight, and no task runs");
  EXPECT_EQ(at_work(0, 0, {.in_flight = 1}), "note work: 1 message is in flight, and no task runs");
  Facts facts = healthy();
  facts.queue->depth = QueueDepth{.in_flight = 3};
  facts.queue->visibility_timeout = 12h;
  EXPECT_NE(diagnose(facts).front().advice.find("visibility timeout of 12 h;"), std::string::npos)
      << text_of(diagnose(facts));
}

TEST(Diagnosis, TellsThatAPeakIsKept) {
  const QueueDepth depth{.visible = 1, .in_flight = 2};
  EXPECT_EQ(at_work(20, 20, depth),
            "note work: 20 tasks are wanted for 2 messages in flight and 1 that wait");
  EXPECT_EQ(at_work(20, 20, depth, "idle"), at_work(20, 20, depth));
  EXPECT_EQ(at_work(20, 20, depth, "any"), finding(healthy()));
  EXPECT_EQ(at_work(20, 20, depth, "protected"), finding(healthy()));
  EXPECT_EQ(at_work(3, 3, depth), finding(healthy()));
}

TEST(Diagnosis, TellsOfAWindowInWhichCountsMayBeLate) {
  const auto with = [](std::string busy_window, std::string scale_in_when) {
    return finding_after([&](Facts& f) {
      f.place.busy_window = std::move(busy_window);
      f.place.scale_in_when = std::move(scale_in_when);
    });
  };
  EXPECT_EQ(with("59.5", ""),
            "note work: BUSY_WINDOW is 59.5, and SQS's counts may be a minute late");
  EXPECT_EQ(with("0", "any"), "note work: BUSY_WINDOW is 0, and SQS's counts may be a minute late");
  for (const char* sure : {"", "60", "3 s"}) {
    EXPECT_EQ(with(sure, ""), finding(healthy())) << sure;
  }
  EXPECT_EQ(with("3", "protected"), finding(healthy()));
}

TEST(Diagnosis, SuspectsWorkersThatForgetToProtectTheirTask) {
  const auto with = [](Result<std::int64_t> protected_tasks, std::int64_t in_flight) {
    return finding_after([&](Facts& f) {
      (*f.mapping)->value().state = aws::MappingState::Disabled;
      f.place.scale_in_when = "protected";
      f.service->desired = 4;
      f.service->running = 4;
      f.queue->depth = QueueDepth{.in_flight = in_flight};
      f.protected_tasks = std::move(protected_tasks);
    });
  };
  EXPECT_EQ(with(0, 3),
            "risk work: SCALE_IN_WHEN is protected, 3 messages are in flight, and none of 4 tasks "
            "is protected");
  EXPECT_EQ(with(1, 3), finding(healthy()));
  EXPECT_EQ(with(0, 0), finding(healthy()));
}

TEST(Diagnosis, OtherScaler) {
  EXPECT_EQ(finding_after([](Facts& f) {
              f.scalable_target = aws::ScalableTarget{.tasks_min = 1, .tasks_max = 9};
            }),
            "problem other scaler: Application Auto Scaling is registered for the service, 1 to 9 "
            "tasks");
  EXPECT_TRUE(finding_after([](Facts& f) {
                f.scalable_target = aws::ScalableTarget{.suspended = true};
              }).starts_with("note other scaler: "));
}

TEST(Diagnosis, FunctionAndMapping) {
  EXPECT_EQ(finding_after([](Facts& f) { f.function.reset(); }),
            "note function: no function is named");
  EXPECT_EQ(finding_after([](Facts& f) { (*f.function)->state = "Failed"; }),
            "problem function: its state is Failed");
  EXPECT_EQ(finding_after([](Facts& f) { f.place.service.service = "other"; }),
            "risk function: its ECS_SERVICE_NAME is s, but other was examined");
  EXPECT_TRUE(finding_after([](Facts& f) {
                (*f.function)->environment["ECS_SERVICE_NAME"] = "other";
              }).starts_with("risk function: its ECS_SERVICE_NAME is other, but s was examined"));
  EXPECT_EQ(finding_after([](Facts& f) { f.mapping->value().reset(); }),
            "problem wake mapping: WAKE is true, but the function has no event source mapping on "
            "the job queue");
  EXPECT_EQ(finding_after([](Facts& f) { (**f.mapping)->reports_batch_item_failures = false; }),
            "problem wake mapping: the mapping u1 lacks ReportBatchItemFailures");
  EXPECT_EQ(
      finding_after([](Facts& f) { (*f.function)->environment["SCALE_UP_TRAGET"] = "3"; }),
      "risk function: its variable SCALE_UP_TRAGET is no setting; did you mean 'SCALE_UP_TARGET'?");
  EXPECT_EQ(finding_after([](Facts& f) { (*f.function)->environment.erase("WAKE"); }),
            "problem wake mapping: the mapping u1 is enabled, but WAKE is not true");
  EXPECT_EQ(finding_after([](Facts& f) { f.service->desired = 2; }),
            "risk wake mapping: the mapping u1 is enabled while the service wants 2 tasks");
}

TEST(Diagnosis, AFunctionRefusesItsVariablesInTheWordsOfBootstrap) {
  const auto refused = [](std::string name, std::string value) {
    return finding_after([&](Facts& f) {
      Environment& environment = (*f.function)->environment;
      environment[name] = value;
      EXPECT_FALSE(service_from_environment(environment).has_value());
    });
  };
  EXPECT_EQ(refused("SECONDS_PER_MESSAGE", "garbage"),
            "problem function: it refuses its variables: SECONDS_PER_MESSAGE: 'garbage' is not a "
            "number");
  EXPECT_EQ(refused("WAKE", "yes"),
            "problem function: it refuses its variables: WAKE: 'yes' is not true or false")
      << "nothing is said of the mapping: whether it should be there is not known";
  EXPECT_EQ(refused("ECS_SERVICE_NAME", ""),
            "problem function: it refuses its variables: ECS_SERVICE_NAME is not set: it must be " +
                std::string(kServiceMeaning));
}

TEST(Diagnosis, NamesTheActionThatIsDenied) {
  const std::vector<std::pair<std::function<void(Facts&)>, std::string>> reads{
      {[](Facts& f) { f.caller = denied(); }, "sts:GetCallerIdentity"},
      {[](Facts& f) { f.queue = denied(); }, "sqs:GetQueueAttributes"},
      {[](Facts& f) { f.service = denied(); }, "ecs:DescribeServices"},
      {[](Facts& f) { f.instances = denied(); }, "ecs:DescribeClusters"},
      {[](Facts& f) { f.capacity = {{.provider = denied()}}; }, "ecs:DescribeCapacityProviders"},
      {[](Facts& f) { f.protected_tasks = denied(); }, "ecs:ListTasks and ecs:GetTaskProtection"},
      {[](Facts& f) { f.scalable_target = denied(); },
       "application-autoscaling:DescribeScalableTargets"},
      {[](Facts& f) { f.function = denied(); }, "lambda:GetFunctionConfiguration"},
      {[](Facts& f) { f.mapping = denied(); }, "lambda:ListEventSourceMappings"}};
  for (const auto& [spoil, action] : reads) {
    Facts facts = healthy();
    spoil(facts);
    const std::vector<Finding> findings = diagnose(facts);
    ASSERT_EQ(findings.size(), 1U) << action << "\n" << text_of(findings);
    EXPECT_EQ(findings[0].subject, "permissions");
    EXPECT_NE(findings[0].advice.find(action), std::string::npos) << findings[0].advice;
    EXPECT_TRUE(has_problem(findings));
  }
}

TEST(Diagnosis, ClockAndCredentials) {
  EXPECT_EQ(finding_after([](Facts& f) { f.clock_difference = 90s; }),
            "risk clock: this machine's clock is 1 min 30 s behind AWS's");
  EXPECT_EQ(finding_after([](Facts& f) { f.clock_difference = -90s; }),
            "risk clock: this machine's clock is 1 min 30 s ahead of AWS's");
  EXPECT_EQ(finding_after([](Facts& f) { f.caller = fail(ErrorKind::Unauthorized, "expired"); }),
            "problem credentials: expired");
  EXPECT_EQ(finding_after([](Facts& f) { f.caller = fail(ErrorKind::Unavailable, "down"); }),
            "problem credentials: down");
}

TEST(Diagnosis, WithoutCredentialsSpeaksOfNothingElse) {
  Facts facts = healthy();
  facts.credential_source = "";
  facts.caller = fail(ErrorKind::Malformed, "profile 'p': half");
  facts.queue = fail(ErrorKind::Malformed, "profile 'p': half");
  const std::vector<Finding> findings = diagnose(facts);
  ASSERT_EQ(findings.size(), 1U) << text_of(findings);
  EXPECT_EQ(finding(facts), "problem credentials: profile 'p': half");
  EXPECT_EQ(findings[0].advice, "Mend what it names.");
  EXPECT_EQ(identity_of(facts), "");
}

TEST(Diagnosis, TellsWhoAskedAndByWhichCredentials) {
  EXPECT_EQ(identity_of(healthy()),
            "Asked as arn (account 123456789012) with credentials of: environment\n");
  EXPECT_NE(
      json_of(healthy(), {})
          .find(R"("identity":{"source":"environment","arn":"arn","account":"123456789012"})"),
      std::string::npos);
}

TEST(Diagnosis, TellsTheWorstFirstAndAsJson) {
  Facts facts = healthy();
  facts.clock_difference = 90s;
  facts.service->status = "DRAINING";
  const std::vector<Finding> findings = diagnose(facts);
  EXPECT_EQ(findings.front().subject, "service");
  EXPECT_TRUE(text_of(findings).ends_with("1 problem, 1 risk, 0 notes\n"));
  EXPECT_EQ(text_of(findings).find("See "), std::string::npos) << "neither has a page";
  const Result<json::Value> document = json::parse(json_of(facts, findings));
  ASSERT_TRUE(document.has_value());
  EXPECT_FALSE(std::get<bool>(document->find("healthy")->data()));
  EXPECT_EQ(std::get<json::Array>(document->find("findings")->data()).size(), 2U);
}

TEST(Diagnosis, NamesThePageThatTellsMore) {
  Facts facts = healthy();
  facts.service->zone_rebalancing = "ENABLED";
  const std::string page = "docs/infrastructure-tools.md#availability-zone-rebalancing";
  EXPECT_NE(text_of(diagnose(facts)).find("         See " + page + ".\n"), std::string::npos);
  EXPECT_NE(json_of(facts, diagnose(facts)).find("\"page\":\"" + page), std::string::npos);
}

TEST(Examine, AsksForEachThingAndChangesNothing) {
  aws::TestClient test;
  std::vector<std::string> asked;
  test.transport.answer = [&asked](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    const auto target = net::find_header(request.headers, "X-Amz-Target");
    asked.push_back(target ? std::string(target->substr(target->find('.') + 1))
                           : request.method + " " + request.target);
    return aws::service_failure(400, "AccessDeniedException");
  };
  const Facts facts = examine(test.client(),
                              {.queue_url = "https://sqs/1/q",
                               .service = {.cluster = "c", .service = "s"},
                               .function = "f"},
                              kNow, aws::soon());
  EXPECT_EQ(asked, (std::vector<std::string>{"POST /", "GetQueueAttributes", "DescribeServices",
                                             "DescribeScalableTargets",
                                             "GET /2015-03-31/functions/f/configuration"}));
  const std::vector<Finding> findings = diagnose(facts);
  EXPECT_EQ(std::ranges::count(findings, std::string("permissions"), &Finding::subject), 5);
}

TEST(Examine, CountsProtectedTasksWhereThePolicyAsksForThem) {
  aws::TestClient test;
  std::vector<std::string> asked;
  test.transport.answer = [&asked](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    const std::string target(net::find_header(request.headers, "X-Amz-Target").value_or(""));
    asked.push_back(target.substr(target.find('.') + 1));
    net::HttpResponse reply = aws::service_failure(400, "AccessDeniedException");
    if (target.ends_with(".DescribeServices")) {
      reply = aws::ok(R"({"services":[{"desiredCount":0,"runningCount":0}]})");
    }
    reply.headers = {{"Date", "Mon, 23 Nov 2026 12:07:00 GMT"}};
    return reply;
  };
  const auto with = [&](std::string scale_in_when) {
    asked.clear();
    return examine(test.client(),
                   {.queue_url = "https://sqs/1/q",
                    .service = {.cluster = "c", .service = "s"},
                    .scale_in_when = std::move(scale_in_when)},
                   kNow, aws::soon());
  };
  const Facts facts = with("protected");
  EXPECT_EQ(facts.protected_tasks.value().error().kind, ErrorKind::Denied);
  EXPECT_EQ(std::ranges::count(asked, "ListTasks"), 1);
  EXPECT_EQ(facts.at, kNow + facts.clock_difference) << "deployments are dated by AWS's clock";
  EXPECT_NE(facts.clock_difference, 0s);
  EXPECT_FALSE(with("idle").protected_tasks.has_value());
  EXPECT_EQ(std::ranges::count(asked, "ListTasks"), 0);
}

}  // namespace
}  // namespace scaler::doctor
