#pragma once
// The bearer token that a controller asks for, in a file, so that it stands on no command line.

#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "ground/base/secret.h"

namespace scaler::cli {

/// The file's text without white space at its ends.
/// Errors: Malformed, naming the file and never quoting it, for a text that is empty or cannot
///         stand in a header; those of read_file().
Result<Secret> read_token(const std::string& path);

/// Whether an Authorization header brings the token, as a bearer's or, which is all that a browser
/// can ask a person for, as the password of any user; takes as long whatever it brings.
bool brings_token(std::string_view authorization, const Secret& token);

}  // namespace scaler::cli
