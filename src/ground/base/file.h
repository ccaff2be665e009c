#pragma once
// Reading and writing a whole file without streams: these would drag the standard library's locales
// into the Lambda program.

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler {

/// The file's bytes, and no more than `most` of them.
/// Errors: NotFound when there is no such file; Unavailable when it cannot be read, with the
///         system's reason. The message names the path.
Result<std::string> read_file(const std::string& path,
                              std::size_t most = std::numeric_limits<std::size_t>::max());

/// The whole of a file that is read again and again on a program's one thread: settings, keys,
/// certificates.
/// Errors: as read_file(); Unavailable also when it is larger than any such file, or a pipe: the
///         second reader finds it empty, which may be another identity, or waits for ever.
Result<std::string> read_kept_file(const std::string& path);

/// Writes to what stands at the path: a file, which is made or emptied, a pipe, a device.
/// Errors: Unavailable, with the path and the system's reason.
Result<void> write_file(const std::string& path, std::string_view text);

/// Puts a file, readable for its owner only, in the place of another: written and synchronized
/// beside it under a name of its own, then renamed. A crash, a full disk or a second writer leaves
/// the old text or a new one, never a part.
/// Errors: Unavailable, with the path and the system's reason; the old file then stands.
Result<void> replace_file(const std::string& path, std::string_view text);
/// The same of a file that is open, such as standard input; `name` is what messages call it.
Result<std::string> read_open_file(int file, const std::string& name, std::size_t most);

}  // namespace scaler
