#include "wire/fleet.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "wire/policy.h"

namespace scaler {
namespace {

const std::string kQueue = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";

Result<std::vector<ServiceSpec>> read(std::string_view text) {
  return read_fleet(json::parse(text).value(), "fleet.yaml");
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
  EXPECT_EQ(fleet->front().queues.front().url,
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
  EXPECT_EQ(error_of("[]"), "fleet.yaml: an array is not an object");
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
  EXPECT_EQ(first->front().origins, (std::vector<SettingOrigin>{{"backlog_per_task", "ENV"},
                                                                {"mode", "defaults"},
                                                                {"tasks_max", "policy"},
                                                                {"tolerance", "policy"},
                                                                {"schedules", "policy"}}));
  const std::string written = fleet_json(*first);
  const auto second = read_fleet(*json::parse(written), "f");
  ASSERT_TRUE(second.has_value()) << second.error().message;
  for (const SettingOrigin& origin : first->front().origins) {
    EXPECT_NE(std::ranges::find(second->front().origins, origin), second->front().origins.end())
        << origin.field;
  }
  EXPECT_EQ(second->front().policy.tasks_max(), 7);
  EXPECT_EQ(second->front().queues.front().weight, Millionths{Millionths::kOne / 2});
  for (const PolicyField& field : policy_fields()) {
    EXPECT_EQ(field_json(field, *first->front().policy.operator->()),
              field_json(field, *second->front().policy.operator->()))
        << field.name;
  }
}

}  // namespace
}  // namespace scaler
