#pragma once
// Asking a person, where there is one.

#include <string>

#include "ground/base/result.h"

namespace scaler::identity {

/// Asks on standard error for the code of an MFA device and reads a line, for a minute at most.
/// Errors: Unauthorized when standard input is no terminal, nobody answers, or the answer is no
///         code.
Result<std::string> ask_mfa_code(const std::string& mfa_serial);

}  // namespace scaler::identity
