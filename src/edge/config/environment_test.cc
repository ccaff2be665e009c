#include <gtest/gtest.h>

#include "edge/config/fleet_scope.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

Environment seed_of_five() {
  return {{"SQS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"},
          {"ECS_CLUSTER_NAME", "media"},
          {"ECS_SERVICE_NAME", "encoder"},
          {"SCALE_UP_TARGET", "3"},
          {"SCALE_DOWN_THRESHOLD", "5"}};
}

std::string complaint(std::initializer_list<std::pair<std::string, std::string>> changes) {
  Environment environment = seed_of_five();
  for (const auto& [name, value] : changes) {
    environment[name] = value;
  }
  const Result<ServiceConfig> config = service_from_environment(environment);
  return config ? "" : config.error().message;
}

TEST(ServiceFromEnvironment, ReadsTheFiveVariablesOfTheSeed) {
  const Result<ServiceConfig> config = service_from_environment(seed_of_five());
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->id, (ServiceId{"media", "encoder"}));
  EXPECT_EQ(config->queue_url, "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs");
  EXPECT_EQ(config->policy->mode, Mode::Fixed);
  EXPECT_EQ(config->policy->scale_up_target, 3);
  EXPECT_EQ(config->policy.tasks_max(), 3);
  EXPECT_EQ(config->policy->scale_down_threshold, 5min);
}

TEST(ServiceFromEnvironment, HasTheSeedsDefaults) {
  Environment environment = seed_of_five();
  environment.erase("SCALE_UP_TARGET");
  environment.erase("SCALE_DOWN_THRESHOLD");
  const Result<ServiceConfig> config = service_from_environment(environment);
  EXPECT_EQ(config->policy->scale_up_target, 1);
  EXPECT_EQ(config->policy->scale_down_threshold, 2min);
}

TEST(ServiceFromEnvironment, ReadsEveryPolicyField) {
  Environment environment = seed_of_five();
  environment.insert({{"MODE", "backlog"},
                      {"BACKLOG_PER_TASK", "10"},
                      {"TASKS_MAX", "20"},
                      {"SCALE_IN_COOLDOWN", "90"},
                      {"PAUSED", "true"},
                      {"WAKE", "true"},
                      {"WAKE_RETURN_SECONDS", "7"}});
  environment["SCALE_DOWN_THRESHOLD"] = "0.1";
  const Result<ServiceConfig> config = service_from_environment(environment);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->policy->mode, Mode::Backlog);
  EXPECT_EQ(config->policy->scale_in_cooldown, 90s);
  EXPECT_EQ(config->policy->scale_down_threshold, 6s);
  EXPECT_TRUE(config->policy->paused);
  EXPECT_TRUE(config->wake);
  EXPECT_EQ(config->wake_return, 7s);
}

TEST(ServiceFromEnvironment, NamesAMissingVariable) {
  for (const std::string name : {"SQS_QUEUE_URL", "ECS_CLUSTER_NAME", "ECS_SERVICE_NAME"}) {
    EXPECT_TRUE(complaint({{name, ""}}).starts_with(name + " is not set: it must be the ")) << name;
  }
}

TEST(ServiceFromEnvironment, NamesVariableValueAndWhatWouldBeRight) {
  EXPECT_EQ(complaint({{"SCALE_UP_TARGET", "-1"}}),
            "SCALE_UP_TARGET: -1 is not a whole number from 1 to 5000");
  EXPECT_EQ(complaint({{"SCALE_UP_TARGET", "two"}}),
            "SCALE_UP_TARGET: 'two' is not a whole number from 1 to 5000");
  EXPECT_EQ(complaint({{"SCALE_UP_TARGET", "99999999999999999999"}}),
            "SCALE_UP_TARGET: 1e+20 is not a whole number from 1 to 5000");
  EXPECT_EQ(complaint({{"SCALE_DOWN_THRESHOLD", "-2"}}),
            "SCALE_DOWN_THRESHOLD: '-2' is not a number of minutes from 0 to 20160");
  EXPECT_EQ(complaint({{"SCALE_DOWN_THRESHOLD", "nan"}}),
            "SCALE_DOWN_THRESHOLD: 'nan' is not a number of minutes from 0 to 20160");
  EXPECT_EQ(complaint({{"ECS_CLUSTER_NAME", "my cluster"}}),
            "ECS_CLUSTER_NAME: 'my cluster' is not the name or ARN of the ECS cluster");
  EXPECT_EQ(complaint({{"MODE", "magic"}}), "MODE: 'magic' is not one of fixed|backlog|latency");
  EXPECT_EQ(
      complaint({{"MODE", "backlog"}}),
      "backlog_per_task is not set, but mode backlog needs it (how many messages one task is to "
      "work off, such as 10)");
}

