#pragma once
// Changes of desired counts: when one may leave, what becomes of it, and what is done when it
// fails.

#include <vector>

#include "scaler/pass/item.h"

namespace scaler {

/// Sets what was decided for these items, which all scale out; the most urgent first where the
/// rates allow only some at once, and the others wait for a later chunk. Afterwards it looks once
/// more at what was set. Returns those that failed for the moment and may be tried again.
std::vector<Item*> scale_out(std::vector<Item*> items, const Surroundings& surroundings);

/// Looks again at these items, which all scale in, and sets what is confirmed.
void scale_in(std::vector<Item*> items, const Surroundings& surroundings);

/// Looks, decides anew and tries again, with pauses, what failed for the moment.
void try_again(std::vector<Item*> failed, const Surroundings& surroundings);

}  // namespace scaler
