#pragma once
// The program that the first word of a command means.

#include <string>

#include "ground/base/environment.h"
#include "ground/base/result.h"

namespace scaler::emulator {

/// The path of the program: the word itself where it has a slash, else the first file of that name
/// in a folder of PATH that may be run.
/// Errors: NotFound, naming the word and where it was looked for.
Result<std::string> find_program(const std::string& word, const Environment& environment);

}  // namespace scaler::emulator
