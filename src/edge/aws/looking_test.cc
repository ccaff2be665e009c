#include "edge/aws/looking.h"

#include <set>

#include <gtest/gtest.h>

#include "edge/aws/cloud.h"
#include "edge/aws/test_support.h"
#include "ground/json/value.h"
#include "scaler/core/names.h"
#include "scaler/state/state_text.h"

namespace scaler::aws {
namespace {

const std::string kQueues = "https://sqs.us-east-1.amazonaws.com/123456789012/";

using namespace std::chrono_literals;

std::string text_of(const json::Value& object, std::string_view name) {
  return std::get<std::string>(object.find(name)->data());
}

/// Queues and services of one cluster, some of which misbehave, and a Cloud that looks at them.
class LookingTest : public ::testing::Test {
 protected:
  LookingTest() {
    test.transport.answer = [this](const net::HttpRequest& request) { return answer(request); };
    test.transport.delay = [this](const net::HttpRequest& request) { return delay(request); };
  }

  static std::vector<std::string> names(const net::HttpRequest& request) {
    const json::Value body = *json::parse(request.body);
    if (body.find("QueueUrl") != nullptr) {
      return {std::string(plain_name(text_of(body, "QueueUrl")))};
    }
    if (body.find("serviceName") != nullptr) {
      return {"tasks of " + text_of(body, "serviceName")};
    }
    if (body.find("tasks") != nullptr) {
      const auto& tasks = std::get<json::Array>(body.find("tasks")->data());
      return {"protection of " + std::get<std::string>(tasks.at(0).data())};
    }
    std::vector<std::string> names;
    for (const json::Value& name : std::get<json::Array>(body.find("services")->data())) {
      names.push_back(std::get<std::string>(name.data()));
    }
    return names;
  }

  Result<net::HttpResponse> answer(const net::HttpRequest& request) const {
    if (request.origin.host.starts_with("sqs.")) {
      return ok(R"({"Attributes":{"ApproximateNumberOfMessages":"1",)"
                R"("ApproximateNumberOfMessagesNotVisible":"2",)"
                R"("ApproximateNumberOfMessagesDelayed":"3"}})");
    }
    const std::string first = names(request).at(0);
    if (first.starts_with("tasks of ")) {
      return ok(R"({"taskArns":[")" + first.substr(9) +
                (pages_end ? R"("]})" : R"("],"nextToken":"n"})"));
    }
    if (first.starts_with("protection of ")) {
      return ok(R"({"protectedTasks":[{"protectionEnabled":true}]})");
    }
    const bool tags = request.body.find("TAGS") != std::string::npos;
    std::string services;
    for (const std::string& name : names(request)) {
      if (refused.contains(name)) {
        return service_failure(400, refusal, "not " + name);
      }
      if (tags && tags_denied.contains(name)) {
        return service_failure(400, "AccessDeniedException", "no tags");
      }
      services += services.empty() ? "" : ",";
      services += R"({"serviceArn":"arn:aws:ecs:r:1:service/c/)" + name +
                  R"(","status":"ACTIVE","desiredCount":4,"runningCount":3,"pendingCount":1)" +
                  (tags ? R"(,"tags":[{"key":"ecs-scaler:state","value":")" + state + R"("})" +
                              (pause.empty()
                                   ? ""
                                   : R"(,{"key":"ecs-scaler:pause","value":")" + pause + R"("})") +
                              "]}"
                        : "}");
    }
    return ok(R"({"services":[)" + services + "]}");
  }

  Duration delay(const net::HttpRequest& request) const {
    Duration longest = usual;
    for (const std::string& name : names(request)) {
      const auto found = delays.find(name);
      longest = std::max(longest, found == delays.end() ? Duration::zero() : found->second);
    }
    return longest;
  }

  /// Services s0, s1, .. with a queue q0, q1, .. each.
  static std::vector<LookRequest> fleet(int size, bool with_queues = true) {
    std::vector<LookRequest> requests;
    for (int i = 0; i < size; ++i) {
      const std::string number = std::to_string(i);
      requests.push_back({.service = {.cluster = "c", .service = "s" + number}});
      if (with_queues) {
        requests.back().queue_urls = {kQueues + "q" + number};
      }
    }
    return requests;
  }

  /// Services whose tasks protect themselves.
  static std::vector<LookRequest> protected_fleet(int size) {
    std::vector<LookRequest> requests = fleet(size);
    for (LookRequest& request : requests) {
      request.protection = true;
    }
    return requests;
  }

  std::vector<Look> look(std::span<const LookRequest> requests,
                         Patience patience = Patience::AllButSlow) {
    test.transport.requests.clear();
    begun = test.clock.steady();
    std::vector<Look> looks = cloud().look(requests, patience, begun + 30s);
    took = std::chrono::ceil<Duration>(test.clock.steady() - begun);
    return looks;
  }

  Cloud& cloud() {
    if (!cloud_) {
      cloud_.emplace(test.client());
    }
    return *cloud_;
  }
  void renew_cloud() { cloud_.emplace(test.client()); }
  std::size_t calls() const { return test.transport.requests.size(); }
  std::size_t asked_about(const std::string& name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(test.transport.requests, [&name](const net::HttpRequest& request) {
          const std::vector<std::string> all = names(request);
          return std::ranges::find(all, name) != all.end();
        }));
  }

  TestClient test;
  std::set<std::string> refused = {};
  std::string refusal = "InvalidParameterException";
  std::set<std::string> tags_denied = {};
  std::map<std::string, Duration> delays = {};
  bool pages_end = true;
  std::string state = "v";  ///< in the tag of each service
  std::string pause = {};   ///< the same; empty: no such tag
  Duration usual = 10ms;
  Deadline begun = {};
  Duration took = {};

 private:
  std::optional<Cloud> cloud_ = {};
};

