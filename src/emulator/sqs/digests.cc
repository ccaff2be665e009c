#include "emulator/sqs/digests.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <openssl/evp.h>

#include "ground/base/check.h"

namespace scaler::emulator {
namespace {

std::string hex_digest(std::string_view data, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  CHECK(EVP_Digest(data.data(), data.size(), digest.data(), &length, algorithm, nullptr) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : std::span(digest).first(length)) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xfU];
  }
  return hex;
}

}  // namespace

// Fetched once: a fetch by name costs more than hashing a small message.

std::string md5_hex(std::string_view data) {
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return hex_digest(data, md5);
}

std::string sha256_hex(std::string_view data) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  return hex_digest(data, sha256);
}

std::string base64(std::string_view data) {
  const std::vector<unsigned char> bytes(data.begin(), data.end());
  std::vector<unsigned char> text(4 * (bytes.size() / 3 + 1) + 1);
  const int size = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  return {text.begin(), text.begin() + size};
}

}  // namespace scaler::emulator
