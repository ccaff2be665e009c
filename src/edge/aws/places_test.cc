#include "edge/aws/places.h"

#include <array>

#include <gtest/gtest.h>

#include "edge/aws/cloud.h"
#include "edge/aws/ecs.h"
#include "edge/aws/sqs.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

const std::string kJobs = "/123456789012/jobs";

/// The endpoint that is asked about a queue, or why none is.
std::string queue_endpoint(const std::string& url, const Environment& more = {}) {
  Environment environment{{"AWS_REGION", "us-east-1"}};
  environment.insert(more.begin(), more.end());
  const Result<ClientSettings> settings = read_settings(environment);
  if (!settings) {
    return settings.error().message;
  }
  const auto found = whereabouts(
      *settings, {.service = {.cluster = "c", .service = "s"}, .queue_urls = {url + kJobs}});
  return found ? found->queues.front().endpoint : found.error().message;
}

TEST(QueueEndpoint, IsTheRegionsOwnUnlessTheUrlNamesAnother) {
  const std::array<std::pair<const char*, const char*>, 10> cases = {
      {{"https://sqs.eu-west-1.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com"},
       {"http://eu-west-1.queue.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com"},
       {"https://queue.amazonaws.com", "https://sqs.us-east-1.amazonaws.com"},
       {"https://sqs.eu-west-1.api.aws", "https://sqs.eu-west-1.api.aws"},
       {"https://sqs-fips.us-west-2.amazonaws.com", "https://sqs-fips.us-west-2.amazonaws.com"},
       {"https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com",
        "https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com"},
       {"https://sqs.eu-west-1.amazonaws.com:8443", "https://sqs.eu-west-1.amazonaws.com:8443"},
       {"http://localhost:4566", "http://localhost:4566"},
       {"http://[::1]:4566", "http://[::1]:4566"},
       {"http://sqs.eu-west-1.localhost.localstack.cloud:4566",
        "http://sqs.eu-west-1.localhost.localstack.cloud:4566"}}};
  for (const auto& [origin, endpoint] : cases) {
    EXPECT_EQ(queue_endpoint(origin), endpoint);
  }
}

TEST(QueueEndpoint, IsTheConfiguredOneWhereThereIsOne) {
  const Environment all{{"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"}};
  EXPECT_EQ(queue_endpoint("https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com", all),
            "http://127.0.0.1:4566");
  EXPECT_EQ(queue_endpoint("http://localhost:9324", all), "http://127.0.0.1:4566");
  const Environment sqs{{"AWS_ENDPOINT_URL_SQS", "https://sqs.us-east-1.amazonaws.com"}};
  EXPECT_EQ(queue_endpoint("https://sqs.us-east-1.api.aws", sqs),
            "https://sqs.us-east-1.amazonaws.com");
  EXPECT_EQ(queue_endpoint("https://sqs.eu-west-1.amazonaws.com", sqs),
            "the queue https://sqs.eu-west-1.amazonaws.com/123456789012/jobs: "
            "AWS_ENDPOINT_URL_SQS: sqs.us-east-1.amazonaws.com is the endpoint of us-east-1, but "
            "SQS is to be asked in eu-west-1");
}

TEST(QueueEndpoint, IsDualStackOrFipsWhereThatIsDemanded) {
  const Environment dual{{"AWS_USE_DUALSTACK_ENDPOINT", "True"}};
  EXPECT_EQ(queue_endpoint("https://sqs.eu-west-1.amazonaws.com", dual),
            "https://sqs.eu-west-1.api.aws");
  EXPECT_EQ(queue_endpoint("https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com", dual),
            "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com");
  const Environment fips{{"AWS_USE_FIPS_ENDPOINT", "true"}};
  EXPECT_EQ(queue_endpoint("https://sqs.us-east-2.amazonaws.com", fips),
            "https://sqs-fips.us-east-2.amazonaws.com");
  EXPECT_EQ(queue_endpoint("https://sqs-fips.us-east-2.amazonaws.com", fips),
            "https://sqs-fips.us-east-2.amazonaws.com");
  EXPECT_EQ(queue_endpoint("https://sqs.eu-west-1.amazonaws.com", fips),
            "the queue https://sqs.eu-west-1.amazonaws.com/123456789012/jobs: "
            "AWS_USE_FIPS_ENDPOINT: no FIPS endpoint of SQS is known in eu-west-1: name one with "
            "AWS_ENDPOINT_URL_SQS");
  EXPECT_EQ(queue_endpoint("https://vpce-1.sqs.us-east-1.vpce.amazonaws.com", fips),
            "the queue https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/123456789012/jobs: "
            "AWS_USE_FIPS_ENDPOINT: https://vpce-1.sqs.us-east-1.vpce.amazonaws.com is no FIPS "
            "endpoint that is known: name the right one with AWS_ENDPOINT_URL_SQS");
}

