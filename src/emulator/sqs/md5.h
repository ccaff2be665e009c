#pragma once
// MD5, which SQS returns for every message so that a client can see whether it arrived whole. It
// protects nothing.

#include <string>
#include <string_view>

namespace scaler::emulator {

/// 32 lower-case hexadecimal digits.
std::string md5_hex(std::string_view data);

}  // namespace scaler::emulator
