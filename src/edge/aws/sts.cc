#include "edge/aws/sts.h"

#include "edge/aws/error_table.h"

namespace scaler::aws {

Result<CallerIdentity> caller_identity(Client& client, Deadline deadline, std::string_view region) {
  const ApiCall call{.service = AwsService::Sts,
                     .region = std::string(region),
                     .operation = "GetCallerIdentity",
                     .body = "Action=GetCallerIdentity&Version=2011-06-15"};
  const ApiReply reply = TRY(client.call(call, deadline));
  CallerIdentity identity{.account = harmless(xml_text(reply.text, "Account")),
                          .arn = harmless(xml_text(reply.text, "Arn"))};
  if (identity.account.empty() || identity.arn.empty()) {
    return fail(ErrorKind::Malformed, "STS GetCallerIdentity: the reply lacks Account or Arn");
  }
  return identity;
}

}  // namespace scaler::aws