Result<Whereabouts> find(const ServiceId& service, const std::vector<std::string>& urls,
                         const Environment& environment = {{"AWS_REGION", "us-east-1"}}) {
  const ClientSettings settings = TRY(read_settings(environment));
  return whereabouts(settings, {.service = service, .queue_urls = urls});
}

TEST(Whereabouts, AreThoseOfTheArnsAndElseTheDefault) {
  const std::string queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
  const auto named = find({.cluster = "main", .service = "worker"}, {queue});
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->service.region, "us-east-1");
  EXPECT_EQ(named->service.account, "");
  EXPECT_EQ(named->service.endpoint, "https://ecs.us-east-1.amazonaws.com");
  EXPECT_EQ(named->queues.front().region, "eu-west-1");
  EXPECT_EQ(named->queues.front().account, "123456789012");
  const auto by_arn =
      find({.cluster = "arn:aws:ecs:eu-west-3:210987654321:cluster/main", .service = "worker"},
           {queue, "http://localhost:4566/000000000000/q"});
  ASSERT_TRUE(by_arn.has_value());
  EXPECT_EQ(by_arn->service.region, "eu-west-3");
  EXPECT_EQ(by_arn->service.account, "210987654321");
  EXPECT_EQ(by_arn->queues.back().region, "us-east-1");
}

TEST(Whereabouts, NeedNoDefaultRegionWhereAllIsSaid) {
  const ServiceId service{.cluster = "main",
                          .service = "arn:aws:ecs:eu-west-3:210987654321:service/main/worker"};
  const LookRequest whole{.service = service,
                          .queue_urls = {"https://sqs.eu-west-1.amazonaws.com/123456789012/q"}};
  EXPECT_TRUE(check_places(*read_settings({}), whole).has_value());
  const LookRequest half{.service = service,
                         .queue_urls = {"http://localhost:4566/123456789012/q"}};
  EXPECT_TRUE(whereabouts(*read_settings({}), half).has_value());
  EXPECT_EQ(check_places(*read_settings({}), half).error().message,
            "AWS_REGION is not set, and profile 'default' has no region");
}

TEST(Whereabouts, InTwoPartitionsAreRefused) {
  const auto found = find({.cluster = "main", .service = "worker"},
                          {"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs"});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().message,
            "the queue https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs lies in the "
            "partition aws-cn and its service in aws: no credentials are good for both");
}

TEST(Whereabouts, TellAllThatIsWrong) {
  const auto found =
      find({.cluster = "main", .service = "arn:aws:ecs:eu-west-3:210987654321:service/two/worker"},
           {"jobs", "https://sqs.eu-west-1.amazonaws.com.cn/123456789012/jobs"});
  ASSERT_FALSE(found.has_value());
  for (const char* part : {"another cluster", "'jobs' is not the URL", "partition aws"}) {
    EXPECT_TRUE(found.error().message.contains(part)) << found.error().message;
  }
}

TEST(Whereabouts, SayOnceWhatIsWrongForAll) {
  const std::vector<std::string> urls{"https://sqs.us-east-1.amazonaws.com/123456789012/a",
                                      "https://sqs.us-east-1.amazonaws.com/123456789012/b"};
  const Environment proxy{{"AWS_REGION", "us-east-1"}, {"ALL_PROXY", "socks5://p.test:1080"}};
  const std::string refused =
      "ALL_PROXY: socks5://p.test:1080: socks5 proxies are not supported, only http://host:port";

  const auto found = find({.cluster = "main", .service = "worker"}, urls, proxy);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().message, refused);

  Environment but_queues = proxy;
  but_queues["NO_PROXY"] = "sqs.us-east-1.amazonaws.com";
  const auto service = find({.cluster = "main", .service = "worker"}, urls, but_queues);
  ASSERT_FALSE(service.has_value());
  EXPECT_EQ(service.error().message, "the service main/worker: " + refused);
}

/// Every request's host and the region that it is signed for.
std::vector<std::pair<std::string, std::string>> hosts_and_scopes(const TestClient& test) {
  std::vector<std::pair<std::string, std::string>> seen;
  for (const net::HttpRequest& request : test.transport.requests) {
    const std::string header(net::find_header(request.headers, "Authorization").value_or(""));
    const std::size_t date = header.find('/') + 1;
    const std::size_t region = header.find('/', date) + 1;
    seen.emplace_back(request.origin.host,
                      header.substr(region, header.find('/', region) - region));
  }
  std::ranges::sort(seen);
  return seen;
}

