#include "edge/identity/profile_source.h"

#include <utility>

#include "edge/aws/container_source.h"
#include "edge/aws/environment_source.h"
#include "edge/identity/instance_source.h"
#include "edge/identity/login_source.h"
#include "edge/identity/process_source.h"
#include "edge/identity/profile_plan.h"
#include "edge/identity/sso_source.h"
#include "edge/identity/web_identity_source.h"

namespace scaler::identity {
namespace {

class KeysSource final : public aws::CredentialSource {
 public:
  explicit KeysSource(StaticKeys keys) : keys_(std::move(keys)) {}

  std::string_view name() const override { return "profile"; }
  std::string description() const override { return "keys of profile '" + keys_.profile + "'"; }
  bool renewable() const override { return false; }
  Result<std::optional<aws::Credentials>> fetch(Deadline) override { return keys_.credentials; }

 private:
  StaticKeys keys_;
};

/// Makes the source that a plan begins with.
struct FirstSource {
  const aws::CredentialSurroundings& surroundings;
  const Log& log;

  using Made = std::unique_ptr<aws::CredentialSource>;
  Made operator()(StaticKeys keys) const { return std::make_unique<KeysSource>(std::move(keys)); }
  Made operator()(WebIdentity identity) const {
    return web_identity_source(surroundings, std::move(identity));
  }
  Made operator()(SsoRole role) const { return sso_source(surroundings, log, std::move(role)); }
  Made operator()(LoginSession session) const {
    return login_source(surroundings, log, std::move(session));
  }
  Made operator()(CredentialProcess process) const {
    return process_source(surroundings, std::move(process));
  }
  Made operator()(NamedSource named) const {
    switch (named) {
      case NamedSource::Environment:
        return aws::environment_source(surroundings);
      case NamedSource::Ec2InstanceMetadata:
        return instance_source(surroundings);
      case NamedSource::EcsContainer:
        return aws::container_source(surroundings);
    }
    std::unreachable();
  }
};

class ProfileSource final : public aws::CredentialSource {
 public:
  ProfileSource(aws::CredentialSurroundings surroundings, const Log& log, aws::AskCode ask_code)
      : surroundings_(std::move(surroundings)), log_(&log), ask_code_(std::move(ask_code)) {}

  std::string_view name() const override { return "profile"; }
  std::string description() const override {
    return source_ == nullptr ? "profile" : source_->description();
  }
  bool renewable() const override { return source_ != nullptr && source_->renewable(); }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    if (source_ == nullptr) {
      const aws::ProfileFiles files = TRY(aws::read_profile_files(surroundings_.environment));
      const aws::Profile profile = TRY(aws::find_profile(files, surroundings_.environment));
      std::optional<Plan> plan =
          TRY(make_plan(files, profile.name, web_identity_variables(surroundings_.environment)));
      if (!plan) {
        return std::nullopt;
      }
      source_ = build(*std::move(plan));
    }
    std::optional<aws::Credentials> credentials = TRY(source_->fetch(deadline));
    if (!credentials) {
      return fail(ErrorKind::Unauthorized,
                  std::string(source_->name()) + " has no credentials, but the profile names it");
    }
    return credentials;
  }

 private:
  std::unique_ptr<aws::CredentialSource> build(Plan plan) const {
    auto source =
        std::visit(FirstSource{.surroundings = surroundings_, .log = *log_}, std::move(plan.first));
    for (aws::Role& role : plan.roles) {
      aws::CredentialSources one;
      one.push_back(std::move(source));
      source = aws::role_source(
          surroundings_,
          std::make_shared<aws::CredentialProvider>(std::move(one), surroundings_.clock, *log_),
          std::move(role), ask_code_);
    }
    return source;
  }

  aws::CredentialSurroundings surroundings_;
  const Log* log_;
  aws::AskCode ask_code_;
  std::unique_ptr<aws::CredentialSource> source_ = nullptr;
};

}  // namespace

std::unique_ptr<aws::CredentialSource> profile_source(
    const aws::CredentialSurroundings& surroundings, const Log& log, aws::AskCode ask_code) {
  return std::make_unique<ProfileSource>(surroundings, log, std::move(ask_code));
}

}  // namespace scaler::identity
