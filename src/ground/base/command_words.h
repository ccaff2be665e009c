#pragma once
// A command line taken apart into words without a shell.

#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"

namespace scaler {

/// The words of a command as a POSIX shell splits them: quotes and backslashes, nothing else.
/// Errors: Malformed for a quote without its end, or no word at all.
Result<std::vector<std::string>> split_command(std::string_view text);

/// What execve() takes: a pointer to each text, and none at the end. They are good as long as the
/// texts are.
std::vector<char*> exec_pointers(std::vector<std::string>& texts);

}  // namespace scaler
