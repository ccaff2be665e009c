#include <algorithm>
#include <utility>

#include "aws/credential_sources.h"
#include "base/file.h"
#include "json/value.h"
#include "net/url.h"

namespace scaler::aws {
namespace {

constexpr std::string_view kEcsHost = "169.254.170.2";
constexpr std::string_view kEksHost4 = "169.254.170.23";
constexpr std::string_view kEksHost6 = "fd00:ec2::23";
constexpr std::string_view kInstanceHost4 = "169.254.169.254";
constexpr std::string_view kInstanceHost6 = "fd00:ec2::254";
constexpr Duration kContainerLimit = std::chrono::seconds(2);
constexpr Duration kContainerPause = std::chrono::seconds(1);
constexpr int kContainerAttempts = 3;
constexpr Duration kInstanceLimit = std::chrono::seconds(1);
/// How long expired credentials of an instance are used before the next look. IMDS hands them out
/// while it cannot get others, and AWS asks clients to carry on with them.
constexpr Duration kExpiredGrace = std::chrono::minutes(20);

bool is_true(const Environment& environment, std::string_view name) {
  const std::string text = variable(environment, name).value_or("");
  return text == "true" || text == "True" || text == "TRUE";
}

const std::string* text_member(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  const auto* text = member == nullptr ? nullptr : std::get_if<std::string>(&member->data());
  return text == nullptr || text->empty() ? nullptr : text;
}

/// The keys in an endpoint's reply. No error quotes the reply: it may hold a secret.
Result<Credentials> read_reply(std::string_view body) {
  const auto malformed = [](const std::string& what) {
    return fail(ErrorKind::Malformed, "the reply " + what);
  };
  const Result<json::Value> reply = json::parse(body);
  if (!reply.has_value()) {
    return malformed("is not JSON");
  }
  const std::string* id = text_member(*reply, "AccessKeyId");
  const std::string* secret = text_member(*reply, "SecretAccessKey");
  const std::string* token = text_member(*reply, "Token");
  const std::string* expiration = text_member(*reply, "Expiration");
  if (id == nullptr || secret == nullptr) {
    return malformed("lacks AccessKeyId or SecretAccessKey");
  }
  Credentials credentials{.access_key_id = *id, .secret_access_key = Secret(*secret)};
  if (token != nullptr) {
    credentials.session_token = Secret(*token);
  }
  if (expiration != nullptr) {
    const Result<Instant> expires = parse_instant(*expiration);
    if (!expires.has_value()) {
      return malformed("has an Expiration that is no time");
    }
    credentials.expires = *expires;
  }
  return credentials;
}

Result<net::HttpResponse> send_one(Transport& transport, const net::HttpRequest& request,
                                   Deadline deadline) {
  std::vector<Result<net::HttpResponse>> responses =
      transport.send(std::span(&request, 1), deadline);
  return std::move(responses.front());
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && host.size() <= 15);
}

class ContainerSource final : public CredentialSource {
 public:
  explicit ContainerSource(const CredentialSurroundings& surroundings)
      : environment_(surroundings.environment),
        transport_(&surroundings.transport),
        sleep_(surroundings.sleep) {}

  std::string_view name() const override { return "container endpoint"; }

  Result<std::optional<Credentials>> fetch(Deadline deadline) override {
    const std::optional<net::Url> url = TRY(endpoint());
    if (!url) {
      return std::nullopt;
    }
    net::HttpRequest request{
        .origin = url->origin,
        .target = url->query.empty() ? url->path : url->path + "?" + url->query,
        .headers = {{.name = "Accept", .value = "application/json"}}};
    const std::string token = TRY(authorization());
    if (!token.empty()) {
      request.headers.push_back({.name = "Authorization", .value = token});
    }
    Result<Credentials> credentials = fail(ErrorKind::Unavailable, "not asked");
    for (int attempt = 1; attempt <= kContainerAttempts; ++attempt) {
      credentials = ask(request, std::min(deadline, after(kContainerLimit)));
      if (credentials.has_value()) {
        return *std::move(credentials);
      }
      if (credentials.error().kind != ErrorKind::Unavailable ||
          after(kContainerPause) >= deadline) {
        break;
      }
      if (attempt < kContainerAttempts) {
        sleep_(kContainerPause);
      }
    }
    return fail(std::move(credentials).error(), "credentials of the container endpoint");
  }

