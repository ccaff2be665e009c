#pragma once
// A command line taken apart into words without a shell, and the program that its first word means.

#include <string>
#include <string_view>
#include <vector>

#include "ground/base/environment.h"
#include "ground/base/result.h"

namespace scaler::emulator {

/// The words of a command: blanks separate; quotes, single or double, and a backslash hold together
/// as in a shell. Nothing is expanded.
/// Errors: Malformed for a quote without its end, and when there is no word.
Result<std::vector<std::string>> command_words(std::string_view text);

/// The path of the program: the word itself where it has a slash, else the first file of that name
/// in a folder of PATH that may be run.
/// Errors: NotFound, naming the word and where it was looked for.
Result<std::string> find_program(const std::string& word, const Environment& environment);

}  // namespace scaler::emulator
