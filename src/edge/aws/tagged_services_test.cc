#include "edge/aws/tagged_services.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "edge/aws/ecs.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

std::string arn_named(const std::string& name) {
  return "arn:aws:ecs:us-east-1:123456789012:service/main/" + name;
}

const std::vector<SearchedPlace> kHere(1);

std::vector<ServiceId> ids_of(const std::vector<std::string>& arns, const AccountRole& role = {}) {
  std::vector<ServiceId> ids;
  for (const std::string& arn : arns) {
    const bool whole = arn.contains("/main/");
    ids.push_back({.cluster = whole ? "main" : "", .service = arn, .role = role});
  }
  return ids;
}

std::string page(const std::string& names, const std::string& token) {
  std::string list;
  for (const char name : names) {
    list += (list.empty() ? "" : ",");
    list += R"({"ResourceARN":")" + arn_named(std::string(1, name)) +
            R"(","Tags":[{"Key":"ecs-scaler:queue","Value":"jobs"}]})";
  }
  return R"({"PaginationToken":")" + token + R"(","ResourceTagMappingList":[)" + list + "]}";
}

std::string described(const std::string& name, const std::string& status, const std::string& tags) {
  return R"({"serviceArn":")" + arn_named(name) + R"(","status":")" + status + R"(","tags":[)" +
         tags + "]}";
}

