#include "ground/net/url.h"

#include <optional>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/base/url_text.h"

namespace scaler::net {
namespace {

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a') + 10;
  }
  return std::nullopt;
}

std::optional<int> parse_port(std::string_view text) {
  const auto port = number_of<int>(text);
  return port && *port >= 1 && *port <= 65535 ? port : std::nullopt;
}

/// Splits "host", "host:port", "[v6]" and "[v6]:port"; false when it is none of them.
bool read_authority(std::string_view authority, Origin& origin) {
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    origin.host = authority.substr(1, end - 1);
    const std::string_view rest = authority.substr(end + 1);
    has_port = rest.starts_with(':');
    if (!has_port && !rest.empty()) {
      return false;
    }
    port = has_port ? rest.substr(1) : "";
  } else {
    const std::size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    origin.host = authority.substr(0, colon);
    port = has_port ? authority.substr(colon + 1) : "";
  }
  if (has_port) {
    const std::optional<int> number = parse_port(port);
    if (!number) {
      return false;
    }
    origin.port = *number;
  }
  return !origin.host.empty();
}

bool printable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const auto malformed = [text] {
    return fail(ErrorKind::Malformed, "'" + shortened(without_user(text)) +
                                          "' is not a URL such as https://host:port/path");
  };
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos || !printable(text)) {
    return malformed();
  }
  Url url;
  url.origin.scheme = text.substr(0, scheme_end);
  if (url.origin.scheme != "http" && url.origin.scheme != "https") {
    return malformed();
  }
  url.origin.port = url.origin.scheme == "https" ? 443 : 80;
  std::string_view rest = text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t authority_end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, authority_end);
  if (authority.contains('@') || !read_authority(authority, url.origin)) {
    return malformed();
  }
  rest.remove_prefix(authority.size());
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    url.query = rest.substr(question + 1);
  }
  const std::string_view path = rest.substr(0, question);
  url.path = path.empty() ? "/" : path;
  return url;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4U];
      encoded += kDigits[byte & 0xfU];
    }
  }
  return encoded;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        decoded += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

std::string query_string(std::span<const std::pair<std::string, std::string>> parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    query += (query.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  return query;
}

}  // namespace scaler::net