TEST(ServiceFromEnvironment, RefusesWhatIsNoQueueUrl) {
  for (const char* url :
       {"jobs", "123456789012/jobs", "/", "https:#/jobs", "https://sqs.eu-west-1.amazonaws.com",
        "https://sqs.eu-west-1.amazonaws.com/", "https://sqs.eu-west-1.amazonaws.com/123456789012",
        "https:///123456789012/jobs", "https://sqs.eu-west-1.amazonaws.com/123456789012/",
        "ftp://host/1/jobs", "https://sqs.eu-west-1.amazonaws.com/123456789012/my jobs"}) {
    EXPECT_TRUE(complaint({{"SQS_QUEUE_URL", url}}).starts_with("SQS_QUEUE_URL: '")) << url;
  }
  EXPECT_EQ(complaint({{"SQS_QUEUE_URL", "http://127.0.0.1:4566/000000000000/jobs"}}), "");
}

TEST(ServiceFromEnvironment, TakesQueuesByArn) {
  Environment environment = seed_of_five();
  environment["SQS_QUEUE_URL"] = "arn:aws:sqs:eu-west-1:123456789012:jobs";
  environment["DOORBELL_QUEUE_URL"] = "arn:aws:sqs:eu-west-1:123456789012:bell";
  const auto config = service_from_environment(environment);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->queue_url, "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs");
  EXPECT_EQ(config->doorbell_queue_url, "https://sqs.eu-west-1.amazonaws.com/123456789012/bell");
}

TEST(ServiceFromEnvironment, KnowsTheJobQueueBehindItsOtherHosts) {
  const std::string jobs = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
  for (const char* bell :
       {"https://eu-west-1.queue.amazonaws.com/123456789012/jobs",
        "arn:aws:sqs:eu-west-1:123456789012:jobs", "http://127.0.0.1:4566/123456789012/jobs"}) {
    EXPECT_EQ(complaint({{"SQS_QUEUE_URL", jobs}, {"DOORBELL_QUEUE_URL", bell}}),
              "DOORBELL_QUEUE_URL is the job queue: its jobs would be consumed; it must be a queue "
              "of its own");
  }
  EXPECT_EQ(
      complaint({{"SQS_QUEUE_URL", jobs},
                 {"DOORBELL_QUEUE_URL", "https://sqs.eu-west-2.amazonaws.com/123456789012/jobs"}}),
      "");
}

TEST(ServiceFromEnvironment, RefusesNamesThatContradictEachOther) {
  const std::string service = "arn:aws:ecs:eu-west-1:123456789012:service/main/worker";
  EXPECT_EQ(complaint({{"ECS_CLUSTER_NAME", "other"}, {"ECS_SERVICE_NAME", service}}),
            "the service '" + service +
                "' is one of another cluster than the cluster 'other' that was given with it");
  EXPECT_EQ(complaint({{"ECS_CLUSTER_NAME", "main"}, {"ECS_SERVICE_NAME", service}}), "");
  EXPECT_TRUE(complaint({{"SQS_QUEUE_URL", "https://sqs.cn-north-1.amazonaws.com/1/jobs"}})
                  .starts_with("SQS_QUEUE_URL: 'https://sqs.cn-north-1.amazonaws.com/1/jobs': "
                               "cn-north-1 is one of the partition aws-cn"));
}

TEST(ServiceFromEnvironment, ReportsAllProblemsTogether) {
  const std::string text = complaint({{"ECS_SERVICE_NAME", ""}, {"SCALE_UP_TARGET", "0"}});
  EXPECT_NE(text.find("ECS_SERVICE_NAME is not set"), std::string::npos);
  EXPECT_NE(text.find("\nSCALE_UP_TARGET: 0 is not"), std::string::npos);
}

