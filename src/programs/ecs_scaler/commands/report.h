#pragma once
// A pass record as a few lines for people.

#include <string>

#include "scaler/pass/pass.h"

namespace scaler::cli {

std::string describe(const PassRecord& record);

}  // namespace scaler::cli
