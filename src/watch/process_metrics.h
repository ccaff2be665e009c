#pragma once
// What Prometheus' client libraries tell of every process, out of /proc.

#include <string>

namespace scaler {

/// process_cpu_seconds_total, process_resident_memory_bytes and the others, as text exposition;
/// what the system does not tell is left out.
std::string process_metrics();

}  // namespace scaler
