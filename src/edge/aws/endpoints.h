#pragma once
// AWS's own endpoints: the host of each service in each region, plain, dual-stack or FIPS.

#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "ground/net/http.h"

namespace scaler::aws {

enum class AwsService {
  Sqs,
  Ecs,
  Lambda,
  Sts,
  AutoScaling,
  CloudWatch,
  DynamoDb,
  Tagging,
  Ec2AutoScaling,
  S3
};
inline constexpr std::size_t kServiceCount = 10;

/// The name that stands in host names and signatures: "sqs", ...
std::string_view signing_name(AwsService service);
/// For messages: "SQS", ...
std::string_view display_name(AwsService service);
/// "AWS_ENDPOINT_URL_SQS", ...
std::string_view endpoint_variable(AwsService service);
/// Its name in a profile's [services ...]: "sqs", "application_auto_scaling", ...
std::string profile_section(AwsService service);

struct Endpoint {
  net::Origin origin = {};
  std::string path = {};  ///< put in front of every path; empty for AWS itself
};

enum class EndpointKind {
  Plain,
  DualStack,  ///< IPv6 and IPv4
  Fips        ///< with cryptography as FIPS 140 demands it
};

/// The host of the service in the region. Source: the endpoint rules of botocore 1.43.11; which
/// regions have FIPS endpoints: its endpoints.json.
/// Errors: Malformed where there is no endpoint of that kind.
Result<std::string> endpoint_host(AwsService service, std::string_view region, EndpointKind kind);

}  // namespace scaler::aws
