#include "ground/net/proxy.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include <fmt/core.h>
#include <openssl/evp.h>

#include "ground/base/text.h"
#include "ground/net/http_codec.h"
#include "ground/net/url.h"

namespace scaler::net {
namespace {

/// fd00:ec2::/32: ::254 of it is EC2's metadata, ::23 EKS's credentials.
constexpr std::uint32_t kAwsLink = 0xfd000ec2;
/// Which port a proxy's URL means without saying so is curl's own choice.
constexpr int kDefaultPort = 1080;
/// The schemes of curl's other proxies.
constexpr auto kOtherKinds =
    std::to_array<std::string_view>({"https", "socks", "socks4", "socks4a", "socks5", "socks5h"});

template <typename Ip>
std::optional<Ip> parse_ip(int family, std::string_view text) {
  Ip ip{};
  return inet_pton(family, std::string(text).c_str(), &ip) == 1 ? std::optional(ip) : std::nullopt;
}

/// Without the zone of fe80::1%eth0.
std::optional<in6_addr> parse_ip6(std::string_view text) {
  return parse_ip<in6_addr>(AF_INET6, text.substr(0, text.find('%')));
}

std::string_view without_final_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

/// `bits`: at least one.
bool in_network(std::uint32_t ip, std::uint32_t network, unsigned bits) {
  return ((ip ^ network) >> (32U - bits)) == 0;
}

bool is_local_ip4(std::uint32_t ip) {
  constexpr std::uint32_t kLoopback = 127U << 24U;
  constexpr std::uint32_t kLink = 169U << 24U | 254U << 16U;
  return in_network(ip, kLoopback, 8) || in_network(ip, kLink, 16);
}

bool is_or_is_below(std::string_view host, std::string_view domain) {
  return host.ends_with(domain) && !domain.empty() &&
         (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.');
}

/// "10.0.0.0/8" or an address alone. As in curl a prefix of no bits counts as none, and what
/// follows its digits as nothing.
bool entry_names_ip4(std::string_view entry, in_addr ip) {
  constexpr std::size_t kLengthMax = 127;
  const std::size_t slash = entry.find('/');
  const auto network = parse_ip<in_addr>(AF_INET, entry.substr(0, slash));
  unsigned bits = 0;
  if (slash != std::string_view::npos) {
    const std::string prefix(entry.substr(slash + 1));
    bits = static_cast<unsigned>(std::strtol(prefix.c_str(), nullptr, 10));
  }
  return network && bits <= 32 && entry.size() <= kLengthMax &&
         in_network(ntohl(ip.s_addr), ntohl(network->s_addr), bits == 0 ? 32 : bits);
}

bool entry_names_host(std::string_view entry, std::string_view host) {
  entry = without_final_dot(entry);
  entry.remove_prefix(entry.starts_with('.') ? 1 : 0);
  return is_or_is_below(host, lower_case(entry));
}

/// As curl writes the host before it compares it: an IPv6 address without its zone, and in the
/// usual spelling where that is shorter.
std::string as_curl_names(std::string_view host) {
  const std::optional<in6_addr> ip = parse_ip6(host);
  if (!ip) {
    return lower_case(without_final_dot(host));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string_view usual = inet_ntop(AF_INET6, &*ip, text.data(), text.size());
  const std::string_view given = host.substr(0, host.find('%'));
  return lower_case(usual.size() < given.size() ? usual : given);
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
  const std::size_t at = rest.rfind('@');
  const std::string_view user_info =
      at == std::string_view::npos ? std::string_view() : rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
  std::string authority(rest.substr(0, rest.find_first_of("/?#")));
  if (authority.ends_with(':')) {
    authority.pop_back();
  }
  const bool has_port = authority.find(':', authority.rfind(']') + 1) != std::string::npos;
  const Result<Url> url = parse_url("http://" + authority);
  // Without an @ whatever is no host may be a user and a password, so it is not told.
  const bool tellable = at != std::string_view::npos || url.has_value();
  const bool known = std::ranges::find(kOtherKinds, scheme) != kOtherKinds.end();
  if (known) {
    const std::string shown = tellable ? fmt::format("{}://{}: ", scheme, rest) : "";
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {}{} proxies are not supported, only http://host:port", variable,
                            shown, scheme));
  }
  if (scheme != "http" || !url.has_value() ||
      user_info.find_first_of("/?#") != std::string_view::npos) {
    const bool shown = tellable && scheme == "http";
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {} is not a proxy such as http://host:port", variable,
                            shown ? fmt::format("'http://{}'", rest) : "its value"));
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
  const std::optional<in_addr> ip4 = parse_ip<in_addr>(AF_INET, host);
  const std::string name = as_curl_names(host);
  constexpr std::string_view kSeparators = ", \t";
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find_first_of(kSeparators));
    if (!entry.empty() && (ip4 ? entry_names_ip4(entry, *ip4) : entry_names_host(entry, name))) {
      return true;
    }
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
  }
  return false;
}

bool is_local(std::string_view host) {
  const std::string name = lower_case(without_final_dot(host));
  if (const auto ip = parse_ip<in_addr>(AF_INET, name)) {
    return is_local_ip4(ntohl(ip->s_addr));
  }
  const std::optional<in6_addr> ip = parse_ip6(name);
  if (!ip) {
    return is_or_is_below(name, "localhost");
  }
  const auto word = [&ip](std::size_t index) { return ntohl(ip->s6_addr32[index]); };
  return IN6_IS_ADDR_LOOPBACK(&*ip) || IN6_IS_ADDR_LINKLOCAL(&*ip) ||
         (IN6_IS_ADDR_V4MAPPED(&*ip) && is_local_ip4(word(3))) || word(0) == kAwsLink;
}

}  // namespace scaler::net
