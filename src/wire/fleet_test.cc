#include "wire/fleet.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "wire/policy.h"

namespace scaler {
namespace {

const std::string kQueue = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";

Result<std::vector<ServiceSpec>> read(std::string_view text) {
  return TRY(read_fleet(json::parse(text).value(), "fleet.yaml")).services;
}

std::string error_of(std::string_view text) {
  const auto fleet = read(text);
  return fleet ? "none" : fleet.error().message;
}

/// One service with these further members.
std::string service(const std::string& more) {
  return R"({"cluster":"c","service":"s","queues":[")" + kQueue + "\"]" + more + "}";
}

TEST(Fleet, ReadsServicesOverTheirDefaults) {
  const auto fleet = read(
      R"({"defaults":{"mode":"backlog","backlog_per_task":10,"tasks_max":20},
          "services":[{"cluster":"c","service":"s","queues":[")" +
      kQueue + R"(",{"url":")" + kQueue +
      R"(2","weight":2.5}]},
          {"cluster":"c","service":"t","queues":[{"url":")" +
      kQueue + R"("}],"policy":{"tasks_max":50}}]})");
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  ASSERT_EQ(fleet->size(), 2U);
  EXPECT_EQ(fleet->at(0).id, (ServiceId{.cluster = "c", .service = "s"}));
  EXPECT_EQ(fleet->at(0).queues.at(0).weight, Millionths{Millionths::kOne});
  EXPECT_EQ(fleet->at(0).queues.at(1).url, kQueue + "2");
  EXPECT_EQ(fleet->at(0).queues.at(1).weight, Millionths{2'500'000});
  EXPECT_EQ(fleet->at(0).policy.tasks_max(), 20);
  EXPECT_EQ(fleet->at(1).policy.tasks_max(), 50);
  EXPECT_EQ(fleet->at(1).policy->backlog_per_task, 10);
}

TEST(Fleet, NamesFilePathValueAndRange) {
  EXPECT_EQ(error_of(R"({"services":[)" + service(R"(,"policy":{"tasks_max":0})") + "]}"),
            "fleet.yaml: services[0].policy.tasks_max: 0 is not a whole number from 1 to 5000");
  EXPECT_EQ(error_of(R"({"services":[{"cluster":"c c","service":"s","queues":["q"]}]})"),
            "fleet.yaml: services[0].cluster: 'c c' is not the name or ARN of the ECS cluster\n"
            "fleet.yaml: services[0].queues[0]: 'q' is not the URL or ARN of a queue, such as "
            "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs");
}

TEST(Fleet, TellsAllThatIsWrongAtOnce) {
  EXPECT_EQ(error_of(R"({"default":{},"defaults":{"mod":1,"tolerance":2},
                         "services":[{"cluster":"c","queues":[]}]})"),
            "fleet.yaml: default is not a known field; did you mean 'defaults'?\n"
            "fleet.yaml: defaults.mod is not a known field; did you mean 'mode'?\n"
            "fleet.yaml: defaults.tolerance: 2 is not a number from 0 to 1\n"
            "fleet.yaml: services[0].service is missing\n"
            "fleet.yaml: services[0].queues is empty, but at least one queue is needed");
}

TEST(Fleet, RefusesAPolicyThatCannotBe) {
  EXPECT_EQ(error_of(R"({"defaults":{"mode":"backlog"},"services":[)" + service("") + "]}"),
            "fleet.yaml: services[0]: backlog_per_task is not set, but mode backlog needs it (how "
            "many messages one task is to work off, such as 10)");
}

TEST(Fleet, RefusesWhatStandsTwice) {
  EXPECT_EQ(error_of(R"({"services":[)" + service("") + "," + service("") + "]}"),
            "fleet.yaml: services[1]: the service c/s stands twice");
  EXPECT_EQ(error_of(R"({"services":[{"cluster":"c","service":"s","queues":[")" + kQueue +
                     R"(",")" + kQueue + R"("]}]})"),
            "fleet.yaml: services[0].queues[1]: '" + kQueue + "' stands twice");
}

