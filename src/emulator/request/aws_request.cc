#include "emulator/request/aws_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <vector>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256 ";
constexpr Duration kClockSkewMax = std::chrono::minutes(5);
constexpr std::size_t kSignatureLength = 64;

std::unexpected<ApiError> incomplete(std::string message) {
  return refuse("IncompleteSignatureException", std::move(message), 403);
}

std::unexpected<ApiError> invalid_signature(std::string message) {
  return refuse("InvalidSignatureException", std::move(message), 403);
}

std::vector<std::string_view> cut(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (const auto part : std::views::split(text, separator)) {
    parts.emplace_back(part.begin(), part.end());
  }
  return parts;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

struct Authorization {
  std::string_view credential = {};
  std::string_view signed_headers = {};
  std::string_view signature = {};
};

struct AuthorizationPart {
  std::string_view name;
  std::string_view Authorization::* value;
};
constexpr std::array<AuthorizationPart, 3> kParts{
    {{"Credential", &Authorization::credential},
     {"SignedHeaders", &Authorization::signed_headers},
     {"Signature", &Authorization::signature}}};

/// Takes one "Name=value", of which each name may come once.
ApiResult<void> take_part(Authorization& found, std::string_view field) {
  const std::size_t equals = field.find('=');
  const auto* const part =
      std::ranges::find(kParts, field.substr(0, equals), &AuthorizationPart::name);
  if (part == kParts.end() || !(found.*part->value).empty()) {
    return incomplete(fmt::format("Authorization header has an unexpected part '{}'.", field));
  }
  found.*part->value = equals == std::string_view::npos ? "" : field.substr(equals + 1);
  return {};
}

/// Takes "AWS4-HMAC-SHA256 Credential=.., SignedHeaders=.., Signature=.." apart.
ApiResult<Authorization> parse_authorization(std::string_view header) {
  if (!header.starts_with(kAlgorithm)) {
    return incomplete(
        fmt::format("Unsupported AWS 'algorithm': '{}'.", header.substr(0, header.find(' '))));
  }
  header.remove_prefix(kAlgorithm.size());
  Authorization found;
  for (const std::string_view part : cut(header, ',')) {
    TRY(take_part(found, trim(part)));
  }
  for (const auto& [name, value] : kParts) {
    if ((found.*value).empty()) {
      return incomplete(fmt::format("Authorization header requires '{}' parameter.", name));
    }
  }
  return found;
}

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Access key, date, region, service and the word aws4_request.
ApiResult<Caller> parse_scope(std::string_view credential, std::string_view date) {
  const std::vector<std::string_view> parts = cut(credential, '/');
  if (parts.size() != 5 || std::ranges::any_of(parts, &std::string_view::empty)) {
    return incomplete(
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                    "keyid/date/region/service/term, got '{}'.",
                    credential));
  }
  if (parts[4] != "aws4_request") {
    return invalid_signature(
        "Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  if (parts[1] != date) {
    return invalid_signature(
        fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                    "version of date from HTTP: '{}' != '{}'.",
                    parts[1], date));
  }
  return Caller{.access_key_id = std::string(parts[0]),
                .region = std::string(parts[2]),
                .service = std::string(parts[3])};
}

/// In small letters; sorted, because there may be thousands of both kinds.
std::vector<std::string> sorted_names(const net::HttpHeaders& headers) {
  std::vector<std::string> names;
  for (const net::HttpHeader& header : headers) {
    std::string& name = names.emplace_back(header.name);
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  }
  std::ranges::sort(names);
  return names;
}

/// Every header that must be signed is, and every signed header is there.
ApiResult<void> check_signed_headers(const net::HttpHeaders& headers, std::string_view list) {
  const std::vector<std::string_view> names = cut(list, ';');
  if (!std::ranges::is_sorted(names) || std::ranges::adjacent_find(names) != names.end()) {
    return invalid_signature("SignedHeaders must be distinct and in alphabetical order.");
  }
  const std::vector<std::string> sent = sorted_names(headers);
  for (const std::string_view name : names) {
    if (name != "content-length" && !std::ranges::binary_search(sent, name)) {
      return invalid_signature(fmt::format("Header '{}' is signed but was not sent.", name));
    }
  }
  for (const std::string& name : sent) {
    const bool needed = name == "host" || name.starts_with("x-amz-");
    if (needed && !std::ranges::binary_search(names, std::string_view(name))) {
      return invalid_signature(
          fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name));
    }
  }
  return {};
}

}  // namespace

std::unexpected<ApiError> refuse(std::string code, std::string message, int status) {
  constexpr std::size_t kMessageMax = 1000;
  if (message.size() > kMessageMax) {
    message = shortened(message, kMessageMax);
  }
  return std::unexpected(
      ApiError{.code = std::move(code), .message = std::move(message), .status = status});
}

ApiResult<Instant> parse_amz_date(std::string_view text) {
  const auto malformed = [&] {
    return incomplete(fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'.", text));
  };
  constexpr std::size_t kLength = 16;
  if (text.size() != kLength || text[8] != 'T' || text.back() != 'Z') {
    return malformed();
  }
  const Result<Instant> instant = parse_instant(
      fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2),
                  text.substr(9, 2), text.substr(11, 2), text.substr(13, 2)));
  return instant ? ApiResult<Instant>(*instant) : malformed();
}

ApiResult<Caller> check_signature(const net::ServerRequest& request, std::string_view service,
                                  Instant now) {
  const auto header = net::find_header(request.headers, "authorization");
  if (!header) {
    return refuse("MissingAuthenticationTokenException", "Request is missing Authentication Token",
                  403);
  }
  const Authorization authorization = TRY(parse_authorization(*header));
  const auto date = net::find_header(request.headers, "x-amz-date");
  if (!date) {
    return incomplete(
        "Authorization header requires existence of either a 'X-Amz-Date' or a "
        "'Date' header.");
  }
  const Instant sent_at = TRY(parse_amz_date(*date));
  Caller caller = TRY(parse_scope(authorization.credential, date->substr(0, 8)));
  if (sent_at < now - kClockSkewMax || sent_at > now + kClockSkewMax) {
    return invalid_signature(fmt::format("Signature {}: {} is {} than {} by more than 5 min.",
                                         sent_at < now ? "expired" : "not yet current", *date,
                                         sent_at < now ? "earlier" : "later", format_instant(now)));
  }
  if (caller.service != service) {
    return invalid_signature(
        fmt::format("Credential should be scoped to correct service: '{}'.", service));
  }
  if (authorization.signature.size() != kSignatureLength ||
      !is_hexadecimal(authorization.signature)) {
    return incomplete("Signature must be 64 lower-case hexadecimal digits.");
  }
  TRY(check_signed_headers(request.headers, authorization.signed_headers));
  return caller;
}

}  // namespace scaler::emulator
