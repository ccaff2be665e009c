#include "scaler/core/queue_names.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

const std::string kPath = "/123456789012/jobs";

struct Case {
  const char* origin;
  const char* region;
  bool own_host;  ///< this very host is asked, not the region's endpoint
};

TEST(Queue, IsTakenFromEveryHostOfEveryPartition) {
  constexpr Case kCases[] = {
      {"https://sqs.eu-central-1.amazonaws.com", "eu-central-1", false},
      {"http://sqs.eu-central-1.amazonaws.com", "eu-central-1", false},
      {"https://SQS.Eu-Central-1.AmazonAWS.com", "eu-central-1", false},
      {"https://SQS.EU-CENTRAL-1.AMAZONAWS.COM", "eu-central-1", false},
      {"https://queue.amazonaws.com", "us-east-1", false},
      {"https://sqs.eu-west-1.amazonaws.com.", "eu-west-1", false},
      {"https://eu-west-1.queue.amazonaws.com", "eu-west-1", false},
      {"https://cn-north-1.queue.amazonaws.com.cn", "cn-north-1", false},
      {"https://sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1", false},
      {"https://sqs.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1", false},
      {"https://sqs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", false},
      {"https://sqs.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", false},
      {"https://sqs.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", false},
      {"https://sqs.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", false},
      {"https://sqs.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", false},
      {"https://sqs-fips.us-east-2.amazonaws.com", "us-east-2", true},
      {"https://sqs.eu-west-3.api.aws", "eu-west-3", true},
      {"https://sqs.us-gov-east-1.api.aws", "us-gov-east-1", true},
      {"https://sqs.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1", true},
      {"https://sqs.eusc-de-east-1.api.amazonwebservices.eu", "eusc-de-east-1", true},
      {"https://sqs.us-iso-east-1.api.aws.ic.gov", "us-iso-east-1", true},
      {"https://sqs.us-isob-east-1.api.aws.scloud", "us-isob-east-1", true},
      {"https://sqs.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "eu-isoe-west-1", true},
      {"https://sqs.us-isof-south-1.api.aws.hci.ic.gov", "us-isof-south-1", true},
      {"https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1", true},
      {"https://vpce-0a1b-2c3d-eu-west-1b.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1", true},
      {"https://vpce-0a.sqs.cn-north-1.vpce.amazonaws.com.cn", "cn-north-1", true},
      {"https://vpce-0a.sqs.us-gov-west-1.vpce.amazonaws.com", "us-gov-west-1", true},
      {"https://vpce-0a.sqs-fips.us-west-2.vpce.amazonaws.com", "us-west-2", true},
      {"https://sqs.eu-central-1.amazonaws.com:8443", "eu-central-1", true},
      {"http://127.0.0.1:4566", "", true},
      {"http://[::1]:4566", "", true},
      {"http://localhost", "", true},
      {"http://sqs.eu-north-1.localhost.localstack.cloud:4566", "eu-north-1", true},
      {"http://eu-north-1.queue.localhost.localstack.cloud:4566", "eu-north-1", true},
      {"http://localhost:4566/queue/ap-south-1", "ap-south-1", true},
      {"http://sqs.eu-north-1:4566", "", true},
      {"http://eu-north-1.queue:4566", "", true},
      {"http://jobs.eu-north-1.localhost:4566", "", true},
      {"http://eu-north-1.jobs.localhost:4566", "", true},
      {"http://jobs.queue.localhost:4566", "", true},
      {"http://localhost:4566/queue/jobs", "", true},
      {"http://localhost:4566/jobs/ap-south-1", "", true},
      {"http://localhost:4566/queue/ap-south-1/more", "", true},
      {"https://sqs.example.com/behind/a/proxy", "", true},
      {"https://notamazonaws.com", "", true},
  };
  for (const auto& [origin, region, own_host] : kCases) {
    const auto queue = parse_queue(origin + kPath);
    ASSERT_TRUE(queue.has_value()) << queue.error().message;
    EXPECT_EQ(queue->url, origin + kPath);
    EXPECT_EQ(queue->region, region) << origin;
    EXPECT_EQ(queue->account, "123456789012") << origin;
    EXPECT_EQ(queue->name, "jobs") << origin;
    EXPECT_EQ(!queue->origin.empty(), own_host) << origin;
    EXPECT_TRUE(std::string(origin).starts_with(queue->origin)) << queue->origin;
    EXPECT_EQ(queue->fips, std::string(origin).contains("sqs-fips")) << origin;
  }
}

TEST(Queue, IsTakenByArn) {
  const std::pair<const char*, const char*> cases[] = {
      {"arn:aws:sqs:eu-west-1:123456789012:jobs.fifo",
       "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo"},
      {"arn:aws-cn:sqs:cn-north-1:123456789012:jobs",
       "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs"},
      {"arn:aws-iso-b:sqs:us-isob-east-1:123456789012:jobs",
       "https://sqs.us-isob-east-1.sc2s.sgov.gov/123456789012/jobs"}};
  for (const auto& [arn, url] : cases) {
    const auto queue = parse_queue(arn);
    ASSERT_TRUE(queue.has_value()) << queue.error().message;
    EXPECT_EQ(queue->url, url);
    EXPECT_EQ(queue->origin, "");
    EXPECT_EQ(arn_of(*queue, "us-east-1"), arn);
  }
}

TEST(Queue, ThatContradictsItselfIsRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://sqs.eu-west-1.amazonaws.com.cn/123456789012/jobs",
       "eu-west-1 is one of the partition aws, whose domain is amazonaws.com: SQS is "
       "sqs.eu-west-1.amazonaws.com there"},
      {"https://sqs.cn-north-1.amazonaws.com/123456789012/jobs",
       "cn-north-1 is one of the partition aws-cn"},
      {"https://sqs.cn-north-1.api.aws/123456789012/jobs", "partition aws-cn"},
      {"https://eusc-de-east-1.queue.amazonaws.com/123456789012/jobs", "partition aws-eusc"},
      {"https://vpce-0a.sqs.us-iso-east-1.vpce.amazonaws.com/123456789012/jobs",
       "partition aws-iso,"},
      {"https://queue.amazonaws.com.cn/123456789012/jobs", "us-east-1 is one of the partition aws"},
      {"https://sqs.us-gov-west-1.c2s.ic.gov/123456789012/jobs", "partition aws-us-gov"},
      {"https://sqs.amazonaws.com/123456789012/jobs", "sqs.amazonaws.com is no host of SQS"},
      {"https://.amazonaws.com/123456789012/jobs", ".amazonaws.com is no host of SQS"},
      {"https://s3.eu-west-1.amazonaws.com/123456789012/jobs", "is no host of SQS"},
      {"https://vpce-0a.ecs.eu-west-1.vpce.amazonaws.com/123456789012/jobs", "no host of SQS"},
      {"https://sqs.eu-west.amazonaws.com/123456789012/jobs", "no host of SQS"},
      {"https://a.sqs.eu-west-1.amazonaws.com/123456789012/jobs", "no host of SQS"},
      {"https://sqs.eu-west-1.amazonaws.com/12345/jobs", "twelve digits"},
      {"https://sqs.eu-west-1.amazonaws.com/a/123456789012/jobs", "twelve digits"},
      {"https://sqs.eu-west-1.amazonaws.com/123456789012/job.s", "'job.s' is no name of a queue"},
      {"arn:aws:sqs:cn-north-1:123456789012:jobs",
       "the region cn-north-1 is one of the partition aws-cn, not of aws"},
      {"arn:aws:sns:eu-west-1:123456789012:jobs", "is not the URL or ARN of a queue"},
      {"arn:aws:sqs:eu-west-1:1:jobs", "is not the URL or ARN of a queue"},
      {"arn:aws:sqs:eu-west-1:123456789012:a:b", "is not the URL or ARN of a queue"},
      {"arn:aws:sqs::123456789012:jobs", "is not the URL or ARN of a queue"},
  };
  for (const auto& [text, complaint] : cases) {
    const auto queue = parse_queue(text);
    ASSERT_FALSE(queue.has_value()) << text;
    EXPECT_EQ(queue.error().kind, ErrorKind::Malformed);
    EXPECT_TRUE(queue.error().message.starts_with("'" + std::string(text) + "'"))
        << queue.error().message;
    EXPECT_TRUE(queue.error().message.contains(complaint)) << queue.error().message;
  }
}