TEST_F(LookingTest, WaitsForNoMemberThatHangs) {
  const auto requests = fleet(6);
  delays["q3"] = 1h;
  look(requests);
  EXPECT_EQ(took, 1500ms);  // Nothing is known yet of how long answers take.
  test.clock.advance(950ms);
  const auto looks = look(requests);
  EXPECT_EQ(took, 50ms);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    EXPECT_TRUE(looks[i].service.has_value());
    EXPECT_EQ(looks[i].queues.at(0).has_value(), i != 3);
    EXPECT_EQ(looks[i].under_way, i == 3);
  }
  EXPECT_EQ(looks[3].queues[0].error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(looks[3].queues[0].error().message,
            "SQS GetQueueAttributes " + kQueues + "q3: no answer yet after 2.5 s; still asked");
  EXPECT_EQ(asked_about("q3"), 0U);  // Not a second time.
  EXPECT_EQ(looks[0].asked, begun);
}

TEST_F(LookingTest, WaitsForNoNeighbourOfAMemberThatHangs) {
  for (const int size : {2, 10, 30}) {
    for (const Patience patience : {Patience::AllButSlow, Patience::All}) {
      renew_cloud();
      const auto requests = fleet(size);
      delays["s1"] = 1h;
      for (int again = 0; again < 3; ++again) {
        const auto looks = look(requests, patience);
        EXPECT_LE(took, patience == Patience::All ? 30s : again == 0 ? 2s : 100ms) << size;
        for (std::size_t i = 0; i < looks.size(); ++i) {
          EXPECT_EQ(looks[i].service.has_value(), i != 1) << size << " " << i;
        }
        EXPECT_FALSE(looks[1].service.error().message.contains("s0"));
        test.clock.advance(1s);
      }
    }
  }
}

TEST_F(LookingTest, FindsAMemberThatHangsAlsoAfterALookInWhichMostWereSlow) {
  const auto requests = fleet(30);
  look(requests);
  for (int i = 0; i < 30; ++i) {
    delays["s" + std::to_string(i)] = 400ms;
  }
  delays["s1"] = 1h;
  look(requests);
  delays = {{"s1", 1h}};
  for (int again = 0; again < 2; ++again) {
    test.clock.advance(1s);
    look(requests);
  }
  const auto looks = look(requests);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    EXPECT_EQ(looks[i].service.has_value(), i != 1) << i;
  }
}

TEST_F(LookingTest, EcsMayNeedSeveralTimesAsLongAsSqs) {
  for (const Duration by_ecs : {60ms, 150ms, 400ms, 900ms}) {
    renew_cloud();
    const auto requests = fleet(100);
    for (int i = 0; i < 100; ++i) {
      delays["s" + std::to_string(i)] = by_ecs;
    }
    for (int again = 0; again < 4; ++again) {
      const auto looks = look(requests);
      EXPECT_TRUE(
          std::ranges::all_of(looks, [](const Look& one) { return one.service.has_value(); }));
      EXPECT_LE(calls(), 110U);
      test.clock.advance(10s);
    }
  }
}