TEST(Fleet, KnowsAServiceByNameAndByArn) {
  EXPECT_EQ(error_of(R"({"services":[)" + service("") +
                     R"(,{"cluster":"arn:aws:ecs:eu-central-1:123456789012:cluster/c",
                          "service":"arn:aws:ecs:eu-central-1:123456789012:service/c/s",
                          "queues":[")" +
                     kQueue + R"("]}]})")
                .substr(0, 35),
            "fleet.yaml: services[1]: the servic");
}

/// The problem of two services, each {cluster, service}; empty when there is none.
std::string two(const ServiceId& a, const ServiceId& b, std::string_view default_region) {
  const auto text = [](const ServiceId& id) {
    return R"({"cluster":")" + id.cluster + R"(","service":")" + id.service + R"(","queues":[")" +
           kQueue + R"("]})";
  };
  const auto document = json::parse(R"({"services":[)" + text(a) + "," + text(b) + "]}");
  const auto fleet = read_fleet(*document, "f", default_region);
  return fleet ? "" : fleet.error().message;
}

TEST(Fleet, TakesTheSameNamesInTwoRegionsOrAccountsForTwoServices) {
  const ServiceId named{.cluster = "c", .service = "s"};
  const ServiceId west{.cluster = "c", .service = "arn:aws:ecs:eu-west-1:123456789012:service/c/s"};
  const ServiceId other_region{.cluster = "c",
                               .service = "arn:aws:ecs:eu-west-2:123456789012:service/c/s"};
  const ServiceId other_account{.cluster = "c",
                                .service = "arn:aws:ecs:eu-west-1:210987654321:service/c/s"};
  EXPECT_EQ(two(west, other_region, ""), "");
  EXPECT_EQ(two(west, other_account, ""), "");
  EXPECT_EQ(two(named, west, "eu-west-2"), "");
  const std::string twice = "f: services[1]: the service c/" + west.service + " stands twice";
  EXPECT_EQ(two(named, west, "eu-west-1"), twice);
  EXPECT_EQ(two(named, west, ""), twice);
  EXPECT_EQ(two(west, west, ""), twice);
}

TEST(Fleet, RefusesAServiceOfAnotherCluster) {
  EXPECT_EQ(two({.cluster = "c", .service = "s"},
                {.cluster = "d", .service = "arn:aws:ecs:eu-west-1:123456789012:service/c/s"}, ""),
            "f: services[1]: the service 'arn:aws:ecs:eu-west-1:123456789012:service/c/s' is one "
            "of another cluster than the cluster 'd' that was given with it");
}

