#pragma once
// Queues by URL or ARN, and the hosts of AWS behind which they stand.

#include <optional>
#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler {

/// A host of AWS's own, in lower case.
struct AwsHost {
  enum class Form {
    Regional,   ///< sqs.eu-central-1.amazonaws.com
    Legacy,     ///< eu-central-1.queue.amazonaws.com; queue.amazonaws.com is that of us-east-1
    DualStack,  ///< sqs.eu-central-1.api.aws
    Vpc         ///< vpce-ID[-ZONE].sqs.eu-central-1.vpce.amazonaws.com
  };
  Form form = Form::Regional;
  std::string service = {};  ///< "sqs"
  std::string region = {};
  bool fips = false;    ///< sqs-fips. instead of sqs.
  bool exists = false;  ///< the domain is that of the region's partition
};
/// Nothing for a host of none of these forms.
std::optional<AwsHost> parse_aws_host(std::string_view host);

/// A queue, and where it is asked.
struct QueueAddress {
  std::string url = {};      ///< what SQS is told
  std::string region = {};   ///< empty: somebody else's host that does not say it
  std::string account = {};  ///< of AWS's own hosts: twelve digits
  std::string name = {};
  /// "https://vpce-1.sqs.eu-central-1.vpce.amazonaws.com": this very host is asked. Empty: the
  /// region's endpoint.
  std::string origin = {};
  bool fips = false;  ///< that host is a FIPS endpoint
};
/// Takes a queue's URL, with any host, or its ARN.
/// Errors: Malformed, quoting the text, with what is wrong and what would be right.
Result<QueueAddress> parse_queue(std::string_view url_or_arn);
/// The same, or its name alone, which says nothing of where it is.
Result<QueueAddress> parse_queue_or_name(std::string_view text);
/// Whether both may be one queue: the same can stand behind several hosts, and some of these do not
/// say their region.
bool may_be_same(const QueueAddress& a, const QueueAddress& b);
/// `otherwise`: the region where the address does not say it.
std::string arn_of(const QueueAddress& queue, std::string_view otherwise);

/// With what the names of FIFO queues end, and therefore their URLs and ARNs.
inline constexpr std::string_view kFifoSuffix = ".fifo";
inline bool is_fifo(std::string_view queue) {
  return queue.ends_with(kFifoSuffix);
}

/// What such a setting must be, for error messages.
inline constexpr std::string_view kQueueMeaning =
    "the URL or ARN of a queue, such as "
    "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";

}  // namespace scaler