TEST_F(LookingTest, AMemberThatHangsTakesNobodyElsesTime) {
  const auto requests = fleet(400);
  usual = 300ms;
  look(requests);
  test.clock.advance(10s);
  usual = 10ms;
  for (int i = 360; i < 400; ++i) {
    delays["q" + std::to_string(i)] = 595ms;  // Twice what recent looks needed is 600 ms.
  }
  delays["s1"] = 1h;
  for (const Look& one : look(requests)) {
    EXPECT_TRUE(one.queues.at(0).has_value());
  }
}

TEST_F(LookingTest, KeepsBatchesTogetherWhereMostOfThemAreSlow) {
  const auto requests = fleet(100);
  look(requests);
  for (int i = 0; i < 100; ++i) {
    delays["s" + std::to_string(i)] = 3s;
  }
  std::set<std::size_t> read;
  for (int pass = 0; pass < 6; ++pass) {
    const auto looks = look(requests);
    EXPECT_LE(took, 2s);
    EXPECT_LE(calls(), 110U);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      if (looks[i].service) {
        read.insert(i);
      }
    }
    test.clock.advance(2s);
  }
  EXPECT_EQ(read.size(), 100U);
  delays.clear();
  look(requests);
  test.clock.advance(4s);
  look(requests);
  for (const Look& one : look(requests)) {  // It is over as soon as it is over.
    EXPECT_TRUE(one.service.has_value());
  }
}

TEST_F(LookingTest, CollectsALateAnswerInALaterLook) {
  const auto requests = fleet(6);
  look(requests);
  delays["q3"] = 600ms;
  const auto first = look(requests);
  EXPECT_EQ(took, 50ms);
  EXPECT_TRUE(first[3].under_way);
  const Deadline asked = begun;
  test.clock.advance(1s);
  const auto second = look(requests);
  EXPECT_FALSE(second[3].under_way);
  EXPECT_EQ(second[3].queues.at(0)->visible, 1);
  EXPECT_EQ(second[3].asked, asked);
  EXPECT_EQ(second[2].asked, begun);
  EXPECT_EQ(asked_about("q3"), 0U);
  delays.clear();
  look(requests);  // Asked as one that is slow, and answered at once.
  EXPECT_EQ(look(requests)[3].asked, begun);
  EXPECT_EQ(took, 10ms);
}

TEST_F(LookingTest, WaitsForAllWhenItIsPatient) {
  const auto requests = fleet(6);
  look(requests);
  delays["q3"] = 600ms;
  const auto looks = look(requests, Patience::All);
  EXPECT_EQ(took, 600ms);
  EXPECT_TRUE(looks[3].queues.at(0).has_value());
  delays["q3"] = 1h;
  const auto hung = look(requests, Patience::All);
  EXPECT_FALSE(hung[3].queues.at(0).has_value());
  EXPECT_FALSE(hung[3].under_way);
  EXPECT_LE(took, 30s);
  EXPECT_EQ(test.transport.under_way(), 0U);
}

TEST_F(LookingTest, GivesAllMoreTimeWhenTheWayIsSlow) {
  const auto requests = fleet(6);
  look(requests);
  usual = 300ms;
  for (const Look& one : look(requests)) {
    EXPECT_TRUE(one.service.has_value());
    EXPECT_FALSE(one.under_way);
  }
  EXPECT_EQ(took, 300ms);
}

TEST_F(LookingTest, KeepsAtMostAQuarterOfTheConnectionsForTheSlow) {
  const auto requests = fleet(100);
  for (int i = 0; i < 30; ++i) {
    delays["q" + std::to_string(i)] = 1h;
  }
  for (int pass = 0; pass < 20; ++pass) {
    const auto looks = look(requests);
    EXPECT_LE(test.transport.under_way(), Looker::kSlowMax);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      EXPECT_EQ(looks[i].queues.at(0).has_value(), i >= 30);
      if (pass < 10) {  // Later some calls end, and have failed.
        EXPECT_EQ(looks[i].under_way, i < 30) << pass << " " << i;
      }
    }
    EXPECT_LE(took, pass == 0 ? 2s : 100ms);
    test.clock.advance(1s);
  }
  EXPECT_GE(test.transport.cancelled, 14U);
}

TEST_F(LookingTest, AsksAnewWhenAHangingCallHasEnded) {
  const auto requests = fleet(6);
  delays["q3"] = 1h;
  look(requests);
  delays.clear();
  std::size_t answered = 0;
  for (int pass = 0; pass < 10; ++pass) {
    test.clock.advance(2s);
    answered += look(requests)[3].queues.at(0).has_value() ? 1U : 0U;
  }
  EXPECT_GE(answered, 6U);
}

