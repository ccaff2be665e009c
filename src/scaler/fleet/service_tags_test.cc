#include "scaler/fleet/service_tags.h"

#include <gtest/gtest.h>

#include "scaler/fleet/test_support.h"

namespace scaler::testing {
namespace {

using Tags = ServiceTags;

Result<ServiceSpec> read(const Tags& tags, const TagRules& by = rules()) {
  return read_tags(arn_named("worker"), tags, by);
}

std::string error_of(const Tags& tags, const TagRules& by = rules()) {
  const Result<ServiceSpec> spec = read(tags, by);
  return spec ? "no error" : spec.error().message;
}

TEST(ServiceTags, OneTagIsEnough) {
  const auto spec = read({{"ecs-scaler:queue", "jobs"}, {"team", "a"}});

  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->id, (ServiceId{"main", arn_named("worker")}));
  ASSERT_EQ(spec->queues.size(), 1U);
  EXPECT_EQ(spec->queues[0].url, queue_url("jobs"));
  EXPECT_EQ(spec->queues[0].weight.count, Millionths::kOne);
  EXPECT_TRUE(spec->origins.empty());
}

TEST(ServiceTags, TakeNamesUrlsAndArnsWithWeightsFromSeveralTags) {
  const auto spec = read({{"ecs-scaler:queue", " jobs@4  arn:aws:sqs:us-east-1:210987654321:far "},
                          {"ecs-scaler:queue:9", queue_url("late") + "@0.5"}});

  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  ASSERT_EQ(spec->queues.size(), 3U);
  EXPECT_EQ(spec->queues[0].weight.count, 4 * Millionths::kOne);
  EXPECT_EQ(spec->queues[1].url, "https://sqs.us-east-1.amazonaws.com/210987654321/far");
  EXPECT_EQ(spec->queues[2].url, queue_url("late"));
  EXPECT_EQ(spec->queues[2].weight.count, Millionths::kOne / 2);
}

TEST(ServiceTags, SayWhatIsWrongAndWhatWouldBeRight) {
  struct Case {
    Tags tags;
    std::string_view told;
  };
  const std::string twice = "ecs-scaler:queue:2: '" + queue_url("jobs") + "' stands twice";
  for (const Case& wrong : std::initializer_list<Case>{
           {{{"ecs-scaler:queue", " "}}, "ecs-scaler:queue names no queue: it must hold names"},
           {{{"ecs-scaler:queue", "jobs@"}}, "ecs-scaler:queue: 'jobs@' has no weight from 0.001"},
           {{{"ecs-scaler:queue", "jobs@nan"}}, "'jobs@nan' has no weight"},
           {{{"ecs-scaler:queue", "no/name"}}, "a name alone is a queue of the service's own"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "tasks_max=5 tasks_max=6"}},
            "ecs-scaler:policy: 'tasks_max=6' stands twice"},
           {{{"ecs-scaler:queue", "jobs@1001"}}, "'jobs@1001' has no weight"},
           {{{"ecs-scaler:queue", "arn:aws:sns:r:1:t"}}, "ecs-scaler:queue: "},
           {{{"ecs-scaler:queue", "arn:aws-cn:sqs:cn-north-1:123456789012:jobs"}},
            "jobs' lies in the partition aws-cn and the service in aws: no credentials"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:queue:2", queue_url("jobs")}}, twice},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:polcy", "mode=fixed"}},
            "ecs-scaler:polcy is no tag of this program; did you mean 'ecs-scaler:policy'?"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:queue:1", "more"}},
            "ecs-scaler:queue:1 is no tag of this program"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "fixed"}},
            "ecs-scaler:policy: 'fixed' is no setting such as tasks_max=20"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "mode=nonsense"}},
            "ecs-scaler:policy: mode: 'nonsense' is wrong"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:policy", "mode=backlog"}},
            "ecs-scaler:policy: backlog_per_task"},
           {{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:profile", "gpu"}},
            "ecs-scaler:profile: 'gpu' is no profile: this deployment has none"}}) {
    EXPECT_NE(error_of(wrong.tags).find(wrong.told), std::string::npos)
        << error_of(wrong.tags) << "\nlacks " << wrong.told;
  }
  EXPECT_NE(error_of({{"ecs-scaler:queue", "a@x"}, {"ecs-scaler:policy", "b"}}).find('\n'),
            std::string::npos);
}

