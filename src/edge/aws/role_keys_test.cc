#include "edge/aws/role_keys.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "edge/aws/cloud.h"
#include "edge/aws/test_support.h"
#include "ground/base/test_support.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;
using Standing = RoleKeys::Standing;

using scaler::testing::kNoon;
const AccountRole kFirst{.arn = "arn:aws:iam::111111111111:role/scaler"};
const AccountRole kSecond{.arn = "arn:aws:iam::222222222222:role/scaler", .external_id = "our-id"};

std::string keys(const std::string& id, const std::string& expires) {
  return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + id +
         "</AccessKeyId><SecretAccessKey>secret-" + id + "</SecretAccessKey><SessionToken>token-" +
         id + "</SessionToken><Expiration>" + expires +
         "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

ApiReply for_an_hour() {
  return {.text = keys("AKID1", "2026-11-23T13:00:00Z")};
}

TEST(RoleKeys, AreMissingThenGoodThenAgeingThenMissingAgain) {
  RoleKeys role(kFirst, "");
  EXPECT_EQ(role.standing(kNoon), Standing::Missing);
  role.take(for_an_hour(), kNoon);
  EXPECT_EQ(role.keys()->access_key_id, "AKID1");
  EXPECT_EQ(role.standing(kNoon + 44min), Standing::Good);
  EXPECT_EQ(role.standing(kNoon + 46min), Standing::Ageing);
  EXPECT_EQ(role.standing(kNoon + 59min + 30s), Standing::Missing);
}

TEST(RoleKeys, ThatWereRefusedAreAskedForAgainTenSecondsLater) {
  RoleKeys role(kFirst, "");
  role.take(fail(ErrorKind::Denied, "AccessDenied"), kNoon);
  EXPECT_EQ(role.standing(kNoon + 9s), Standing::Refused);
  EXPECT_EQ(role.keys().error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(role.standing(kNoon + 10s), Standing::Missing);
  EXPECT_EQ(role.standing(kNoon - 1h), Standing::Missing) << "the clock was set back";
  role.take(fail(ErrorKind::Unavailable, "no answer"), kNoon);
  EXPECT_EQ(role.keys().error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(role.standing(kNoon + 1s), Standing::Missing);
}

TEST(RoleKeys, ThatAreGoodOutlastAFailureToRenewThem) {
  RoleKeys role(kFirst, "");
  role.take(for_an_hour(), kNoon);
  const Instant late = kNoon + 50min;
  role.take(fail(ErrorKind::Denied, "AccessDenied"), late);
  EXPECT_TRUE(role.keys().has_value());
  EXPECT_EQ(role.standing(late), Standing::Good);
  EXPECT_EQ(role.standing(late + 10s), Standing::Ageing);
}

TEST(RoleKeys, ThatAServiceRefusesAreFetchedAnewAndOlderOnesAreNot) {
  RoleKeys role(kFirst, "");
  role.take(for_an_hour(), kNoon);
  role.refused(role.version() - 1);
  EXPECT_EQ(role.standing(kNoon), Standing::Good);
  role.refused(role.version());
  EXPECT_EQ(role.standing(kNoon), Standing::Missing);
}

TEST(RoleKeys, ThatHaveExpiredWhenTheyComeAreAnError) {
  RoleKeys role(kFirst, "");
  role.take(ApiReply{.text = keys("AKID1", "2026-11-23T12:00:00Z")}, kNoon);
  EXPECT_FALSE(role.keys().has_value());
  EXPECT_EQ(role.standing(kNoon), Standing::Refused);
}

/// An AWS of several accounts: each role has keys of its own, and those say who signed.
class PlacesOfRolesTest : public ::testing::Test {
 protected:
  PlacesOfRolesTest() {
    test.transport.answer = [this](const net::HttpRequest& request) { return answer(request); };
    test.transport.delay = [this](const net::HttpRequest& request) {
      const auto found = delays.find(subject(request));
      return found == delays.end() ? Duration(10ms) : found->second;
    };
  }

  /// Of a call to STS the account of the role, else the key that signed.
  static std::string subject(const net::HttpRequest& request) {
    if (request.origin.host.starts_with("sts.")) {
      const std::size_t role = request.body.find("iam%3A%3A");
      return request.body.substr(role + 9, 12);
    }
    const std::string header(net::find_header(request.headers, "Authorization").value_or(""));
    const std::size_t key = header.find("Credential=") + 11;
    return header.substr(key, header.find('/') - key);
  }

  Result<net::HttpResponse> answer(const net::HttpRequest& request) {
    const std::string whose = subject(request);
    if (request.origin.host.starts_with("sts.")) {
      asked_for[whose] = request.body;
      ++fetched[whose];
      return denied.contains(whose)
                 ? service_failure(403, "AccessDenied", "is not authorized to perform")
                 : ok(keys("AKID" + whose, "2026-11-23T13:00:00Z"));
    }
    signed_by.emplace(whose, request.origin.host);
    if (expired.erase(whose) > 0) {
      return service_failure(403, "ExpiredTokenException");
    }
    if (request.origin.host.starts_with("sqs.")) {
      return ok(R"({"Attributes":{"ApproximateNumberOfMessages":"1",)"
                R"("ApproximateNumberOfMessagesNotVisible":"2",)"
                R"("ApproximateNumberOfMessagesDelayed":"3"}})");
    }
    return ok(R"({"services":[{"serviceArn":"arn:aws:ecs:r:1:service/main/worker",)"
              R"("status":"ACTIVE","desiredCount":4,"runningCount":3,"pendingCount":1}]})");
  }

  static LookRequest worker(const std::string& region = {}, const AccountRole& role = {}) {
    const std::string host = region.empty() ? "us-east-1" : region;
    return {.service = {.cluster = "main", .service = "worker", .region = region, .role = role},
            .queue_urls = {"https://sqs." + host + ".amazonaws.com/123456789012/jobs"}};
  }

  std::vector<Look> look(const std::vector<LookRequest>& requests,
                         Patience patience = Patience::AllButSlow) {
    const Deadline before = test.clock.steady();
    std::vector<Look> looks = cloud().look(requests, patience, before + 30s);
    took = std::chrono::ceil<Duration>(test.clock.steady() - before);
    return looks;
  }

  Cloud& cloud() {
    if (!cloud_) {
      cloud_ = std::make_unique<Cloud>(test.client());
    }
    return *cloud_;
  }

  TestClient test;
  std::map<std::string, Duration> delays = {};
  std::set<std::string> denied = {};   ///< accounts
  std::set<std::string> expired = {};  ///< keys that are refused once
  std::map<std::string, std::string> asked_for = {};
  std::map<std::string, int> fetched = {};
  std::set<std::pair<std::string, std::string>> signed_by = {};
  Duration took = {};

 private:
  std::unique_ptr<Cloud> cloud_ = {};
};

TEST_F(PlacesOfRolesTest, EachCallIsSignedWithTheKeysOfItsPlaceWhichAreFetchedOnce) {
  const auto looks = look({worker(), worker("eu-west-1", kFirst), worker("eu-west-2", kFirst),
                           worker("eu-west-1", kSecond)});
  for (const Look& one : looks) {
    EXPECT_TRUE(one.service.has_value());
    EXPECT_TRUE(one.queues.front().has_value());
  }
  using Signed = std::set<std::pair<std::string, std::string>>;
  EXPECT_EQ(signed_by, (Signed{{"AKIDEXAMPLE", "ecs.us-east-1.amazonaws.com"},
                               {"AKIDEXAMPLE", "sqs.us-east-1.amazonaws.com"},
                               {"AKID111111111111", "ecs.eu-west-1.amazonaws.com"},
                               {"AKID111111111111", "ecs.eu-west-2.amazonaws.com"},
                               {"AKID111111111111", "sqs.eu-west-1.amazonaws.com"},
                               {"AKID111111111111", "sqs.eu-west-2.amazonaws.com"},
                               {"AKID222222222222", "ecs.eu-west-1.amazonaws.com"},
                               {"AKID222222222222", "sqs.eu-west-1.amazonaws.com"}}));
  EXPECT_EQ(fetched, (std::map<std::string, int>{{"111111111111", 1}, {"222222222222", 1}}));
  EXPECT_EQ(took, 20ms) << "places do not wait for each other";
  EXPECT_TRUE(asked_for["222222222222"].contains("ExternalId=our-id"));
  EXPECT_FALSE(asked_for["111111111111"].contains("ExternalId"));
}

TEST_F(PlacesOfRolesTest, ARoleThatIsDeniedIsAnErrorOfItsOwnServicesAlone) {
  denied.insert("222222222222");
  const std::vector<LookRequest> fleet{worker(), worker("", kFirst), worker("", kSecond)};
  const auto looks = look(fleet);
  EXPECT_TRUE(looks[0].service.has_value());
  EXPECT_TRUE(looks[1].service.has_value());
  ASSERT_FALSE(looks[2].service.has_value());
  EXPECT_EQ(looks[2].service.error().kind, ErrorKind::Unauthorized);
  EXPECT_TRUE(looks[2].service.error().message.contains(kSecond.arn));
  EXPECT_FALSE(looks[2].queues.front().has_value());
  EXPECT_EQ(took, 20ms);
  look(fleet);
  EXPECT_EQ(fetched["222222222222"], 1) << "it is not asked for with each look";
  denied.clear();
  test.clock.advance(10s);
  EXPECT_TRUE(look(fleet)[2].service.has_value());
}

TEST_F(PlacesOfRolesTest, ASlowStsHoldsNobodyElse) {
  delays["222222222222"] = 4s;
  const std::vector<LookRequest> fleet{worker(), worker("", kFirst), worker("", kSecond)};
  auto looks = look(fleet);
  EXPECT_TRUE(looks[1].service.has_value());
  EXPECT_FALSE(looks[2].service.has_value());
  EXPECT_TRUE(looks[2].under_way);
  EXPECT_LE(took, 2s);
  looks = look(fleet);
  EXPECT_TRUE(looks[1].service.has_value());
  EXPECT_LE(took, 100ms);
  test.clock.advance(5s);
  EXPECT_TRUE(look(fleet)[2].service.has_value());
}

TEST_F(PlacesOfRolesTest, WaitsForKeysNoLongerThanTheCallMayWait) {
  delays["222222222222"] = 4s;
  const std::vector<DesiredCount> changes{
      {.service = worker("", kSecond).service, .leave_by = test.clock.steady() + 500ms}};
  const auto results = cloud().set_desired(changes, test.clock.steady() + 30s);
  EXPECT_EQ(results.front().error().kind, ErrorKind::Overdue);
  EXPECT_TRUE(signed_by.empty());
}

TEST_F(PlacesOfRolesTest, KeysThatHaveExpiredAreFetchedAnewOnce) {
  look({worker("", kFirst)});
  expired.insert("AKID111111111111");
  EXPECT_TRUE(look({worker("", kFirst)}).front().service.has_value());
  EXPECT_EQ(fetched["111111111111"], 2);
}

TEST_F(PlacesOfRolesTest, EachHasRatesOfItsOwn) {
  const ServiceId first = worker("", kFirst).service;
  const std::vector<DesiredCount> changes(50, {.service = first});  // The burst of UpdateService.
  cloud().set_desired(changes, test.clock.steady() + 30s);
  EXPECT_EQ(cloud().changes_allowed(first), 0U);
  EXPECT_EQ(cloud().changes_allowed(worker("", kSecond).service), 50U);
  EXPECT_EQ(cloud().changes_allowed(worker("us-west-2", kFirst).service), 50U);
  EXPECT_EQ(cloud().changes_allowed(worker().service), 50U);
}

TEST_F(PlacesOfRolesTest, WithoutADefaultRegionStsIsAskedWhereTheFirstCallGoes) {
  test.environment.erase("AWS_REGION");
  EXPECT_TRUE(look({worker("eu-west-1", kFirst)}).front().service.has_value());
  std::set<std::string> hosts;
  for (const net::HttpRequest& request : test.transport.requests) {
    hosts.insert(request.origin.host);
  }
  EXPECT_TRUE(hosts.contains("sts.eu-west-1.amazonaws.com"));
}

TEST_F(PlacesOfRolesTest, HaveConnectionsOfTheirOwn) {
  look({worker(), worker("", kFirst), worker("", kSecond)});
  EXPECT_EQ(test.transport.pools.size(), 3U);
}

TEST_F(PlacesOfRolesTest, TagsAndTheirRemovalAreMadeAsTheRole) {
  const std::vector<SavedState> states{
      {.service_arn = "arn:aws:ecs:us-east-1:111111111111:service/main/worker",
       .text = "v3",
       .role = kFirst},
      {.service_arn = "arn:aws:ecs:us-east-1:111111111111:service/main/worker", .role = kFirst}};
  cloud().save(states, test.clock.steady() + 30s);
  EXPECT_EQ(signed_by.size(), 1U);
  EXPECT_EQ(signed_by.begin()->first, "AKID111111111111");
}

}  // namespace
}  // namespace scaler::aws