// A function that does not start has no schedule and no ticks either: the wake switch refuses.
TEST(ServiceFromEnvironment, StartsWithWakeOnAFifoQueue) {
  EXPECT_EQ(complaint({{"WAKE", "true"}, {"SQS_QUEUE_URL", "https://sqs/1/jobs.fifo"}}), "");
}

TEST(ServiceFromEnvironment, ReadsTheQueuesOfTicksAndDoorbell) {
  Environment environment = seed_of_five();
  environment.insert({{"TICK_QUEUE_URL", "https://sqs/1/ticks"},
                      {"DOORBELL_QUEUE_URL", "https://sqs/1/doorbell"}});
  const Result<ServiceConfig> config = service_from_environment(environment);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->tick_queue_url, "https://sqs/1/ticks");
  EXPECT_EQ(config->doorbell_queue_url, "https://sqs/1/doorbell");
  EXPECT_EQ(config->tick, 10s);
  environment["TICK_SECONDS"] = "0";
  EXPECT_EQ(service_from_environment(environment)->tick, 0s);
}

TEST(ServiceFromEnvironment, WithoutATickQueueThereAreNoTicksAndNoneMayBeAskedFor) {
  EXPECT_EQ(service_from_environment(seed_of_five())->tick_queue_url, "");
  EXPECT_EQ(complaint({{"TICK_SECONDS", "0"}}), "");
  EXPECT_EQ(complaint({{"TICK_SECONDS", "5"}}),
            "TICK_SECONDS is 5, but TICK_QUEUE_URL is not set: ticks need a queue of their own");
}

TEST(ServiceFromEnvironment, RefusesAQueueThatWouldConsumeJobs) {
  const std::string jobs = "http://127.0.0.1:4566/123456789012/jobs";  // The same, another host.
  EXPECT_EQ(complaint({{"TICK_QUEUE_URL", jobs}}),
            "TICK_QUEUE_URL is the job queue: its jobs would be consumed; it must be a queue of "
            "its own");
  EXPECT_TRUE(complaint({{"DOORBELL_QUEUE_URL", jobs}}).starts_with("DOORBELL_QUEUE_URL is the j"));
  EXPECT_TRUE(
      complaint({{"TICK_QUEUE_URL", "https://sqs/1/x"}, {"DOORBELL_QUEUE_URL", "https://sqs/1/x"}})
          .starts_with("TICK_QUEUE_URL and DOORBELL_QUEUE_URL are the same queue"));
  EXPECT_TRUE(complaint({{"TICK_QUEUE_URL", "https://sqs/1/x.fifo"}})
                  .starts_with("TICK_QUEUE_URL: 'https://sqs/1/x.fifo' is FIFO"));
  EXPECT_TRUE(complaint({{"TICK_QUEUE_URL", "ticks"}})
                  .starts_with("TICK_QUEUE_URL: 'ticks' is not the URL or ARN of a queue"));
  EXPECT_EQ(complaint({{"TICK_QUEUE_URL", "https://sqs/1/x"}, {"TICK_SECONDS", "60"}}),
            "TICK_SECONDS: 60 is not a whole number from 0 to 59");
}

TEST(MisspeltVariables, AreNearASettingThatIsNotGiven) {
  const Environment environment{
      {"TASK_MAX", "3"},      {"SCALE_UP_TAGRET", "2"}, {"TASKS_MIN", "1"},
      {"TASK_MIN", "1"},      {"HOME", "/root"},        {"NODE", "x"},
      {"PATH", "/bin"},       {"LC_ALL", "C"},          {"AWS_REGION", "eu"},
      {"LESSOPEN", ""},       {"LOGNAME", "me"},        {"SSH_AUTH_SOCK", ""},
      {"XDG_SESSION_ID", ""}, {"DISPLAY", ":0"},        {"LANGUAGE", "en"},
      {"HOSTNAME", "x"}};
  EXPECT_EQ(
      misspelt_variables(environment),
      (std::vector<std::string>{"SCALE_UP_TAGRET is no setting; did you mean 'SCALE_UP_TARGET'?",
                                "TASK_MAX is no setting; did you mean 'TASKS_MAX'?"}));
}

