#include "emulator/sqs/md5.h"

#include <array>
#include <cstdint>
#include <span>

#include <openssl/evp.h>

#include "ground/base/check.h"

namespace scaler::emulator {

std::string md5_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  // Fetched once: a fetch by name costs more than hashing a small message.
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  CHECK(EVP_Digest(data.data(), data.size(), digest.data(), &length, md5, nullptr) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : std::span(digest).first(length)) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xfU];
  }
  return hex;
}

}  // namespace scaler::emulator
