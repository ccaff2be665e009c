#include "edge/aws/settings.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "edge/aws/profile_file.h"

namespace scaler::aws {
namespace {

/// A folder of its own with a config and a credentials file, removed afterwards.
class ProfileFolder {
 public:
  ProfileFolder(std::string_view config, std::string_view credentials) {
    std::string pattern = (std::filesystem::temp_directory_path() / "profiles-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream(folder_ / "config") << config;
    std::ofstream(folder_ / "credentials") << credentials;
  }
  ~ProfileFolder() { std::filesystem::remove_all(folder_); }
  ProfileFolder(const ProfileFolder&) = delete;
  ProfileFolder& operator=(const ProfileFolder&) = delete;

  Environment environment() const {
    return {{"AWS_CONFIG_FILE", folder_ / "config"},
            {"AWS_SHARED_CREDENTIALS_FILE", folder_ / "credentials"}};
  }

 private:
  std::filesystem::path folder_;
};

std::string host(const Environment& environment, AwsService service) {
  return read_settings(environment)->destination(service)->endpoint.origin.host;
}

TEST(ClientSettings, KnowTheDnsSuffixOfEveryPartition) {
  const std::vector<std::pair<std::string, std::string>> hosts{
      {"eu-central-1", "sqs.eu-central-1.amazonaws.com"},
      {"us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com"},
      {"cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"},
      {"eusc-de-east-1", "sqs.eusc-de-east-1.amazonaws.eu"},
      {"us-iso-east-1", "sqs.us-iso-east-1.c2s.ic.gov"},
      {"us-isob-east-1", "sqs.us-isob-east-1.sc2s.sgov.gov"},
      {"eu-isoe-west-1", "sqs.eu-isoe-west-1.cloud.adc-e.uk"},
      {"us-isof-south-1", "sqs.us-isof-south-1.csp.hci.ic.gov"}};
  for (const auto& [region, expected] : hosts) {
    EXPECT_EQ(host({{"AWS_REGION", region}}, AwsService::Sqs), expected);
  }
}

TEST(ClientSettings, TakeTheRegionFromEnvironmentThenProfile) {
  const ProfileFolder folder("[default]\nregion = eu-west-1\n[profile p]\nregion=eu-west-2 # x\n",
                             "");
  Environment environment = folder.environment();
  EXPECT_EQ(read_settings(environment)->region, "eu-west-1");
  environment["AWS_PROFILE"] = "p";
  EXPECT_EQ(read_settings(environment)->region, "eu-west-2");
  environment["AWS_DEFAULT_REGION"] = "eu-north-1";
  EXPECT_EQ(read_settings(environment)->region, "eu-north-1");
  environment["AWS_REGION"] = "eu-south-1";
  EXPECT_EQ(read_settings(environment)->region, "eu-south-1");
}

TEST(ClientSettings, RefuseAMissingOrImpossibleRegion) {
  EXPECT_EQ(read_settings({})->destination(AwsService::Ecs).error().message,
            "AWS_REGION is not set, and profile 'default' has no region");
  for (const char* region : {"eu central 1", "evil.example/", "EU-CENTRAL-1"}) {
    EXPECT_EQ(read_settings({{"AWS_REGION", region}}).error().kind, ErrorKind::Malformed) << region;
  }
  EXPECT_EQ(read_settings({{"AWS_REGION", "eu-central-1a"}}).error().message,
            "AWS_REGION: 'eu-central-1a' is an availability zone: its region is eu-central-1");
  EXPECT_EQ(read_settings({{"AWS_REGION", "eu-central-1\n"}}).error().message,
            R"(AWS_REGION: 'eu-central-1\n' is not a region such as eu-central-1)");
  EXPECT_EQ(read_settings({{"AWS_REGION", "elasticmq"}})->region, "elasticmq");
}

TEST(ClientSettings, PreferTheServicesOwnEndpoint) {
  Environment environment{{"AWS_REGION", "eu-central-1"},
                          {"AWS_ENDPOINT_URL", "http://all:1"},
                          {"AWS_ENDPOINT_URL_ECS", "https://ecs-only/prefix/"}};
  EXPECT_EQ(host(environment, AwsService::Sqs), "all");
  const Endpoint ecs = read_settings(environment)->destination(AwsService::Ecs)->endpoint;
  EXPECT_EQ(ecs.origin, (net::Origin{.scheme = "https", .host = "ecs-only", .port = 443}));
  EXPECT_EQ(ecs.path, "/prefix");
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "True";
  EXPECT_EQ(host(environment, AwsService::Ecs), "ecs.eu-central-1.amazonaws.com");
}

TEST(ClientSettings, TakeEndpointsFromTheProfile) {
  const ProfileFolder folder(
      "[profile p]\nregion=eu-west-1\nendpoint_url = http://whole\nservices = local\n"
      "[services local]\nsqs =\n  endpoint_url = http://queue:9324\n",
      "");
  Environment environment = folder.environment();
  environment["AWS_PROFILE"] = "p";
  EXPECT_EQ(host(environment, AwsService::Sqs), "queue");
  EXPECT_EQ(host(environment, AwsService::Ecs), "whole");
}

TEST(ClientSettings, TakeNoEndpointWhereTheProfileSaysSo) {
  const ProfileFolder folder(
      "[default]\nregion=eu-west-1\nendpoint_url = http://whole\n"
      "ignore_configured_endpoint_urls = TRUE\n",
      "");
  Environment environment = folder.environment();
  environment["AWS_ENDPOINT_URL_SQS"] = "http://queue:9324";
  EXPECT_EQ(host(environment, AwsService::Sqs), "sqs.eu-west-1.amazonaws.com");
  EXPECT_EQ(host(environment, AwsService::Ecs), "ecs.eu-west-1.amazonaws.com");
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false";
  EXPECT_EQ(host(environment, AwsService::Sqs), "queue");
}

TEST(ClientSettings, NameTheSettingThatIsWrongWhereverItStands) {
  for (const auto& [setting, value] :
       {std::pair("region", "EU-WEST-1"), std::pair("max_attempts", "none"),
        std::pair("use_dualstack_endpoint", "on"),
        std::pair("ignore_configured_endpoint_urls", "1")}) {
    const ProfileFolder folder("[default]\n" + std::string(setting) + " = " + value + "\n", "");
    const auto settings = read_settings(folder.environment());
    ASSERT_FALSE(settings.has_value()) << setting;
    EXPECT_TRUE(settings.error().message.starts_with(std::string(setting) +
                                                     " of profile 'default': '" + value + "'"))
        << settings.error().message;
  }
}

TEST(ClientSettings, NameTheVariableThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"AWS_ENDPOINT_URL_SQS", "localhost:4566"},
      {"AWS_ENDPOINT_URL", "http://x?y=z"},
      {"AWS_MAX_ATTEMPTS", "0"},
      {"AWS_MAX_ATTEMPTS", "three"},
      {"AWS_MAX_ATTEMPTS", "101"},
      {"AWS_DEFAULT_REGION", "eu west 1"},
      {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "1"},
      {"AWS_USE_FIPS_ENDPOINT", "yes"}};
  for (const auto& [name, value] : wrong) {
    const auto settings = read_settings({{name, value}});
    ASSERT_FALSE(settings.has_value()) << name;
    EXPECT_EQ(settings.error().kind, ErrorKind::Malformed);
    EXPECT_TRUE(settings.error().message.starts_with(name)) << settings.error().message;
  }
}

TEST(ClientSettings, RefuseAProxyThatCannotBeUsedWhereItWouldBe) {
  const Environment socks{{"AWS_REGION", "eu-central-1"}, {"ALL_PROXY", "socks5://u:secret@p:1"}};
  const auto refused = read_settings(socks)->destination(AwsService::Sqs);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::Malformed);
  EXPECT_EQ(refused.error().message,
            "ALL_PROXY: socks5://p:1: socks5 proxies are not supported, only http://host:port");
  Environment direct = socks;
  direct["AWS_ENDPOINT_URL"] = "http://localhost:4566";
  EXPECT_TRUE(read_settings(direct)->destination(AwsService::Sqs).has_value());
  direct = socks;
  direct["HTTPS_PROXY"] = "http://p:3128";
  const auto settings = read_settings(direct);
  ASSERT_TRUE(settings.has_value());
  const Destination queues = *settings->destination(AwsService::Sqs);
  EXPECT_EQ((*settings->proxies.of(queues.endpoint.origin))->origin.host, "p");
}