TEST(MisspeltAwsVariables, AreASlipAwayFromOneThatIsNotGiven) {
  for (const auto& [wrong, right] : std::vector<std::pair<std::string, std::string>>{
           {"AWS_REGOIN", "AWS_REGION"},
           {"AWS_PROFIEL", "AWS_PROFILE"},
           {"AWS_DEFAULT_REGOIN", "AWS_DEFAULT_REGION"},
           {"AWS_ACCES_KEY_ID", "AWS_ACCESS_KEY_ID"},
           {"AWS_SECRET_ACESS_KEY", "AWS_SECRET_ACCESS_KEY"},
           {"AWS_SESSION_TOKENS", "AWS_SESSION_TOKEN"},
           {"AWS_ENDPOINT_ULR", "AWS_ENDPOINT_URL"},
           {"AWS_ENDPOINT_URL_ESC", "AWS_ENDPOINT_URL_ECS"},
           {"AWS_ENDPOINT_URL_SQSS", "AWS_ENDPOINT_URL_SQS"},
           {"aws_region", "AWS_REGION"}}) {
    EXPECT_EQ(misspelt_aws_variables({{wrong, "x"}}),
              std::vector{wrong + " is not read; did you mean '" + right + "'?"});
    EXPECT_EQ(misspelt_aws_variables({{wrong, "x"}, {right, "x"}}), std::vector<std::string>());
  }
  for (const char* const others : {"AWS_REGION",
                                   "AWS_PAGER",
                                   "AWS_VAULT",
                                   "AWS_RETRY_MODE",
                                   "AWS_SDK_LOAD_CONFIG",
                                   "AWS_DEFAULT_OUTPUT",
                                   "AWS_ENDPOINT_URL_EC2",
                                   "AWS_ENDPOINT_URL_SNS",
                                   "AWS_ENDPOINT_URL_EKS",
                                   "AWS_ENDPOINT_URL_ECR",
                                   "AWS_ENDPOINT_URL_SES",
                                   "AWS_ENDPOINT_URL_SSM",
                                   "AWS_ENDPOINT_URL_EFS",
                                   "AWS_ACCOUNT_ID",
                                   "AWS_SECURITY_TOKEN",
                                   "AWS_ACCESS_KEY",
                                   "AWS_SECRET_KEY",
                                   "AWS_STS_REGIONAL_ENDPOINTS",
                                   "AWS_LAMBDA_LOG_LEVEL",
                                   "AWS_CREDENTIAL_EXPIRATION",
                                   "AWS_EXECUTION_ENV",
                                   "AWS_XRAY_DAEMON_ADDRESS"}) {
    EXPECT_EQ(misspelt_aws_variables({{others, "x"}}), std::vector<std::string>()) << others;
  }
}

TEST(ServiceFromEnvironment, ReadsMetricsAndRefusesALevelThatWouldDropThem) {
  Environment environment = seed_of_five();
  environment["METRICS"] = "emf:QueueDepth,Errors";
  EXPECT_EQ(service_from_environment(environment)->metrics,
            (std::vector{Metric::QueueDepth, Metric::Errors}));
  EXPECT_TRUE(complaint({{"METRICS", "emf:QueueDeepth"}})
                  .starts_with("METRICS: 'QueueDeepth' is not one of QueueDepth|"));
  EXPECT_EQ(complaint({{"METRICS", "emf"}, {"AWS_LAMBDA_LOG_LEVEL", "WARN"}}),
            "METRICS is emf, but AWS_LAMBDA_LOG_LEVEL is WARN: Lambda would drop the lines that "
            "carry the metrics; it must be INFO or lower");
  EXPECT_EQ(complaint({{"METRICS", "emf"}, {"LOG_LEVEL", "WARN"}}), "");
}

