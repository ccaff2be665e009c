#include "edge/aws/container_source.h"
#include "edge/aws/credentials.h"
#include "edge/aws/environment_source.h"

namespace scaler::aws {
namespace {

/// Stands where a workstation has its profiles, and has no credentials.
class NoProfiles final : public CredentialSource {
 public:
  explicit NoProfiles(const CredentialSurroundings& surroundings)
      : environment_(surroundings.environment) {}

  std::string_view name() const override { return "profile"; }

  Result<std::optional<Credentials>> fetch(Deadline) override {
    for (const std::string_view name :
         {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"}) {
      if (variable(environment_, name)) {
        return fail(
            ErrorKind::Unauthorized,
            std::string(name) + " is set, but this program takes no credentials from there");
      }
    }
    return std::nullopt;
  }

 private:
  const Environment& environment_;
};

}  // namespace

CredentialSources lambda_sources(const CredentialSurroundings& surroundings, const Log&) {
  CredentialSources sources;
  sources.push_back(environment_source(surroundings));
  sources.push_back(std::make_unique<NoProfiles>(surroundings));
  sources.push_back(container_source(surroundings));
  return sources;
}

}  // namespace scaler::aws