TEST(Queue, IsNoOtherText) {
  for (const char* text :
       {"", "jobs", "/", "https://", "https:///123456789012/jobs", "https://host",
        "https://host/jobs", "https://host//jobs", "https://host/1/", "ftp://host/1/jobs",
        "https://host/1/jo bs", "https://host/1/jo\x7f", "https://host/1/jobs\n",
        "https://host/1/jobs?x=1", "https://host/1/jobs#x", "http:/host/1/jobs",
        "arn:", "arn:aws:sqs"}) {
    EXPECT_FALSE(parse_queue(text).has_value()) << text;
  }
}

TEST(Queue, IsToldWithoutAPassword) {
  const auto queue = parse_queue("https://me:secret@sqs.eu-west-1.amazonaws.com/1/jobs");
  ASSERT_FALSE(queue.has_value());
  EXPECT_TRUE(queue.error().message.starts_with("'https://[hidden]@sqs.eu-west-1."))
      << queue.error().message;
  const std::string secret(300, 's');  // Longer than what is quoted.
  const auto longer = parse_queue("https://me:" + secret + "@host/1/jobs");
  EXPECT_FALSE(longer.error().message.contains("sss")) << longer.error().message;
}

TEST(Queue, HasANameOfAtMost80Characters) {
  const std::string others = "arn:aws:sqs:eu-west-1:123456789012:";
  EXPECT_TRUE(parse_queue(others + std::string(80, 'a')).has_value());
  EXPECT_FALSE(parse_queue(others + std::string(81, 'a')).has_value());
  EXPECT_FALSE(parse_queue(others + ".fifo").has_value());
}