TEST(LogLevel, ComesFromEitherVariable) {
  EXPECT_EQ(log_level_from_environment({}).value(), LogLevel::Info);
  EXPECT_EQ(log_level_from_environment({{"AWS_LAMBDA_LOG_LEVEL", "WARN"}}).value(), LogLevel::Warn);
  EXPECT_EQ(log_level_from_environment({{"LOG_LEVEL", "debug"}, {"AWS_LAMBDA_LOG_LEVEL", "WARN"}})
                .value(),
            LogLevel::Debug);
  EXPECT_EQ(log_level_from_environment({{"LOG_LEVEL", "loud"}}).error().message,
            "LOG_LEVEL: 'loud' is not one of TRACE|DEBUG|INFO|WARN|ERROR|FATAL");
}

TEST(EnvironmentHelp, NamesEveryVariableOnce) {
  const std::vector<VariableHelp> help = environment_help();
  EXPECT_EQ(help.front().name, "SQS_QUEUE_URL");
  EXPECT_GE(help.size(), 20U);
}

TEST(Environment, KnowsHowFarApartScheduledPassesAre) {
  Environment environment{
      {"SQS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"},
      {"ECS_CLUSTER_NAME", "c"},
      {"ECS_SERVICE_NAME", "s"}};
  EXPECT_EQ(service_from_environment(environment)->look_every, std::chrono::seconds(60));
  for (const auto& [text, seconds] :
       {std::pair("300", 300), std::pair("rate(1 minute)", 60), std::pair("rate(5 minutes)", 300),
        std::pair("rate(1 hour)", 3600), std::pair("cron(0/5 * * * ? *)", 300),
        std::pair("cron(* 8-18 ? * MON-FRI *)", 60), std::pair("cron(*/10 * * * ? *)", 600),
        std::pair("cron(0,5,30 * * * ? *)", 300), std::pair("cron(3,58 * * * ? *)", 300),
        std::pair("cron(10-12 * * * ? *)", 60), std::pair("cron(0 8 * * ? *)", 3600),
        std::pair("cron(0/5,3 * * * ? *)", 900), std::pair("cron(", 900),
        std::pair("cron( )", 900)}) {
    environment["SCHEDULE_SECONDS"] = text;
    EXPECT_EQ(service_from_environment(environment)->look_every, std::chrono::seconds(seconds))
        << text;
  }
  for (const char* text :
       {"0", "-1", "soon", "rate(0 minutes)", "rate(5 weeks)", "rate(5 minutesx)"}) {
    environment["SCHEDULE_SECONDS"] = text;
    EXPECT_FALSE(service_from_environment(environment).has_value()) << text;
  }
}

Result<FleetConfig> fleet(std::initializer_list<std::pair<std::string, std::string>> variables) {
  Environment environment;
  for (const auto& [name, value] : variables) {
    environment[name] = value;
  }
  return fleet_from_environment(environment);
}

TEST(FleetFromEnvironment, ReadsDefaultsCeilingsAndProfiles) {
  const auto config =
      fleet({{"FLEET", "tags"},
             {"MODE", "backlog"},
             {"BACKLOG_PER_TASK", "10"},
             {"FLEET_TASKS_MAX", "50"},
             {"FLEET_QUEUES", "jobs-* arn:aws:sqs:*:other"},
             {"FLEET_CLUSTERS", "main"},
             {"FLEET_PROFILES", R"({"gpu":{"tasks_max":4}})"},
             {"TICK_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/ticks"},
             {"SQS_QUEUE_URL", "unused"}});

  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_TRUE(config->by_tags());
  EXPECT_EQ(config->deployment.queue_url, "");
  EXPECT_EQ(config->deployment.tick, 10s);
  const TagRules& rules = config->rules;
  EXPECT_EQ(rules.defaults.options.backlog_per_task, 10);
  EXPECT_EQ(
      rules.defaults.origins,
      (std::vector<SettingOrigin>{{"mode", "MODE"}, {"backlog_per_task", "BACKLOG_PER_TASK"}}));
  EXPECT_EQ(rules.ceilings.tasks_max, 50);
  EXPECT_EQ(rules.ceilings.queues.size(), 2U);
  EXPECT_EQ(rules.ceilings.clusters, std::vector<std::string>{"main"});
  EXPECT_EQ(rules.ceilings.own_queues.size(), 1U);
  EXPECT_EQ(rules.profiles.at("gpu").options.tasks_max, 4);
  EXPECT_EQ(rules.profiles.at("gpu").options.backlog_per_task, 10);
  EXPECT_EQ(config->unused, std::vector<std::string>{"SQS_QUEUE_URL"});
}

