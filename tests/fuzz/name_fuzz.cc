// ARNs, queue URLs and names.

#include "aws/arns.h"
#include "config/names.h"
#include "fuzz.h"
#include "lambda/event.h"

namespace scaler::fuzz {

FUZZ(name) {
  const auto function = aws::parse_function_arn(bytes);
  aws::region_of_queue_url(bytes);
  aws::queue_arn_of_url(bytes, function.value_or(aws::FunctionArn{}));
  lambda::queue_path_of_arn(bytes);
  is_queue_url(bytes);
  is_ecs_name(bytes);
}

}  // namespace scaler::fuzz
