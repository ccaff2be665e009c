#include "guard/messages/guarded_url.h"

#include <gtest/gtest.h>

#include "guard/messages/test_support.h"

namespace scaler::guard {
namespace {

using testing::kDoor;
using testing::kGuarded;
using testing::kQueue;

TEST(GuardedUrl, GoesThereAndBack) {
  for (const std::string_view url :
       {kQueue, std::string_view("http://localhost:4566/000000000000/q.fifo"),
        std::string_view("https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/123456789012/a-b_c"),
        std::string_view("https://[::1]:8443/queues/123456789012/q")}) {
    EXPECT_EQ(unguarded(guarded(url, kDoor)), url);
  }
  EXPECT_EQ(guarded(kQueue, kDoor), kGuarded);
}

TEST(GuardedUrl, IsNotGuardedTwice) {
  EXPECT_EQ(guarded(kGuarded, kDoor), kGuarded);
  EXPECT_EQ(guarded("jobs", kDoor), "jobs");
}

TEST(GuardedUrl, IsKnownByItsPathAlone) {
  EXPECT_EQ(unguarded("/https/sqs.eu-central-1.amazonaws.com/123456789012/jobs"), kQueue);
  EXPECT_EQ(unguarded("/"), std::nullopt);
  EXPECT_EQ(unguarded("/123456789012/jobs"), std::nullopt);
  EXPECT_EQ(unguarded(kQueue), std::nullopt);
  EXPECT_EQ(unguarded(""), std::nullopt);
  EXPECT_EQ(unguarded("http://"), std::nullopt);
}

TEST(GuardUrls, FindsQueuesWithinAValue) {
  const std::string guarded_one(kGuarded);
  const std::string queue(kQueue);
  EXPECT_EQ(guard_urls(queue, kDoor), guarded_one);
  EXPECT_EQ(guard_urls("{\"a\": \"" + queue + "\", \"b\": [\"" + queue + "\"]}", kDoor),
            "{\"a\": \"" + guarded_one + "\", \"b\": [\"" + guarded_one + "\"]}");
  EXPECT_EQ(guard_urls("a=" + queue + ",b=" + queue + ";", kDoor),
            "a=" + guarded_one + ",b=" + guarded_one + ";");
}

TEST(GuardUrls, FindsQueuesAsJsonAndUrlsSpellThem) {
  // PHP writes a slash so.
  EXPECT_EQ(
      guard_urls(
          R"({"q":"https:\/\/sqs.eu-west-1.amazonaws.com\/123456789012\/jobs","x":"https:\/\/a.b"})",
          kDoor),
      R"({"q":"http:\/\/127.0.0.1:9324\/https\/sqs.eu-west-1.amazonaws.com\/123456789012\/jobs","x":"https:\/\/a.b"})");
  EXPECT_EQ(guard_urls("sqs://?url=https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F123456789012%2Fjobs"
                       "&x=https%3a%2f%2fsqs.eu-west-1.amazonaws.com%2f123456789012%2fmore",
                       kDoor),
            "sqs://?url=http%3A%2F%2F127.0.0.1%3A9324%2Fhttps%2Fsqs.eu-west-1.amazonaws.com%2F"
            "123456789012%2Fjobs&x=http%3a%2f%2f127.0.0.1%3a9324%2fhttps%2f"
            "sqs.eu-west-1.amazonaws.com%2f123456789012%2fmore");
  EXPECT_EQ(guard_urls("x://y?queue=" + std::string(kQueue) + "&wait=20", kDoor),
            "x://y?queue=" + std::string(kGuarded) + "&wait=20");
}

TEST(GuardUrls, FindsWhatANameIsPutBehind) {
  // Laravel's SQS_PREFIX, say.
  EXPECT_EQ(guard_urls("https://sqs.eu-central-1.amazonaws.com/123456789012", kDoor) + "/jobs",
            kGuarded);
  EXPECT_EQ(guard_urls("https://sqs.eu-central-1.amazonaws.com/123456789012/", kDoor) + "jobs",
            kGuarded);
  EXPECT_EQ(guard_urls(std::string(kQueue) + "/", kDoor), std::string(kGuarded) + "/");
}

TEST(GuardUrls, LeavesEverythingElse) {
  for (const std::string_view text :
       {"", "jobs", "https://example.com/123456789012/jobs", "https://s3.amazonaws.com/bucket/key",
        "https://sqs.eu-central-1.amazonaws.com", "https://sqs.eu-central-1.amazonaws.com/",
        "https://sqs.eu-central-1.amazonaws.com/12/jobs",
        "https://sqs.eu-central-1.amazonaws.com/12", "https://example.com/123456789012",
        "http://127.0.0.1:4566/123456789012/jobs", "https://", "http://http://",
        "see https://docs.aws.amazon.com/sqs/ for more"}) {
    EXPECT_EQ(guard_urls(text, kDoor), text);
  }
}

TEST(GuardUrls, KnowsTheQueuesOfAnEndpointThatWasGiven) {
  const Door door{.port = 9324,
                  .endpoint = net::Origin{.scheme = "http", .host = "127.0.0.1", .port = 4566}};
  EXPECT_EQ(guard_urls("http://127.0.0.1:4566/123456789012/jobs", door),
            "http://127.0.0.1:9324/http/127.0.0.1:4566/123456789012/jobs");
  EXPECT_EQ(guard_urls("http://127.0.0.1:4567/123456789012/jobs", door),
            "http://127.0.0.1:4567/123456789012/jobs");
}

TEST(GuardedEnvironment, LeadsTheSdkToTheGuardAndPastProxies) {
  const Environment given{{"QUEUE_URL", std::string(kQueue)},
                          {"HOME", "/root"},
                          {"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"},
                          {"NO_PROXY", "169.254.170.2, internal"},
                          {"HTTPS_PROXY", "http://proxy:3128"}};
  const Environment environment = guarded_environment(given, kDoor, ConfiguredEndpoints::Heeded);
  EXPECT_EQ(environment.at("QUEUE_URL"), kGuarded);
  EXPECT_EQ(environment.at("HOME"), "/root");
  EXPECT_EQ(environment.at("AWS_ENDPOINT_URL_SQS"), "http://127.0.0.1:9324");
  EXPECT_EQ(environment.at("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566");
  EXPECT_EQ(environment.at("NO_PROXY"), "169.254.170.2, internal,127.0.0.1");
  EXPECT_EQ(environment.at("no_proxy"), "169.254.170.2, internal,127.0.0.1")
      << "Python reads it first";
  EXPECT_EQ(environment.at("HTTPS_PROXY"), "http://proxy:3128");
  EXPECT_EQ(guarded_environment(environment, kDoor, ConfiguredEndpoints::Heeded), environment)
      << "twice is once";
}

TEST(GuardedEnvironment, KeepsWhatIgnoringEndpointsMeant) {
  const Environment environment =
      guarded_environment({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"},
                           {"AWS_ENDPOINT_URL", "http://127.0.0.1:1"},
                           {"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2"}},
                          kDoor, ConfiguredEndpoints::Ignored);
  EXPECT_FALSE(environment.contains("AWS_ENDPOINT_URL"));
  EXPECT_FALSE(environment.contains("AWS_ENDPOINT_URL_S3"));
  EXPECT_EQ(environment.at("AWS_ENDPOINT_URL_SQS"), "http://127.0.0.1:9324");
}

TEST(GuardedEnvironment, LeavesItToNoProfileWhetherTheGuardIsIgnored) {
  for (const ConfiguredEndpoints endpoints :
       {ConfiguredEndpoints::Heeded, ConfiguredEndpoints::Ignored}) {
    EXPECT_EQ(guarded_environment({}, kDoor, endpoints).at("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
              "false");
  }
}

}  // namespace
}  // namespace scaler::guard
