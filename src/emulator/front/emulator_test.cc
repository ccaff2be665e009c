#include "emulator/front/emulator.h"

#include <atomic>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/request/faults.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "ground/net/http_client.h"

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;

Result<std::unique_ptr<Emulator>> make(net::EventLoop& loop, EmulatorOptions options) {
  const Log log(STDERR_FILENO, LogLevel::Error, system_clock());
  return Emulator::create(loop, std::move(options), log);
}

TEST(Emulator, HasAServiceAtZeroAndTwoQueues) {
  net::EventLoop loop;
  const auto emulator = make(loop, {.cluster = "c", .service = "s", .queue = "q"});

  ASSERT_TRUE(emulator.has_value()) << emulator.error().message;
  EXPECT_EQ((*emulator)->queue_url(), (*emulator)->endpoint() + "/000000000000/q");
  const std::string status = (*emulator)->status();
  ASSERT_TRUE(json::parse(status).has_value());
  EXPECT_THAT(status, HasSubstr(R"("q":{"visible":0)"));
  EXPECT_THAT(status, HasSubstr(R"("q-dlq":{"visible":0)"));
  EXPECT_THAT(status, HasSubstr(R"("desired":0,"running":0)"));
  EXPECT_THAT(status, HasSubstr(R"("lambda":null)"));
}

TEST(Emulator, MakesTheScalersOwnQueuesShortLived) {
  net::EventLoop loop;
  const auto emulator = make(loop, {.tick_queue = "ticks", .doorbell_queue = "bell"});

  ASSERT_TRUE(emulator.has_value()) << emulator.error().message;
  EXPECT_EQ((*emulator)->queue_url("ticks"), (*emulator)->endpoint() + "/000000000000/ticks");
  EXPECT_THAT((*emulator)->status(), HasSubstr(R"("ticks":{"visible":0)"));
  EXPECT_THAT((*emulator)->status(), HasSubstr(R"("bell":{"visible":0)"));
}

TEST(Emulator, HasFurtherServicesWithQueuesOfTheirOwn) {
  net::EventLoop loop;
  const auto emulator = make(
      loop, {.cluster = "c",
             .service = "s",
             .queue = "q",
             .further_services = {{.name = "a", .queue = "jobs-a", .tags = {{"team", "blue"}}}}});

  ASSERT_TRUE(emulator.has_value()) << emulator.error().message;
  std::vector<std::string> names;
  for (const ServiceNow& service : (*emulator)->services()) {
    names.push_back(service.cluster + "/" + service.service);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"c/a", "c/s"}));
  EXPECT_THAT((*emulator)->status(), HasSubstr(R"("jobs-a-dlq":{"visible":0)"));
  EXPECT_FALSE(make(loop, {.further_services = {{.name = "a b", .queue = "jobs-a"}}}).has_value());
  EXPECT_FALSE(make(loop, {.further_services = {{.name = "a", .queue = "jobs"}}}).has_value());
}

TEST(Emulator, RefusesNamesThatAwsRefuses) {
  net::EventLoop loop;
  for (const EmulatorOptions& options :
       {EmulatorOptions{.cluster = "a b"}, EmulatorOptions{.service = ""},
        EmulatorOptions{.queue = "x.y"}, EmulatorOptions{.queue = ".fifo"},
        EmulatorOptions{.queue = std::string(77, 'x')}, EmulatorOptions{.region = "EU west"},
        EmulatorOptions{.queue = "q.fifo", .tick_queue = "q-dlq.fifo"},
        EmulatorOptions{.tick_queue = "a b"}, EmulatorOptions{.queue = "q", .tick_queue = "q"},
        EmulatorOptions{.queue = "q", .doorbell_queue = "q-dlq"},
        EmulatorOptions{.tick_queue = "t", .doorbell_queue = "t"}}) {
    const auto emulator = make(loop, options);
    ASSERT_FALSE(emulator.has_value());
    EXPECT_EQ(emulator.error().kind, ErrorKind::Malformed);
  }
}

TEST(Emulator, RefusesAPortThatIsTaken) {
  net::EventLoop loop;
  const auto first = make(loop, {});
  ASSERT_TRUE(first.has_value());
  const auto second = make(loop, {.port = (*first)->port()});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
}

/// The machine's, set back while it is read.
class ClockSetBack final : public Clock {
 public:
  Instant now() const override { return system_clock().now() - Duration(back.load()); }
  bool wait_until(Instant instant, const std::stop_token& stop) override {
    return system_clock().wait_until(instant, stop);
  }
  std::atomic<std::int64_t> back = 0;  ///< milliseconds
};

net::HttpRequest sqs_request(int port, std::string operation, std::string body, Instant now) {
  std::string date = format_instant(std::chrono::floor<std::chrono::seconds>(now));
  std::erase_if(date, [](char c) { return c == '-' || c == ':'; });
  return {.origin = {.scheme = "http", .host = "127.0.0.1", .port = port},
          .method = "POST",
          .headers = {{.name = "X-Amz-Date", .value = date},
                      {.name = "X-Amz-Target", .value = "AmazonSQS." + std::move(operation)},
                      {.name = "Content-Type", .value = "application/x-amz-json-1.0"},
                      {.name = "Authorization",
                       .value = "AWS4-HMAC-SHA256 Credential=AKIA/" + date.substr(0, 8) +
                                "/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date;"
                                "x-amz-target, Signature=" +
                                std::string(64, 'a')}},
          .body = std::move(body)};
}

