#include <gtest/gtest.h>

#include "edge/aws/cloud.h"
#include "edge/aws/ecs.h"
#include "edge/aws/event_source_mappings.h"
#include "edge/aws/sqs.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

const std::string kUrl = "https://sqs.us-east-1.amazonaws.com/123456789012/q1";

std::string depth_reply(const std::string& visible) {
  return R"({"Attributes":{"ApproximateNumberOfMessages":)" + visible +
         R"(,"ApproximateNumberOfMessagesNotVisible":"2","ApproximateNumberOfMessagesDelayed":"3"}})";
}

std::string service_json(const std::string& name, const std::string& more = "") {
  return R"({"serviceArn":"arn:aws:ecs:us-east-1:1:service/c/)" + name + R"(","serviceName":")" +
         name + R"(","status":"ACTIVE","desiredCount":4,"runningCount":3,"pendingCount":1)" + more +
         "}";
}

TEST(Sqs, ReadsTheThreeCounts) {
  TestClient test;
  test.transport.reply_with({ok(depth_reply("\"17\""))});
  const auto depths = Sqs(test.client()).depths(std::span(&kUrl, 1), soon());
  EXPECT_EQ(*depths.at(0), (QueueDepth{.visible = 17, .in_flight = 2, .delayed = 3}));
  EXPECT_EQ(
      test.transport.requests.at(0).body,
      R"({"QueueUrl":")" + kUrl +
          R"(","AttributeNames":["ApproximateNumberOfMessages",)"
          R"("ApproximateNumberOfMessagesNotVisible","ApproximateNumberOfMessagesDelayed"]})");
}

TEST(Sqs, NeverTakesAMissingOrBrokenCountForZero) {
  for (const std::string& body :
       {std::string("{}"), std::string(R"({"Attributes":{}})"), std::string("[]"),
        depth_reply("\"\""), depth_reply("\"-1\""), depth_reply("\"many\""), depth_reply("null"),
        depth_reply("\"1.5\""), depth_reply("\"99999999999999999999\""), depth_reply("-4")}) {
    TestClient test;
    test.transport.reply_with({ok(body)});
    const auto depths = Sqs(test.client()).depths(std::span(&kUrl, 1), soon());
    ASSERT_FALSE(depths.at(0).has_value()) << body;
    EXPECT_EQ(depths.at(0).error().kind, ErrorKind::Malformed) << body;
    EXPECT_TRUE(depths.at(0).error().message.starts_with("SQS GetQueueAttributes " + kUrl));
  }
}

TEST(Sqs, ReadsAQueuesSettings) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"Attributes":{"QueueArn":"arn:q","VisibilityTimeout":"45","FifoQueue":"true",)"
          R"("RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:d\",\"maxReceiveCount\":\"5\"}"}})"),
       ok(R"({"Attributes":{"QueueArn":"arn:q","VisibilityTimeout":"30",)"
          R"("ApproximateNumberOfMessages":"3","ApproximateNumberOfMessagesNotVisible":"2",)"
          R"("ApproximateNumberOfMessagesDelayed":"1"}})"),
       ok(R"({"Attributes":{"QueueArn":"arn:q","VisibilityTimeout":"30","RedrivePolicy":"{"}})"),
       ok(R"({"Attributes":{"QueueArn":"arn:q","VisibilityTimeout":"30",)"
          R"("ApproximateNumberOfMessages":"3"}})"),
       ok(R"({"Attributes":{"QueueArn":"arn:q","VisibilityTimeout":"9223372036854775807"}})")});
  Sqs sqs(test.client());
  const auto fifo = sqs.settings(kUrl, soon());
  EXPECT_TRUE(fifo->fifo);
  EXPECT_EQ(fifo->visibility_timeout, 45s);
  EXPECT_EQ(fifo->receives_max, 5);
  EXPECT_EQ(fifo->dead_letter_arn, "arn:d");
  const auto standard = sqs.settings(kUrl, soon());
  EXPECT_FALSE(standard->fifo);
  EXPECT_FALSE(standard->receives_max.has_value());
  EXPECT_FALSE(fifo->depth.has_value());
  EXPECT_EQ(standard->depth, (QueueDepth{.visible = 3, .in_flight = 2, .delayed = 1}));
  for (int wrong = 0; wrong < 3; ++wrong) {
    const auto settings = sqs.settings(kUrl, soon());
    ASSERT_FALSE(settings.has_value());
    EXPECT_EQ(settings.error().kind, ErrorKind::Malformed);
  }
}

