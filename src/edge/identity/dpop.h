#pragma once
// DPoP (RFC 9449): a signed statement that whoever sends a request holds a key.

#include <string>
#include <string_view>

#include "ground/base/clock.h"
#include "ground/base/secret.h"

namespace scaler::identity {

struct DpopClaims {
  std::string url = {};
  Instant at = {};
  std::string id = {};  ///< never the same twice
};

/// The header's value for a POST, a JWT with ES256. `key` is a P-256 key in PEM.
/// Errors: Malformed for a key that is none; nothing of it is quoted.
Result<std::string> dpop_proof(const Secret& key, const DpopClaims& claims);

/// Random, as in RFC 9562: "f81d4fae-7dec-4..".
std::string random_uuid();

}  // namespace scaler::identity