TEST(TaggedServices, AsksForAllPagesAlsoAfterAnEmptyOne) {
  TestClient test;
  test.transport.reply_with({ok(page("ab", "t1")), ok(page("", "t2")), ok(page("c", ""))});
  TaggedServices services(test.client());

  const auto found = services.tagged({.key = "ecs-scaler:queue"}, kHere, soon()).front();

  EXPECT_FALSE(found.error);
  const ServiceTags tags{{"ecs-scaler:queue", "jobs"}};
  EXPECT_EQ(found.services,
            (std::map<std::string, ServiceTags>{
                {arn_named("a"), tags}, {arn_named("b"), tags}, {arn_named("c"), tags}}));
  const net::HttpRequest& second = test.transport.requests.at(1);
  EXPECT_EQ(second.origin.host, "tagging.us-east-1.amazonaws.com");
  EXPECT_EQ(net::find_header(second.headers, "X-Amz-Target"),
            "ResourceGroupsTaggingAPI_20170126.GetResources");
  EXPECT_EQ(net::find_header(second.headers, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(second.body, R"({"PaginationToken":"t1","TagFilters":[{"Key":"ecs-scaler:queue"}],)"
                         R"("ResourcesPerPage":100,"ResourceTypeFilters":["ecs:service"]})");
}

TEST(TaggedServices, AsksForValuesWhereSomeAreMeant) {
  TestClient test;
  test.transport.reply_with({ok(page("a", ""))});
  TaggedServices services(test.client());
  EXPECT_FALSE(
      services.tagged({.key = "k", .values = {"jobs", "arn"}}, kHere, soon()).front().error);
  EXPECT_EQ(test.transport.requests.at(0).body,
            R"({"TagFilters":[{"Key":"k","Values":["jobs","arn"]}],"ResourcesPerPage":100,)"
            R"("ResourceTypeFilters":["ecs:service"]})");
}

TEST(TaggedServices, TellsWhatCameBeforeAPageThatFailed) {
  TestClient test(Environment{{"AWS_MAX_ATTEMPTS", "1"}});
  test.transport.reply_with(
      {ok(page("a", "t1")), service_failure(400, "AccessDeniedException"), ok("{}")});
  TaggedServices services(test.client());

  const auto found = services.tagged({.key = "ecs-scaler:queue"}, kHere, soon()).front();

  EXPECT_EQ(found.services.size(), 1U);
  EXPECT_TRUE(found.services.contains(arn_named("a")));
  ASSERT_TRUE(found.error);
  EXPECT_EQ(found.error->kind, ErrorKind::Denied);
  EXPECT_EQ(services.tagged({.key = "k"}, kHere, soon()).front().error->kind, ErrorKind::Malformed);
}

TEST(TaggedServices, OneThatCannotBeReadHidesNoNeighbour) {
  TestClient test;
  std::string first = page("ab", "t1");
  first.insert(first.find("},{") + 1, R"(,{"Tags":[]},{"ResourceARN":7})");
  test.transport.reply_with({ok(first), ok(page("c", ""))});
  TaggedServices services(test.client());

  const auto found = services.tagged({.key = "ecs-scaler:queue"}, kHere, soon()).front();

  EXPECT_EQ(found.services.size(), 3U);
  ASSERT_TRUE(found.error);  // Somebody is not known, so nobody is gone.
  EXPECT_EQ(found.error->kind, ErrorKind::Malformed);
  EXPECT_TRUE(found.error->message.starts_with("Resource Groups Tagging GetResources: $"))
      << found.error->message;
}

TEST(TaggedServices, AServerThatRepeatsItsTokenHoldsNobody) {
  TestClient test;
  test.transport.reply_with({ok(page("a", "t1"))});
  TaggedServices services(test.client());

  EXPECT_EQ(services.tagged({.key = "k"}, kHere, soon()).front().error->kind, ErrorKind::Malformed);
  EXPECT_EQ(test.transport.requests.size(), 2U);
}

TEST(TaggedServices, KeepsWithinTheDocumentedRate) {
  TestClient test;
  int pages = 0;
  test.transport.answer = [&pages](const auto&) {
    return ok(page("", ++pages < 45 ? "t" + std::to_string(pages) : ""));
  };
  TaggedServices services(test.client());
  const Deadline began = test.clock.steady();

  EXPECT_FALSE(services.tagged({.key = "k"}, kHere, soon()).front().error);

  EXPECT_EQ(pages, 45);
  EXPECT_GE(test.clock.steady() - began, 1900ms);  // 15 at once, then 15 a second.
}

TEST(TaggedServices, ReadsTheTagsThatTheServicesHaveThemselves) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"services":[)" +
          described("a", "ACTIVE", R"({"key":"ecs-scaler:queue","value":"jobs"},{"key":"k"})") +
          "," + described("c", "INACTIVE", "") + R"(],"failures":[{"arn":")" + arn_named("b") +
          R"(","reason":"MISSING"}]})")});
  TaggedServices services(test.client());
  const std::vector<std::string> arns{arn_named("a"), arn_named("b"), arn_named("c"), "arn:wrong",
                                      arn_named("d")};

  const auto tags = services.tags_of(ids_of(arns), soon());

  ASSERT_EQ(test.transport.requests.size(), 1U);
  EXPECT_EQ(*tags[0], (ServiceTags{{"ecs-scaler:queue", "jobs"}, {"k", ""}}));
  EXPECT_EQ(tags[1].error().kind, ErrorKind::NotFound);
  EXPECT_EQ(tags[2].error().kind, ErrorKind::NotFound);
  EXPECT_EQ(tags[3].error().kind, ErrorKind::Malformed);
  EXPECT_EQ(tags[4].error().kind, ErrorKind::Malformed);  // Not mentioned: nothing is known.
}

TEST(TaggedServices, AMemberThatIsDeniedHarmsNoNeighbour) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest& request) -> Result<net::HttpResponse> {
    if (request.body.contains("/main/b")) {
      return service_failure(400, "AccessDeniedException");
    }
    return ok(R"({"services":[)" +
              described(request.body.contains("/main/a") ? "a" : "c", "ACTIVE",
                        R"({"key":"k","value":"v"})") +
              "]}");
  };
  TaggedServices services(test.client());
  const std::vector<std::string> arns{arn_named("a"), arn_named("b"), arn_named("c")};

  const auto tags = services.tags_of(ids_of(arns), soon());

  EXPECT_TRUE(tags[0].has_value());
  EXPECT_EQ(tags[1].error().kind, ErrorKind::Denied);
  EXPECT_TRUE(tags[2].has_value());
}

