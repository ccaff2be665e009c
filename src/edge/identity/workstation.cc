#include "edge/identity/workstation.h"

#include <utility>

#include "edge/aws/container_source.h"
#include "edge/aws/environment_source.h"
#include "edge/identity/instance_source.h"
#include "edge/identity/profile_source.h"
#include "edge/identity/terminal.h"

namespace scaler::identity {

aws::CredentialSources workstation_sources(const aws::CredentialSurroundings& surroundings,
                                           const Log& log) {
  return workstation_sources(surroundings, log, ask_mfa_code);
}

aws::CredentialSources workstation_sources(const aws::CredentialSurroundings& surroundings,
                                           const Log& log, aws::AskCode ask_code) {
  aws::CredentialSources sources;
  sources.push_back(aws::environment_source(surroundings));
  sources.push_back(profile_source(surroundings, log, std::move(ask_code)));
  sources.push_back(aws::container_source(surroundings));
  sources.push_back(instance_source(surroundings));
  return sources;
}

}  // namespace scaler::identity