TEST(Sqs, SendsTenMessagesARequestAndReportsEach) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    const bool second = request.body.find(R"("Id":"10")") != std::string::npos;
    return second
               ? ok(R"({"Failed":[{"Id":"11","SenderFault":true,"Code":"InvalidMessageContents",)"
                    R"("Message":"ba\u001bd"}],"Successful":[{"Id":"10","MessageId":"m10"}]})")
               : ok(R"({"Successful":[{"Id":"0","MessageId":"m0"}],"Failed":null})");
  };
  std::vector<OutgoingMessage> messages(12, {.body = "tick", .delay = 1500ms});
  messages[0].delay = 0s;
  const auto results = Sqs(test.client()).send(kUrl, messages, soon());
  EXPECT_EQ(test.transport.round_sizes, std::vector<std::size_t>{2});
  EXPECT_NE(test.transport.requests.at(0).body.find(
                R"({"Id":"0","MessageBody":"tick"},)"
                R"({"Id":"1","MessageBody":"tick","DelaySeconds":2})"),
            std::string::npos);
  EXPECT_EQ(*results.at(0), "m0");
  EXPECT_EQ(*results.at(10), "m10");
  EXPECT_EQ(results.at(1).error().kind, ErrorKind::Malformed);  // Not mentioned at all.
  EXPECT_EQ(results.at(11).error().kind, ErrorKind::Rejected);
  EXPECT_NE(results.at(11).error().message.find("InvalidMessageContents: ba d"), std::string::npos);
}

TEST(Sqs, ReportsAFailedRequestForEachOfItsEntries) {
  TestClient test;
  test.transport.reply_with({service_failure(400, "AccessDenied")});
  const std::vector<VisibilityChange> changes(3, {.receipt_handle = "h", .visibility = 30s});
  const auto results = Sqs(test.client()).change_visibility(kUrl, changes, soon());
  ASSERT_EQ(results.size(), 3U);
  for (const auto& result : results) {
    EXPECT_EQ(result.error().kind, ErrorKind::Denied);
  }
}

TEST(Sqs, RefusesAReplyAboutEntriesThatWereNotSent) {
  TestClient test;
  test.transport.reply_with({ok(R"({"Successful":[{"Id":"7"}]})")});
  const VisibilityChange change{.receipt_handle = "h"};
  const auto results = Sqs(test.client()).change_visibility(kUrl, std::span(&change, 1), soon());
  EXPECT_EQ(results.at(0).error().kind, ErrorKind::Malformed);
}

TEST(Ecs, DescribesTenServicesACallAndByCluster) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest&) -> Result<net::HttpResponse> {
    return ok(R"({"services":[],"failures":[]})");
  };
  std::vector<ServiceId> ids;
  for (int i = 0; i < 12; ++i) {
    ids.push_back({.cluster = "a", .service = "s" + std::to_string(i)});
    ids.push_back({.cluster = "b", .service = "s" + std::to_string(i)});
  }
  const auto readings = Ecs(test.client()).describe(ids, soon());
  EXPECT_EQ(readings.size(), 24U);
  EXPECT_EQ(test.transport.round_sizes, std::vector<std::size_t>{4});
  EXPECT_EQ(test.transport.requests.at(1).body,
            R"({"cluster":"a","services":["s10","s11"],"include":["TAGS"]})");
  EXPECT_TRUE(Ecs(test.client()).describe({}, soon()).empty());
}

TEST(Ecs, MatchesServicesByNameAndArnWhateverTheOrder) {
  TestClient test;
  test.transport.reply_with({ok(
      R"({"services":[)" + service_json("b") + "," +
      service_json("a",
                   R"(,"tags":[{"key":"x","value":"y"},)"
                   R"({"key":"ecs-scaler:state","value":"v1 z"}],"schedulingStrategy":"DAEMON")") +
      R"(],"failures":[{"arn":"arn:aws:ecs:us-east-1:1:service/c/gone","reason":"MISSING"}]})")});
  const std::vector<ServiceId> mixed{
      {.cluster = "c", .service = "a"},
      {.cluster = "c", .service = "gone"},
      {.cluster = "c", .service = "arn:aws:ecs:us-east-1:1:service/c/b"},
      {.cluster = "c", .service = "forgotten"}};
  const auto readings = Ecs(test.client()).describe(mixed, soon());
  EXPECT_EQ(readings.at(0)->saved_state, "v1 z");
  EXPECT_EQ(readings.at(0)->service.scheduling, SchedulingStrategy::Daemon);
  EXPECT_EQ(readings.at(0)->service.desired, 4);
  EXPECT_EQ(readings.at(0)->service.running, 3);
  EXPECT_EQ(readings.at(0)->service.pending, 1);
  EXPECT_EQ(readings.at(1).error().kind, ErrorKind::NotFound);
  EXPECT_TRUE(readings.at(1).error().message.ends_with(kNoSuchService));
  EXPECT_EQ(readings.at(2)->arn, "arn:aws:ecs:us-east-1:1:service/c/b");
  EXPECT_EQ(readings.at(2)->saved_state, "");
  EXPECT_EQ(readings.at(3).error().kind, ErrorKind::Malformed);
}