TEST(Fleet, TakesQueuesByArnAndKnowsThemBehindTheirHosts) {
  const auto queues = [](const std::string& list) {
    return R"({"services":[{"cluster":"c","service":"s","queues":[)" + list + "]}]}";
  };
  const std::string arn = R"("arn:aws:sqs:eu-west-1:123456789012:jobs")";
  const auto fleet = read_fleet(*json::parse(queues(arn)), "f");
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_EQ(fleet->services.front().queues.front().url,
            "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs");
  EXPECT_EQ(error_of(queues(arn + R"(,"https://eu-west-1.queue.amazonaws.com/123456789012/jobs")")),
            "fleet.yaml: services[0].queues[1]: "
            "'https://eu-west-1.queue.amazonaws.com/123456789012/jobs' stands twice");
}

TEST(Fleet, TakesNoUnfinishedLineForADefault) {
  EXPECT_EQ(error_of(R"({"defaults":null,"services":[)" +
                     service(R"(,"policy":{"tasks_max":null})") + "]}"),
            "fleet.yaml: defaults has no value\n"
            "fleet.yaml: services[0].policy.tasks_max has no value");
}

TEST(Fleet, RefusesWhatIsNoFleet) {
  for (const auto& [text, what] :
       {std::pair("[]", "an array"), std::pair("\"t,n 1,2\"", "'t,n 1,2'"), std::pair("7", "7")}) {
    EXPECT_EQ(error_of(text), std::string("fleet.yaml: ") + what +
                                  " is not a fleet file: YAML or JSON with services, each with its "
                                  "cluster, service and queues");
  }
  EXPECT_EQ(error_of("{}"), "fleet.yaml: services is missing");
  EXPECT_EQ(error_of(R"({"services":{}})"), "fleet.yaml: services: an object is not an array");
  EXPECT_EQ(error_of(R"({"services":[]})"),
            "fleet.yaml: services has 0 services, but must have from 1 to 10000");
  EXPECT_EQ(error_of(R"({"services":[7]})"), "fleet.yaml: services[0]: 7 is not an object");
}

TEST(Fleet, TellsWhereSettingsComeFromAndTakesBackWhatItWrote) {
  PolicyBase base{.options = {.backlog_per_task = 10}, .origins = {{"backlog_per_task", "ENV"}}};
  const auto document = json::parse(
      R"({"defaults":{"mode":"backlog"},"services":[{"cluster":"c","service":"s","queues":[{"url":")" +
      kQueue + R"(","weight":0.5}],"policy":{"tasks_max":7,"tolerance":0.1,"schedules":[
      {"cron":"0 8 * * 1-5","duration":3600,"tasks_min":2}]}}]})");

  const auto first = read_fleet(*document, "f", "", base);

  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->services.front().origins,
            (std::vector<SettingOrigin>{{"backlog_per_task", "ENV"},
                                        {"mode", "defaults"},
                                        {"tasks_max", "policy"},
                                        {"tolerance", "policy"},
                                        {"schedules", "policy"}}));
  const std::string written = fleet_json(*first);
  const auto second = read_fleet(*json::parse(written), "f");
  ASSERT_TRUE(second.has_value()) << second.error().message;
  for (const SettingOrigin& origin : first->services.front().origins) {
    EXPECT_NE(std::ranges::find(second->services.front().origins, origin),
              second->services.front().origins.end())
        << origin.field;
  }
  EXPECT_EQ(second->services.front().policy.tasks_max(), 7);
  EXPECT_EQ(second->services.front().queues.front().weight, Millionths{Millionths::kOne / 2});
  for (const PolicyField& field : policy_fields()) {
    EXPECT_EQ(field_json(field, *first->services.front().policy.operator->()),
              field_json(field, *second->services.front().policy.operator->()))
        << field.name;
  }
}

TEST(Fleet, AServiceMaySayWhetherItIsWoken) {
  const auto read = [](const std::string& wake) {
    return read_fleet(*json::parse(R"({"services":[{"cluster":"c","service":"s","queues":[")" +
                                   std::string(kQueue) + "\"]" + wake + "}]}"),
                      "f");
  };
  EXPECT_EQ(read("")->services.front().wake, std::nullopt);
  EXPECT_EQ(fleet_json(*read("")).find("wake"), std::string::npos);
  for (const bool wake : {true, false}) {
    const auto said = read(wake ? R"(,"wake":true)" : R"(,"wake":false)");
    EXPECT_EQ(said->services.front().wake, wake);
    const auto again = read_fleet(*json::parse(fleet_json(*said)), "f");
    EXPECT_EQ(again->services.front().wake, wake);
  }
  EXPECT_NE(read(R"(,"wake":"yes")").error().message.find("f: services[0].wake"),
            std::string::npos);
}

const std::string kRole = "arn:aws:iam::111111111111:role/scaler";

/// One service by name with these further members.
std::string error_with(const std::string& more) {
  return error_of(R"({"services":[)" + service("," + more) + "]}");
}

TEST(Places, AreTheServicesOwn) {
  const auto fleet =
      read(R"({"services":[)" +
           service(R"(,"region":"eu-central-1","role":")" + kRole + R"(","external_id":"our-id")") +
           "]}");
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_EQ(fleet->front().id, (ServiceId{.cluster = "c",
                                          .service = "s",
                                          .region = "eu-central-1",
                                          .role = {.arn = kRole, .external_id = "our-id"}}));
}

