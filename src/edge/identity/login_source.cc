// `aws login`: short-lived keys that a refresh token and a key of the machine's renew, written back
// to where the AWS CLI keeps them.

#include <array>
#include <cstdint>
#include <utility>

#include "edge/aws/redaction.h"
#include "edge/aws/settings.h"
#include "edge/aws/sigv4.h"
#include "edge/aws/source_request.h"
#include "edge/aws/user_path.h"
#include "edge/identity/dpop.h"
#include "edge/identity/profile_entries.h"
#include "edge/identity/token_file.h"
#include "ground/json/writer.h"
#include "ground/net/url.h"
#include "scaler/core/names.h"

namespace scaler::identity {
namespace {

constexpr aws::OtherService kSignIn{.variable = "AWS_ENDPOINT_URL_SIGNIN", .section = "signin"};
constexpr Duration kLoginRefreshBefore = std::chrono::minutes(5);
constexpr std::int64_t kLifetimeMax = 43200;

/// What the token endpoint's own word for a refusal means to a person.
std::string advice(std::string_view reason, const std::string& log_in) {
  if (reason == "INSUFFICIENT_PERMISSIONS") {
    return "the role lacks the permission to sign in";
  }
  return reason == "USER_CREDENTIALS_CHANGED" ? "the password was changed; " + log_in : log_in;
}

aws::Credentials keys_of(const json::Value& keys) {
  return {.access_key_id = text_of(keys, "accessKeyId"),
          .secret_access_key = Secret(text_of(keys, "secretAccessKey")),
          .session_token = Secret(text_of(keys, "sessionToken")),
          .expires = instant_of(keys, "expiresAt")};
}

bool complete(const aws::Credentials& keys) {
  return !keys.access_key_id.empty() && !keys.secret_access_key.empty() &&
         !keys.session_token.empty();
}

/// Such keys live for 15 minutes at most; they are renewed from 5 minutes before they expire.
class LoginSource final : public aws::CredentialSource {
 public:
  LoginSource(const Workplace& place, std::string profile, std::string session)
      : surroundings_(place.surroundings),
        log_(&place.log),
        profile_(std::move(profile)),
        session_(std::move(session)) {}

  std::string_view name() const override { return "aws login"; }
  std::string description() const override {
    return "aws login session " + session_ + ", profile '" + profile_ + "'";
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    const std::string path = TRY(token_path());
    Result<json::Value> token = file_.read(path);
    if (!token.has_value()) {
      return fail(ErrorKind::Unauthorized, "aws login: " + token.error().message + "; " + log_in());
    }
    for (const std::string_view name : {"accessToken", "refreshToken", "dpopKey", "clientId"}) {
      if (token->find(name) == nullptr) {
        return fail(ErrorKind::Unauthorized,
                    "aws login: " + path + " lacks " + std::string(name) + "; " + log_in());
      }
    }
    aws::Credentials kept = keys_of(*token->find("accessToken"));
    if (live_for(kept, kLoginRefreshBefore)) {
      return kept;
    }
    if (const Result<void> refreshed = refresh(*token, deadline); !refreshed.has_value()) {
      return still_good(path, refreshed.error());
    }
    if (const Result<void> written = file_.write(path, *token); !written.has_value()) {
      log_->write(LogLevel::Warn, "renewed credentials of aws login could not be written",
                  {{"error", written.error().message}});
    }
    return keys_of(*token->find("accessToken"));
  }

 private:
  std::string log_in() const { return "run: aws login --profile " + profile_; }

  bool live_for(const aws::Credentials& keys, Duration duration) const {
    return complete(keys) && keys.expires && *keys.expires - surroundings_.clock.now() > duration;
  }

  /// The keys of the file after a renewal that failed: the old ones while they live, or those of
  /// another program that renewed them meanwhile, for a refresh token may be good for one use.
  Result<std::optional<aws::Credentials>> still_good(const std::string& path, const Error& error) {
    const Result<json::Value> token = file_.read(path);
    const json::Value* const keys = token.has_value() ? token->find("accessToken") : nullptr;
    if (keys == nullptr || !live_for(keys_of(*keys), Duration::zero())) {
      return std::unexpected(error);
    }
    log_->write(LogLevel::Warn, "credentials of aws login could not be renewed",
                {{"error", error.message}});
    return keys_of(*keys);
  }

  Result<std::string> token_path() const {
    const std::string name = aws::sha256_hex(session_) + ".json";
    const std::optional<std::string> folder =
        TRY(aws::path_in(surroundings_.environment, "AWS_LOGIN_CACHE_DIRECTORY"));
    if (folder) {
      return *folder + "/" + name;
    }
    const auto home = variable(surroundings_.environment, "HOME");
    if (!home) {
      return fail(ErrorKind::Malformed,
                  "HOME is not set: there is no place for aws login's tokens");
    }
    return *home + "/.aws/login/cache/" + name;
  }