TEST(Ecs, ReadsThePauseOfAService) {
  const auto reading = [](const std::string& value) {
    const auto reply =
        json::parse(R"({"services":[{"serviceArn":"arn:aws:ecs:r:1:service/c/s","status":"ACTIVE",)"
                    R"("desiredCount":1,"runningCount":1,"pendingCount":0,"tags":[)"
                    R"({"key":"ecs-scaler:pause","value":")" +
                    value + R"("},{"key":"ecs-scaler:state","value":"x"}]}]})");
    return read_description({.value = *reply}, {"c", "s"}).value();
  };

  EXPECT_EQ(reading("2026-11-23T12:00:00Z").service.paused_until,
            *parse_instant("2026-11-23T12:00:00Z"));
  EXPECT_EQ(reading("2026-11-23T12:00:00Z").saved_state, "x");
  EXPECT_EQ(reading("2026-11-23T12:00:00Z").pause_complaint, "");
  for (const std::string wrong : {"true", "", "tomorrow"}) {
    EXPECT_EQ(reading(wrong).service.paused_until, kPausedForGood);
    EXPECT_NE(reading(wrong).pause_complaint, "");
  }
}

TEST(Ecs, TellsAReasonOnOneLineWithoutWhatSteersATerminal) {
  const auto reply = json::parse(
      R"({"failures":[{"arn":"arn:aws:ecs:r:1:service/c/s","reason":"why\n\u001b[31m"}]})");
  EXPECT_EQ(read_description({.value = *reply}, {"c", "s"}).error().message,
            "ECS DescribeServices c/s: why  [31m");
}

TEST(Ecs, AMemberThatDoesNotSayWhoItIsHarmsNoNeighbour) {
  for (const std::string nameless :
       {R"({"status":"ACTIVE"})", R"({"serviceArn":null})", R"({"serviceArn":5})"}) {
    const auto reply = json::parse(
        R"({"failures":[{"arn":7}],"services":[)" + nameless +
        R"(,{"serviceArn":"arn:aws:ecs:r:1:service/c/s","status":"ACTIVE","desiredCount":1,)"
        R"("runningCount":1,"pendingCount":0}]})");
    EXPECT_TRUE(read_description({.value = *reply}, {"c", "s"}).has_value()) << nameless;
    const auto other = read_description({.value = *reply}, {"c", "other"});
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().kind, ErrorKind::Malformed);
    EXPECT_TRUE(other.error().message.contains("serviceArn")) << other.error().message;
  }
}

TEST(TaggedServices, ASlowPlaceHoldsNoOther) {
  TestClient test;
  test.transport.answer = [](const net::HttpRequest& request) {
    return request.origin.host.starts_with("tagging.") ? ok(page("a", "")) : ok("{}");
  };
  test.transport.delay = [](const net::HttpRequest& request) {
    return request.origin.host.contains("eu-west-1") ? Duration(1h) : Duration(10ms);
  };
  TaggedServices services(test.client());
  const std::vector<SearchedPlace> places{{.region = "us-east-1"}, {.region = "eu-west-1"}};
  for (const Duration most : {TaggedServices::kPatience, TaggedServices::kPatienceWithSlow}) {
    const Deadline before = test.clock.steady();
    const auto found = services.tagged({.key = "k"}, places, before + 10s);
    EXPECT_EQ(found[0].services.size(), 1U);
    EXPECT_FALSE(found[0].error);
    ASSERT_TRUE(found[1].error);
    EXPECT_EQ(found[1].error->kind, ErrorKind::Unavailable);
    EXPECT_EQ(test.clock.steady() - before, most);
  }
}

