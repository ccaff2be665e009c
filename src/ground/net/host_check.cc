#include "ground/net/host_check.h"

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/net/address.h"

namespace scaler::net {
namespace {

/// Without port, brackets and closing dot, in small letters.
std::string host_of(std::string_view value) {
  if (const std::size_t end = value.find(']'); value.starts_with('[') && end != value.npos) {
    return std::string(value.substr(1, end - 1));
  }
  std::string host = lower_case(value.substr(0, value.find(':')));
  if (host.ends_with('.')) {
    host.pop_back();
  }
  return host;
}

/// Whether the request is signed as AWS wants it, which no page does of itself.
bool is_signed(const HttpHeaders& headers) {
  return find_header(headers, "authorization").value_or("").starts_with("AWS4-HMAC-SHA256 ");
}

bool is_local(std::string_view value, const HttpHeaders& headers) {
  const std::string host = host_of(value);
  return (host.ends_with(".amazonaws.com") && is_signed(headers)) || host == "localhost" ||
         host.ends_with(".localhost") || host.ends_with(".internal") || is_literal_address(host);
}

}  // namespace

std::optional<std::string> foreign_host(const HttpHeaders& headers) {
  for (const HttpHeader& header : headers) {
    if (equal_in_any_case(header.name, "host") && !is_local(header.value, headers)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> foreign_page(const HttpHeaders& headers) {
  const std::string own = "http://" + lower_case(find_header(headers, "host").value_or(""));
  for (const HttpHeader& header : headers) {
    const bool is_origin = equal_in_any_case(header.name, "origin");
    const bool is_site = equal_in_any_case(header.name, "sec-fetch-site");
    // "none" is what a person typed.
    if ((is_origin && lower_case(header.value) != own) ||
        (is_site && header.value != "same-origin" && header.value != "none")) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> why_foreign(std::string_view method, const HttpHeaders& headers,
                                       bool over_loopback) {
  if (const auto host = over_loopback ? foreign_host(headers) : std::nullopt) {
    return "its host is '" + shortened(*host) +
           "', but this server is for localhost and addresses only";
  }
  if (method == "GET" || method == "HEAD") {
    return std::nullopt;  // It changes nothing, and the page cannot read the answer.
  }
  const auto page = foreign_page(headers);
  return page ? std::optional("it comes from a web page of another server, '" + shortened(*page) +
                              "', which may change nothing here")
              : std::nullopt;
}

}  // namespace scaler::net