ServiceObservation observed(const std::string& more) {
  TestClient test;
  test.transport.reply_with({ok(R"({"services":[)" + service_json("a", more) + "]}")});
  const ServiceId id{.cluster = "c", .service = "a"};
  const auto readings = Ecs(test.client()).describe(std::span(&id, 1), soon());
  EXPECT_TRUE(readings.at(0).has_value());
  return readings.at(0)->service;
}

bool deploying(const std::string& more) {
  return observed(more).deploying;
}

TEST(Ecs, CountsAsDeployingWhatIsStillGoingOn) {
  EXPECT_FALSE(deploying(R"(,"deployments":[])"));
  EXPECT_FALSE(deploying(R"(,"deployments":[{"status":"PRIMARY","rolloutState":"COMPLETED"}])"));
  EXPECT_TRUE(deploying(R"(,"deployments":[{"status":"PRIMARY","rolloutState":"IN_PROGRESS"}])"));
  EXPECT_TRUE(deploying(R"(,"deployments":[{"status":"PRIMARY","rolloutState":"IN_PROGRESS"},)"
                        R"({"status":"ACTIVE","rolloutState":"COMPLETED"}])"));
  EXPECT_FALSE(deploying(R"(,"deployments":[{"status":"PRIMARY","rolloutState":"FAILED"},)"
                         R"({"status":"ACTIVE","rolloutState":"COMPLETED"}])"));
  EXPECT_FALSE(deploying(R"(,"deployments":[{"status":"PRIMARY"},{"status":"INACTIVE"}])"));
  EXPECT_TRUE(deploying(R"(,"deployments":[{"status":"PRIMARY"},{"status":"ACTIVE"}])"));
  EXPECT_TRUE(deploying(R"(,"taskSets":[{"status":"PRIMARY","stabilityStatus":"STEADY_STATE"},)"
                        R"({"status":"ACTIVE","stabilityStatus":"STABILIZING"}])"));
  EXPECT_FALSE(deploying(R"(,"taskSets":[{"status":"PRIMARY","stabilityStatus":"STEADY_STATE"},)"
                         R"({"status":"ACTIVE","stabilityStatus":"STEADY_STATE"}])"));
}

TEST(Ecs, WhatTellsOfNoDeploymentsDoesNotTellThatThereAreNone) {
  EXPECT_TRUE(deploying(""));
  EXPECT_TRUE(deploying(R"(,"deployments":null)"));
  EXPECT_FALSE(deploying(R"(,"taskSets":[])"));
}