TEST(ClientSettings, EveryServiceHasAnEndpoint) {
  const auto settings = read_settings({{"AWS_REGION", "eu-central-1"}});
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->destination(AwsService::AutoScaling)->endpoint.origin.host,
            "application-autoscaling.eu-central-1.amazonaws.com");
  EXPECT_EQ(settings->destination(AwsService::Sts, "cn-north-1")->endpoint.origin.host,
            "sts.cn-north-1.amazonaws.com.cn");
}

TEST(ClientSettings, DemandFipsEndpointsOnlyWhereTheyAre) {
  struct Case {
    const char* region;
    AwsService service;
    const char* host;  ///< nullptr: there is none
  };
  constexpr std::array<Case, 17> kCases = {
      {{"us-east-1", AwsService::Sqs, "sqs-fips.us-east-1.amazonaws.com"},
       {"us-west-2", AwsService::Ecs, "ecs-fips.us-west-2.amazonaws.com"},
       {"us-east-2", AwsService::Lambda, "lambda-fips.us-east-2.amazonaws.com"},
       {"us-west-1", AwsService::Sts, "sts-fips.us-west-1.amazonaws.com"},
       {"ca-west-1", AwsService::Sqs, "sqs-fips.ca-west-1.amazonaws.com"},
       {"us-gov-west-1", AwsService::Sqs, "sqs.us-gov-west-1.amazonaws.com"},
       {"us-gov-west-1", AwsService::Ecs, "ecs-fips.us-gov-west-1.amazonaws.com"},
       {"us-gov-east-1", AwsService::AutoScaling,
        "application-autoscaling.us-gov-east-1.amazonaws.com"},
       {"us-east-1", AwsService::Ec2AutoScaling, "autoscaling-fips.us-east-1.amazonaws.com"},
       {"us-west-2", AwsService::Ec2AutoScaling, "autoscaling-fips.us-west-2.amazonaws.com"},
       {"ca-west-1", AwsService::Ec2AutoScaling, "autoscaling-fips.ca-west-1.amazonaws.com"},
       {"us-gov-west-1", AwsService::Ec2AutoScaling, "autoscaling.us-gov-west-1.amazonaws.com"},
       {"eu-west-1", AwsService::Ec2AutoScaling, nullptr},
       {"us-iso-east-1", AwsService::Sqs, nullptr},  // Sources differ.
       {"eu-west-1", AwsService::Sqs, nullptr},
       {"ca-central-1", AwsService::Ecs, nullptr},
       {"us-east-1", AwsService::AutoScaling, nullptr}}};
  const auto settings = read_settings({{"AWS_USE_FIPS_ENDPOINT", "TRUE"}});
  for (const auto& [region, service, host] : kCases) {
    const auto destination = settings->destination(service, region);
    ASSERT_EQ(destination.has_value(), host != nullptr) << region;
    if (host != nullptr) {
      EXPECT_EQ(destination->endpoint.origin.host, host);
    } else {
      EXPECT_TRUE(destination.error().message.starts_with("AWS_USE_FIPS_ENDPOINT: no FIPS"));
    }
  }
}

