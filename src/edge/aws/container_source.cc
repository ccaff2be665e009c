#include "edge/aws/container_source.h"

#include <utility>

#include "edge/aws/source_request.h"
#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

constexpr std::string_view kEcsHost = "169.254.170.2";
constexpr std::string_view kEksHost4 = "169.254.170.23";
constexpr std::string_view kEksHost6 = "fd00:ec2::23";
constexpr Attempts kAttempts{.limit = std::chrono::seconds(2)};

bool is_loopback(std::string_view host) {
  const bool number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && number);
}

class ContainerSource final : public CredentialSource {
 public:
  explicit ContainerSource(CredentialSurroundings surroundings)
      : surroundings_(std::move(surroundings)) {}

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
    Result<Credentials> credentials = fetch_keys(request, deadline);
    if (!credentials.has_value()) {
      return fail(std::move(credentials).error(), "credentials of the container endpoint");
    }
    return *std::move(credentials);
  }

 private:
  Result<std::optional<net::Url>> endpoint() const {
    if (const auto path =
            variable(surroundings_.environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      if (!path->starts_with('/')) {
        return fail(ErrorKind::Malformed, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '" +
                                              shortened(*path) + "' is not a path");
      }
      return TRY(net::parse_url("http://" + std::string(kEcsHost) + *path));
    }
    const auto text = variable(surroundings_.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
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
    std::string token =
        variable(surroundings_.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    std::string where = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    if (const auto path =
            variable(surroundings_.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      where = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
      Result<std::string> text = read_kept_file(*path);
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

  Result<Credentials> fetch_keys(const net::HttpRequest& request, Deadline deadline) const {
    const net::HttpResponse response = TRY(ask(surroundings_, request, kAttempts, deadline));
    if (response.status != 200) {
      const ErrorKind kind =
          response.status >= 500 ? ErrorKind::Unavailable : ErrorKind::Unauthorized;
      return fail(kind, "HTTP status " + std::to_string(response.status));
    }
    return read_keys(response.body);
  }

  CredentialSurroundings surroundings_;
};

}  // namespace

std::unique_ptr<CredentialSource> container_source(const CredentialSurroundings& surroundings) {
  return std::make_unique<ContainerSource>(surroundings);
}

}  // namespace scaler::aws