  Result<aws::Endpoint> place(const json::Value& token) const {
    const aws::Profile profile = TRY(aws::read_profile(surroundings_.environment));
    std::string region = text_of(token, "signInRegion");
    if (region.empty()) {
      const aws::ClientSettings settings = TRY(aws::read_settings(surroundings_.environment));
      region = settings.region;
    }
    const std::string dual_stack_suffix(partition_of(region).dual_stack_suffix);
    return aws::other_endpoint(kSignIn,
                               {.plain = region + ".signin.aws.amazon.com",
                                .dual_stack = "signin." + region + "." + dual_stack_suffix},
                               surroundings_.environment, profile);
  }

  /// Changes the token only when it succeeds.
  Result<void> refresh(json::Value& token, Deadline deadline) const {
    const aws::Endpoint endpoint = TRY(place(token));
    const std::string refresh_token = text_of(token, "refreshToken");
    net::HttpRequest request{.origin = endpoint.origin,
                             .method = "POST",
                             .target = endpoint.path + "/v1/token",
                             .headers = {{.name = "Content-Type", .value = "application/json"}},
                             .body = body(token, refresh_token),
                             .repeatable = false};
    Result<std::string> proof = dpop_proof(
        Secret(text_of(token, "dpopKey")),
        {.url = endpoint.origin.scheme + "://" + net::host_header(endpoint.origin) + request.target,
         .at = surroundings_.clock.now(),
         .id = random_uuid()});
    if (!proof.has_value()) {
      return fail(ErrorKind::Unauthorized, "aws login: " + proof.error().message + "; " + log_in());
    }
    request.headers.push_back({.name = "DPoP", .value = *std::move(proof)});
    // A proof is good for one request, and so may be the refresh token: it is sent once.
    const Result<net::HttpResponse> reply = aws::ask(surroundings_, request, {.most = 1}, deadline);
    if (!reply.has_value()) {
      return fail(reply.error(), "aws login: CreateOAuth2Token");
    }
    if (reply->status != 200) {
      return std::unexpected(refused(*reply, refresh_token));
    }
    return take_reply(token, reply->body);
  }

  static std::string body(const json::Value& token, const std::string& refresh_token) {
    json::Writer writer;
    writer.begin_object()
        .field("clientId", text_of(token, "clientId"))
        .field("refreshToken", refresh_token)
        .field("grantType", "refresh_token")
        .end_object();
    return std::move(writer).text();
  }

  Error refused(const net::HttpResponse& reply, const std::string& refresh_token) const {
    Error error = aws::refusal("aws login: CreateOAuth2Token", reply, {refresh_token});
    if (reply.status < 500) {
      const Result<json::Value> said = json::parse(reply.body);
      const std::string reason = said.has_value() ? text_of(*said, "error") : "";
      error.kind = ErrorKind::Unauthorized;
      error.message += "; " + advice(reason, log_in());
    }
    return error;
  }

  Result<void> take_reply(json::Value& token, const std::string& text) const {
    const Result<json::Value> reply = json::parse(text);
    const json::Value* fresh = reply.has_value() ? reply->find("accessToken") : nullptr;
    const json::Value* seconds = reply.has_value() ? reply->find("expiresIn") : nullptr;
    const auto* lifetime =
        seconds == nullptr ? nullptr : std::get_if<std::int64_t>(&seconds->data());
    if (fresh == nullptr || lifetime == nullptr || *lifetime < 1 || *lifetime > kLifetimeMax ||
        !complete(keys_of(*fresh))) {
      return fail(ErrorKind::Malformed,
                  "aws login: CreateOAuth2Token: the reply lacks keys or their lifetime");
    }
    json::Value keys = *token.find("accessToken");
    if (!std::holds_alternative<json::Object>(keys.data())) {
      keys = json::Value(json::Object{});
    }
    for (const std::string_view name : {"accessKeyId", "secretAccessKey", "sessionToken"}) {
      set_member(keys, name, json::Value(text_of(*fresh, name)));
    }
    const Instant expires = std::chrono::floor<std::chrono::seconds>(surroundings_.clock.now()) +
                            std::chrono::seconds(*lifetime);
    set_member(keys, "expiresAt", json::Value(format_instant(expires)));
    set_member(token, "accessToken", std::move(keys));
    for (const std::string_view name : {"refreshToken", "idToken"}) {
      if (const std::string value = text_of(*reply, name); !value.empty()) {
        set_member(token, name, json::Value(value));
      }
    }
    return {};
  }

  aws::CredentialSurroundings surroundings_;
  const Log* log_;
  std::string profile_;
  std::string session_;
  TokenFile file_;
};

constexpr auto kLoginSettings = std::to_array<std::string_view>({"login_session"});

ProfileEntry::Made make_login(const ProfileView& profile, const Workplace& place) {
  if (!profile.has("login_session")) {
    return nullptr;
  }
  return std::make_unique<LoginSource>(place, profile.name, TRY(profile.needed("login_session")));
}

}  // namespace

constexpr ProfileEntry kLogin{.settings = kLoginSettings, .make = make_login};

}  // namespace scaler::identity
