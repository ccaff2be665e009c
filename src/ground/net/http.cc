#include "ground/net/http.h"

#include "ground/base/text.h"

namespace scaler::net {
std::optional<std::string_view> find_header(const HttpHeaders& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (equal_in_any_case(header.name, name)) {
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
