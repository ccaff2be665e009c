#pragma once
// HTTP messages as plain data, shared by the client and the server of this folder.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scaler::net {

struct HttpHeader {
  std::string name = {};
  std::string value = {};
};

using HttpHeaders = std::vector<HttpHeader>;

/// The first header of that name, in any case.
std::optional<std::string_view> find_header(const HttpHeaders& headers, std::string_view name);

/// Where a request goes. `host` is a name or a literal address without brackets.
struct Origin {
  std::string scheme = "https";  ///< "http" or "https"
  std::string host = {};
  int port = 443;
  bool operator==(const Origin&) const = default;
};

/// The Host header's text: the port only when it is not the scheme's own, brackets round IPv6.
std::string host_header(const Origin& origin);

struct HttpRequest {
  Origin origin = {};
  std::string method = "GET";
  std::string target = "/";  ///< path and query as on the wire, percent-encoded
  HttpHeaders headers = {};  ///< without Host and Content-Length: the client writes these
  std::string body = {};
  /// Whether it may be carried out twice, should it be unclear whether it was carried out at all.
  bool repeatable = true;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};
};

}  // namespace scaler::net
