#pragma once
// MD5, which SQS returns for every message so that a client can see whether it arrived whole,
// SHA-256, by which a FIFO queue knows a body again, and Base64. They protect nothing.

#include <optional>
#include <string>
#include <string_view>

namespace scaler::emulator {

/// 32 lower-case hexadecimal digits.
std::string md5_hex(std::string_view data);
/// 64 of them.
std::string sha256_hex(std::string_view data);
std::string base64(std::string_view data);
/// Nothing when it is no Base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace scaler::emulator