TEST(ServiceTags, WakeWhereTheDeploymentLetsThem) {
  TagRules wakes = rules();
  wakes.wake = true;
  const auto with = [](const std::string& wake) {
    return Tags{{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:wake", wake}};
  };
  EXPECT_EQ(read({{"ecs-scaler:queue", "jobs"}}, wakes)->wake, std::nullopt);
  EXPECT_EQ(read(with("true"), wakes)->wake, true);
  EXPECT_EQ(read(with("false"), wakes)->wake, false);
  EXPECT_EQ(error_of(with("yes"), wakes), "ecs-scaler:wake: 'yes' is neither true nor false");
  EXPECT_EQ(read(with("true"))->wake, std::nullopt);
  EXPECT_EQ(read(with("true"))->notes.size(), 1U);
  EXPECT_EQ(read(with("false"))->wake, false);
  EXPECT_TRUE(read(with("false"))->notes.empty());
}

TEST(ServiceTags, NeedAnArnThatNamesItsCluster) {
  for (const std::string_view arn :
       {"worker", "arn:aws:ecs:eu-central-1:123456789012:service/worker",
        "arn:aws:sqs:eu-central-1:123456789012:jobs"}) {
    EXPECT_EQ(read_tags(arn, {{"ecs-scaler:queue", "jobs"}}, rules()).error().kind,
              ErrorKind::Malformed)
        << arn;
  }
}

TEST(ServiceTags, PolicyStandsOnTheProfileAndThatOnTheDefaults) {
  TagRules by = rules();
  by.defaults = {.options = {.scale_up_target = 2}, .origins = {{"scale_up_target", "A"}}};
  PolicyBase fast = by.defaults;
  fast.options.mode = Mode::Backlog;
  fast.options.backlog_per_task = 10;
  fast.origins.push_back({"mode", "B"});
  by.profiles.emplace("fast", fast);

  const auto spec = read({{"ecs-scaler:queue", "jobs"},
                          {"ecs-scaler:profile", "fast"},
                          {"ecs-scaler:policy", "backlog_per_task=5 tick_seconds=10 wake=true"}},
                         by);

  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->policy->mode, Mode::Backlog);
  EXPECT_EQ(spec->policy->backlog_per_task, 5);
  EXPECT_EQ(spec->policy->scale_up_target, 2);
  EXPECT_EQ(spec->policy->tasks_max, 100);
  EXPECT_EQ(spec->origins, (std::vector<SettingOrigin>{{"scale_up_target", "A"},
                                                       {"mode", "B"},
                                                       {"backlog_per_task", "ecs-scaler:policy"},
                                                       {"tasks_max", "FLEET_TASKS_MAX"}}));
  EXPECT_EQ(spec->notes.size(), 2U);
  EXPECT_EQ(error_of({{"ecs-scaler:queue", "jobs"}, {"ecs-scaler:profile", "fsat"}}, by),
            "ecs-scaler:profile: 'fsat' is no profile of this deployment; did you mean 'fast'?");
}

TEST(ServiceTags, StayWithinTheCeilings) {
  TagRules by = rules();
  by.ceilings = {.tasks_max = 5,
                 .queues = {"jobs-*", "arn:aws:sqs:*:210987654321:*"},
                 .clusters = {"ma*"},
                 .own_queues = {parse_queue(queue_url("jobs-ticks")).value()}};

  EXPECT_TRUE(read({{"ecs-scaler:queue", "jobs-a arn:aws:sqs:us-east-1:210987654321:any"},
                    {"ecs-scaler:policy", "scale_up_target=5"}},
                   by)
                  .has_value());
  EXPECT_EQ(error_of({{"ecs-scaler:queue", "other"}}, by),
            "ecs-scaler:queue: 'other' is a queue that this deployment's FLEET_QUEUES does not "
            "allow");
  EXPECT_EQ(error_of({{"ecs-scaler:queue", "jobs-ticks"}}, by),
            "ecs-scaler:queue: 'jobs-ticks' is the scaler's own queue of ticks or doorbell, and no "
            "job queue");
  EXPECT_EQ(error_of({{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "tasks_max=6"}}, by),
            "ecs-scaler:policy: tasks_max: 6 is above this deployment's FLEET_TASKS_MAX of 5");
  EXPECT_NE(
      error_of({{"ecs-scaler:queue", "jobs-a"}, {"ecs-scaler:policy", "scale_up_target=6"}}, by)
          .find("scale_up_target: 6 is above"),
      std::string::npos);
  by.ceilings.clusters = {"other", "arn:aws:ecs:*:cluster/else"};
  EXPECT_EQ(error_of({{"ecs-scaler:queue", "jobs-a"}}, by),
            "the cluster main is one that this deployment's FLEET_CLUSTERS does not allow");
}

TEST(CheckTasks, LooksAtEverythingThatStartsTasks) {
  EXPECT_TRUE(check_tasks({.scale_up_target = 5}, 5).has_value());
  EXPECT_FALSE(check_tasks({.mode = Mode::Backlog}, 5).has_value());
  EXPECT_FALSE(check_tasks({.tasks_min = 6}, 5).has_value());
  EXPECT_FALSE(check_tasks({.fallback_tasks = 6}, 5).has_value());
  EXPECT_FALSE(check_tasks({.instance_min = 6}, 5).has_value());
  EXPECT_FALSE(check_tasks({.schedules = {{.tasks_min = 6}}}, 5).has_value());
  EXPECT_FALSE(check_tasks({.schedules = {{.tasks_max = 6}}}, 5).has_value());
}

TEST(LastGood, IsOneTagThatStandsForAll) {
  const ServiceTags tags{{"ecs-scaler:queue", "jobs@4 https://sqs.eu-central-1.amazonaws.com/1/x"},
                         {"ecs-scaler:queue:2", "arn:aws:sqs:eu-central-1:123456789012:more"},
                         {"ecs-scaler:policy", "mode=backlog tasks_max=20"},
                         {"ecs-scaler:profile", "gpu"},
                         {"ecs-scaler:wake", "true"}};
  EXPECT_EQ(tags_in_last_good(last_good_text(tags)), tags);
  EXPECT_EQ(last_good_text({{"ecs-scaler:queue", std::string(250, 'q')}}).size(), 256U);
  EXPECT_EQ(last_good_text({{"ecs-scaler:queue", std::string(251, 'q')}}), "");
}

TEST(Fits, TakesAStarForAnything) {
  for (const auto& [pattern, text] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", ""},
                                                                  {"*", ""},
                                                                  {"*", "a"},
                                                                  {"a*c", "abbc"},
                                                                  {"*b*", "abc"},
                                                                  {"a**", "a"},
                                                                  {"*ab", "aab"}}) {
    EXPECT_TRUE(fits(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "a"}, {"a", ""}, {"a", "b"}, {"a*c", "abcd"}, {"*b", "abc"}, {"a.c", "abc"}}) {
    EXPECT_FALSE(fits(pattern, text)) << pattern << " " << text;
  }
}

}  // namespace
}  // namespace scaler::testing
