#include "edge/identity/profile_source.h"

#include <utility>

#include "edge/identity/older_places.h"
#include "edge/identity/profile_plan.h"

namespace scaler::identity {
namespace {

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
          TRY(make_plan(files, profile.name, {.surroundings = surroundings_, .log = *log_}));
      if (!plan) {
        TRY(check_older_places(surroundings_.environment));
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
    auto source = std::move(plan.first);
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