TEST_F(LookingTest, FindsTheGuiltyMemberOfARefusedBatch) {
  const auto requests = fleet(10, false);
  for (int guilty = 0; guilty < 10; ++guilty) {
    Cloud fresh(test.client());
    refused = {"s" + std::to_string(guilty)};
    test.transport.requests.clear();
    const auto looks = fresh.look(requests, Patience::All, test.clock.steady() + 30s);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(looks[static_cast<std::size_t>(i)].service.has_value(), i != guilty);
    }
    EXPECT_LE(calls(), 1U + 8U);  // Two calls for each of log2(10) halvings, rounded up.
    test.clock.advance(10s);
  }
}

TEST_F(LookingTest, AsksAGuiltyMemberAloneAndEverMoreRarely) {
  const auto requests = fleet(10, false);
  refused = {"s7"};
  EXPECT_EQ(look(requests)[7].service.error().kind, ErrorKind::Rejected);
  std::vector<Duration> asked_after;
  Duration since{0};
  for (int second = 0; second < 1200; second += 5) {
    test.clock.advance(5s);
    since += 5s;
    const auto looks = look(requests);
    ASSERT_TRUE(looks[6].service.has_value());
    ASSERT_FALSE(looks[7].service.has_value());
    if (asked_about("s7") > 0) {
      EXPECT_EQ(calls(), 2U);
      asked_after.push_back(std::exchange(since, 0s));
    } else {
      EXPECT_NE(looks[7].service.error().message.find("not s7 (request id req-1); asked again in "),
                std::string::npos)
          << looks[7].service.error().message;
    }
  }
  ASSERT_GE(asked_after.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(static_cast<double>(asked_after[i].count()),
                std::min(10'000.0 * static_cast<double>(1U << i), 300'000.0), 7000);
  }
}

TEST_F(LookingTest, EndsARefusalWithOneGoodAnswerAndAsksTheUrgentAtOnce) {
  auto requests = fleet(10, false);
  refused = {"s7"};
  look(requests);
  refused.clear();
  EXPECT_FALSE(look(requests)[7].service.has_value());
  requests[7].urgent = true;
  EXPECT_TRUE(look(requests)[7].service.has_value());
  requests[7].urgent = false;
  EXPECT_TRUE(look(requests)[7].service.has_value());
  EXPECT_EQ(calls(), 1U);
}

TEST_F(LookingTest, AsksAFleetOfOneEachTime) {
  const auto requests = fleet(1, false);
  refused = {"s0"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(look(requests)[0].service.has_value());
    EXPECT_EQ(calls(), 1U);
  }
}

TEST_F(LookingTest, SplitsNothingForWhatIsNoMembersFault) {
  const auto requests = fleet(10, false);
  refused = {"s7"};
  refusal = "ExpiredTokenException";
  EXPECT_FALSE(look(requests)[0].service.has_value());
  EXPECT_EQ(calls(), 1U);
}

TEST_F(LookingTest, MakesFewCallsWhenAllAreRefused) {
  const auto requests = fleet(10, false);
  refusal = "AccessDeniedException";
  for (int i = 0; i < 10; ++i) {
    refused.insert("s" + std::to_string(i));
  }
  look(requests);
  EXPECT_LE(calls(), 29U);
  look(requests);
  EXPECT_EQ(calls(), 0U);
}

TEST_F(LookingTest, ReadsAServiceWhoseTagsAreDeniedWithoutThem) {
  const auto requests = fleet(3, false);
  tags_denied = {"s1"};
  const auto looks = look(requests);
  EXPECT_EQ(looks[0].service->saved_state, "v");
  EXPECT_EQ(looks[1].service->saved_state, "");
  EXPECT_EQ(looks[1].service->service.desired, 4);
  look(requests);
  EXPECT_EQ(calls(), 2U);  // The one without tags by itself.
  tags_denied.clear();
  test.clock.advance(10min);
  EXPECT_EQ(look(requests)[1].service->saved_state, "v");
  look(requests);
  EXPECT_EQ(calls(), 1U);
}

TEST_F(LookingTest, APauseThatIsSetAfterADenialOfAMomentIsSeenSoon) {
  const auto requests = fleet(2, false);
  tags_denied = {"s1"};
  look(requests);
  tags_denied.clear();
  pause = "2099-01-01T00:00:00Z";
  EXPECT_EQ(look(requests)[1].service->service.paused_until, std::nullopt);
  test.clock.advance(10s);
  EXPECT_TRUE(look(requests)[1].service->service.paused_until.has_value());
}

