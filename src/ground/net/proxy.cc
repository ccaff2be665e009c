#include "ground/net/proxy.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include <fmt/core.h>
#include <openssl/evp.h>

#include "ground/base/text.h"
#include "ground/net/http_codec.h"
#include "ground/net/url.h"

namespace scaler::net {
namespace {

/// As IPv6; an IPv4 address is the one that maps it.
using Ip = std::array<std::uint8_t, 16>;
constexpr int kMappedBits = 96;
/// Which port a proxy's URL means without saying so is curl's own choice.
constexpr int kDefaultPort = 1080;

struct Network {
  Ip ip = {};
  int bits = 128;
};

std::optional<Ip> parse_ip(std::string_view text) {
  const std::string host(text.substr(0, text.find('%')));  // Without the zone of fe80::1%eth0.
  Ip ip{};
  if (inet_pton(AF_INET6, host.c_str(), ip.data()) == 1) {
    return ip;
  }
  if (inet_pton(AF_INET, host.c_str(), &ip[12]) == 1) {
    ip[10] = ip[11] = 0xff;
    return ip;
  }
  return std::nullopt;
}

bool contains(const Network& network, const Ip& ip) {
  const auto whole = static_cast<std::size_t>(network.bits / 8);
  const int rest = network.bits % 8;
  if (!std::equal(ip.begin(), ip.begin() + network.bits / 8, network.ip.begin())) {
    return false;
  }
  const auto mask = static_cast<std::uint8_t>(0xff00U >> static_cast<unsigned>(rest));
  return rest == 0 || ((ip.at(whole) ^ network.ip.at(whole)) & mask) == 0;
}

/// "10.0.0.0/8", "fd00::/8" or an address alone; a prefix of no bits counts as none, as in curl.
std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const std::optional<Ip> ip = parse_ip(address);
  if (!ip) {
    return std::nullopt;
  }
  Network network{.ip = *ip};
  int bits = 0;
  if (slash != std::string_view::npos) {
    std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
  }
  const int bits_max = address.contains(':') ? 128 : 32;
  if (bits < 0 || bits > bits_max) {
    return std::nullopt;
  }
  if (bits > 0) {
    network.bits = bits_max == 32 ? kMappedBits + bits : bits;
  }
  return network;
}

std::string_view without_final_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool is_or_is_below(std::string_view host, std::string_view domain) {
  return host.ends_with(domain) && !domain.empty() &&
         (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.');
}

bool entry_names_host(std::string_view entry, std::string_view host, const std::optional<Ip>& ip) {
  if (ip) {
    const std::optional<Network> network = parse_network(entry);
    return network && contains(*network, *ip);
  }
  entry = without_final_dot(entry);
  entry.remove_prefix(entry.starts_with('.') ? 1 : 0);
  return is_or_is_below(host, lower_case(entry));
}

std::string base64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return encoded;
}

/// RFC 7617. A user without a password has an empty one.
Secret basic_authorization(std::string_view user_info) {
  const std::size_t colon = user_info.find(':');
  const std::string_view password =
      colon == std::string_view::npos ? std::string_view() : user_info.substr(colon + 1);
  return Secret("Basic " + base64(fmt::format("{}:{}", percent_decode(user_info.substr(0, colon)),
                                              percent_decode(password))));
}

Result<Proxy> read_proxy(const std::string& variable, std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const bool bare = scheme_end == std::string_view::npos || text.find('@') < scheme_end;
  const std::string scheme = bare ? "http" : lower_case(text.substr(0, scheme_end));
  std::string_view rest = bare ? text : text.substr(scheme_end + 3);
  // The last of them, so that no part of a password is ever shown.
  const std::size_t at = rest.rfind('@');
  const std::string_view user_info =
      at == std::string_view::npos ? std::string_view() : rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
  if (scheme != "http") {
    return fail(ErrorKind::Malformed,
                fmt::format("{0}: {1}://{2}: {1} proxies are not supported, only http://host:port",
                            variable, scheme, rest));
  }
  std::string authority(rest.substr(0, rest.find_first_of("/?#")));
  if (authority.ends_with(':')) {
    authority.pop_back();
  }
  const bool has_port = authority.find(':', authority.rfind(']') + 1) != std::string::npos;
  const Result<Url> url = parse_url("http://" + authority);
  if (!url.has_value() || user_info.find_first_of("/?#") != std::string_view::npos) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("{}: 'http://{}' is not a proxy such as http://host:port", variable, rest));
  }
  Proxy proxy{.variable = variable, .origin = url->origin};
  if (!has_port) {
    proxy.origin.port = kDefaultPort;
  }
  if (!user_info.empty()) {
    proxy.authorization = basic_authorization(user_info);
  }
  return proxy;
}

Result<std::optional<Proxy>> first_of(const Environment& environment,
                                      std::initializer_list<const char*> variables) {
  for (const char* name : variables) {
    if (const auto text = variable(environment, name)) {
      return TRY(read_proxy(name, *text));
    }
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const Proxy& proxy) {
  return "http://" + authority_of(proxy.origin);
}

Proxies::Proxies(const Environment& environment)
    : http_(first_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"})),
      https_(first_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})),
      exceptions_(variable(environment, "no_proxy")
                      .value_or(variable(environment, "NO_PROXY").value_or(""))) {}

Result<const Proxy*> Proxies::of(const Origin& origin) const {
  const Result<std::optional<Proxy>>& proxy = origin.scheme == "https" ? https_ : http_;
  const bool none = proxy.has_value() && !proxy->has_value();
  if (none || is_local(origin.host) || names_host(exceptions_, origin.host)) {
    return nullptr;
  }
  if (!proxy.has_value()) {
    return std::unexpected(proxy.error());
  }
  return &**proxy;
}

bool names_host(std::string_view list, std::string_view host) {
  if (list == "*") {
    return true;
  }
  const std::string name = lower_case(without_final_dot(host));
  const std::optional<Ip> ip = parse_ip(name);
  constexpr std::string_view kSeparators = ", \t";
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find_first_of(kSeparators));
    if (!entry.empty() && entry_names_host(entry, name, ip)) {
      return true;
    }
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
  }
  return false;
}

bool is_local(std::string_view host) {
  const std::string name = lower_case(without_final_dot(host));
  const std::optional<Ip> ip = parse_ip(name);
  if (!ip) {
    return is_or_is_below(name, "localhost");
  }
  // fd00:ec2::254 is EC2's metadata, fd00:ec2::23 EKS's credentials.
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"127.0.0.0/8", "169.254.0.0/16", "::1/128",
                                              "fe80::/10", "fd00:ec2::/32"},
      [&ip](std::string_view network) { return contains(*parse_network(network), *ip); });
}

}  // namespace scaler::net
