#pragma once
// URLs as text: taken apart, percent-encoded, queries built. Only http and https.

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ground/base/result.h"
#include "ground/net/http.h"

namespace scaler::net {

struct Url {
  Origin origin = {};
  std::string path = "/";  ///< as it stands in the URL, percent-encoded; at least "/"
  std::string query = {};  ///< without the question mark
};

/// Reads "scheme://host[:port][/path][?query]"; a fragment is dropped, user information refused.
/// Errors: Malformed, quoting the text without what may be a password.
Result<Url> parse_url(std::string_view text);

/// Every byte but the unreserved ones (letters, digits, "-._~") as %XX.
std::string percent_encode(std::string_view text);

/// %XX back to bytes; a percent sign that starts no such group stands for itself.
std::string percent_decode(std::string_view text);

/// "a=1&b=x%20y", both sides encoded.
std::string query_string(std::span<const std::pair<std::string, std::string>> parameters);

}  // namespace scaler::net