TEST(Queue, OfAnUnknownRegionHasTheArnOfTheOther) {
  EXPECT_EQ(arn_of(*parse_queue("http://127.0.0.1:4566" + kPath), "us-east-1"),
            "arn:aws:sqs:us-east-1:123456789012:jobs");
}

TEST(Queue, IsTheSameBehindEachOfItsHosts) {
  const auto same = [](const char* a, const char* b) {
    return may_be_same(*parse_queue(a), *parse_queue(b));
  };
  const char* jobs = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
  EXPECT_TRUE(same(jobs, "arn:aws:sqs:eu-west-1:123456789012:jobs"));
  EXPECT_TRUE(same(jobs, "https://eu-west-1.queue.amazonaws.com/123456789012/jobs"));
  EXPECT_TRUE(same(jobs, "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/123456789012/jobs"));
  EXPECT_TRUE(same(jobs, "http://127.0.0.1:4566/123456789012/jobs"));  // Its region is not known.
  EXPECT_FALSE(same(jobs, "https://sqs.eu-west-2.amazonaws.com/123456789012/jobs"));
  EXPECT_FALSE(same(jobs, "https://sqs.eu-west-1.amazonaws.com/210987654321/jobs"));
  EXPECT_FALSE(same(jobs, "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs2"));
}

TEST(AwsHost, IsReadForEveryService) {
  const auto ecs = parse_aws_host("ecs-fips.us-gov-west-1.amazonaws.com");
  ASSERT_TRUE(ecs.has_value());
  EXPECT_EQ(ecs->service, "ecs");
  EXPECT_EQ(ecs->region, "us-gov-west-1");
  EXPECT_TRUE(ecs->fips && ecs->exists);
  EXPECT_EQ(parse_aws_host("vpce-1.lambda.eu-west-1.vpce.amazonaws.com")->form, AwsHost::Form::Vpc);
  EXPECT_EQ(parse_aws_host("queue.amazonaws.com")->form, AwsHost::Form::Legacy);
  EXPECT_EQ(parse_aws_host("lambda.eu-west-1.amazonaws.com")->service, "lambda");
  for (const char* host :
       {"", "localhost", "amazonaws.com", ".amazonaws.com", "api.aws",
        "x.execute-api.eu-west-1.amazonaws.com", "..amazonaws.com", ".eu-west-1.amazonaws.com",
        "queue.api.aws", "jobs.queue.amazonaws.com", "eu-west-1.jobs.queue.amazonaws.com",
        "a.sqs.eu-west-1.vpce.amazonaws.com", "vpce-0a.sqs.nowhere.vpce.amazonaws.com",
        "vpce-0a.sqs.eu-west-1.jobs.amazonaws.com", "vpce-0a.sqs.nowhere.jobs.amazonaws.com",
        "a.sqs.nowhere.jobs.amazonaws.com", "vpce-0a.sqs.eu-west-1.vpce.jobs.amazonaws.com"}) {
    EXPECT_FALSE(parse_aws_host(host).has_value()) << host;
  }
}

TEST(Queue, ANameAloneLeavesTheRestOpen) {
  const Result<QueueAddress> named = parse_queue_or_name("jobs.fifo");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "jobs.fifo");
  EXPECT_EQ(named->account + named->region + named->url, "");
  const Result<QueueAddress> arn = parse_queue_or_name("arn:aws:sqs:eu-west-1:123456789012:jobs");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->name, "jobs");
  EXPECT_EQ(arn->region, "eu-west-1");
  EXPECT_EQ(parse_queue_or_name("jobs!").error().message,
            "'jobs!' is neither the name (letters, digits, - and _, at most 80, .fifo included), "
            "nor the URL or ARN of a queue");
}

}  // namespace
}  // namespace scaler
