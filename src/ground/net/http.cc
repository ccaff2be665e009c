#include "ground/net/http.h"

#include <algorithm>

#include "ground/base/text.h"

namespace scaler::net {
bool same_header(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> find_header(const HttpHeaders& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (same_header(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::string host_header(const Origin& origin) {
  const bool literal6 = origin.host.contains(':');
  std::string text = literal6 ? "[" + origin.host + "]" : origin.host;
  const int usual_port = origin.scheme == "https" ? 443 : 80;
  if (origin.port != usual_port) {
    text += ":" + std::to_string(origin.port);
  }
  return text;
}

}  // namespace scaler::net
