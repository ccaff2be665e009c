#include "edge/identity/digest.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <openssl/evp.h>

#include "ground/base/text.h"

namespace scaler::identity {

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return hex(std::span(digest).first(size));
}

std::string base64_url(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  unsigned int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += kDigits[(bits >> count) & 63U];
    }
  }
  if (count > 0) {
    text += kDigits[(bits << (6 - count)) & 63U];
  }
  return text;
}

}  // namespace scaler::identity