TEST(TaggedServices, AnAnswerThatComesLateIsTakenByALaterSearch) {
  TestClient test;
  test.transport.answer = [](const auto&) { return ok(page("a", "")); };
  test.transport.delay = [](const net::HttpRequest& request) {
    return request.origin.host.contains("eu-west-1") ? Duration(1500ms) : Duration(10ms);
  };
  TaggedServices services(test.client());
  const std::vector<SearchedPlace> alone{{.region = "eu-west-1"}};
  EXPECT_TRUE(services.tagged({.key = "k"}, alone, test.clock.steady() + 1s).front().error);
  test.clock.advance(10s);
  const Deadline before = test.clock.steady();
  EXPECT_FALSE(services.tagged({.key = "k"}, alone, before + 1s).front().error);
  EXPECT_EQ(test.clock.steady(), before);
  EXPECT_EQ(test.transport.requests.size(), 1U);
}

TEST(TaggedServices, WhatNobodyAsksForAgainTakesNoPlaceOfOthers) {
  TestClient test;
  int searches = 0;
  test.transport.answer = [&searches](const net::HttpRequest& request) {
    const bool first = !request.body.contains("PaginationToken");
    return ok(first ? page("a", "t" + std::to_string(++searches)) : page("b", ""));
  };
  Duration first_page = 10ms;
  test.transport.delay = [&first_page](const net::HttpRequest& request) {
    return request.body.contains("PaginationToken") ? Duration(4s) : first_page;
  };
  TaggedServices services(test.client());
  const auto search = [&] {
    return services.tagged({.key = "k"}, kHere, test.clock.steady() + 2s).front();
  };
  // The token of a second page is another one each time.
  for (std::size_t i = 0; i < 2 * TaggedServices::kSlowMax; ++i) {
    EXPECT_TRUE(search().error);
    test.clock.advance(1min);
  }
  first_page = 3s;
  EXPECT_TRUE(search().services.empty());
  test.clock.advance(1min);
  EXPECT_TRUE(search().services.contains(arn_named("a")));
}

TEST(TaggedServices, AnAnswerOfLongAgoIsNone) {
  TestClient test;
  std::string names = "a";
  test.transport.answer = [&names](const auto&) { return ok(page(names, "")); };
  test.transport.delay = [](const auto&) { return Duration(1500ms); };
  TaggedServices services(test.client());
  const auto search = [&](Duration time) {
    return services.tagged({.key = "k"}, kHere, test.clock.steady() + time).front();
  };
  EXPECT_TRUE(search(1s).error);
  names = "b";
  test.clock.advance(1h);  // As a sandbox sleeps, with the call under way.
  EXPECT_TRUE(search(1s).services.empty());
  const auto found = search(5s);
  EXPECT_FALSE(found.error);
  EXPECT_EQ(found.services.size(), 1U);
  EXPECT_TRUE(found.services.contains(arn_named("b")));
}

/// Services s0 to s29 of one cluster, of which s7 never answers, alone or beside others.
class SilentMember : public ::testing::Test {
 protected:
  SilentMember() {
    for (int i = 0; i < 30; ++i) {
      arns.push_back(arn_named("s" + std::to_string(i)));
    }
    test.transport.answer = [this](const net::HttpRequest& request) {
      std::string list;
      for (const std::string& arn : arns) {
        if (request.body.contains(arn + "\"")) {
          list += (list.empty() ? "" : ",") +
                  described(arn.substr(arn.rfind('/') + 1), "ACTIVE", R"({"key":"k","value":"v"})");
        }
      }
      return ok(R"({"services":[)" + list + "]}");
    };
    test.transport.delay = [this](const net::HttpRequest& request) {
      return hangs && request.body.contains("/s7\"") ? Duration(1h) : Duration(10ms);
    };
  }

