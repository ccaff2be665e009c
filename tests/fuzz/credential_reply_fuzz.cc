// The endpoints that hand out credentials: a container's, and the instance's.

#include "aws_reply.h"
#include "edge/aws/container_source.h"
#include "edge/identity/instance_source.h"

namespace scaler::fuzz {
namespace {

using MakeSource = std::unique_ptr<aws::CredentialSource> (*)(const aws::CredentialSurroundings&);

void fetch(std::string_view bytes, const Environment& environment, MakeSource make) {
  aws::VirtualClock clock(*parse_instant("2026-11-23T12:00:00Z"));
  aws::ScriptedTransport transport(clock);
  transport.reply_with(read_replies(bytes));
  const auto source = make(
      {.environment = environment, .transport = transport, .clock = clock, .sleep = [](Duration) {
       }});
  const auto fetched = source->fetch(aws::soon());
  check_short(fetched);
  CHECK(!fetched || !*fetched || !(*fetched)->access_key_id.empty());
}

}  // namespace

FUZZ(credential_reply) {
  fetch(bytes, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/role"}},
        &aws::container_source);
  fetch(bytes, {}, &identity::instance_source);
}

}  // namespace scaler::fuzz