TEST(Places, WhatIsWrongIsNamedWithWhatWouldBeRight) {
  const std::string at = "fleet.yaml: services[0]";
  EXPECT_EQ(error_with(R"("role":"arn:aws:iam::111111111111:user/me")"),
            at +
                ".role: 'arn:aws:iam::111111111111:user/me' is not the ARN of an IAM role, such as "
                "arn:aws:iam::123456789012:role/ecs-scaler");
  EXPECT_EQ(error_with(R"("external_id":"x1")"),
            at + ".external_id: 'x1' is given without a role: it must stand beside one, such as "
                 "role: arn:aws:iam::123456789012:role/ecs-scaler");
  EXPECT_EQ(error_with(R"("role":")" + kRole + R"(","external_id":"a b")"),
            at + ".external_id: 'a b' is no external id: STS takes 2 to 1224 letters, digits and "
                 "_+=,.@:/-");
  EXPECT_EQ(error_with(R"("region":"Frankfurt")"),
            at + ".region: 'Frankfurt' is not a region such as eu-central-1");
  EXPECT_EQ(error_with(R"("region":"eu-central-1","role":"arn:aws-cn:iam::111111111111:role/s")"),
            at +
                ".role: arn:aws-cn:iam::111111111111:role/s is a role of the partition aws-cn, but "
                "eu-central-1 lies in aws: it must be a role of that, such as "
                "arn:aws:iam::111111111111:role/s");
  EXPECT_EQ(error_with(R"("region":"eu-west-1")"),
            at + ".queues[0]: '" + kQueue +
                "' lies in eu-central-1, but the service's region is eu-west-1: make it "
                "eu-central-1, or name the queue as {url: .., region: eu-central-1} if it really "
                "lies elsewhere than the service");
}

TEST(Places, MayNotContradictAnArn) {
  const auto by_arn = [](const std::string& more) {
    return error_of(
        R"({"services":[{"cluster":"c","service":"arn:aws:ecs:eu-west-3:222222222222:service/c/s",)"
        R"("queues":[")" +
        kQueue + R"("],)" + more + "}]}");
  };
  EXPECT_EQ(by_arn(R"("region":"eu-central-1")"),
            "fleet.yaml: services[0].region: 'eu-central-1' is not where the service "
            "arn:aws:ecs:eu-west-3:222222222222:service/c/s lies: its ARN says eu-west-3");
  EXPECT_EQ(by_arn(R"("role":")" + kRole + "\""),
            "fleet.yaml: services[0].role: " + kRole +
                " is a role of the account 111111111111, but the service lies in 222222222222: a "
                "role reaches services of its own account alone, so it must be one such as "
                "arn:aws:iam::222222222222:role/scaler");
}

TEST(Places, AQueueMayLieElsewhereWhereThatIsSaid) {
  const auto queue = [](const std::string& region) {
    return error_of(R"({"services":[{"cluster":"c","service":"s","region":"eu-west-1","queues":[)"
                    R"({"url":")" +
                    kQueue + R"(","region":")" + region + R"("}]}]})");
  };
  EXPECT_EQ(queue("eu-central-1"), "none");
  EXPECT_EQ(queue("eu-west-1"), "fleet.yaml: services[0].queues[0]: '" + kQueue +
                                    "' lies in eu-central-1, but its region is eu-west-1: make it "
                                    "eu-central-1");
}

