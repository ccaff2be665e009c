#include "ground/net/address.h"

#include <arpa/inet.h>
#include <cstdint>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <optional>

namespace scaler::net {
namespace {

Address address_of(const void* raw, socklen_t length) {
  Address address;
  std::memcpy(&address.storage, raw, length);
  address.length = length;
  return address;
}

std::optional<Address> literal(const std::string& host, int port) {
  sockaddr_in four{};
  if (inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    return address_of(&four, sizeof four);
  }
  sockaddr_in6 six{};
  if (inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    return address_of(&six, sizeof six);
  }
  return std::nullopt;
}

/// Keeps a static glibc from loading name-service modules of the machine it happens to run on:
/// these would bring a second C library into the process.
void use_built_in_name_services() {
  static const int configured = __nss_configure_lookup("hosts", "files dns");
  static_cast<void>(configured);
}

}  // namespace

bool is_literal_address(const std::string& host) {
  return literal(host, 0).has_value();
}

bool is_loopback(const std::string& host) {
  in_addr four{};
  in6_addr six{};
  return host == "localhost" ||
         (inet_pton(AF_INET, host.c_str(), &four) == 1 &&
          ntohl(four.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET) ||
         (inet_pton(AF_INET6, host.c_str(), &six) == 1 &&
          std::memcmp(&six, &in6addr_loopback, sizeof six) == 0);
}

bool is_every_address(const std::string& host) {
  in_addr four{};
  in6_addr six{};
  return (inet_pton(AF_INET, host.c_str(), &four) == 1 && four.s_addr == INADDR_ANY) ||
         (inet_pton(AF_INET6, host.c_str(), &six) == 1 &&
          std::memcmp(&six, &in6addr_any, sizeof six) == 0);
}

std::vector<Address> fixed_addresses(const std::string& host, int port) {
  if (const auto address = literal(host, port)) {
    return {*address};
  }
  if (host == "localhost") {
    return {*literal("127.0.0.1", port), *literal("::1", port)};
  }
  return {};
}

Result<std::vector<Address>> resolve(const std::string& host, int port) {
  use_built_in_name_services();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code != 0) {
    return fail(ErrorKind::Unavailable, "resolve " + host + ": " + gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    addresses.push_back(address_of(entry->ai_addr, entry->ai_addrlen));
  }
  return addresses;
}

}  // namespace scaler::net
