#include "edge/aws/endpoints.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

struct ServiceNames {
  std::string_view signing = {};
  std::string_view display = {};
  std::string_view variable = {};
};

constexpr std::array<ServiceNames, kServiceCount> kServices{{
    {.signing = "sqs", .display = "SQS", .variable = "AWS_ENDPOINT_URL_SQS"},
    {.signing = "ecs", .display = "ECS", .variable = "AWS_ENDPOINT_URL_ECS"},
    {.signing = "lambda", .display = "Lambda", .variable = "AWS_ENDPOINT_URL_LAMBDA"},
    {.signing = "sts", .display = "STS", .variable = "AWS_ENDPOINT_URL_STS"},
    {.signing = "application-autoscaling",
     .display = "Application Auto Scaling",
     .variable = "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"},
    {.signing = "monitoring", .display = "CloudWatch", .variable = "AWS_ENDPOINT_URL_CLOUDWATCH"},
    {.signing = "dynamodb", .display = "DynamoDB", .variable = "AWS_ENDPOINT_URL_DYNAMODB"},
    {.signing = "tagging",
     .display = "Resource Groups Tagging",
     .variable = "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API"},
    {.signing = "autoscaling",
     .display = "EC2 Auto Scaling",
     .variable = "AWS_ENDPOINT_URL_AUTO_SCALING"},
    {.signing = "s3", .display = "S3", .variable = "AWS_ENDPOINT_URL_S3"},
}};

/// Regions that have a FIPS endpoint of the service, by how their names begin.
struct FipsEndpoint {
  AwsService service = {};
  std::string_view region_prefix = {};
  bool own_host = true;  ///< SERVICE-fips.; else the plain host is one
};

constexpr std::array kFipsEndpoints{
    FipsEndpoint{AwsService::Sqs, "us-east-"},
    FipsEndpoint{AwsService::Sqs, "us-west-"},
    FipsEndpoint{AwsService::Sqs, "ca-"},
    FipsEndpoint{AwsService::Sqs, "us-gov-", false},
    FipsEndpoint{AwsService::Ecs, "us-east-"},
    FipsEndpoint{AwsService::Ecs, "us-west-"},
    FipsEndpoint{AwsService::Ecs, "us-gov-"},
    FipsEndpoint{AwsService::Lambda, "us-east-"},
    FipsEndpoint{AwsService::Lambda, "us-west-"},
    FipsEndpoint{AwsService::Lambda, "us-gov-"},
    FipsEndpoint{AwsService::Sts, "us-east-"},
    FipsEndpoint{AwsService::Sts, "us-west-"},
    FipsEndpoint{AwsService::Sts, "us-gov-", false},
    FipsEndpoint{AwsService::AutoScaling, "us-gov-", false},
    FipsEndpoint{AwsService::Ec2AutoScaling, "us-east-"},
    FipsEndpoint{AwsService::Ec2AutoScaling, "us-west-"},
    FipsEndpoint{AwsService::Ec2AutoScaling, "ca-"},
    FipsEndpoint{AwsService::Ec2AutoScaling, "us-gov-", false},
    FipsEndpoint{AwsService::CloudWatch, "us-east-"},
    FipsEndpoint{AwsService::CloudWatch, "us-west-"},
    FipsEndpoint{AwsService::CloudWatch, "us-gov-", false},
    FipsEndpoint{AwsService::DynamoDb, "us-east-"},
    FipsEndpoint{AwsService::DynamoDb, "us-west-"},
    FipsEndpoint{AwsService::DynamoDb, "ca-"},
    FipsEndpoint{AwsService::DynamoDb, "us-gov-"},
    FipsEndpoint{AwsService::S3, "us-east-"},
    FipsEndpoint{AwsService::S3, "us-west-"},
    FipsEndpoint{AwsService::S3, "ca-"},
    FipsEndpoint{AwsService::S3, "us-gov-"},
};

const ServiceNames& names_of(AwsService service) {
  return kServices.at(static_cast<std::size_t>(service));
}

}  // namespace

std::string_view signing_name(AwsService service) {
  return names_of(service).signing;
}

std::string_view display_name(AwsService service) {
  return names_of(service).display;
}

std::string_view endpoint_variable(AwsService service) {
  return names_of(service).variable;
}

std::string profile_section(AwsService service) {
  constexpr std::string_view kPrefix = "AWS_ENDPOINT_URL_";
  return lower_case(names_of(service).variable.substr(kPrefix.size()));
}

Result<std::string> endpoint_host(AwsService service, std::string_view region, EndpointKind kind) {
  const Partition& partition = partition_of(region);
  std::string_view mark;
  if (kind == EndpointKind::Fips) {
    const auto* const found =
        std::ranges::find_if(kFipsEndpoints, [service, region](const FipsEndpoint& one) {
          return one.service == service && region.starts_with(one.region_prefix);
        });
    if (found == kFipsEndpoints.end()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("no FIPS endpoint of {} is known in {}: name one with {}",
                              display_name(service), region, endpoint_variable(service)));
    }
    mark = found->own_host ? "-fips" : "";
  }
  if (service == AwsService::S3 && kind == EndpointKind::DualStack) {
    return fmt::format("s3.dualstack.{}.{}", region, partition.dns_suffix);
  }
  return fmt::format(
      "{}{}.{}.{}", signing_name(service), mark, region,
      kind == EndpointKind::DualStack ? partition.dual_stack_suffix : partition.dns_suffix);
}

}  // namespace scaler::aws
