#pragma once
// The digests and encodings that token files and proofs are made of.

#include <string>
#include <string_view>

namespace scaler::identity {

/// In lower-case hexadecimal digits.
std::string sha1_hex(std::string_view text);

/// base64url without padding (RFC 4648 section 5).
std::string base64_url(std::string_view bytes);

}  // namespace scaler::identity
