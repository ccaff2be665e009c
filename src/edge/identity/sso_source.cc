// IAM Identity Center (SSO): the token that `aws sso login` left becomes the keys of a role. A
// token of an [sso-session] is refreshed and written back.
// https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html

#include <array>
#include <cstdint>
#include <utility>

#include "edge/aws/settings.h"
#include "edge/aws/source_request.h"
#include "edge/identity/digest.h"
#include "edge/identity/profile_entries.h"
#include "edge/identity/token_file.h"
#include "ground/json/writer.h"
#include "ground/net/url.h"
#include "scaler/core/names.h"

namespace scaler::identity {
namespace {

constexpr aws::OtherService kPortal{.variable = "AWS_ENDPOINT_URL_SSO", .section = "sso"};
constexpr aws::OtherService kOidc{.variable = "AWS_ENDPOINT_URL_SSO_OIDC", .section = "sso_oidc"};
constexpr Duration kSsoRefreshBefore = std::chrono::minutes(15);

struct SsoRole {
  std::string profile = {};
  std::string session = {};  ///< of the [sso-session]; empty in profiles of the older form
  std::string start_url = {};
  std::string region = {};
  std::string account_id = {};
  std::string role_name = {};
};

class SsoSource final : public aws::CredentialSource {
 public:
  SsoSource(const Workplace& place, SsoRole role)
      : surroundings_(place.surroundings), log_(&place.log), role_(std::move(role)) {}

  std::string_view name() const override { return "SSO"; }
  std::string description() const override {
    return "SSO role " + role_.role_name + " of account " + role_.account_id + ", profile '" +
           role_.profile + "'";
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    const Secret token = TRY(access_token(deadline));
    const aws::Endpoint endpoint = TRY(place(kPortal, "portal.sso"));
    const net::HttpRequest request{
        .origin = endpoint.origin,
        .target = endpoint.path + "/federation/credentials?" + net::query_string(aws_parameters()),
        .headers = {{.name = "x-amz-sso_bearer_token", .value = token.reveal()},
                    {.name = "Accept", .value = "application/json"}}};
    const std::string what = "SSO GetRoleCredentials " + role_.role_name;
    const Result<net::HttpResponse> reply = aws::ask(surroundings_, request, {}, deadline);
    if (!reply.has_value()) {
      return fail(reply.error(), what);
    }
    if (reply->status == 401) {
      return fail(ErrorKind::Unauthorized, what + ": the token was refused; " + log_in());
    }
    if (reply->status != 200) {
      return std::unexpected(aws::refusal(what, *reply, {token.reveal()}));
    }
    return read_reply(what, reply->body);
  }

 private:
  std::vector<std::pair<std::string, std::string>> aws_parameters() const {
    return {{"role_name", role_.role_name}, {"account_id", role_.account_id}};
  }

  std::string log_in() const {
    return role_.session.empty() ? "run: aws sso login --profile " + role_.profile
                                 : "run: aws sso login --sso-session " + role_.session;
  }

  Result<aws::Endpoint> place(const aws::OtherService& service, std::string_view host) const {
    const aws::Profile profile = TRY(aws::read_profile(surroundings_.environment));
    const Partition& partition = partition_of(role_.region);
    const std::string there = std::string(host) + "." + role_.region + ".";
    return aws::other_endpoint(service,
                               {.plain = there + std::string(partition.dns_suffix),
                                .dual_stack = there + std::string(partition.dual_stack_suffix)},
                               surroundings_.environment, profile);
  }

  Result<Secret> access_token(Deadline deadline) {
    const auto home = variable(surroundings_.environment, "HOME");
    if (!home) {
      return fail(ErrorKind::Malformed, "HOME is not set: there is no place for SSO's tokens");
    }
    const std::string path = *home + "/.aws/sso/cache/" +
                             sha1_hex(role_.session.empty() ? role_.start_url : role_.session) +
                             ".json";
    Result<json::Value> token = file_.read(path);
    if (!token.has_value()) {
      return fail(ErrorKind::Unauthorized, "SSO token " + token.error().message + "; " + log_in());
    }
    const Instant now = surroundings_.clock.now();
    std::optional<Instant> expires = instant_of(*token, "expiresAt");
    if (!role_.session.empty() && expires && *expires - now < kSsoRefreshBefore &&
        can_refresh(*token)) {
      refresh_or_take_over(*token, path, deadline);
      expires = instant_of(*token, "expiresAt");
    }
    const std::string text = text_of(*token, "accessToken");
    if (text.empty() || !expires) {
      return fail(ErrorKind::Unauthorized,
                  "SSO token " + path + " lacks accessToken or expiresAt; " + log_in());
    }
    if (*expires <= now) {
      return fail(ErrorKind::Unauthorized,
                  "the SSO token expired at " + format_instant(*expires) + "; " + log_in());
    }
    return Secret(text);
  }

  bool can_refresh(const json::Value& token) const {
    const std::optional<Instant> registered = instant_of(token, "registrationExpiresAt");
    return registered && *registered > surroundings_.clock.now() &&
           !text_of(token, "refreshToken").empty() && !text_of(token, "clientId").empty() &&
           !text_of(token, "clientSecret").empty();
  }

  /// A refresh token may be good for one use, and another program may have used it meanwhile: then
  /// the file holds what that one got.
  void refresh_or_take_over(json::Value& token, const std::string& path, Deadline deadline) {
    const Result<void> refreshed = refresh(token, deadline);
    if (refreshed.has_value()) {
      if (const Result<void> written = file_.write(path, token); !written.has_value()) {
        log_->write(LogLevel::Warn, "the refreshed SSO token could not be written",
                    {{"error", written.error().message}});
      }
      return;
    }
    Result<json::Value> kept = file_.read(path);
    if (kept.has_value() && instant_of(*kept, "expiresAt") > instant_of(token, "expiresAt")) {
      token = *std::move(kept);
      return;
    }
    log_->write(LogLevel::Warn, "the SSO token could not be refreshed",
                {{"error", refreshed.error().message}});
  }

