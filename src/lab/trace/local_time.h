#pragma once
// Rows in local time, twice a year.

#include <string>
#include <vector>

#include "lab/trace/intervals.h"

namespace scaler::trace {

/// Of rows in the order of the file and without zones: where clocks are put back, an hour stands
/// there twice, and where they are put forward, one is missing. What follows is moved, so that time
/// goes on evenly. Newest first is turned round.
void even_out_clock_changes(std::vector<Row>& rows, std::vector<std::string>& remarks);

}  // namespace scaler::trace
