#include "edge/identity/dpop.h"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "edge/identity/digest.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::identity {
namespace {

constexpr int kCoordinate = 32;

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;

Key read_key(const Secret& pem) {
  const std::unique_ptr<BIO, Freed<BIO_free>> bio(
      BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  // Without a callback of our own OpenSSL would ask the terminal for the phrase of a locked key.
  const auto no_phrase = [](char*, int, int, void*) { return 0; };
  return Key(bio == nullptr ? nullptr
                            : PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr));
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view(name.data(), size) == "prime256v1";
}

/// 32 bytes, big-endian; empty when the number is longer.
std::string bytes_of(const BIGNUM* number) {
  std::array<unsigned char, kCoordinate> bytes{};
  if (number == nullptr || BN_bn2binpad(number, bytes.data(), kCoordinate) != kCoordinate) {
    return "";
  }
  return {bytes.begin(), bytes.end()};
}

std::string coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  const Number owned(number);
  return bytes_of(owned.get());
}

/// r and s of an ECDSA signature with SHA-256, side by side; empty when it fails.
std::string sign(EVP_PKEY* key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const auto* data =
      reinterpret_cast<const unsigned char*>(text.data());  // NOLINT(*-reinterpret-cast)
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) != 1) {
    return "";
  }
  std::vector<unsigned char> der(size);
  if (EVP_DigestSign(context.get(), der.data(), &size, data, text.size()) != 1) {
    return "";
  }
  const unsigned char* cursor = der.data();
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> signature(
      d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(size)));
  return signature == nullptr ? ""
                              : bytes_of(ECDSA_SIG_get0_r(signature.get())) +
                                    bytes_of(ECDSA_SIG_get0_s(signature.get()));
}

}  // namespace

Result<std::string> dpop_proof(const Secret& key, const DpopClaims& claims) {
  const Key parsed = read_key(key);
  if (parsed == nullptr || !is_p256(parsed.get())) {
    return fail(ErrorKind::Malformed, "its dpopKey is no P-256 key");
  }
  json::Writer header;
  header.begin_object().field("typ", "dpop+jwt").field("alg", "ES256").name("jwk");
  header.begin_object()
      .field("kty", "EC")
      .field("x", base64_url(coordinate(parsed.get(), OSSL_PKEY_PARAM_EC_PUB_X)))
      .field("y", base64_url(coordinate(parsed.get(), OSSL_PKEY_PARAM_EC_PUB_Y)))
      .field("crv", "P-256")
      .end_object()
      .end_object();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(claims.at.time_since_epoch());
  json::Writer payload;
  payload.begin_object()
      .field("htm", "POST")
      .field("htu", claims.url)
      .field("iat", seconds.count())
      .field("jti", claims.id)
      .end_object();
  const std::string text = base64_url(header.text()) + "." + base64_url(payload.text());
  const std::string signature = sign(parsed.get(), text);
  if (signature.size() != std::size_t{2} * kCoordinate) {
    return fail(ErrorKind::Malformed, "its dpopKey cannot sign");
  }
  return text + "." + base64_url(signature);
}

std::string random_uuid() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string text = hex(bytes);
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) {
    text.insert(dash, 1, '-');
  }
  return text;
}

}  // namespace scaler::identity