TEST_F(LookingTest, TagsThatStayDeniedAreAskedForEverMoreSeldom) {
  const auto requests = fleet(2, false);
  tags_denied = {"s1"};
  look(requests);
  calls();
  std::size_t trials = 0;
  for (Duration passed = 0s; passed < 1h; passed += 10s) {
    test.clock.advance(10s);
    look(requests);
    trials += calls() - 2;  // A look is one call with tags and one without.
  }
  EXPECT_GE(trials, 8U);
  EXPECT_LE(trials, 11U);
}

TEST_F(LookingTest, APauseThatWasReadHoldsWhileTagsAreDenied) {
  const auto requests = fleet(2, false);
  const auto paused_until = [&] { return look(requests)[1].service->service.paused_until; };
  pause = "2099-01-01T00:00:00Z";
  const std::optional<Instant> until = paused_until();
  ASSERT_TRUE(until.has_value());
  tags_denied = {"s1"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(paused_until(), until);
    test.clock.advance(10min);
  }
  tags_denied.clear();
  pause.clear();
  EXPECT_EQ(paused_until(), std::nullopt);
}

TEST_F(LookingTest, CountsProtectedTasksWithoutWaitingForOneThatHangs) {
  const auto requests = protected_fleet(6);
  for (const Look& one : look(requests)) {
    EXPECT_EQ(one.service->service.protected_tasks, 1);
    EXPECT_FALSE(one.service->protection_error.has_value());
    EXPECT_EQ(one.asked, begun);
  }
  EXPECT_EQ(took, 30ms);  // Services, their tasks, and the protection of these.
  for (const std::string hangs : {"tasks of s3", "protection of s3"}) {
    delays = {{hangs, 1h}};
    const auto looks = look(requests);
    EXPECT_LE(took, 100ms);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      EXPECT_EQ(looks[i].service->service.protected_tasks, i == 3 ? 4 : 1);
      EXPECT_EQ(looks[i].under_way, i == 3);
      EXPECT_TRUE(looks[i].queues.at(0).has_value());
    }
    EXPECT_EQ(looks[3].service->protection_error->kind, ErrorKind::Unavailable);
    test.clock.advance(1s);
    look(requests);
    EXPECT_EQ(asked_about("tasks of s3"), 0U) << "a second time";
    EXPECT_LE(took, 100ms);
    delays.clear();
    for (int i = 0; i < 6; ++i) {
      test.clock.advance(2s);
      look(requests);
    }
    EXPECT_EQ(look(requests)[3].service->service.protected_tasks, 1);
  }
}

TEST_F(LookingTest, TakesALateCountOfProtectedTasksForAsOldAsItIs) {
  const auto requests = protected_fleet(6);
  look(requests);
  delays = {{"protection of s3", 600ms}};
  EXPECT_TRUE(look(requests)[3].under_way);
  const Deadline asked = begun;
  test.clock.advance(1s);
  const auto looks = look(requests);
  EXPECT_EQ(looks[3].service->service.protected_tasks, 1);
  EXPECT_FALSE(looks[3].service->protection_error.has_value());
  EXPECT_LE(looks[3].asked, asked + 20ms);
  EXPECT_EQ(looks[2].asked, begun);
}

TEST_F(LookingTest, GivesUpOnPagesOfTasksThatDoNotEnd) {
  pages_end = false;
  const auto looks = look(protected_fleet(1), Patience::All);
  EXPECT_EQ(looks[0].service->service.protected_tasks, 4);
  EXPECT_EQ(looks[0].service->protection_error->kind, ErrorKind::Malformed);
}

TEST_F(LookingTest, KeepsAtMostAQuarterOfTheConnectionsForSlowProtectionToo) {
  const auto requests = protected_fleet(100);
  for (int i = 0; i < 30; ++i) {
    delays["protection of s" + std::to_string(i)] = 1h;
  }
  for (int pass = 0; pass < 10; ++pass) {
    const auto looks = look(requests);
    EXPECT_LE(test.transport.under_way(), Looker::kSlowMax);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      EXPECT_EQ(looks[i].service->service.protected_tasks, i < 30 ? 4 : 1) << i;
    }
    test.clock.advance(1s);
  }
}

