#pragma once
// The certificate authorities behind AWS's endpoints, taken at build time from Debian's
// ca-certificates.

#include <span>
#include <string_view>

namespace scaler::net {

struct TlsRoot {
  std::string_view common_name = {};  ///< of the subject
  std::string_view pem = {};
};

std::span<const TlsRoot> built_in_roots();

}  // namespace scaler::net
