#pragma once
// Excerpts: a question about less than all of its time, on which policies are tried sooner, or once
// more.

#include "lab/study/study.h"

namespace scaler::study {

double messages_of(const Load& load, const Question& question);

/// The stretch of the question whose load is most like the whole one's: its mean, and what it needs
/// at its busiest.
Question part_of(const Question& question, const Load& load);

/// The later half, which is most like what comes, with other chance; and where the load declines
/// from day to day, with what it leads to.
Question again_of(const Question& question, const Load& load);

}  // namespace scaler::study
