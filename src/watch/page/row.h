#pragma once
// Row: a service as the page's table tells it: its members, a name of its own, its state in a word.

#include <string>
#include <string_view>

#include "ground/json/writer.h"
#include "watch/fleet_status.h"

namespace scaler::page {

/// Tells it from every other service of the fleet: "cluster/service", where an ARN tells them with
/// account and region before that.
std::string row_id(const ServiceView& service);

/// What one should see first of it, the gravest first: "failed", "unread", "stuck" (messages wait,
/// and no task is wanted), "scaling out", "scaling in", "starting", "stopping", "working", "idle",
/// "asleep".
std::string_view state_of(const ServiceView& service);

/// Whether a row looks the same: all but the moments of its looks.
bool same_row(const ServiceView& a, const ServiceView& b);

void write_row(json::Writer& out, const ServiceView& service);

}  // namespace scaler::page
