#pragma once
// MD5, which SQS returns for every message so that a client can see whether it arrived whole,
// SHA-256, by which a FIFO queue knows a body again, and Base64. They protect nothing.

#include <string>
#include <string_view>

namespace scaler::emulator {

/// 32 lower-case hexadecimal digits.
std::string md5_hex(std::string_view data);
/// 64 of them.
std::string sha256_hex(std::string_view data);
std::string base64(std::string_view data);

}  // namespace scaler::emulator
