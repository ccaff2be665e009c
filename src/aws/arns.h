#pragma once
// ARNs of functions and queues as text: taken apart, and made.

#include <optional>
#include <string>
#include <string_view>

namespace scaler::aws {

/// "arn:aws:lambda:eu-central-1:123456789012:function:scaler:live" taken apart.
struct FunctionArn {
  std::string plain = {};      ///< without the qualifier
  std::string qualifier = {};  ///< alias or version; empty for $LATEST as well
  std::string partition = {};
  std::string region = {};
};
/// Nothing when the text is no ARN of a function.
std::optional<FunctionArn> parse_function_arn(std::string_view arn);

/// The region that a queue URL's host names, as in "https://sqs.eu-central-1.amazonaws.com/..." and
/// the hosts of dual stack, FIPS and VPC endpoints; empty when it names none.
std::string region_of_queue_url(std::string_view url);

/// The ARN of the queue behind a URL, whichever account's; `function` gives the partition, and the
/// region where the host does not: Lambda takes messages of its own region only.
std::string queue_arn_of_url(std::string_view url, const FunctionArn& function);

}  // namespace scaler::aws
