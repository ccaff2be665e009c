#pragma once
// STS's calls that bring credentials: AssumeRole, signed, and AssumeRoleWithWebIdentity, unsigned.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

#include <string>
#include <utility>
#include <vector>

#include "edge/aws/credentials.h"

namespace scaler::aws {

/// Names and values; without Action and Version.
using StsParameters = std::vector<std::pair<std::string, std::string>>;

struct StsCall {
  std::string action = {};
  StsParameters parameters = {};
  std::string subject = {};  ///< for messages
  Secret secret = {};        ///< that of the parameters which no message may hold
};

/// Asks STS of the environment's region and endpoint; `signer` signs, none when it is null.
/// Errors: Malformed for the environment's settings or a reply without keys; Denied and the others
///         as error_table.h classifies them.
Result<Credentials> sts_credentials(const CredentialSurroundings& surroundings, const StsCall& call,
                                    const Credentials* signer, Deadline deadline);

/// Adds what names a role; an empty external id is none.
void add_role(StsParameters& parameters, const std::string& arn, const std::string& session_name,
              const std::string& external_id);
/// The keys in a reply of STS. Errors: Malformed, with `what` was asked.
Result<Credentials> read_sts_keys(const std::string& what, const std::string& xml);

/// The name of a session that nothing names: "ecs-scaler-<seconds since the epoch>".
std::string usual_session_name(const Clock& clock);

}  // namespace scaler::aws