TEST(ClientSettings, KnowTheDualStackDomainOfEveryPartition) {
  const auto settings = read_settings({{"AWS_USE_DUALSTACK_ENDPOINT", "true"}});
  for (const auto& [region, expected] :
       {std::pair("eu-west-1", "ecs.eu-west-1.api.aws"),
        std::pair("us-gov-west-1", "ecs.us-gov-west-1.api.aws"),
        std::pair("cn-north-1", "ecs.cn-north-1.api.amazonwebservices.com.cn"),
        std::pair("eusc-de-east-1", "ecs.eusc-de-east-1.api.amazonwebservices.eu"),
        std::pair("us-isof-south-1", "ecs.us-isof-south-1.api.aws.hci.ic.gov")}) {
    EXPECT_EQ(settings->destination(AwsService::Ecs, region)->endpoint.origin.host, expected);
  }
}

TEST(ClientSettings, TakeTheKindOfEndpointFromTheProfileUnlessTheEnvironmentSaysOtherwise) {
  const ProfileFolder folder("[default]\nregion=us-east-1\nuse_fips_endpoint = true\n", "");
  Environment environment = folder.environment();
  EXPECT_EQ(host(environment, AwsService::Sqs), "sqs-fips.us-east-1.amazonaws.com");
  environment["AWS_USE_FIPS_ENDPOINT"] = "false";
  EXPECT_EQ(host(environment, AwsService::Sqs), "sqs.us-east-1.amazonaws.com");
  environment.erase("AWS_USE_FIPS_ENDPOINT");
  environment["AWS_USE_DUALSTACK_ENDPOINT"] = "true";
  EXPECT_TRUE(read_settings(environment)
                  .error()
                  .message.starts_with("use_fips_endpoint of profile 'default' and "
                                       "AWS_USE_DUALSTACK_ENDPOINT are both true"));
}

