#pragma once
// FleetStatus: what a fleet looks like now, one line a service: queue, tasks, last change, why.
// Made of pass records; a controller tells it as JSON, and whoever asked reads that back.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "scaler/pass/pass.h"
#include "watch/reload_status.h"

namespace scaler {

/// What is not known, or not told, is absent.
struct ServiceView {
  std::string cluster = {};
  std::string service = {};
  std::string region = {};  ///< where ARN, region or role tell it, as is the next
  std::string account = {};
  std::optional<Instant> looked_at = {};
  std::optional<Instant> read_at = {};       ///< the last look that brought service and queues
  std::optional<std::int64_t> visible = {};  ///< messages, as are the next
  std::optional<std::int64_t> in_flight = {};
  std::optional<std::int64_t> delayed = {};
  std::optional<std::int64_t> desired = {};  ///< tasks, as are the next
  std::optional<std::int64_t> running = {};
  std::optional<std::int64_t> pending = {};
  std::optional<std::int64_t> instances = {};  ///< in service, of the group that it runs on
  std::optional<std::int64_t> instances_desired = {};
  std::string instances_why = {};          ///< what decided last about them, for people
  std::string action = {};                 ///< "scale_out", "scale_in", "hold"
  std::string why = {};                    ///< what decided, for people
  std::optional<Instant> changed_at = {};  ///< this program's last change
  std::string changed = {};                ///< its direction: "out", "in"
  std::string error = {};                  ///< what failed
  /// Of the last decision, as JSON (wire/decision.h); the page alone has it.
  std::string steps = {};
  bool operator==(const ServiceView&) const = default;
};

/// A member of ServiceView, as JSON calls it.
struct ServiceCount {
  std::string_view name;
  std::optional<std::int64_t> ServiceView::* member;
};
inline constexpr auto kServiceCounts = std::to_array<ServiceCount>({
    {"visible", &ServiceView::visible},
    {"in_flight", &ServiceView::in_flight},
    {"delayed", &ServiceView::delayed},
    {"desired", &ServiceView::desired},
    {"running", &ServiceView::running},
    {"pending", &ServiceView::pending},
    {"instances", &ServiceView::instances},
    {"instances_desired", &ServiceView::instances_desired},
});

/// Which of several controllers writes.
struct LeaseStatus {
  bool held = false;
  std::string owner = {};  ///< as last heard of
  bool operator==(const LeaseStatus&) const = default;
};

/// A service whose settings are wrong or cannot be read; if it is scaled, then by its last good
/// ones.
struct SettingsProblem {
  std::string service = {};  ///< its ARN
  std::string message = {};
  bool operator==(const SettingsProblem&) const = default;
};

struct FleetStatus {
  Instant at = {};
  std::vector<ServiceView> services = {};
  std::vector<SettingsProblem> settings_problems = {};
  std::optional<ReloadStatus> reload = {};  ///< nothing: there is no file to read again
  std::optional<LeaseStatus> lease = {};    ///< nothing: there is no lease

  /// Takes in a pass; of a service for which there was no time, what is known stays.
  void add(std::span<const PassRecord> records, Instant now);
};

/// What concerns all services, and one service's members without its steps, into an open object.
void write_head(json::Writer& out, const FleetStatus& status);
void write_members(json::Writer& out, const ServiceView& service);

/// One document on one line.
std::string status_json(const FleetStatus& status);
/// Reads what status_json() writes. Errors: Malformed. Members that it does not know are passed
/// over: later versions tell more.
Result<FleetStatus> read_status(const json::Value& document);

/// A table for people, one line a service, and above it what concerns them all. Times are told as
/// of `now`.
std::string status_text(const FleetStatus& status, Instant now);

}  // namespace scaler
