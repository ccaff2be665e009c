// Each finding appears for what it is about and not without it.

#include "doctor/diagnosis.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "aws/test_support.h"

namespace scaler::doctor {
namespace {

using namespace std::chrono_literals;

/// A deployment that nothing is wrong with.
Facts healthy() {
  const std::string url = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";
  return {
      .place = {.queue_url = url, .service = {.cluster = "c", .service = "s"}, .function = "f"},
      .caller = aws::CallerIdentity{.account = "123456789012", .arn = "arn"},
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
      .function =
          aws::FunctionConfiguration{.name = "f",
                                     .timeout = 30s,
                                     .state = "Active",
                                     .environment = {{"SQS_QUEUE_URL", url}, {"WAKE", "true"}}},
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
  EXPECT_TRUE(diagnose([] {
                Facts facts = healthy();
                (*facts.function)->environment["SECONDS_PER_MESSAGE"] = "garbage";
                return facts;
              }())
                  .empty());
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
  EXPECT_EQ(finding_after([](Facts& f) { f.place.service.service = "other"; }), finding(healthy()));
  EXPECT_TRUE(finding_after([](Facts& f) {
                (*f.function)->environment["ECS_SERVICE_NAME"] = "other";
              }).starts_with("risk function: its ECS_SERVICE_NAME is other, but s was examined"));
  EXPECT_EQ(finding_after([](Facts& f) { f.mapping->value().reset(); }),
            "problem wake mapping: WAKE is true, but the function has no event source mapping on "
            "the job queue");
  EXPECT_EQ(finding_after([](Facts& f) { (**f.mapping)->reports_batch_item_failures = false; }),
            "problem wake mapping: the mapping u1 lacks ReportBatchItemFailures");
  EXPECT_EQ(finding_after([](Facts& f) { (*f.function)->environment.erase("WAKE"); }),
            "problem wake mapping: the mapping u1 is enabled, but WAKE is not true");
  EXPECT_EQ(finding_after([](Facts& f) { f.service->desired = 2; }),
            "risk wake mapping: the mapping u1 is enabled while the service wants 2 tasks");
}

TEST(Diagnosis, NamesTheActionThatIsDenied) {
  const std::vector<std::pair<std::function<void(Facts&)>, std::string>> reads{
      {[](Facts& f) { f.caller = denied(); }, "sts:GetCallerIdentity"},
      {[](Facts& f) { f.queue = denied(); }, "sqs:GetQueueAttributes"},
      {[](Facts& f) { f.service = denied(); }, "ecs:DescribeServices"},
      {[](Facts& f) { f.instances = denied(); }, "ecs:DescribeClusters"},
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

TEST(Diagnosis, TellsTheWorstFirstAndAsJson) {
  Facts facts = healthy();
  facts.clock_difference = 90s;
  facts.service->status = "DRAINING";
  const std::vector<Finding> findings = diagnose(facts);
  EXPECT_EQ(findings.front().subject, "service");
  EXPECT_TRUE(text_of(findings).ends_with("1 problems, 1 risks, 0 notes\n"));
  const Result<json::Value> document = json::parse(json_of(facts, findings));
  ASSERT_TRUE(document.has_value());
  EXPECT_FALSE(std::get<bool>(document->find("healthy")->data()));
  EXPECT_EQ(std::get<json::Array>(document->find("findings")->data()).size(), 2U);
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
                              aws::soon());
  EXPECT_EQ(asked, (std::vector<std::string>{"POST /", "GetQueueAttributes", "DescribeServices",
                                             "DescribeScalableTargets",
                                             "GET /2015-03-31/functions/f/configuration"}));
  const std::vector<Finding> findings = diagnose(facts);
  EXPECT_EQ(std::ranges::count(findings, std::string("permissions"), &Finding::subject), 5);
}

}  // namespace
}  // namespace scaler::doctor