TEST(Regions, EachCallGoesToItsOwnAndIsSignedForIt) {
  TestClient test;
  test.transport.answer = [](const auto&) { return ok("{}"); };
  const std::string path = ":service/main/worker";
  const std::vector<LookRequest> requests{
      {.service = {.cluster = "main", .service = "worker"},
       .queue_urls = {"https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}},
      {.service = {.cluster = "main", .service = "arn:aws:ecs:eu-west-3:123456789012" + path},
       .queue_urls = {"https://vpce-1.sqs.eu-west-3.vpce.amazonaws.com/123456789012/jobs"}},
      {.service = {.cluster = "main", .service = "arn:aws:ecs:eu-west-2:123456789012" + path}}};
  Cloud(test.client()).look(requests, Patience::All, soon());
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(hosts_and_scopes(test),
            (Pairs{{"ecs.eu-west-2.amazonaws.com", "eu-west-2"},
                   {"ecs.eu-west-3.amazonaws.com", "eu-west-3"},
                   {"ecs.us-east-1.amazonaws.com", "us-east-1"},
                   {"sqs.eu-west-1.amazonaws.com", "eu-west-1"},
                   {"vpce-1.sqs.eu-west-3.vpce.amazonaws.com", "eu-west-3"}}));
}

TEST(Regions, OfChangesAndTagsAreThoseOfTheService) {
  TestClient test;
  test.transport.answer = [](const auto&) { return ok("{}"); };
  const std::string arn = "arn:aws:ecs:eu-west-3:123456789012:service/main/worker";
  const std::vector<DesiredCount> changes{{.service = {.cluster = "main", .service = arn}}};
  const std::vector<SavedState> states{{.service_arn = arn, .text = "v3"}};
  EXPECT_TRUE(Ecs(test.client()).set_desired(changes, soon()).front().has_value());
  EXPECT_TRUE(Ecs(test.client()).save(states, soon()).front().has_value());
  for (const auto& [host, scope] : hosts_and_scopes(test)) {
    EXPECT_EQ(host, "ecs.eu-west-3.amazonaws.com");
    EXPECT_EQ(scope, "eu-west-3");
  }
}

TEST(Regions, HaveRatesOfTheirOwn) {
  TestClient test;
  test.transport.answer = [](const auto&) { return ok("{}"); };
  std::vector<ApiCall> calls;
  for (const char* region : {"eu-west-1", "eu-west-2"}) {
    for (int i = 0; i < 50; ++i) {  // The burst of UpdateService.
      calls.push_back({.service = AwsService::Ecs,
                       .region = region,
                       .operation = "UpdateService",
                       .body = "{}"});
    }
  }
  for (const auto& reply : test.client().call(calls, soon())) {
    EXPECT_TRUE(reply.has_value());
  }
  EXPECT_TRUE(test.pauses.empty());
  EXPECT_EQ(
      test.client().allowance(AwsService::Ecs, "UpdateService", {.region = "eu-west-1"})->tokens,
      0);
}

TEST(Regions, ThatCannotBeAskedAreAnErrorOfThatCallAlone) {
  const Environment endpoint{{"AWS_ENDPOINT_URL_SQS", "https://sqs.us-east-1.amazonaws.com"}};
  TestClient test(endpoint);
  test.transport.answer = [](const auto&) {
    return ok(R"({"Attributes":{"ApproximateNumberOfMessages":"1",)"
              R"("ApproximateNumberOfMessagesNotVisible":"0",)"
              R"("ApproximateNumberOfMessagesDelayed":"0"}})");
  };
  const std::vector<std::string> urls{"https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
                                      "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"};
  const auto depths = Sqs(test.client()).depths(urls, soon());
  EXPECT_EQ(depths[0].error().kind, ErrorKind::Malformed);
  EXPECT_TRUE(depths[1].has_value());
  EXPECT_EQ(test.transport.requests.size(), 1U);
}

TEST(Service, OfAnotherRegionIsNotTakenForIt) {
  const ServiceId id{.cluster = "main",
                     .service = "arn:aws:ecs:eu-west-3:123456789012:service/main/worker"};
  const auto reading = [&id](const std::string& arn) {
    const ApiReply reply{.value = *json::parse(R"({"services":[{"serviceArn":")" + arn +
                                               R"(","status":"ACTIVE","desiredCount":1,)"
                                               R"("runningCount":1,"pendingCount":0}]})")};
    return read_description(reply, id).has_value();
  };
  EXPECT_TRUE(reading(id.service));
  EXPECT_TRUE(reading("arn:aws:ecs:eu-west-3:123456789012:service/worker"));
  EXPECT_FALSE(reading("arn:aws:ecs:eu-west-2:123456789012:service/main/worker"));
  EXPECT_FALSE(reading("arn:aws:ecs:eu-west-3:210987654321:service/main/worker"));
}

}  // namespace
}  // namespace scaler::aws