  std::vector<Result<ServiceTags>> read(std::size_t count) {
    const Deadline before = test.clock.steady();
    const auto end = arns.begin() + static_cast<std::ptrdiff_t>(count);
    auto tags = services.tags_of(ids_of({arns.begin(), end}), before + 10s);
    took = std::chrono::ceil<Duration>(test.clock.steady() - before);
    return tags;
  }
  static void expect_all_but_s7(const std::vector<Result<ServiceTags>>& tags) {
    for (std::size_t i = 0; i < tags.size(); ++i) {
      EXPECT_EQ(tags[i].has_value(), i != 7) << i;
    }
    EXPECT_EQ(tags[7].error().kind, ErrorKind::Unavailable);
    EXPECT_TRUE(tags[7].error().message.contains("/s7"));
    EXPECT_FALSE(tags[7].error().message.contains("/s8"));  // No neighbour is accused.
  }

  TestClient test;
  TaggedServices services{test.client()};
  std::vector<std::string> arns = {};
  bool hangs = true;
  Duration took = {};
};

TEST_F(SilentMember, HoldsNoNeighbour) {
  expect_all_but_s7(read(30));
  EXPECT_LE(took, 2100ms);
  for (int again = 0; again < 3; ++again) {
    test.clock.advance(10s);
    expect_all_but_s7(read(30));
    EXPECT_LE(took, 100ms);
  }
}

TEST_F(SilentMember, HoldsNoNeighbourOfASmallFleet) {
  expect_all_but_s7(read(10));
  EXPECT_LE(took, 2100ms);
  test.clock.advance(10s);
  expect_all_but_s7(read(10));
  EXPECT_LE(took, 100ms);
}

TEST_F(SilentMember, IsReadWithTheOthersOnceItAnswers) {
  read(30);
  hangs = false;
  std::size_t unread = 1;
  for (int again = 0; again < 3 && unread > 0; ++again) {
    test.clock.advance(20s);
    unread = static_cast<std::size_t>(
        std::ranges::count_if(read(30), [](const auto& tags) { return !tags.has_value(); }));
  }
  EXPECT_EQ(unread, 0U);
  test.transport.requests.clear();
  read(30);
  EXPECT_EQ(test.transport.requests.size(), 3U);
}

TEST_F(SilentMember, AskedForOneByOneIsNobodyWhereAllAreSilent) {
  test.transport.delay = [](const auto&) { return Duration(1h); };
  for (const auto& tags : read(30)) {
    EXPECT_FALSE(tags.has_value());
  }
  EXPECT_EQ(test.transport.requests.size(), 3U);
}

TEST(TaggedServices, WhereMostAreSlowAllAreWaitedFor) {
  TestClient test;
  test.transport.answer = [](const auto&) { return ok(page("a", "")); };
  test.transport.delay = [](const auto&) { return Duration(4s); };
  TaggedServices services(test.client());
  const std::vector<SearchedPlace> places{{.region = "us-east-1"}, {.region = "eu-west-1"}};
  for (const auto& found : services.tagged({.key = "k"}, places, test.clock.steady() + 10s)) {
    EXPECT_FALSE(found.error);
  }
}

TEST(TaggedServices, AreDescribedPlaceByPlace) {
  TestClient test;
  test.transport.answer = [](const auto&) { return ok(R"({"services":[]})"); };
  TaggedServices services(test.client());
  std::vector<ServiceId> ids = ids_of({arn_named("a"), arn_named("b")});
  ids.push_back(
      {.cluster = "main", .service = "arn:aws:ecs:eu-west-1:123456789012:service/main/a"});
  services.tags_of(ids, soon());
  std::vector<std::string> hosts;
  for (const net::HttpRequest& request : test.transport.requests) {
    hosts.push_back(request.origin.host);
  }
  std::ranges::sort(hosts);
  EXPECT_EQ(hosts, (std::vector<std::string>{"ecs.eu-west-1.amazonaws.com",
                                             "ecs.us-east-1.amazonaws.com"}));
}

}  // namespace
}  // namespace scaler::aws
