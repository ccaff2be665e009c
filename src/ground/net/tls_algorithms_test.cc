#include "ground/net/tls_algorithms.h"

#include <array>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

namespace scaler::net {
namespace {

template <auto Fetch, auto Free>
bool has(const char* name) {
  auto* const algorithm = Fetch(tls_library(), name, nullptr);
  const bool found = algorithm != nullptr;
  Free(algorithm);
  return found;
}

bool has_digest(const char* name) {
  return has<&EVP_MD_fetch, &EVP_MD_free>(name);
}
bool has_cipher(const char* name) {
  return has<&EVP_CIPHER_fetch, &EVP_CIPHER_free>(name);
}
bool has_mac(const char* name) {
  return has<&EVP_MAC_fetch, &EVP_MAC_free>(name);
}
bool has_key_derivation(const char* name) {
  return has<&EVP_KDF_fetch, &EVP_KDF_free>(name);
}
bool has_key(const char* name) {
  return has<&EVP_KEYMGMT_fetch, &EVP_KEYMGMT_free>(name);
}
bool has_exchange(const char* name) {
  return has<&EVP_KEYEXCH_fetch, &EVP_KEYEXCH_free>(name);
}
bool has_signature(const char* name) {
  return has<&EVP_SIGNATURE_fetch, &EVP_SIGNATURE_free>(name);
}

TEST(TlsLibrary, HasEveryAlgorithmThatItNames) {
  for (const char* name : {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
    EXPECT_TRUE(has_digest(name)) << name;
  }
  for (const char* name : {"AES-128-CBC", "AES-256-CBC", "AES-128-GCM", "AES-256-GCM",
                           "AES-256-CTR", "AES-256-ECB", "ChaCha20-Poly1305"}) {
    EXPECT_TRUE(has_cipher(name)) << name;
  }
  EXPECT_TRUE(has_mac("HMAC"));
  for (const char* name : {"HKDF", "TLS13-KDF", "TLS1-PRF"}) {
    EXPECT_TRUE(has_key_derivation(name)) << name;
  }
  for (const char* name : {"RSA", "RSA-PSS", "EC", "X25519", "ED25519", "HMAC"}) {
    EXPECT_TRUE(has_key(name)) << name;
  }
  EXPECT_TRUE(has_exchange("ECDH"));
  EXPECT_TRUE(has_exchange("X25519"));
  for (const char* name : {"RSA", "ECDSA", "ED25519", "HMAC"}) {
    EXPECT_TRUE(has_signature(name)) << name;
  }
}

TEST(TlsLibrary, HasNoOther) {
  EXPECT_FALSE(has_digest("MD5"));
  EXPECT_FALSE(has_cipher("ARIA-128-GCM"));
  EXPECT_FALSE(has_mac("CMAC"));
  EXPECT_FALSE(has_key_derivation("SCRYPT"));
  EXPECT_FALSE(has_key("DSA"));
  EXPECT_FALSE(has_exchange("DH"));
  EXPECT_FALSE(has_signature("DSA"));
}

TEST(TlsLibrary, HasRandomNumbersOfItsOwn) {
  std::array<unsigned char, 32> first{};
  std::array<unsigned char, 32> second{};
  ASSERT_EQ(RAND_bytes_ex(tls_library(), first.data(), first.size(), 256), 1);
  ASSERT_EQ(RAND_bytes_ex(tls_library(), second.data(), second.size(), 256), 1);
  EXPECT_NE(first, second);
}

TEST(TlsLibrary, LeavesTheRestOfTheProcessAlone) {
  ASSERT_NE(tls_library(), nullptr);
  EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  EXPECT_NE(md5, nullptr);
  EVP_MD_free(md5);
}

}  // namespace
}  // namespace scaler::net
