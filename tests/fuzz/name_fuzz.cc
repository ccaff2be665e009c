// ARNs, hosts, URLs of queues and objects, and names.

#include "fuzz.h"
#include "ground/base/check.h"
#include "scaler/core/names.h"
#include "scaler/core/object_names.h"
#include "scaler/core/queue_names.h"

namespace scaler::fuzz {

FUZZ(name) {
  parse_arn(bytes);
  parse_function_arn(bytes);
  parse_aws_host(bytes);
  const auto queue = parse_queue(bytes);
  if (queue) {
    may_be_same(*queue, *parse_queue(bytes));
  }
  const std::size_t half = bytes.find(' ');
  const std::string_view service =
      half == std::string_view::npos ? std::string_view() : bytes.substr(half + 1);
  check_short(parse_service(bytes.substr(0, half), service));
  plain_name(bytes);
  const auto object = parse_object(bytes);
  CHECK(!object || url_of(*object) == bytes);
}

}  // namespace scaler::fuzz
