#pragma once
// Proxies: which HTTP proxy a request goes through, read from the environment as curl reads it.
// What never leaves the machine (loopback, link-local, the endpoints for credentials) goes direct.

#include <optional>
#include <string>
#include <string_view>

#include "ground/base/environment.h"
#include "ground/base/result.h"
#include "ground/base/secret.h"
#include "ground/net/http.h"

namespace scaler::net {

struct Proxy {
  std::string variable = {};  ///< that names it, for messages
  Origin origin = {};         ///< where it listens; the scheme is "http"
  Secret authorization = {};  ///< the value of Proxy-Authorization; empty without a user
};

/// "http://host:port", without user and password.
std::string to_string(const Proxy& proxy);

class Proxies {
 public:
  /// None: everything goes direct.
  Proxies() = default;
  /// For https: https_proxy, else HTTPS_PROXY; for http: http_proxy alone (HTTP_PROXY may be the
  /// header of a request that started a CGI program); else all_proxy, else ALL_PROXY. For hosts
  /// that no_proxy, else NO_PROXY, names: none.
  explicit Proxies(const Environment& environment);

  /// Null for a direct connection. The proxy lives as long as this object.
  /// Errors: Malformed for a proxy that cannot be used, naming its variable and never a password.
  Result<const Proxy*> of(const Origin& origin) const;

 private:
  Result<std::optional<Proxy>> http_ = {};
  Result<std::optional<Proxy>> https_ = {};
  std::string exceptions_ = {};
};

/// Whether a list such as "corp.example, 10.0.0.0/8" names the host: a name stands for itself and
/// all below it, a leading dot says nothing, an IPv4 address may have a prefix length, an IPv6
/// address stands for itself in its shortest spelling, and the list "*" names every host. There are
/// no ports. All this is what curl 7.88 does.
bool names_host(std::string_view list, std::string_view host);

/// Loopback, link-local, or where AWS serves credentials to machines and containers.
bool is_local(std::string_view host);

}  // namespace scaler::net
