#pragma once
// Addresses of a host: literals and "localhost" at once, names through the resolver (blocking,
// cached by the caller).

#include <string>
#include <sys/socket.h>
#include <vector>

#include "base/result.h"

namespace scaler::net {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

/// The host's addresses, in the order in which they should be tried; never empty.
/// Errors: Unavailable, naming the host.
Result<std::vector<Address>> resolve(const std::string& host, int port);

/// True for a dotted IPv4 or an IPv6 literal without brackets.
bool is_literal_address(const std::string& host);

}  // namespace scaler::net
