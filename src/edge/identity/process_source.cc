#include "edge/identity/process_source.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "edge/aws/source_request.h"
#include "edge/identity/command_line.h"
#include "ground/json/value.h"

namespace scaler::identity {
namespace {

constexpr Duration kLimit = std::chrono::minutes(1);
constexpr std::size_t kMessageMax = 300;

/// What it said, as one short line.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kMessageMax));
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

bool has_version_1(std::string_view body) {
  const Result<json::Value> reply = json::parse(body);
  const json::Value* version = reply.has_value() ? reply->find("Version") : nullptr;
  const auto* number = version == nullptr ? nullptr : std::get_if<std::int64_t>(&version->data());
  return number != nullptr && *number == 1;
}

class ProcessSource final : public aws::CredentialSource {
 public:
  ProcessSource(aws::CredentialSurroundings surroundings, CredentialProcess process)
      : surroundings_(std::move(surroundings)), process_(std::move(process)) {}

  std::string_view name() const override { return "credential_process"; }
  std::string description() const override {
    return "credential_process of profile '" + process_.profile + "'";
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    Result<aws::Credentials> credentials = run(std::min(deadline, after(kLimit)));
    if (!credentials.has_value()) {
      return fail(std::move(credentials).error(), description());
    }
    return *std::move(credentials);
  }

 private:
  Result<aws::Credentials> run(Deadline deadline) const {
    const std::vector<std::string> words = TRY(split_command(process_.command));
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
  CredentialProcess process_;
};

}  // namespace

std::unique_ptr<aws::CredentialSource> process_source(
    const aws::CredentialSurroundings& surroundings, CredentialProcess process) {
  return std::make_unique<ProcessSource>(surroundings, std::move(process));
}

}  // namespace scaler::identity
