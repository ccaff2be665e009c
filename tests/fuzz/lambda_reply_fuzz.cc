#include "aws_reply.h"
#include "edge/aws/event_source_mappings.h"
#include "edge/aws/functions.h"

namespace scaler::fuzz {

FUZZ(lambda_reply) {
  with_replies(bytes, [](aws::Client& client) {
    check_short(aws::Functions(client).configuration("scaler", aws::soon()));
    check_short(aws::Functions(client).invoke("scaler", "{}", aws::soon()));
  });
  with_replies(bytes, [](aws::Client& client) {
    aws::EventSourceMappings mappings(client);
    check_short(mappings.list({.function_name = "scaler"}, aws::soon()));
    check_short(mappings.get("id", aws::soon()));
    check_short(mappings.set_enabled("id", true, aws::soon()));
  });
}

}  // namespace scaler::fuzz