TEST(Ecs, TellsWhenTheLatestDeploymentUnderWayWasMade) {
  const auto since = [](const std::string& more) { return observed(more).deploying_since; };
  const Instant first{std::chrono::seconds(1'763'899'200)};
  const std::string made = R"(,"createdAt":1763899200.0})";
  const std::string later = R"(,"createdAt":1763899260.25})";
  const std::string going_on = R"({"status":"PRIMARY","rolloutState":"IN_PROGRESS")";
  const std::string done = R"({"status":"ACTIVE","rolloutState":"COMPLETED")";
  const std::string untold = R"({"status":"ACTIVE")";
  const auto both = [](const std::string& one, const std::string& other) {
    return R"(,"deployments":[)" + one + "," + other + "]";
  };
  EXPECT_EQ(since(both(going_on + made, done + later)), first);
  EXPECT_EQ(since(both(going_on + made, going_on + later)), first + Duration(60'250));
  EXPECT_EQ(since(both(going_on + later, going_on + made)), first + Duration(60'250));
  EXPECT_EQ(since(both(untold + made, untold + later)), first + Duration(60'250));
  EXPECT_EQ(since(both(done + made, done + later)), std::nullopt);
  EXPECT_EQ(since(both(going_on + "}", done + made)), std::nullopt);
  EXPECT_EQ(since(both(going_on + R"(,"createdAt":"2025-11-23T12:00:00Z"})", done + made)),
            std::nullopt);
  EXPECT_EQ(since(R"(,"taskSets":[{"stabilityStatus":"STABILIZING")" + made +
                  R"(,{"stabilityStatus":"STEADY_STATE")" + later + "]"),
            first);
}

TEST(Ecs, TellsWhatAServiceRunsOn) {
  const auto runs_on = [](const std::string& more) {
    TestClient test;
    test.transport.reply_with({ok(R"({"services":[)" + service_json("a", more) + "]}")});
    const ServiceId id{"c", "a"};
    return Ecs(test.client()).describe(std::span(&id, 1), soon()).front()->runs_on;
  };
  const RunsOn group =
      runs_on(R"(,"capacityProviderStrategy":[{"capacityProvider":"gpu","weight":1,"base":0}],)"
              R"("deploymentConfiguration":{"maximumPercent":150},"taskDefinition":"jobs:2",)"
              R"("deployments":[{"status":"PRIMARY","taskDefinition":"jobs:2"},)"
              R"({"status":"ACTIVE","taskDefinition":"jobs:1"}])");
  EXPECT_EQ(group.providers, std::vector<std::string>{"gpu"});
  EXPECT_EQ(group.task_definitions, (std::vector<std::string>{"jobs:2", "jobs:1"}));
  EXPECT_EQ(group.maximum_percent, 150);
  EXPECT_EQ(runs_on(R"(,"launchType":"FARGATE")").launch_type, "FARGATE");
  EXPECT_TRUE(runs_on(R"(,"capacityProviderStrategy":[],"launchType":"EC2")").providers.empty());
  EXPECT_EQ(runs_on(R"(,"capacityProviderStrategy":[{"capacityProvider":"a"},)"
                    R"({"capacityProvider":"b"}])")
                .providers.size(),
            2U);
  EXPECT_TRUE(runs_on("").launch_type.empty());
}

TEST(Ecs, RefusesAServiceThatLacksACount) {
  for (
      const char* body :
      {R"({"services":[{"serviceArn":"x/a","status":"ACTIVE","desiredCount":1,"runningCount":1}]})",
       R"({"services":[{"serviceArn":"x/a","status":"?","desiredCount":1,"runningCount":1,"pendingCount":0}]})",
       R"({"services":[{"serviceArn":"x/a","status":"ACTIVE","desiredCount":-1,"runningCount":1,"pendingCount":0}]})",
       R"({"services":7})", R"({"services":[7]})", "[]"}) {
    TestClient test;
    test.transport.reply_with({ok(body)});
    const ServiceId id{.cluster = "c", .service = "a"};
    const auto readings = Ecs(test.client()).describe(std::span(&id, 1), soon());
    EXPECT_EQ(readings.at(0).error().kind, ErrorKind::Malformed) << body;
  }
}

TEST(Ecs, TakesNoAnswerAboutAnotherClusterAndNoneOfTwo) {
  const ServiceId id{.cluster = "arn:aws:ecs:us-east-1:1:cluster/c", .service = "a"};
  const auto describe = [&id](const std::string& services) {
    TestClient test;
    test.transport.reply_with({ok(R"({"services":[)" + services + "]}")});
    return Ecs(test.client()).describe(std::span(&id, 1), soon()).at(0);
  };
  const std::string a = service_json("a");
  std::string elsewhere = a;
  elsewhere.replace(elsewhere.find("/c/"), 3, "/d/");
  EXPECT_TRUE(describe(a).has_value());
  EXPECT_TRUE(describe(elsewhere + "," + a).has_value());
  for (const std::string& services : {elsewhere, a + "," + a}) {
    ASSERT_FALSE(describe(services).has_value()) << services;
    EXPECT_EQ(describe(services).error().kind, ErrorKind::Malformed) << services;
  }
}

TEST(Cloud, ReadsQueuesAndServicesInOneBatch) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.origin.host.starts_with("sqs.")) {
      return request.body.find("-lost") == std::string::npos
                 ? ok(depth_reply("\"1\""))
                 : service_failure(400, "QueueDoesNotExist");
    }
    return ok(R"({"services":[)" + service_json("a") + "]}");
  };
  Cloud cloud(test.client());
  const Look look = look_at(
      cloud, {.service = {.cluster = "c", .service = "a"}, .queue_urls = {kUrl, kUrl + "-lost"}},
      soon());
  EXPECT_EQ(test.transport.round_sizes, std::vector<std::size_t>{3});
  EXPECT_EQ(look.queues.at(0)->visible, 1);
  EXPECT_EQ(look.queues.at(1).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(look.service->service.desired, 4);
}

TEST(Cloud, SetsDesiredCountsAndKeepsStateInTags) {
  TestClient test;
  test.transport.reply_with({ok("{}")});
  Cloud cloud(test.client());
  const DesiredCount change{.service = {.cluster = "c", .service = "a"}, .desired = 7};
  EXPECT_TRUE(cloud.set_desired(std::span(&change, 1), soon()).at(0).has_value());
  EXPECT_EQ(test.transport.requests.at(0).body,
            R"({"cluster":"c","service":"a","desiredCount":7})");
  const std::vector<SavedState> states{{.service_arn = "arn:a", .text = "v1"},
                                       {.service_arn = "arn:b"}};
  EXPECT_EQ(cloud.save(states, soon()).size(), 2U);
  EXPECT_EQ(test.transport.requests.at(1).body,
            R"({"resourceArn":"arn:a","tags":[{"key":"ecs-scaler:state","value":"v1"}]})");
  EXPECT_EQ(test.transport.requests.at(2).body,
            R"({"resourceArn":"arn:b","tagKeys":["ecs-scaler:state"]})");
}

/// Answers about one service with `desired` 4: two pages of tasks, and their protection.
Result<net::HttpResponse> protection_reply(const net::HttpRequest& request,
                                           const std::string& protection) {
  const std::string operation(net::find_header(request.headers, "X-Amz-Target").value_or(""));
  if (operation.ends_with(".DescribeServices")) {
    return ok(R"({"services":[)" + service_json("a") + "]}");
  }
  if (operation.ends_with(".ListTasks")) {
    return request.body.find("nextToken") == std::string::npos
               ? ok(R"({"taskArns":["t1","t2"],"nextToken":"more"})")
               : ok(R"({"taskArns":["t3","t4"],"nextToken":null})");
  }
  if (request.body == R"({"cluster":"c","tasks":["t1","t2"]})") {
    return ok(R"({"protectedTasks":[{"taskArn":"t1","protectionEnabled":true},)"
              R"({"taskArn":"t2","protectionEnabled":false}]})");
  }
  EXPECT_EQ(request.body, R"({"cluster":"c","tasks":["t3","t4"]})");
  return protection.empty() ? service_failure(400, "AccessDeniedException") : ok(protection);
}

ServiceReading read_with_protection(TestClient& test, const std::string& protection) {
  test.transport.answer = [protection](const net::HttpRequest& request) {
    return protection_reply(request, protection);
  };
  Cloud cloud(test.client());
  return *look_at(cloud, {.service = {.cluster = "c", .service = "a"}, .protection = true}, soon())
              .service;
}

TEST(Cloud, CountsProtectedTasksWhereItIsAsked) {
  TestClient test;
  const ServiceReading reading = read_with_protection(
      test, R"({"protectedTasks":[],)"
            R"("failures":[{"arn":"t3","reason":"MISSING"},{"arn":"t4","reason":"?"}]})");
  EXPECT_EQ(reading.service.protected_tasks, 2);  // t1, and t4 of which ECS cannot tell.
  EXPECT_FALSE(reading.protection_error.has_value());
  // A page's protection is asked for while the next page is listed.
  EXPECT_EQ(test.transport.round_sizes, (std::vector<std::size_t>{1, 1, 2, 1}));
}

TEST(Cloud, ATaskOfWhichNothingIsToldCountsAsProtected) {
  TestClient test;
  const ServiceReading reading = read_with_protection(
      test, R"({"protectedTasks":[{"taskArn":"t3","protectionEnabled":false}]})");
  EXPECT_EQ(reading.service.protected_tasks, 2);  // t1 and t4.
  EXPECT_FALSE(reading.protection_error.has_value());
}

TEST(Cloud, TakesAllTasksForProtectedWhenItCannotTell) {
  for (const std::string protection : {"", "[]", R"({"protectedTasks":[{"taskArn":"t1"}]})"}) {
    TestClient test;
    const ServiceReading reading = read_with_protection(test, protection);
    EXPECT_EQ(reading.service.protected_tasks, 4) << protection;
    EXPECT_TRUE(reading.protection_error.has_value()) << protection;
  }
}

TEST(Cloud, StopsAtTaskListsWhosePagesDoNotEnd) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    const bool service = request.body.find("include") != std::string::npos;
    return ok(service ? R"({"services":[)" + service_json("a") + "]}"
                      : R"({"taskArns":[],"nextToken":"again"})");
  };
  Cloud cloud(test.client());
  const Look look =
      look_at(cloud, {.service = {.cluster = "c", .service = "a"}, .protection = true}, soon());
  EXPECT_EQ(look.service->service.protected_tasks, 4);
  EXPECT_EQ(look.service->protection_error->kind, ErrorKind::Malformed);
}

TEST(EventSourceMappings, ListsAllPages) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"EventSourceMappings":[{"UUID":"u1","State":"Enabled","EventSourceArn":"q","FunctionArn":"f",)"
          R"("FunctionResponseTypes":["ReportBatchItemFailures"],"BatchSize":10}],"NextMarker":"m&1"})"),
       ok(R"({"EventSourceMappings":[{"UUID":"u2","State":"Disabling"}],"NextMarker":null})")});
  const auto mappings =
      EventSourceMappings(test.client()).list({.event_source_arn = "arn:aws:sqs:r:1:q"}, soon());
  ASSERT_EQ(mappings->size(), 2U);
  EXPECT_TRUE(mappings->at(0).reports_batch_item_failures);
  EXPECT_EQ(mappings->at(0).batch_size, 10);
  EXPECT_EQ(mappings->at(1).state, MappingState::Disabling);
  EXPECT_EQ(test.transport.requests.at(1).target,
            "/2015-03-31/event-source-mappings?EventSourceArn=arn%3Aaws%3Asqs%3Ar%3A1%3Aq"
            "&Marker=m%261&MaxItems=100");
}

TEST(EventSourceMappings, StopsAtAServerWhosePagesDoNotEnd) {
  TestClient test;
  test.transport.reply_with({ok(R"({"EventSourceMappings":[],"NextMarker":"again"})")});
  EXPECT_EQ(EventSourceMappings(test.client()).list({}, soon()).error().kind, ErrorKind::Malformed);
}

TEST(EventSourceMappings, SwitchesAndReportsAConflict) {
  TestClient test;
  test.transport.reply_with(
      {net::HttpResponse{.status = 202, .body = R"({"UUID":"u1","State":"Disabling"})"},
       net::HttpResponse{.status = 400,
                         .headers = {{"X-Amzn-ErrorType", "ResourceInUseException"}},
                         .body = R"({"Type":"User","Message":"busy"})"},
       ok(R"({"UUID":"u1","State":"Dreaming"})")});
  EventSourceMappings mappings(test.client());
  EXPECT_EQ(mappings.set_enabled("u1", false, soon())->state, MappingState::Disabling);
  EXPECT_EQ(test.transport.requests.at(0).method, "PUT");
  EXPECT_EQ(test.transport.requests.at(0).target, "/2015-03-31/event-source-mappings/u1");
  EXPECT_EQ(test.transport.requests.at(0).body, R"({"Enabled":false})");
  EXPECT_EQ(mappings.set_enabled("u1", true, soon()).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(mappings.get("u1", soon()).error().kind, ErrorKind::Malformed);
}

TEST(Calls, AreRepeatedWhereThatDoesNoHarmOnly) {
  TestClient test;
  test.transport.answer = [](const auto&) { return fail(ErrorKind::Unavailable, "it broke"); };
  const std::array messages{OutgoingMessage{.body = "tick"}};
  const auto sent = Sqs(test.client()).send("https://sqs/1/ticks", messages, soon());
  EXPECT_EQ(sent.at(0).error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(test.transport.requests.size(), 1U);
  EXPECT_FALSE(test.transport.requests.at(0).repeatable);

  test.transport.requests.clear();
  const std::array changes{DesiredCount{.service = {.cluster = "c", .service = "s"}, .desired = 2}};
  EXPECT_FALSE(Ecs(test.client()).set_desired(changes, soon()).at(0).has_value());
  EXPECT_EQ(test.transport.requests.size(), 1U);  // By a second attempt the count may be wrong.

  test.transport.requests.clear();
  const std::vector<std::string> keys{"key"};
  EXPECT_FALSE(Ecs(test.client()).untag("arn:service", keys, soon()).has_value());
  EXPECT_EQ(test.transport.requests.size(), 3U);  // Removing a tag twice does no harm.
}

}  // namespace
}  // namespace scaler::aws
