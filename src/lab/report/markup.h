#pragma once
// Markup: the parts of the page that stand in it as HTML, so that what decides needs no script.

#include <string>

#include "lab/report/report.h"

namespace scaler::report {

/// What gives a run its colour: of two, the lines and the keys are the same, and no two runs'.
std::string color_of(std::size_t run);

/// From what it is to what it will be, in large figures; empty without advice.
std::string cards_html(const Report& report);
/// What to copy, one deployment a tab; empty without advice.
std::string blocks_html(const Report& report);
/// Why this one, and each setting's meaning; empty without advice.
std::string reasons_html(const Report& report);
/// Every run's figures.
std::string table_html(const Report& report);
/// The passes of a journal that would have ended differently; empty without any.
std::string replays_html(const Report& report);
std::string facts_html(const Report& report);

/// Nobody waits less for the same money or less.
bool unbeaten(const Report& report, const ReportedRun& run);

}  // namespace scaler::report