 private:
  Result<std::optional<net::Url>> endpoint() const {
    if (const auto path = variable(environment_, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      if (!path->starts_with('/')) {
        return fail(ErrorKind::Malformed,
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '" + *path + "' is not a path");
      }
      return TRY(net::parse_url("http://" + std::string(kEcsHost) + *path));
    }
    const auto text = variable(environment_, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!text) {
      return std::nullopt;
    }
    Result<net::Url> url = net::parse_url(*text);
    if (!url.has_value()) {
      return fail(std::move(url).error(), "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    }
    const std::string& host = url->origin.host;
    if (url->origin.scheme != "https" && !is_loopback(host) && host != kEcsHost &&
        host != kEksHost4 && host != kEksHost6) {
      return fail(ErrorKind::Malformed,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI: host '" + host +
                      "' is neither loopback nor that of ECS or EKS; anything else needs https");
    }
    return *std::move(url);
  }

  Result<std::string> authorization() const {
    std::string token = variable(environment_, "AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    std::string where = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    if (const auto path = variable(environment_, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      where = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
      Result<std::string> text = read_file(*path);
      if (!text.has_value()) {
        return fail(ErrorKind::Malformed, where + ": " + text.error().message);
      }
      token = *std::move(text);
    }
    if (token.find_first_of("\r\n") != std::string::npos) {
      return fail(ErrorKind::Malformed, where + " contains a line break");
    }
    return token;
  }

  Result<Credentials> ask(const net::HttpRequest& request, Deadline deadline) const {
    const net::HttpResponse response = TRY(send_one(*transport_, request, deadline));
    if (response.status != 200) {
      const ErrorKind kind =
          response.status >= 500 ? ErrorKind::Unavailable : ErrorKind::Unauthorized;
      return fail(kind, "HTTP status " + std::to_string(response.status));
    }
    return read_reply(response.body);
  }

  Environment environment_;
  Transport* transport_;
  Sleeper sleep_;
};

class InstanceSource final : public CredentialSource {
 public:
  explicit InstanceSource(const CredentialSurroundings& surroundings)
      : environment_(surroundings.environment),
        transport_(&surroundings.transport),
        clock_(&surroundings.clock) {}

  std::string_view name() const override { return "instance metadata"; }

  Result<std::optional<Credentials>> fetch(Deadline deadline) override {
    if (is_true(environment_, "AWS_EC2_METADATA_DISABLED")) {
      return std::nullopt;
    }
    const net::Url base = TRY(endpoint());
    const Result<std::string> token = session_token(base, deadline);
    if (!token.has_value()) {
      if (token.error().kind == ErrorKind::Unavailable) {
        return std::nullopt;  // Not an EC2 instance.
      }
      return std::unexpected(token.error());
    }
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    const Result<net::HttpResponse> listed = get(base, roles, *token, deadline);
    if (!listed.has_value() || listed->status == 404 || listed->body.empty()) {
      return std::nullopt;  // No instance, or one without a role.
    }
    const std::string role = listed->body.substr(0, listed->body.find_first_of("\r\n"));
    const net::HttpResponse reply = TRY(get(base, roles + role, *token, deadline));
    if (listed->status != 200 || reply.status != 200) {
      return fail(ErrorKind::Unauthorized, "credentials of the instance: HTTP status " +
                                               std::to_string(listed->status) + ", " +
                                               std::to_string(reply.status));
    }
    Result<Credentials> credentials = read_reply(reply.body);
    if (!credentials.has_value()) {
      return fail(std::move(credentials).error(), "credentials of the instance");
    }
    if (credentials->expires && *credentials->expires <= clock_->now()) {
      credentials->expires = clock_->now() + kExpiredGrace;
    }
    return *std::move(credentials);
  }

 private:
  Result<net::Url> endpoint() const {
    if (const auto text = variable(environment_, "AWS_EC2_METADATA_SERVICE_ENDPOINT")) {
      Result<net::Url> url = net::parse_url(*text);
      if (!url.has_value()) {
        return fail(std::move(url).error(), "AWS_EC2_METADATA_SERVICE_ENDPOINT");
      }
      while (url->path.ends_with('/')) {
        url->path.pop_back();
      }
      return url;
    }
    const std::string mode =
        variable(environment_, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or("");
    const bool six = mode == "IPv6" || mode == "ipv6";
    return net::Url{.origin = {.scheme = "http",
                               .host = std::string(six ? kInstanceHost6 : kInstanceHost4),
                               .port = 80},
                    .path = ""};
  }

  /// The token of IMDSv2; empty where only v1 exists. Errors: Unavailable where there is no IMDS.
  Result<std::string> session_token(const net::Url& base, Deadline deadline) const {
    const net::HttpRequest request{
        .origin = base.origin,
        .method = "PUT",
        .target = base.path + "/latest/api/token",
        .headers = {{.name = "x-aws-ec2-metadata-token-ttl-seconds", .value = "21600"}}};
    const Result<net::HttpResponse> reply =
        send_one(*transport_, request, std::min(deadline, after(kInstanceLimit)));
    if (reply.has_value() && reply->status == 200) {
      return reply->body;
    }
    const bool old =
        !reply.has_value() || reply->status == 403 || reply->status == 404 || reply->status == 405;
    if (old && !is_true(environment_, "AWS_EC2_METADATA_V1_DISABLED")) {
      return "";
    }
    if (!reply.has_value()) {
      return fail(ErrorKind::Unavailable, reply.error().message);
    }
    return fail(ErrorKind::Unauthorized,
                "token of the instance metadata: HTTP status " + std::to_string(reply->status));
  }

  Result<net::HttpResponse> get(const net::Url& base, const std::string& path,
                                const std::string& token, Deadline deadline) const {
    net::HttpRequest request{.origin = base.origin, .target = base.path + path};
    if (!token.empty()) {
      request.headers.push_back({.name = "x-aws-ec2-metadata-token", .value = token});
    }
    return send_one(*transport_, request, std::min(deadline, after(kInstanceLimit)));
  }

  Environment environment_;
  Transport* transport_;
  const Clock* clock_;
};

}  // namespace

std::unique_ptr<CredentialSource> container_source(const CredentialSurroundings& surroundings) {
  return std::make_unique<ContainerSource>(surroundings);
}

std::unique_ptr<CredentialSource> instance_source(const CredentialSurroundings& surroundings) {
  return std::make_unique<InstanceSource>(surroundings);
}

}  // namespace scaler::aws
