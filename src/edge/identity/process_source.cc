// credential_process: a program of the user's that prints keys.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "edge/aws/source_request.h"
#include "edge/identity/command_line.h"
#include "edge/identity/profile_entries.h"
#include "ground/base/command_words.h"
#include "ground/base/problems.h"
#include "ground/json/value.h"

namespace scaler::identity {
namespace {

constexpr Duration kProcessLimit = std::chrono::minutes(1);
constexpr std::size_t kMessageMax = 300;

/// What it said, as one short line.
std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return shortened(text, kMessageMax);
}

bool has_version_1(std::string_view body) {
  const Result<json::Value> reply = json::parse(body);
  const json::Value* version = reply.has_value() ? reply->find("Version") : nullptr;
  const auto* number = version == nullptr ? nullptr : std::get_if<std::int64_t>(&version->data());
  return number != nullptr && *number == 1;
}

/// The program is run without a shell at each fetch, for a minute at most. What it prints is never
/// quoted; what it says on standard error is its message when it fails.
class ProcessSource final : public aws::CredentialSource {
 public:
  ProcessSource(aws::CredentialSurroundings surroundings, std::string profile, std::string command)
      : surroundings_(std::move(surroundings)),
        profile_(std::move(profile)),
        command_(std::move(command)) {}

  std::string_view name() const override { return "credential_process"; }
  std::string description() const override {
    return "credential_process of profile '" + profile_ + "'";
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    Result<aws::Credentials> credentials = run(std::min(deadline, after(kProcessLimit)));
    if (!credentials.has_value()) {
      return fail(std::move(credentials).error(), description());
    }
    return *std::move(credentials);
  }

 private:
  Result<aws::Credentials> run(Deadline deadline) const {
    const std::vector<std::string> words = TRY(split_command(command_));
    const CommandOutput output = TRY(run_command(words, surroundings_.environment, deadline));
    if (output.status != 0) {
      const std::string said = one_line(output.err);
      return fail(ErrorKind::Unauthorized, words.front() + " ended with status " +
                                               std::to_string(output.status) +
                                               (said.empty() ? "" : ": " + said));
    }
    aws::Credentials credentials = TRY(aws::read_keys(output.out, "SessionToken"));
    if (!has_version_1(output.out)) {
      return fail(ErrorKind::Malformed, "the reply's Version is not 1");
    }
    return credentials;
  }

  aws::CredentialSurroundings surroundings_;
  std::string profile_;
  std::string command_;
};

constexpr auto kProcessSettings = std::to_array<std::string_view>({"credential_process"});

ProfileEntry::Made make_process(const ProfileView& profile, const Workplace& place) {
  if (!profile.has("credential_process")) {
    return nullptr;
  }
  return std::make_unique<ProcessSource>(place.surroundings, profile.name,
                                         TRY(profile.needed("credential_process")));
}

}  // namespace

constexpr ProfileEntry kProcess{.settings = kProcessSettings, .make = make_process};

}  // namespace scaler::identity
