#pragma once
// Where programs older than the AWS CLI have keys. boto3 still takes them from there, before it
// asks the machine.

#include "ground/base/environment.h"
#include "ground/base/result.h"

namespace scaler::identity {

/// To be asked before the machine is.
/// Errors: Malformed, naming the variable or the file, where one of them means somebody: these
/// files
///         are not read.
Result<void> check_older_places(const Environment& environment);

}  // namespace scaler::identity