  /// Changes the token only when it succeeds.
  Result<void> refresh(json::Value& token, Deadline deadline) const {
    const std::string secret = text_of(token, "clientSecret");
    const std::string old = text_of(token, "refreshToken");
    json::Writer body;
    body.begin_object()
        .field("grantType", "refresh_token")
        .field("clientId", text_of(token, "clientId"))
        .field("clientSecret", secret)
        .field("refreshToken", old)
        .end_object();
    const aws::Endpoint endpoint = TRY(place(kOidc, "oidc"));
    const net::HttpRequest request{
        .origin = endpoint.origin,
        .method = "POST",
        .target = endpoint.path + "/token",
        .headers = {{.name = "Content-Type", .value = "application/json"}},
        .body = std::move(body).text(),
        .repeatable = false};
    const net::HttpResponse reply =
        TRY(aws::ask(surroundings_, request, {.after_silence = false}, deadline));
    if (reply.status != 200) {
      return std::unexpected(aws::refusal("SSO CreateToken", reply, {secret, old}));
    }
    const Result<json::Value> fresh = json::parse(reply.body);
    const json::Value* seconds = fresh.has_value() ? fresh->find("expiresIn") : nullptr;
    const auto* lifetime =
        seconds == nullptr ? nullptr : std::get_if<std::int64_t>(&seconds->data());
    if (lifetime == nullptr || *lifetime < 0 || *lifetime > kLifetimeMax ||
        text_of(*fresh, "accessToken").empty()) {
      return fail(ErrorKind::Malformed, "SSO CreateToken: the reply lacks a token or its lifetime");
    }
    set_member(token, "accessToken", json::Value(text_of(*fresh, "accessToken")));
    const Instant expires = std::chrono::floor<std::chrono::seconds>(surroundings_.clock.now()) +
                            std::chrono::seconds(*lifetime);
    set_member(token, "expiresAt", json::Value(format_instant(expires)));
    if (const std::string next = text_of(*fresh, "refreshToken"); !next.empty()) {
      set_member(token, "refreshToken", json::Value(next));
    }
    return {};
  }

  static Result<std::optional<aws::Credentials>> read_reply(const std::string& what,
                                                            const std::string& body) {
    const Result<json::Value> reply = json::parse(body);
    const json::Value* keys = reply.has_value() ? reply->find("roleCredentials") : nullptr;
    const json::Value* expiration = keys == nullptr ? nullptr : keys->find("expiration");
    const auto* milliseconds =
        expiration == nullptr ? nullptr : std::get_if<std::int64_t>(&expiration->data());
    if (milliseconds == nullptr || *milliseconds < 0 || *milliseconds > kExpirationMax ||
        text_of(*keys, "accessKeyId").empty() || text_of(*keys, "secretAccessKey").empty()) {
      return fail(ErrorKind::Malformed, what + ": the reply lacks keys or their expiration");
    }
    return aws::Credentials{.access_key_id = text_of(*keys, "accessKeyId"),
                            .secret_access_key = Secret(text_of(*keys, "secretAccessKey")),
                            .session_token = Secret(text_of(*keys, "sessionToken")),
                            .expires = Instant(Duration(*milliseconds))};
  }

  static constexpr std::int64_t kLifetimeMax = 366LL * 24 * 3600;
  static constexpr std::int64_t kExpirationMax = 253'402'300'799'999;  ///< the end of year 9999

  aws::CredentialSurroundings surroundings_;
  const Log* log_;
  SsoRole role_;
  TokenFile file_;
};

constexpr auto kSsoSettings = std::to_array<std::string_view>({
    "sso_account_id",
    "sso_region",
    "sso_registration_scopes",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
});

/// The profile's settings, and those of the [sso-session] that it names.
Result<aws::ProfileSettings> merged(const ProfileView& profile, const std::string& session) {
  aws::ProfileSettings settings = profile.section.settings;
  if (session.empty()) {
    return settings;
  }
  const auto found = profile.files.sso_sessions.find(session);
  const std::string section = "[sso-session " + session + "]";
  if (found == profile.files.sso_sessions.end()) {
    return profile.wrong("there is no " + section +
                         aws::or_unread(profile.files, "sso-session " + session));
  }
  const std::string differs = " differs from that of " + section;
  for (const auto& [name, value] : found->second.settings) {
    const auto [kept, added] = settings.emplace(name, value);
    if (!added && kept->second != value) {
      return profile.wrong(name + differs);
    }
  }
  return settings;
}

ProfileEntry::Made make_sso(const ProfileView& profile, const Workplace& place) {
  if (!profile.has("sso_account_id") && !profile.has("sso_role_name")) {
    return nullptr;
  }
  const std::string session = profile.value("sso_session");
  const aws::ProfileSettings settings = TRY(merged(profile, session));
  for (const std::string_view name :
       {"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"}) {
    if (value_of(settings, name).empty()) {
      return profile.wrong("SSO needs " + std::string(name));
    }
  }
  return std::make_unique<SsoSource>(place,
                                     SsoRole{.profile = profile.name,
                                             .session = session,
                                             .start_url = value_of(settings, "sso_start_url"),
                                             .region = value_of(settings, "sso_region"),
                                             .account_id = value_of(settings, "sso_account_id"),
                                             .role_name = value_of(settings, "sso_role_name")});
}

}  // namespace

constexpr ProfileEntry kSso{.settings = kSsoSettings, .make = make_sso};

}  // namespace scaler::identity