TEST_F(LookingTest, LearnsInAFirstLookWhatIsSlow) {
  const auto requests = fleet(1000);
  for (int i = 0; i < 100; ++i) {
    delays["q" + std::to_string(i)] = 1h;
  }
  const auto looks = look(requests);
  EXPECT_LE(took, 2s);
  for (std::size_t i = 100; i < looks.size(); ++i) {
    EXPECT_TRUE(looks[i].queues.at(0).has_value());
  }
}

TEST_F(LookingTest, TellsWhatTheRatesAllow) {
  EXPECT_EQ(cloud().looks_allowed({}), 1200U);
  EXPECT_EQ(cloud().changes_allowed({}), 50U);
  EXPECT_EQ(cloud().saves_allowed({}), 20U);
  EXPECT_EQ(cloud().round_trip({}), 0ms);
  look(fleet(100));
  EXPECT_EQ(cloud().looks_allowed({}), 1100U);
  EXPECT_EQ(cloud().round_trip({}), 10ms);
  TestClient free;
  free.within_limits = false;
  Cloud unlimited(free.client());
  EXPECT_EQ(unlimited.looks_allowed({}), std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(unlimited.changes_allowed({}), std::numeric_limits<std::size_t>::max());
}

TEST_F(LookingTest, DescriptionsMayTakeLongerThanQueuesWithoutBeingSlow) {
  const auto requests = fleet(200);
  for (int i = 0; i < 200; ++i) {
    delays["s" + std::to_string(i)] = 120ms;
  }
  for (int pass = 0; pass < 3; ++pass) {
    for (const Look& seen : look(requests)) {
      ASSERT_TRUE(seen.service.has_value()) << pass << ": " << seen.service.error().message;
      ASSERT_TRUE(seen.queues.at(0).has_value());
    }
    EXPECT_LE(took, 200ms);
    EXPECT_EQ(calls(), 220U) << "ten a call";
  }
  for (int i = 0; i < 200; ++i) {
    delays["s" + std::to_string(i)] = 900ms;  // All of a sudden.
  }
  for (const Look& seen : look(requests)) {
    ASSERT_TRUE(seen.service.has_value()) << seen.service.error().message;
  }
}

TEST_F(LookingTest, ManyThatWereSlowForAMomentAreAllAskedInTheNextLook) {
  const auto requests = fleet(200);
  look(requests);
  for (int i = 150; i < 200; ++i) {
    delays["q" + std::to_string(i)] = 300ms;
  }
  const auto missing = [](const std::vector<Look>& looks) {
    return std::ranges::count_if(looks,
                                 [](const Look& one) { return !one.service || !one.queues.at(0); });
  };
  EXPECT_GT(missing(look(requests)), 16);
  delays.clear();
  test.clock.advance(10s);
  EXPECT_EQ(missing(look(requests)), 0);
  EXPECT_LE(took, 60ms);
}

TEST_F(LookingTest, HeedsTheChangesThatServicesTellOf) {
  look(fleet(20));
  EXPECT_EQ(cloud().changes_allowed({}), 50U);
  const Instant changed = test.clock.now() - 2s;  // By another process: this one made none.
  state = format_state({.last_look = changed, .last_scale_out = changed});
  const auto others = fleet(45);
  look(others);
  const std::size_t left = cloud().changes_allowed({});
  EXPECT_GE(left, 10U);  // States tell whole seconds, the later one.
  EXPECT_LE(left, 15U);
  EXPECT_EQ(cloud().saves_allowed({}), 0U);
  look(others);
  EXPECT_EQ(cloud().changes_allowed({}), left) << "nothing is counted twice";
  EXPECT_EQ(cloud().changes_allowed({.region = "eu-west-1"}), 50U);
  test.clock.advance(1min);
  look(others);
  EXPECT_EQ(cloud().changes_allowed({}), 50U);
}

TEST_F(LookingTest, ChangesThatAreStillToComeTakeNothingOfTheRates) {
  const Instant ahead = test.clock.now() + 1h;  // By a clock that has been put right since.
  state = format_state({.last_look = ahead, .last_scale_out = ahead});
  look(fleet(45));
  EXPECT_EQ(cloud().changes_allowed({}), 50U);
}

TEST_F(LookingTest, RefusesWhatTheRateDoesNotAllowInTime) {
  const auto requests = fleet(3000, false);
  const auto looks = cloud().look(requests, Patience::AllButSlow, test.clock.steady() + 5s);
  EXPECT_TRUE(looks[1900].service.has_value());
  EXPECT_EQ(looks[2999].service.error().kind, ErrorKind::Throttled);
}

}  // namespace
}  // namespace scaler::aws
