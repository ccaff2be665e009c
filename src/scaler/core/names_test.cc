#include "scaler/core/names.h"

#include <array>

#include <gtest/gtest.h>

namespace scaler {
namespace {

const std::string kCluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
const std::string kService = "arn:aws:ecs:eu-west-1:123456789012:service/main/worker";

TEST(Region, LiesInAPartition) {
  const std::array<std::pair<const char*, const char*>, 10> cases = {
      {{"eu-central-1", "aws"},
       {"mx-central-1", "aws"},
       {"us-gov-west-1", "aws-us-gov"},
       {"cn-north-1", "aws-cn"},
       {"eusc-de-east-1", "aws-eusc"},
       {"us-iso-west-1", "aws-iso"},
       {"us-isob-east-1", "aws-iso-b"},
       {"eu-isoe-west-1", "aws-iso-e"},
       {"us-isof-east-1", "aws-iso-f"},
       {"us-east-1", "aws"}}};
  for (const auto& [region, partition] : cases) {
    EXPECT_TRUE(is_region(region)) << region;
    EXPECT_EQ(partition_of(region).name, partition) << region;
  }
  for (const char* text :
       {"", "-", "eu", "eu-1", "eu-central", "eu-central-", "-central-1", "EU-central-1",
        "eu-central-1a", "eu.central-1", "1-central-1", "-1", "eu-Central-1"}) {
    EXPECT_FALSE(is_region(text)) << text;
  }
}

TEST(Name, HasLettersDigitsDashesAndUnderscores) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(is_name_character(static_cast<char>(c)), kAllowed.contains(static_cast<char>(c)))
        << c;
  }
}

TEST(Account, HasTwelveDigits) {
  EXPECT_TRUE(is_account("123456789012"));
  for (const char* text : {"", "12345678901", "1234567890123", "12345678901x"}) {
    EXPECT_FALSE(is_account(text)) << text;
  }
}

TEST(Arn, IsTakenApartAndMade) {
  const auto arn = parse_arn("arn:aws:ecs:eu-west-1:123456789012:task:a/b");
  ASSERT_TRUE(arn.has_value());
  EXPECT_EQ(arn->resource, "task:a/b");
  EXPECT_EQ(text_of(*arn), "arn:aws:ecs:eu-west-1:123456789012:task:a/b");
  for (const char* text : {"", "arn", "arn:aws:ecs:r:1", "arn:aws:ecs:r:1:", "arn::ecs:r:1:x",
                           "arn:aws::r:1:x", "urn:aws:ecs:r:1:x"}) {
    EXPECT_FALSE(parse_arn(text).has_value()) << text;
  }
}

TEST(Service, IsNamedByNamesAndArns) {
  struct Case {
    std::string cluster, service, region, account;
  };
  const std::array<Case, 6> cases = {
      {{"main", "worker", "", ""},
       {kCluster, "worker", "eu-west-1", "123456789012"},
       {"main", kService, "eu-west-1", "123456789012"},
       {kCluster, kService, "eu-west-1", "123456789012"},
       {"main", "arn:aws:ecs:eu-west-1:123456789012:service/worker", "eu-west-1", "123456789012"},
       {"main", "arn:aws-cn:ecs:cn-north-1:123456789012:service/main/worker", "cn-north-1",
        "123456789012"}}};
  for (const Case& one : cases) {
    const auto address = parse_service(one.cluster, one.service);
    ASSERT_TRUE(address.has_value()) << address.error().message;
    EXPECT_EQ(address->region, one.region);
    EXPECT_EQ(address->account, one.account);
    EXPECT_EQ(address->cluster, "main");
    EXPECT_EQ(address->service, "worker");
    EXPECT_EQ(region_of_service(one.cluster, one.service), one.region);
  }
}

TEST(Service, ThatContradictsItsClusterIsRefusedByName) {
  const auto refused = [](const std::string& cluster, const std::string& service,
                          const std::string& complaint) {
    const auto address = parse_service(cluster, service);
    ASSERT_FALSE(address.has_value()) << cluster << " " << service;
    EXPECT_TRUE(address.error().message.contains(complaint)) << address.error().message;
  };
  refused("other", kService,
          "the service '" + kService + "' is one of another cluster than the cluster 'other'");
  refused("arn:aws:ecs:eu-west-2:123456789012:cluster/main", kService, "another region");
  refused("arn:aws:ecs:eu-west-1:210987654321:cluster/main", kService, "another account");
  refused("arn:aws:ecs:eu-west-1:123456789012:cluster/two", kService, "another cluster");
  refused(kService, "worker", "is not the name or ARN of the ECS cluster");
  refused("main", kCluster, "is not the name or ARN of the ECS service");
  for (const char* text :
       {"", "a b", "a/b", "arn:aws:ecs", "arn:aws:sqs:eu-west-1:123456789012:jobs",
        "arn:aws-cn:ecs:eu-west-1:123456789012:service/main/worker",
        "arn:aws:ecs:eu-west-1:1:service/main/worker",
        "arn:aws:ecs:nowhere:123456789012:service/main/worker",
        "arn:aws:sqs:eu-west-1:123456789012:service/main/worker",
        "arn:aws:ecs:eu-west-1:123456789012:service/m.n/worker",
        "arn:aws:ecs:eu-west-1:123456789012:service/a/b/c",
        "arn:aws:ecs:eu-west-1:123456789012:service/main/"}) {
    refused("main", text, "is not the name or ARN of the ECS service");
  }
}

