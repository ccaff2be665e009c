#include "aws_reply.h"
#include "edge/aws/sqs.h"

namespace scaler::fuzz {

FUZZ(sqs_reply) {
  const std::vector<std::string> urls{"https://sqs.us-east-1.amazonaws.com/123456789012/jobs"};
  with_replies(bytes, [&](aws::Client& client) {
    const auto depths = aws::Sqs(client).depths(urls, aws::soon());
    check_short(depths);
    CHECK(!depths.front() || depths.front()->visible >= 0);
  });
  with_replies(bytes, [&](aws::Client& client) {
    check_short(aws::Sqs(client).settings(urls.front(), aws::soon()));
  });
  with_replies(bytes, [&](aws::Client& client) {
    const std::vector<aws::OutgoingMessage> messages{{.body = "a"}, {.body = "b"}};
    check_short(aws::Sqs(client).send(urls.front(), messages, aws::soon()));
  });
  with_replies(bytes, [&](aws::Client& client) {
    const std::vector<aws::VisibilityChange> changes{{.receipt_handle = "r"}};
    check_short(aws::Sqs(client).change_visibility(urls.front(), changes, aws::soon()));
  });
}

}  // namespace scaler::fuzz
