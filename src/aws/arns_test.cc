#include "aws/arns.h"

#include <gtest/gtest.h>

namespace scaler::aws {
namespace {

const std::string kPlain = "arn:aws-cn:lambda:cn-north-1:123456789012:function:scaler";

TEST(FunctionArn, IsPlainOrHasAQualifier) {
  const auto plain = parse_function_arn(kPlain);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->plain, kPlain);
  EXPECT_EQ(plain->qualifier, "");
  EXPECT_EQ(plain->partition, "aws-cn");
  EXPECT_EQ(plain->region, "cn-north-1");
  for (const std::string qualifier : {"live", "7"}) {
    const auto qualified = parse_function_arn(kPlain + ":" + qualifier);
    ASSERT_TRUE(qualified.has_value());
    EXPECT_EQ(qualified->plain, kPlain);
    EXPECT_EQ(qualified->qualifier, qualifier);
  }
}

TEST(FunctionArn, OfTheLatestIsThePlainOne) {
  EXPECT_EQ(parse_function_arn(kPlain + ":$LATEST")->plain, kPlain);
  EXPECT_EQ(parse_function_arn(kPlain + ":$LATEST")->qualifier, "");
}

TEST(FunctionArn, IsNothingElse) {
  for (const std::string text : {"", "scaler", "arn:aws:sqs:us-east-1:123456789012:jobs",
                                 "arn:aws:lambda:r:1:function:", "arn:aws:lambda:r:1:layer:f",
                                 "arn:aws:lambda:r:1:function:f:1:2"}) {
    EXPECT_FALSE(parse_function_arn(text).has_value()) << text;
  }
}

TEST(QueueUrl, NamesItsRegionInTheHost) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://sqs.eu-central-1.amazonaws.com/123456789012/jobs", "eu-central-1"},
      {"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs", "cn-north-1"},
      {"https://sqs.eu-central-1.api.aws/123456789012/jobs", "eu-central-1"},
      {"https://sqs-fips.us-east-1.amazonaws.com/123456789012/jobs", "us-east-1"},
      {"https://vpce-0a.sqs.eu-west-1.vpce.amazonaws.com/123456789012/jobs", "eu-west-1"},
      {"https://eu-west-1.queue.amazonaws.com/123456789012/jobs", "eu-west-1"},
      {"https://queue.amazonaws.com/123456789012/jobs", ""},
      {"http://127.0.0.1:4566/000000000000/jobs", ""},
      {"https://sqs/1/jobs", ""},
  };
  for (const auto& [url, region] : cases) {
    EXPECT_EQ(region_of_queue_url(url), region) << url;
  }
}

TEST(QueueUrl, GivesTheArnWithTheQueuesOwnAccount) {
  const FunctionArn function =
      *parse_function_arn("arn:aws:lambda:us-east-1:123456789012:function:f:live");
  EXPECT_EQ(
      queue_arn_of_url("https://sqs.eu-central-1.amazonaws.com/210987654321/jobs.fifo", function),
      "arn:aws:sqs:eu-central-1:210987654321:jobs.fifo");
  EXPECT_EQ(queue_arn_of_url("http://127.0.0.1:4566/000000000000/jobs", function),
            "arn:aws:sqs:us-east-1:000000000000:jobs");
}

}  // namespace
}  // namespace scaler::aws
