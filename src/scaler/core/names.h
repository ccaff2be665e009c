#pragma once
// Names of AWS's things: partitions and regions, ARNs, services, functions. This and queue_names.h
// are the one place that takes such texts apart; all of it is pure.

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"

namespace scaler {

/// Regions with accounts, identities and domains of their own: "aws", "aws-cn", "aws-us-gov", ...
struct Partition {
  std::string_view region_prefix = {};
  std::string_view name = {};               ///< as it stands in ARNs
  std::string_view dns_suffix = {};         ///< "amazonaws.com"
  std::string_view dual_stack_suffix = {};  ///< "api.aws"
};
/// The public one is last. Source: botocore 1.43.11, partitions.json.
inline constexpr std::array<Partition, 9> kPartitions{{
    {"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
    {"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eu-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "aws", "amazonaws.com", "api.aws"},
}};

/// That of the region; the public one for regions that nobody knows.
const Partition& partition_of(std::string_view region);

/// "eu-central-1", "us-gov-west-1": letters, and a number at the end.
bool is_region(std::string_view text);
/// A letter, digit, hyphen or underscore: what names of queues, clusters and services are made of.
bool is_name_character(char c);
/// Twelve digits.
bool is_account(std::string_view text);

/// "arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE"
struct Arn {
  std::string partition = {};
  std::string service = {};
  std::string region = {};
  std::string account = {};
  std::string resource = {};
};
/// Nothing when the text is none.
std::optional<Arn> parse_arn(std::string_view text);
std::string text_of(const Arn& arn);
/// What stands behind the last slash: "arn:aws:ecs:eu-central-1:123456789012:service/main/worker"
/// -> "worker", "https://host/123456789012/jobs" -> "jobs"; a name is itself.
std::string_view plain_name(std::string_view name_or_arn);

/// An IAM role that is assumed to reach what its account holds; without an ARN it is none, and the
/// program's own identity is used.
struct AccountRole {
  std::string arn = {};
  std::string external_id = {};  ///< what the role's trust policy asks for; may be empty
  auto operator<=>(const AccountRole&) const = default;
};
/// Errors: Malformed, quoting what is no role's ARN, or no external id.
Result<Arn> parse_role(const AccountRole& role);

/// A service as far as the two texts that name it tell; what they do not tell is empty.
struct ServiceAddress {
  std::string region = {};
  std::string account = {};
  std::string cluster = {};
  std::string service = {};
};
/// Whether a text names a cluster, or a service, by name or ARN.
bool is_cluster(std::string_view text);
bool is_service(std::string_view text);
/// Takes names or ARNs.
/// Errors: Malformed for what is neither, and where the two contradict each other.
Result<ServiceAddress> parse_service(std::string_view cluster, std::string_view service);
/// Whether both may be one service: what one of them does not tell does not tell them apart.
bool may_be_same(const ServiceAddress& a, const ServiceAddress& b);
/// The region that an ARN of the two says; empty when both are names.
std::string_view region_of_service(std::string_view cluster, std::string_view service);

/// "arn:aws:lambda:eu-central-1:123456789012:function:scaler:live" taken apart.
struct FunctionArn {
  std::string plain = {};      ///< without the qualifier
  std::string qualifier = {};  ///< alias or version; empty for $LATEST as well
  std::string region = {};
  std::string account = {};
  std::string name = {};
};
/// Nothing when the text is no ARN of a function.
std::optional<FunctionArn> parse_function_arn(std::string_view arn);

/// Whether both are equal, as far as they are known: empty is not.
inline bool may_be_same(std::string_view a, std::string_view b) {
  return a == b || a.empty() || b.empty();
}

/// What such a setting must be, for error messages.
inline constexpr std::string_view kClusterMeaning = "the name or ARN of the ECS cluster";
inline constexpr std::string_view kServiceMeaning = "the name or ARN of the ECS service";

}  // namespace scaler