TEST(FleetFromEnvironment, ServicesOfAFleetMayBeWoken) {
  EXPECT_FALSE(fleet({{"FLEET", "tags"}})->rules.wake);
  const auto config = fleet({{"FLEET", "tags"}, {"WAKE", "true"}});
  EXPECT_TRUE(config->deployment.wake);
  EXPECT_TRUE(config->rules.wake);
}

TEST(FleetFromEnvironment, NamesWhatIsWrong) {
  EXPECT_NE(fleet({{"FLEET", "tag"}}).error().message.find("FLEET: 'tag' is neither tags, nor"),
            std::string::npos);
  EXPECT_NE(fleet({{"FLEET", "s3://b"}}).error().message.find("FLEET: 's3://b' is no object of S3"),
            std::string::npos);
  EXPECT_NE(
      fleet({{"FLEET", "tags"}, {"FLEET_TASKS_MAX", "0"}}).error().message.find("FLEET_TASKS_MAX"),
      std::string::npos);
  EXPECT_NE(fleet({{"FLEET", "tags"}, {"TASKS_MAX", "101"}})
                .error()
                .message.find("tasks_max: 101 is above this deployment's FLEET_TASKS_MAX of 100"),
            std::string::npos);
  EXPECT_NE(
      fleet({{"FLEET", "tags"}, {"FLEET_PROFILES", "gpu"}}).error().message.find("FLEET_PROFILES"),
      std::string::npos);
  EXPECT_NE(fleet({{"FLEET", "tags"}, {"FLEET_PROFILES", R"({"gpu":{"task_max":4}})"}})
                .error()
                .message.find("tasks_max"),
            std::string::npos);
}