TEST(Emulator, TimeGoesOnWhenTheMachinesClockIsSetBack) {
  ClockSetBack clock;
  net::EventLoop loop;
  const auto emulator = make(loop, {.clock = &clock});
  ASSERT_TRUE(emulator.has_value()) << emulator.error().message;
  const int port = (*emulator)->port();
  std::jthread server([&](const std::stop_token& stop) { loop.run(stop); });
  net::HttpClient client;
  const auto call = [&](std::string operation, std::string body) {
    const auto reply =
        client.send(sqs_request(port, std::move(operation), std::move(body), clock.now()),
                    after(std::chrono::seconds(10)));
    return reply ? std::to_string(reply->status) + reply->body : reply.error().message;
  };

  EXPECT_THAT(call("SendMessage", R"({"QueueUrl":"jobs","MessageBody":"x","DelaySeconds":1})"),
              HasSubstr("200"));
  clock.back = Duration(std::chrono::hours(1)).count();
  EXPECT_THAT(call("ReceiveMessage", R"({"QueueUrl":"jobs","WaitTimeSeconds":5})"),
              HasSubstr(R"("Body":"x")"));
  server.request_stop();
  server.join();
}

TEST(Faults, StrikeInTheirOrderUntilTheyAreUsedUp) {
  Faults faults;
  ASSERT_TRUE(faults.add(R"({"operation":"A","fault":"throttle","count":2})").has_value());
  ASSERT_TRUE(
      faults.add(R"({"operation":"*","fault":"slow","delay":0.5,"caller":"me"})").has_value());

  EXPECT_FALSE(faults.strike("B", "you").has_value());
  EXPECT_EQ(faults.strike("A", "me")->kind, FaultKind::Throttle);
  EXPECT_EQ(faults.strike("A", "you")->kind, FaultKind::Throttle);
  EXPECT_FALSE(faults.strike("A", "you").has_value());
  const auto slow = faults.strike("A", "me");
  ASSERT_TRUE(slow.has_value());
  EXPECT_EQ(slow->delay, Duration(500));
  EXPECT_FALSE(faults.strike("A", "me").has_value());
}

TEST(Faults, StrikeWhatIsAboutOneThing) {
  Faults faults;
  ASSERT_TRUE(faults.add(R"({"operation":"A","fault":"denied","about":"/b\""})").has_value());

  EXPECT_FALSE(faults.strike("A", "me", R"({"service":"main/bb"})").has_value());
  EXPECT_FALSE(faults.strike("A", "me").has_value());
  EXPECT_TRUE(faults.strike("A", "me", R"({"service":"main/b"})").has_value());
  json::Writer writer;
  faults.write(writer);
  EXPECT_THAT(writer.text(), HasSubstr(R"("about":"/b\"")"));
}

TEST(Faults, LetSoManyCallsGoByFirst) {
  Faults faults;
  ASSERT_TRUE(
      faults.add(R"({"operation":"*","fault":"crash","after":2,"effect":true,"caller":"me"})")
          .has_value());

  EXPECT_FALSE(faults.strike("A", "me").has_value());
  EXPECT_FALSE(faults.strike("A", "you").has_value());
  EXPECT_FALSE(faults.strike("B", "me").has_value());
  const auto crash = faults.strike("C", "me");
  ASSERT_TRUE(crash.has_value());
  EXPECT_TRUE(crash->effect);
  EXPECT_FALSE(faults.strike("D", "me").has_value());
  json::Writer writer;
  faults.write(writer);
  EXPECT_THAT(writer.text(), HasSubstr(R"("last":"C")"));
}

TEST(Faults, StrikeWithTheirProbability) {
  Faults faults(7);
  ASSERT_TRUE(faults.add(R"({"operation":"A","fault":"lost","count":1000,"probability":0.25})")
                  .has_value());
  int struck = 0;
  for (int i = 0; i < 1000; ++i) {
    struck += faults.strike("A", "me") ? 1 : 0;
  }
  EXPECT_GT(struck, 200);
  EXPECT_LT(struck, 300);
}

TEST(Faults, OfInvocationsAndOfCallsAreKeptApart) {
  Faults faults;
  ASSERT_TRUE(faults.add(R"({"operation":"Invocation","fault":"crash","delay":0.02})").has_value());
  ASSERT_TRUE(faults.add(R"({"operation":"*","fault":"throttle","count":5})").has_value());
  EXPECT_EQ(faults.strike("A", "")->kind, FaultKind::Throttle);
  const auto crash = faults.strike(kInvocation, "");
  ASSERT_TRUE(crash.has_value());
  EXPECT_EQ(crash->delay, Duration(20));
  EXPECT_FALSE(faults.strike(kInvocation, "").has_value());
  for (const char* misfit :
       {R"({"operation":"A","fault":"duplicate"})", R"({"operation":"*","fault":"duplicate"})",
        R"({"operation":"Invocation","fault":"lost"})"}) {
    const auto added = faults.add(misfit);
    ASSERT_FALSE(added.has_value()) << misfit;
    EXPECT_THAT(added.error().message, HasSubstr("$.fault: this does not happen to"));
  }
}

}  // namespace
}  // namespace scaler::emulator
