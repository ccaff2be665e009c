#include "edge/identity/instance_source.h"

#include <algorithm>
#include <utility>

#include "edge/aws/settings.h"
#include "edge/aws/source_request.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::identity {
namespace {

constexpr std::string_view kHost4 = "169.254.169.254";
constexpr std::string_view kHost6 = "fd00:ec2::254";
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
constexpr Duration kAttemptLimit = std::chrono::seconds(1);
constexpr Duration kPause = std::chrono::milliseconds(500);
/// Silence at the first question mostly means that there is no instance: nobody waits for more.
constexpr aws::Attempts kFirst{.limit = kAttemptLimit, .pause = kPause, .after_silence = false};
constexpr aws::Attempts kFurther{.limit = kAttemptLimit, .pause = kPause};
/// How long expired credentials of an instance are used before the next look. IMDS hands them out
/// while it cannot get others, and AWS asks clients to carry on with them.
constexpr Duration kExpiredGrace = std::chrono::minutes(20);
constexpr std::string_view kHopLimit =
    "instance metadata answers, but its token does not arrive; in a container that is the hop "
    "limit: "
    "aws ec2 modify-instance-metadata-options --instance-id ... --http-put-response-hop-limit 2";

/// IAM's characters; anything else is no role but a page of somebody.
bool is_role_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+=,.@_-").contains(c);
  });
}

std::unexpected<Error> refused(const std::string& what, int status) {
  const ErrorKind kind = status >= 500 ? ErrorKind::Unavailable : ErrorKind::Unauthorized;
  return fail(kind, "instance metadata: " + what + ": HTTP status " + std::to_string(status));
}

class InstanceSource final : public aws::CredentialSource {
 public:
  explicit InstanceSource(aws::CredentialSurroundings surroundings)
      : surroundings_(std::move(surroundings)) {}

  std::string_view name() const override { return "instance metadata"; }
  std::string description() const override {
    return role_.empty() ? "instance metadata" : "instance metadata, role " + role_;
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    const aws::Profile profile = TRY(aws::read_profile(surroundings_.environment));
    if (TRY(says(profile, "AWS_EC2_METADATA_DISABLED", ""))) {
      return std::nullopt;
    }
    TRY(read_settings(profile));
    const std::optional<std::string> token = TRY(session_token(deadline));
    if (!token) {
      return std::nullopt;
    }
    const Result<net::HttpResponse> listed = get(std::string(kRoles), *token, deadline);
    if (!listed.has_value() || listed->status == 404) {
      return std::nullopt;  // No instance, or one without a role.
    }
    if (listed->status != 200) {
      return refused("name of the role", listed->status);
    }
    const std::string role = listed->body.substr(0, listed->body.find_first_of("\r\n"));
    if (role.empty()) {
      return std::nullopt;
    }
    if (!is_role_name(role)) {
      return fail(ErrorKind::Malformed, "instance metadata: what it names is no role");
    }
    const net::HttpResponse reply = TRY(get(std::string(kRoles) + role, *token, deadline));
    if (reply.status != 200) {
      return refused("credentials of role " + role, reply.status);
    }
    role_ = role;
    return TRY(read_reply(reply.body));
  }

 private:
  Result<aws::Credentials> read_reply(const std::string& body) const {
    Result<aws::Credentials> credentials = aws::read_keys(body);
    if (!credentials.has_value()) {
      return fail(std::move(credentials).error(), "instance metadata");
    }
    const Instant now = surroundings_.clock.now();
    if (credentials->expires && *credentials->expires <= now) {
      credentials->expires = now + kExpiredGrace;
    }
    return credentials;
  }

  Result<bool> says(const aws::Profile& profile, std::string_view name,
                    std::string_view key) const {
    return !TRY(aws::who_demands(surroundings_.environment, profile, name, key)).empty();
  }

  Result<void> read_settings(const aws::Profile& profile) {
    v1_disabled_ = TRY(says(profile, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"));
    if (const auto endpoint = aws::find_setting(surroundings_.environment, profile,
                                                "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                                "ec2_metadata_service_endpoint")) {
      Result<net::Url> url = net::parse_url(endpoint->text);
      if (!url.has_value()) {
        return fail(std::move(url).error(), endpoint->by);
      }
      while (url->path.ends_with('/')) {
        url->path.pop_back();
      }
      base_ = *std::move(url);
      return {};
    }
    const auto mode = aws::find_setting(surroundings_.environment, profile,
                                        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                        "ec2_metadata_service_endpoint_mode");
    const bool six = mode && equal_in_any_case(mode->text, "IPv6");
    if (mode && !six && !equal_in_any_case(mode->text, "IPv4")) {
      return fail(ErrorKind::Malformed,
                  mode->by + ": '" + shortened(mode->text) + "' is neither IPv4 nor IPv6");
    }
    base_ = net::Url{
        .origin = {.scheme = "http", .host = std::string(six ? kHost6 : kHost4), .port = 80},
        .path = ""};
    return {};
  }

  /// The token of IMDSv2; empty where only v1 exists; nothing where there is no instance.
  Result<std::optional<std::string>> session_token(Deadline deadline) const {
    const net::HttpRequest request{
        .origin = base_.origin,
        .method = "PUT",
        .target = base_.path + "/latest/api/token",
        .headers = {{.name = "x-aws-ec2-metadata-token-ttl-seconds", .value = "21600"}}};
    const Result<net::HttpResponse> reply = aws::ask(surroundings_, request, kFirst, deadline);
    if (!reply.has_value()) {
      return without_token(deadline);
    }
    if (reply->status == 200 && !reply->body.empty() &&
        reply->body.find_first_of("\r\n") == std::string::npos) {
      return reply->body;
    }
    const bool old = reply->status == 403 || reply->status == 404 || reply->status == 405;
    if (old && !v1_disabled_) {
      return "";
    }
    return refused("token", reply->status);
  }

  /// No answer to the PUT. An instance whose hop limit is too low for a container drops it, and
  /// only it.
  Result<std::optional<std::string>> without_token(Deadline deadline) const {
    const Result<net::HttpResponse> reply = aws::ask(
        surroundings_, {.origin = base_.origin, .target = base_.path + std::string(kRoles)}, kFirst,
        deadline);
    if (!reply.has_value()) {
      return std::nullopt;
    }
    if (reply->status == 401 || v1_disabled_) {
      return fail(ErrorKind::Unauthorized, std::string(kHopLimit));
    }
    return "";
  }

  Result<net::HttpResponse> get(const std::string& path, const std::string& token,
                                Deadline deadline) const {
    net::HttpRequest request{.origin = base_.origin, .target = base_.path + path};
    if (!token.empty()) {
      request.headers.push_back({.name = "x-aws-ec2-metadata-token", .value = token});
    }
    return aws::ask(surroundings_, request, kFurther, deadline);
  }

  aws::CredentialSurroundings surroundings_;
  net::Url base_ = {};
  bool v1_disabled_ = false;
  std::string role_ = {};
};

}  // namespace

std::unique_ptr<aws::CredentialSource> instance_source(
    const aws::CredentialSurroundings& surroundings) {
  return std::make_unique<InstanceSource>(surroundings);
}

}  // namespace scaler::identity
