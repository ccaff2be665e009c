#pragma once
// Addresses of a host: literals and "localhost" at once, names through the C library, which blocks
// (resolver.h calls it on threads).

#include <string>
#include <sys/socket.h>
#include <vector>

#include "ground/base/result.h"

namespace scaler::net {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

/// The host's addresses, in the order in which they should be tried; never empty. Waits for name
/// servers, up to 40 s with glibc's defaults.
/// Errors: Unavailable, naming the host.
Result<std::vector<Address>> resolve(const std::string& host, int port);

/// Those of a literal address or "localhost", at once; none for any other name.
std::vector<Address> fixed_addresses(const std::string& host, int port);

/// True for a dotted IPv4 or an IPv6 literal without brackets.
bool is_literal_address(const std::string& host);
/// True for 127.0.0.0/8, ::1 and "localhost".
bool is_loopback(const std::string& host);
/// True for 0.0.0.0 and ::, which to a server are all addresses of the machine.
bool is_every_address(const std::string& host);

}  // namespace scaler::net
