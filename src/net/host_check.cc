#include "net/host_check.h"

#include <algorithm>

#include "net/address.h"

namespace scaler::net {
namespace {

/// Without port, brackets and closing dot, in small letters.
std::string host_of(std::string_view value) {
  if (const std::size_t end = value.find(']'); value.starts_with('[') && end != value.npos) {
    return std::string(value.substr(1, end - 1));
  }
  std::string host(value.substr(0, value.find(':')));
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (host.ends_with('.')) {
    host.pop_back();
  }
  return host;
}

bool is_local(std::string_view value) {
  const std::string host = host_of(value);
  return host == "localhost" || host.ends_with(".localhost") || host.ends_with(".internal") ||
         is_literal_address(host);
}

}  // namespace

std::optional<std::string> foreign_host(const HttpHeaders& headers) {
  for (const HttpHeader& header : headers) {
    if (same_header(header.name, "host") && !is_local(header.value)) {
      return header.value;
    }
  }
  return std::nullopt;
}

}  // namespace scaler::net
