#include "fuzz.h"
#include "ground/net/url.h"

namespace scaler::fuzz {

// What is encoded decodes to what it was.
FUZZ(url) {
  check_short(net::parse_url(bytes));
  const std::string encoded = net::percent_encode(bytes);
  CHECK(net::percent_decode(encoded) == bytes);
  net::percent_decode(bytes);
}

}  // namespace scaler::fuzz
