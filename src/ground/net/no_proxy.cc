#include "ground/net/no_proxy.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ground/base/text.h"

namespace scaler::net {
namespace {

/// A list of nothing but `*` means all hosts, which Python reads only as long as it stands alone.
std::string with_host(std::string hosts, std::string_view host) {
  const auto parts = split(hosts, ", ");
  if (hosts != "*" && std::ranges::find(parts, host) == parts.end()) {
    hosts.append(hosts.empty() ? "" : ",").append(host);
  }
  return hosts;
}

}  // namespace

void reach_directly(Environment& environment, std::string_view host) {
  const auto upper = variable(environment, "NO_PROXY");
  const auto lower = variable(environment, "no_proxy");
  environment["NO_PROXY"] = with_host(upper.value_or(lower.value_or("")), host);
  environment["no_proxy"] = with_host(lower.value_or(upper.value_or("")), host);
}

}  // namespace scaler::net
