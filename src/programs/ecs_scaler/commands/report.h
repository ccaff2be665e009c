#pragma once
// A pass record as a few lines for people.

#include <string>

#include "scaler/pass/pass.h"

namespace scaler::cli {

/// "service worker in cluster main", and where that is as far as its id tells.
std::string name_and_place(const ServiceId& id);

std::string describe(const PassRecord& record);

}  // namespace scaler::cli
