#include "aws_reply.h"
#include "edge/aws/sts.h"

namespace scaler::fuzz {

FUZZ(sts_reply) {
  with_replies(bytes,
               [](aws::Client& client) { check_short(aws::caller_identity(client, aws::soon())); });
}

}  // namespace scaler::fuzz
