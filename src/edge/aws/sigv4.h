#pragma once
// AWS Signature Version 4: request + credentials + instant -> headers. Pure.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "edge/aws/credentials.h"
#include "ground/base/clock.h"
#include "ground/net/http.h"

namespace scaler::aws {

using Digest = std::array<unsigned char, 32>;

std::string sha256_hex(std::string_view text);

/// "20150830T123600Z".
std::string amz_date(Instant instant);

/// The key of one secret, UTC day, region and service.
struct SigningKey {
  std::string scope = {};  ///< "20150830/us-east-1/service/aws4_request"
  Digest key = {};
};

struct SigningScope {
  std::string_view date = {};  ///< "20150830"
  std::string_view region = {};
  std::string_view service = {};
};

SigningKey derive_key(const Secret& secret_access_key, const SigningScope& scope);

struct Signature {
  std::string canonical_request_sha256 = {};
  std::string hex = {};
  std::string authorization = {};  ///< the header's value
};

/// Signs the request's method, target, headers and body. Its headers must hold X-Amz-Date already,
/// and X-Amz-Security-Token where there is one; Host is added to what is signed.
Signature sign(const net::HttpRequest& request, std::string_view access_key_id,
               const SigningKey& key);

/// Adds the headers that make a request a signed one, and keeps the day's keys. Those of S3 say the
/// body's hash, too.
class Signer {
 public:
  explicit Signer(std::string region) : region_(std::move(region)) {}

  void sign(net::HttpRequest& request, const Credentials& credentials, std::string_view service,
            Instant at);

 private:
  struct KeptKey {
    Secret secret = {};
    SigningKey key = {};
  };
  const SigningKey& key_for(const Secret& secret, const SigningScope& scope);

  std::string region_;
  std::vector<KeptKey> keys_;
};

}  // namespace scaler::aws
