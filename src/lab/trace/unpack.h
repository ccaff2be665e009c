#pragma once
// Packed bytes to plain ones, within bounds: a file of a few kilobytes can unpack to terabytes.

#include <cstddef>
#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler::trace {

enum class Packing { None, Gzip, Zstd };
/// By how the bytes begin.
Packing packing_of(std::string_view bytes);

/// All members or frames, one after another. `bytes` are packed.
/// Errors: Malformed for what is damaged or ends too early, and for more than `most` bytes.
Result<std::string> unpacked(std::string_view bytes, std::size_t most);

}  // namespace scaler::trace