TEST(FleetFromEnvironment, MayLieInS3) {
  const auto config = fleet({{"FLEET", "s3://bucket/teams/fleet.json"}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_TRUE(config->in_s3());
  EXPECT_FALSE(config->by_tags());
  EXPECT_FALSE(fleet({{"FLEET", "tags"}})->in_s3());
}

TEST(FleetFromEnvironment, ACeilingThatNamesNothingIsRefused) {
  for (const std::string name : {"FLEET_QUEUES", "FLEET_CLUSTERS"}) {
    for (const std::string wrong : {" ", "team-a-*,team-b-*", "[\"jobs\"]"}) {
      const auto config = fleet({{"FLEET", "tags"}, {name, wrong}});
      ASSERT_FALSE(config.has_value()) << wrong;
      EXPECT_TRUE(config.error().message.starts_with(name)) << config.error().message;
    }
  }
}

TEST(FleetFromEnvironment, ShardsHaveAQueueOfTheirOwn) {
  const std::string queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/shards";
  auto config = fleet({{"FLEET", "tags"}, {"FLEET_SHARD_QUEUE_URL", queue}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->deployment.shard_queue_url, queue);
  EXPECT_EQ(config->deployment.shard_size, 500U);
  EXPECT_EQ(config->rules.ceilings.own_queues.size(), 1U);  // Nobody's job queue.
  config =
      fleet({{"FLEET", "tags"}, {"FLEET_SHARD_QUEUE_URL", queue}, {"FLEET_SHARD_SERVICES", "50"}});
  EXPECT_EQ(config->deployment.shard_size, 50U);

  for (const std::string name : {"TICK_QUEUE_URL", "DOORBELL_QUEUE_URL"}) {
    EXPECT_NE(fleet({{"FLEET", "tags"}, {"FLEET_SHARD_QUEUE_URL", queue}, {name, queue}})
                  .error()
                  .message.find("FLEET_SHARD_QUEUE_URL and " + name + " are the same queue"),
              std::string::npos);
  }
  for (const std::string wrong : {"0", "10001", "many"}) {
    EXPECT_FALSE(
        fleet(
            {{"FLEET", "tags"}, {"FLEET_SHARD_QUEUE_URL", queue}, {"FLEET_SHARD_SERVICES", wrong}})
            .has_value());
  }
  EXPECT_FALSE(fleet({{"FLEET", "tags"}, {"FLEET_SHARD_SERVICES", "50"}}).has_value());
  EXPECT_FALSE(fleet({{"FLEET", "tags"}, {"FLEET_SHARD_QUEUE_URL", "shards"}}).has_value());
  EXPECT_FALSE(fleet({{"FLEET", "tags"}, {"FLEET_SHARD_QUEUE_URL", queue + ".fifo"}}).has_value());
}

TEST(FleetFromEnvironment, AFilesJobQueuesAreNotTheDeploymentsOwn) {
  const std::string ticks = "https://sqs.eu-central-1.amazonaws.com/123456789012/ticks";
  const auto config = fleet({{"FLEET", "/var/task/fleet.json"}, {"TICK_QUEUE_URL", ticks}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  std::vector<ServiceSpec> services;
  services.push_back({.id = {"c", "s"},
                      .queues = {{"https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"}},
                      .policy = Policy::create({}).value()});
  EXPECT_TRUE(check_job_queues(*config, services).has_value());
  services[0].queues.push_back({ticks});
  EXPECT_FALSE(check_job_queues(*config, services).has_value());
}

constexpr const char* kTwoAccounts =
    R"([{"role":"arn:aws:iam::111111111111:role/s","regions":["eu-west-1","eu-west-2"]},)"
    R"({"role":"arn:aws:iam::222222222222:role/s","external_id":"x2"},{"regions":["us-east-1"]}])";

TEST(FleetFromEnvironment, SearchesTheAccountsThatAreNamed) {
  const auto alone = fleet({{"FLEET", "tags"}});
  ASSERT_TRUE(alone.has_value());
  EXPECT_EQ(scope_of_tags(*alone).places, std::vector<SearchedPlace>(1));
  const auto config = fleet({{"FLEET", "tags"}, {"FLEET_ACCOUNTS", kTwoAccounts}});
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const AccountRole first{.arn = "arn:aws:iam::111111111111:role/s"};
  const AccountRole second{.arn = "arn:aws:iam::222222222222:role/s", .external_id = "x2"};
  EXPECT_EQ(scope_of_tags(*config).places,
            (std::vector<SearchedPlace>{{.region = "eu-west-1", .role = first},
                                        {.region = "eu-west-2", .role = first},
                                        {.role = second},
                                        {.region = "us-east-1"}}));
}

TEST(FleetFromEnvironment, RefusesAccountsThatCannotBe) {
  const auto error = [](const char* source, const char* accounts) {
    const auto config = fleet({{"FLEET", source}, {"FLEET_ACCOUNTS", accounts}});
    return config ? "" : config.error().message;
  };
  EXPECT_EQ(error("/var/task/fleet.json", kTwoAccounts),
            "FLEET_ACCOUNTS is set, but FLEET is /var/task/fleet.json: a file names its accounts "
            "itself");
  EXPECT_EQ(error("tags", R"([{"role":"arn:aws:iam::1:role/s"}])"),
            "FLEET_ACCOUNTS[0].role: 'arn:aws:iam::1:role/s' is not the ARN of an IAM role, such "
            "as arn:aws:iam::123456789012:role/ecs-scaler");
  EXPECT_EQ(error("tags", R"([{"tags":false}])"),
            "FLEET_ACCOUNTS: tags is false everywhere, so that no service can be found");
  constexpr const char* kChina = R"([{"role":"arn:aws-cn:iam::111111111111:role/s"}])";
  const auto of_china = [&](const char* region) {
    return fleet({{"FLEET", "tags"}, {"FLEET_ACCOUNTS", kChina}, {"AWS_REGION", region}});
  };
  EXPECT_TRUE(of_china("cn-north-1").has_value());
  ASSERT_FALSE(of_china("us-east-1").has_value());
  EXPECT_TRUE(of_china("us-east-1")
                  .error()
                  .message.contains("FLEET_ACCOUNTS[0].role: arn:aws-cn:iam::111111111111:role/s "
                                    "is a role of the partition "
                                    "aws-cn, but us-east-1 lies in aws"));
}

}  // namespace
}  // namespace scaler