TEST(Places, TheSameNamesInTwoOfThemAreTwoServices) {
  const auto two_of = [](const std::string& more) {
    return error_of(R"({"services":[)" + service("") + "," + service(more) + "]}");
  };
  EXPECT_NE(two_of(""), "none");
  EXPECT_EQ(error_of(R"({"services":[)" + service(R"(,"role":")" + kRole + "\"") + "," +
                     service(R"(,"role":"arn:aws:iam::222222222222:role/scaler")") + "]}"),
            "none");
  EXPECT_NE(error_of(R"({"services":[)" + service(R"(,"role":")" + kRole + "\"") + "," +
                     service(R"(,"role":")" + kRole + "2\"") + "]}"),
            "none")
      << "two roles of one account lead to the same service";
}

TEST(Accounts, GiveTheirRoleToServicesThatLieInThem) {
  const std::string document =
      R"({"accounts":[{"role":")" + kRole +
      R"("}],"services":[{"cluster":"c",)"
      R"("service":"arn:aws:ecs:eu-central-1:111111111111:service/c/s","queues":[")" +
      kQueue + R"("]},{"cluster":"c","service":"t","queues":[")" + kQueue + R"("]}]})";
  const auto fleet = read(document);
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_EQ(fleet->at(0).id.role.arn, kRole);
  EXPECT_EQ(fleet->at(1).id.role.arn, "");
}

TEST(Accounts, ThatAreSearchedNeedNoServices) {
  const std::string document = R"({"accounts":[{"role":")" + kRole +
                               R"(","regions":["eu-west-1","eu-west-2"],"tags":true}]})";
  const auto fleet = read_fleet(*json::parse(document), "f");
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_EQ(searched_places(fleet->accounts).size(), 2U);
  const auto again = read_fleet(*json::parse(fleet_json(*fleet)), "f");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(searched_places(again->accounts), searched_places(fleet->accounts));
}

/// Those who carry the tag, and what they stand on.
const std::string kTagged = R"({"accounts":[{"regions":["eu-west-1"],"tags":true}],)"
                            R"("defaults":{"mode":"backlog","backlog_per_task":10,"tasks_max":20},)"
                            R"("profiles":{"gpu":{"tasks_max":3},"none":{}}})";

TEST(Profiles, StandOnTheDefaultsOfTheirFile) {
  const auto fleet = read_fleet(*json::parse(kTagged), "f");
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  const PolicyBase& gpu = fleet->profiles.at("gpu");
  EXPECT_EQ(gpu.options.tasks_max, 3);
  EXPECT_EQ(gpu.options.backlog_per_task, 10);
  EXPECT_EQ(gpu.origins, (std::vector<SettingOrigin>{{"mode", "defaults"},
                                                     {"backlog_per_task", "defaults"},
                                                     {"tasks_max", "profiles.gpu"}}));
  EXPECT_EQ(fleet->profiles.at("none").options.tasks_max, 20);
}

TEST(Profiles, AreWrittenWithTheDefaultsForThoseWhoCarryTags) {
  const auto fleet = read_fleet(*json::parse(kTagged), "f");
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  const auto again = read_fleet(*json::parse(fleet_json(*fleet)), "f");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_EQ(again->profiles.size(), 2U);
  for (const PolicyField& field : policy_fields()) {
    EXPECT_EQ(field_json(field, again->defaults.options),
              field_json(field, fleet->defaults.options));
    EXPECT_EQ(field_json(field, again->profiles.at("gpu").options),
              field_json(field, fleet->profiles.at("gpu").options));
  }
}

TEST(Profiles, ThatAreWrongAreNamed) {
  EXPECT_NE(error_of(R"({"accounts":[{"tags":true}],"profiles":["gpu"]})")
                .find("is not an object of policies"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"accounts":[{"tags":true}],"profiles":{"gpu":{"task_max":1}}})")
                .find("fleet.yaml: profiles.gpu"),
            std::string::npos);
}

TEST(Accounts, StandOnceEach) {
  const std::string again = R"({"role":")" + kRole + R"(","tags":true})";
  EXPECT_EQ(error_of(R"({"accounts":[)" + again + "," + again + "]}"),
            "fleet.yaml: accounts[1]: the account 111111111111 stands twice: name each account "
            "once, with all of its regions");
}

}  // namespace
}  // namespace scaler
