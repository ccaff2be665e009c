// OpenSSL 3 deprecates these SHA-256 functions; their successors look the algorithm up anew for
// every hash, which costs half as much again as the hash.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "edge/aws/sigv4.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/core.h>
#include <openssl/sha.h>

#include "ground/base/check.h"
#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

Digest sha256(std::string_view text) {
  Digest digest{};
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::string_view bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// HMAC-SHA256 (RFC 2104). OpenSSL's HMAC() looks the algorithm up for every call, too: four to
/// five times the time of this for the 120 bytes of a step.
Digest hmac(std::string_view key, std::string_view text) {
  constexpr std::size_t kBlock = 64;
  const Digest short_key = key.size() > kBlock ? sha256(key) : Digest{};
  const std::string_view used = key.size() > kBlock ? bytes(short_key) : key;
  std::string inner(kBlock, '\x36');
  std::string outer(kBlock, '\x5c');
  for (std::size_t i = 0; i < used.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ used[i]);
    outer[i] = static_cast<char>(outer[i] ^ used[i]);
  }
  inner += text;
  outer += bytes(sha256(inner));
  return sha256(outer);
}

/// Without blanks at the ends, and one blank for each run within.
std::string squeeze(std::string_view text) {
  if (!text.contains(' ') && !text.contains('\t')) {
    return std::string(text);
  }
  std::string squeezed;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      squeezed += c;
    } else if (!squeezed.empty() && squeezed.back() != ' ') {
      squeezed += ' ';
    }
  }
  if (squeezed.ends_with(' ')) {
    squeezed.pop_back();
  }
  return squeezed;
}

/// The path's segments without empty ones and dots, each encoded once more than it is on the wire.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    if (segment == "..") {
      if (!segments.empty()) {
        segments.pop_back();
      }
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  }
  std::string canonical;
  for (const std::string_view segment : segments) {
    canonical += "/" + net::percent_encode(segment);
  }
  return canonical.empty() || path.ends_with('/') ? canonical + "/" : canonical;
}

/// S3 takes the path as it is on the wire: ".." may be a part of an object's key.
bool signs_path_as_it_is(const SigningKey& key) {
  return key.scope.ends_with("/s3/aws4_request");
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    const std::size_t equals = parameter.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    if (!parameter.empty()) {
      parameters.emplace_back(net::percent_encode(net::percent_decode(parameter.substr(0, equals))),
                              net::percent_encode(net::percent_decode(value)));
    }
    query = end == std::string_view::npos ? "" : query.substr(end + 1);
  }
  std::ranges::sort(parameters);
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    canonical.append(canonical.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return canonical;
}

/// Headers that something between us and AWS may change.
bool left_unsigned(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kUnsigned{"authorization", "connection",
                                                             "expect",        "transfer-encoding",
                                                             "user-agent",    "x-amzn-trace-id"};
  return std::ranges::find(kUnsigned, name) != kUnsigned.end();
}

/// Lower-case name -> value; several headers of one name are one, joined by commas.
std::map<std::string, std::string> canonical_headers(const net::HttpRequest& request) {
  std::map<std::string, std::string> headers{{"host", net::host_header(request.origin)}};
  for (const net::HttpHeader& header : request.headers) {
    const std::string name = lower_case(header.name);
    if (left_unsigned(name)) {
      continue;
    }
    const auto [entry, is_new] = headers.emplace(name, squeeze(header.value));
    if (!is_new) {
      entry->second += "," + squeeze(header.value);
    }
  }
  return headers;
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  return hex(sha256(text));
}

std::string amz_date(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(instant - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

SigningKey derive_key(const Secret& secret_access_key, const SigningScope& scope) {
  Digest key = hmac("AWS4" + secret_access_key.reveal(), scope.date);
  key = hmac(bytes(key), scope.region);
  key = hmac(bytes(key), scope.service);
  key = hmac(bytes(key), "aws4_request");
  return {.scope = fmt::format("{}/{}/{}/aws4_request", scope.date, scope.region, scope.service),
          .key = key};
}

Signature sign(const net::HttpRequest& request, std::string_view access_key_id,
               const SigningKey& key) {
  // Step 1: create a canonical request.
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  const std::string_view query =
      question == std::string_view::npos ? "" : target.substr(question + 1);
  const std::string_view path = target.substr(0, question);
  const auto headers = canonical_headers(request);
  const auto date = headers.find("x-amz-date");
  CHECK(date != headers.end());
  std::string names;
  std::string lines;
  for (const auto& [name, value] : headers) {
    names.append(names.empty() ? "" : ";").append(name);
    lines.append(name).append(":").append(value).append("\n");
  }
  const std::string canonical_request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method,
                  signs_path_as_it_is(key) ? std::string(path) : canonical_path(path),
                  canonical_query(query), lines, names, sha256_hex(request.body));

  // Step 2: create a hash of the canonical request.
  Signature signature{.canonical_request_sha256 = sha256_hex(canonical_request)};

  // Step 3: create a string to sign.
  const std::string string_to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date->second,
                                                 key.scope, signature.canonical_request_sha256);

  // Step 4 is derive_key(). Step 5: calculate the signature.
  signature.hex = hex(hmac(bytes(key.key), string_to_sign));

  // Step 6: add the signature to the request.
  signature.authorization =
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                  access_key_id, key.scope, names, signature.hex);
  return signature;
}

void Signer::sign(net::HttpRequest& request, const Credentials& credentials,
                  std::string_view service, Instant at) {
  const std::string date = amz_date(at);
  request.headers.push_back({.name = "X-Amz-Date", .value = date});
  if (service == "s3") {
    request.headers.push_back({.name = "X-Amz-Content-Sha256", .value = sha256_hex(request.body)});
  }
  if (!credentials.session_token.empty()) {
    request.headers.push_back(
        {.name = "X-Amz-Security-Token", .value = credentials.session_token.reveal()});
  }
  const SigningScope scope{
      .date = std::string_view(date).substr(0, 8), .region = region_, .service = service};
  const SigningKey& key = key_for(credentials.secret_access_key, scope);
  request.headers.push_back(
      {.name = "Authorization",
       .value = aws::sign(request, credentials.access_key_id, key).authorization});
}

const SigningKey& Signer::key_for(const Secret& secret, const SigningScope& scope) {
  const std::string wanted =
      fmt::format("{}/{}/{}/aws4_request", scope.date, scope.region, scope.service);
  for (const KeptKey& kept : keys_) {
    if (kept.key.scope == wanted && kept.secret == secret) {
      return kept.key;
    }
  }
  std::erase_if(keys_, [&](const KeptKey& kept) {
    return kept.secret != secret || !kept.key.scope.starts_with(scope.date);
  });
  keys_.push_back({.secret = secret, .key = derive_key(secret, scope)});
  return keys_.back().key;
}

}  // namespace scaler::aws