TEST(IgnoredEndpoints, AreToldWithWhoHasThemIgnored) {
  const auto ignored = [](const std::string& profile, const Environment& more = {}) {
    const ProfileFolder folder("[default]\n" + profile, "");
    Environment environment = folder.environment();
    environment.insert(more.begin(), more.end());
    return ignored_endpoints(environment);
  };
  const std::string ignoring = "ignore_configured_endpoint_urls = True\n";
  EXPECT_EQ(ignored("")->by, "");
  EXPECT_EQ(ignored(ignoring)->by, "ignore_configured_endpoint_urls of profile 'default'");
  EXPECT_EQ(ignored(ignoring, {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"}})->by, "");
  EXPECT_EQ(ignored("", {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}})->by,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  EXPECT_FALSE(ignored("", {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "yes"}}).has_value());
  const std::string services = "services = s\n[services s]\nsqs =\n  endpoint_url = http://a\n";
  EXPECT_FALSE(ignored(ignoring)->in_profile);
  EXPECT_FALSE(ignored(services)->in_profile) << "the guard stands for SQS's";
  EXPECT_TRUE(ignored(services + "s3 =\n  endpoint_url = http://b\n")->in_profile);
  EXPECT_TRUE(ignored(ignoring + "endpoint_url = http://c\n")->in_profile);
}

TEST(ClientSettings, LetAnEndpointOfAnotherRegionAnswerForNone) {
  const auto settings = read_settings(
      {{"AWS_REGION", "eu-west-1"}, {"AWS_ENDPOINT_URL_ECS", "https://ecs.eu-west-1.api.aws"}});
  EXPECT_TRUE(settings->destination(AwsService::Ecs).has_value());
  EXPECT_EQ(settings->destination(AwsService::Ecs, "eu-west-2").error().message,
            "AWS_ENDPOINT_URL_ECS: ecs.eu-west-1.api.aws is the endpoint of eu-west-1, but ECS is "
            "to be asked in eu-west-2");
}

}  // namespace
}  // namespace scaler::aws