TEST(Service, HasANameOfAtMost255Characters) {
  EXPECT_TRUE(is_service(std::string(255, 'a')));
  EXPECT_FALSE(is_service(std::string(256, 'a')));
}

TEST(Cluster, IsInNoOther) {
  EXPECT_TRUE(is_cluster(kCluster));
  EXPECT_FALSE(is_cluster(kCluster + "/other"));
}

TEST(Service, HasARegionOnlyByAnArn) {
  EXPECT_EQ(region_of_service("main", "a:b:c:d:e:f"), "");
  EXPECT_EQ(region_of_service("main", "arn:aws:ecs"), "");
}

TEST(Service, IsAnotherInAnotherRegionOrAccount) {
  const ServiceAddress here = *parse_service("main", kService);
  EXPECT_TRUE(may_be_same(here, *parse_service("main", "worker")));
  EXPECT_TRUE(may_be_same(here, *parse_service(kCluster, "worker")));
  const std::string path = ":service/main/worker";
  EXPECT_FALSE(
      may_be_same(here, *parse_service("main", "arn:aws:ecs:eu-west-2:123456789012" + path)));
  EXPECT_FALSE(
      may_be_same(here, *parse_service("main", "arn:aws:ecs:eu-west-1:210987654321" + path)));
  EXPECT_FALSE(may_be_same(here, *parse_service("two", "worker")));
  EXPECT_FALSE(may_be_same(here, *parse_service("main", "other")));
  EXPECT_TRUE(may_be_same(*parse_service("main", "worker"), here));
}

TEST(Name, IsTheLastPartOfAnArn) {
  EXPECT_EQ(plain_name(kService), "worker");
  EXPECT_EQ(plain_name("worker"), "worker");
}

const std::string kPlain = "arn:aws-cn:lambda:cn-north-1:123456789012:function:scaler";

TEST(Function, IsPlainOrHasAQualifier) {
  const auto plain = parse_function_arn(kPlain);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->plain, kPlain);
  EXPECT_EQ(plain->qualifier, "");
  EXPECT_EQ(plain->name, "scaler");
  EXPECT_EQ(plain->region, "cn-north-1");
  EXPECT_EQ(plain->account, "123456789012");
  for (const std::string qualifier : {"live", "7"}) {
    std::string arn = kPlain;
    arn += ':';
    arn += qualifier;
    const auto qualified = parse_function_arn(arn);
    ASSERT_TRUE(qualified.has_value());
    EXPECT_EQ(qualified->plain, kPlain);
    EXPECT_EQ(qualified->qualifier, qualifier);
  }
  EXPECT_EQ(parse_function_arn(kPlain + ":$LATEST")->plain, kPlain);
  EXPECT_EQ(parse_function_arn(kPlain + ":$LATEST")->qualifier, "");
}

TEST(Function, IsNothingElse) {
  for (const std::string text :
       {"", "scaler", "arn:aws:sqs:us-east-1:123456789012:jobs",
        "arn:aws:lambda:r:1:function:", "arn:aws:lambda:r:1:layer:f",
        "arn:aws:lambda:r:1:function:f:1:2", "arn:aws:ecs:r:1:function:f"}) {
    EXPECT_FALSE(parse_function_arn(text).has_value()) << text;
  }
}

TEST(Role, IsAnArnOfIamWithAPathAtMost) {
  for (const char* arn :
       {"arn:aws:iam::123456789012:role/scaler", "arn:aws-cn:iam::123456789012:role/a/b/scaler",
        "arn:aws:iam::123456789012:role/x+=,.@-_"}) {
    const auto role = parse_role({.arn = arn});
    ASSERT_TRUE(role.has_value()) << arn;
    EXPECT_EQ(role->account, "123456789012");
  }
  for (const char* arn :
       {"", "scaler", "arn:aws:iam::123456789012:user/me", "arn:aws:iam::12345:role/scaler",
        "arn:aws:iam:eu-west-1:123456789012:role/scaler", "arn:aws:iam::123456789012:role/",
        "arn:aws:sts::123456789012:assumed-role/scaler/x", "arn:aws:iam::123456789012:role/a b",
        "arn:aws:iam::123456789012:role/a/", "arn:nowhere:iam::123456789012:role/scaler"}) {
    EXPECT_FALSE(parse_role({.arn = arn}).has_value()) << arn;
  }
}

TEST(Role, MayWantAnExternalId) {
  const std::string arn = "arn:aws:iam::123456789012:role/scaler";
  for (const std::string& id :
       {std::string("ab"), std::string(1224, 'x'), std::string("a:b/c@d")}) {
    EXPECT_TRUE(parse_role({.arn = arn, .external_id = id}).has_value());
  }
  for (const std::string& id :
       {std::string("a"), std::string(1225, 'x'), std::string("a b"), std::string("a\nb")}) {
    EXPECT_FALSE(parse_role({.arn = arn, .external_id = id}).has_value());
  }
}

}  // namespace
}  // namespace scaler
