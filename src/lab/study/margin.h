#pragma once
// Margin: by how much a quantile of the waits may be longer at another time, told from how much the
// parts of this one differ. Messages of one burst or one night wait together: not they, the parts
// are the witnesses.

#include "ground/base/clock.h"
#include "lab/sim/score.h"

namespace scaler::study {

/// How long each part of a scenario is to be.
Duration length_of_parts(Duration length);

/// What five of six other times, half as long, would not exceed, beyond the quantile of all: of a
/// sample of clusters, Woodruff's bound for a quantile. Never beyond the longest wait.
Duration margin_of(const sim::Score& score, double share, Duration part);

}  // namespace scaler::study
