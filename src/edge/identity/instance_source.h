#pragma once
// The role of the EC2 instance, through its metadata (IMDSv2; v1 only where v2 does not exist).
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html

#include <memory>

#include "edge/aws/credentials.h"
#include "edge/aws/profile_file.h"

namespace scaler::identity {

/// Nothing where there is no instance, or one without a role. Endpoint and mode are those of the
/// variables AWS_EC2_METADATA_..., else of the profile's ec2_metadata_....
std::unique_ptr<aws::CredentialSource> instance_source(
    const aws::CredentialSurroundings& surroundings);

}  // namespace scaler::identity
