#pragma once
// What a child process is told of proxies, so that it reaches this one without them.

#include <string_view>

#include "ground/base/environment.h"

namespace scaler::net {

/// Puts `host` on the lists of hosts that no proxy is for: NO_PROXY and no_proxy. Some programs
/// read one of them first, some the other: where only one is there, the other says the same.
void reach_directly(Environment& environment, std::string_view host);

}  // namespace scaler::net
