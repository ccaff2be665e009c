#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace scaler::net {
namespace {

// This test is linked as the programs with few algorithms are (cmake/FewAlgorithms.cmake).
bool has_cipher(const char* name) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  EVP_CIPHER_free(cipher);
  return cipher != nullptr;
}

TEST(FewAlgorithms, LeaveTheRestOfOpenSslOut) {
  EXPECT_TRUE(has_cipher("AES-256-GCM"));
  for (const char* name : {"ARIA-256-GCM", "CAMELLIA-256-CBC", "SM4-CBC", "DES-EDE3-CBC"}) {
    EXPECT_FALSE(has_cipher(name)) << name;
  }
  EVP_MD* const digest = EVP_MD_fetch(nullptr, "BLAKE2B-512", nullptr);
  EXPECT_EQ(digest, nullptr);
  EVP_MD_free(digest);
}

}  // namespace
}  // namespace scaler::net
