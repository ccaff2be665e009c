#include "wire/fleet_diff.h"

#include <gtest/gtest.h>

#include "wire/fleet.h"

namespace scaler {
namespace {

constexpr std::string_view kRegion = "eu-central-1";

/// A queue's name stands for its URL.
std::vector<ServiceSpec> fleet(std::string_view services) {
  std::string text = "{\"services\":[" + std::string(services) + "]}";
  return read_fleet(json::parse(text).value(), "fleet.yaml", kRegion).value().services;
}

std::string service(const std::string& name, const std::string& queues, const std::string& policy) {
  return R"({"cluster":"c","service":")" + name + R"(","queues":[)" + queues + R"(],"policy":{)" +
         policy + "}}";
}

std::string queue(const std::string& name, const std::string& weight = "1",
                  const std::string& account = "123456789012") {
  return R"({"url":"https://sqs.eu-central-1.amazonaws.com/)" + account + "/" + name +
         R"(","weight":)" + weight + "}";
}

std::string diff(const std::vector<ServiceSpec>& before, const std::vector<ServiceSpec>& after) {
  return diff_text(compare_fleets(before, after, kRegion));
}

TEST(FleetDiff, IsEmptyForTheSameHoweverItIsWritten) {
  const auto names = fleet(service("s", queue("q"), R"("tasks_max":3)"));
  const auto arns = fleet(
      R"({"cluster":"arn:aws:ecs:eu-central-1:123456789012:cluster/c",
          "service":"arn:aws:ecs:eu-central-1:123456789012:service/c/s",
          "queues":["arn:aws:sqs:eu-central-1:123456789012:q"],
          "policy":{"tasks_max":3,"mode":"fixed"}})");

  EXPECT_TRUE(compare_fleets(names, arns, kRegion).empty());
  EXPECT_EQ(diff(names, arns), "");
  EXPECT_EQ(diff_json(compare_fleets(arns, names, kRegion)),
            R"({"added":[],"removed":[],"changed":[]})");
}

TEST(FleetDiff, TellsServicesThatComeAndGo) {
  const auto before = fleet(service("old", queue("q"), "") + "," + service("kept", queue("q"), ""));
  const auto after = fleet(service("kept", queue("q"), "") + "," + service("new", queue("q"), ""));

  EXPECT_EQ(diff(before, after), "- c/old\n+ c/new\n");
}

TEST(FleetDiff, TheSameNamesInTwoPlacesAreTwoServices) {
  const auto in = [](const std::string& account, const std::string& policy) {
    const std::string text = service("s", queue("q"), policy);
    return text.substr(0, text.size() - 1) + R"(,"role":"arn:aws:iam::)" + account +
           R"(:role/scaler"})";
  };
  const auto both = fleet(in("111111111111", R"("tasks_max":3)") + "," + in("222222222222", ""));
  const auto one = fleet(in("111111111111", R"("tasks_max":3)"));
  EXPECT_EQ(diff(both, both), "");
  EXPECT_EQ(diff(both, one), "- c/s\n");
}

TEST(FleetDiff, TellsEachSettingThatBecomesAnother) {
  const auto before = fleet(service("s", queue("q"), R"("tasks_max":3,"fallback_tasks":2)"));
  const auto after = fleet(service("s", queue("q"), R"("tasks_max":4,"scale_in_when":"any")"));

  EXPECT_EQ(diff(before, after),
            "~ c/s\n    tasks_max: 3 -> 4\n    scale_in_when: idle -> any\n"
            "    fallback_tasks: 2 -> none\n");
  EXPECT_EQ(diff_json(compare_fleets(before, after, kRegion)),
            R"({"added":[],"removed":[],"changed":[{"cluster":"c","service":"s","settings":[)"
            R"({"name":"tasks_max","before":3,"after":4},)"
            R"({"name":"scale_in_when","before":"idle","after":"any"},)"
            R"({"name":"fallback_tasks","before":2,"after":null}]}]})");
}

TEST(FleetDiff, TellsWhoIsWokenFromNowOn) {
  const auto before = fleet(service("s", queue("q"), ""));
  auto after = before;
  after.front().wake = true;
  EXPECT_EQ(diff(before, after), "~ c/s\n    wake: none -> true\n");
}

TEST(FleetDiff, TellsQueuesByWhatTheyAre) {
  const auto before = fleet(service("s", queue("a") + "," + queue("b") + "," + queue("c"), ""));
  const auto after = fleet(
      service("s", queue("c", "2") + "," + queue("b") + "," + queue("a", "1", "999999999999"), ""));
  const std::string host = "https://sqs.eu-central-1.amazonaws.com/";

  EXPECT_EQ(diff(before, after), "~ c/s\n    queue " + host +
                                     "123456789012/a: weight 1 -> none\n    queue " + host +
                                     "123456789012/c: weight 1 -> weight 2\n    queue " + host +
                                     "999999999999/a: none -> weight 1\n");
}

TEST(FleetDiff, KeepsNamesakesOfTwoRegionsApart) {
  const auto here = fleet(service("s", queue("q"), ""));
  const auto there =
      fleet(service("arn:aws:ecs:us-east-1:123456789012:service/c/s", queue("q"), ""));

  EXPECT_EQ(diff(here, there), "- c/s\n+ c/arn:aws:ecs:us-east-1:123456789012:service/c/s\n");
}

}  // namespace
}  // namespace scaler
