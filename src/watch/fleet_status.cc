#include "watch/fleet_status.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "scaler/core/names.h"
#include "watch/metrics.h"
#include "wire/decision.h"

namespace scaler {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

template <typename T>
struct Member {
  std::string_view name;
  T ServiceView::* member;
};

constexpr auto kTexts = std::to_array<Member<std::string>>({
    {"cluster", &ServiceView::cluster},
    {"service", &ServiceView::service},
    {"region", &ServiceView::region},
    {"account", &ServiceView::account},
    {"action", &ServiceView::action},
    {"why", &ServiceView::why},
    {"instances_why", &ServiceView::instances_why},
    {"changed", &ServiceView::changed},
    {"error", &ServiceView::error},
});
constexpr auto kInstants = std::to_array<Member<std::optional<Instant>>>({
    {"looked_at", &ServiceView::looked_at},
    {"read_at", &ServiceView::read_at},
    {"changed_at", &ServiceView::changed_at},
});

std::optional<std::int64_t> delayed(const PassRecord& record) {
  std::int64_t total = 0;
  for (const Result<QueueDepth>& queue : record.queues) {
    if (!queue) {
      return std::nullopt;
    }
    total += queue->delayed;
  }
  return total;
}

std::string steps_of(const Decision& decision) {
  json::Writer out;
  write_steps(out, decision.steps);
  return std::move(out).text();
}

void tell_last_change(const ServiceState& state, ServiceView& status) {
  const bool in = state.last_scale_in &&
                  (!state.last_scale_out || *state.last_scale_in > *state.last_scale_out);
  status.changed_at = in ? state.last_scale_in : state.last_scale_out;
  status.changed = !status.changed_at ? "" : in ? "in" : "out";
}

/// `before`: what was known of it, or nothing.
ServiceView status_of(const PassRecord& record, ServiceView before, Instant now) {
  ServiceView status{.cluster = std::string(plain_name(record.id.cluster)),
                     .service = std::string(plain_name(record.id.service)),
                     .read_at = before.read_at};
  if (const auto address = address_of(record.id)) {
    status.region = address->region;
    status.account = address->account;
  }
  if (!record.looked) {
    return before.service.empty() ? status : std::move(before);
  }
  const auto value = [&record](Metric metric) {
    return metric_value(metric, record, Duration::zero());
  };
  status.looked_at = record.at;
  status.visible = value(Metric::QueueDepth);
  status.in_flight = value(Metric::InFlight);
  status.delayed = delayed(record);
  status.desired = value(Metric::DesiredTasks);
  status.running = value(Metric::RunningTasks);
  if (record.reading) {
    status.pending = record.reading->service.pending;
  }
  status.instances = value(Metric::InstancesInService);
  status.instances_desired = value(Metric::InstancesDesired);
  if (record.group && !record.group->steps.empty()) {
    status.instances_why = explain(record.group->steps.back());
  }
  if (record.reading && status.visible) {
    status.read_at = now;
  }
  if (record.decision) {
    status.action = to_string(record.decision->action);
    status.why = record.decision->steps.size() > 0 ? explain(record.decision->steps.back()) : "";
    status.steps = steps_of(*record.decision);
    tell_last_change(record.state, status);
  } else {
    status.changed_at = before.changed_at;
    status.changed = before.changed;
  }
  status.error = record.errors.empty() ? "" : record.errors.front();
  return status;
}

Result<Instant> read_instant(const json::Reader& object, std::string_view name) {
  return TRY(object.field(name)).instant();
}

Result<bool> read_flag(const json::Reader& object, std::string_view name) {
  return TRY(object.field(name)).boolean();
}

Result<std::string> read_text(const json::Reader& object, std::string_view name) {
  return TRY(object.field(name)).string();
}

Result<SettingsProblem> read_problem(const json::Reader& object) {
  SettingsProblem problem;
  problem.service = TRY(read_text(object, "service"));
  problem.message = TRY(read_text(object, "message"));
  return problem;
}

Result<ReloadStatus> read_reload(const json::Reader& object) {
  ReloadStatus reload;
  reload.success = TRY(read_flag(object, "success"));
  reload.last_success = TRY(read_instant(object, "last_success"));
  if (const auto error = object.optional_field("error")) {
    reload.error = TRY(error->string());
  }
  return reload;
}

Result<LeaseStatus> read_lease(const json::Reader& object) {
  LeaseStatus lease;
  lease.held = TRY(read_flag(object, "held"));
  if (const auto owner = object.optional_field("owner")) {
    lease.owner = TRY(owner->string());
  }
  return lease;
}

Result<ServiceView> read_service(const json::Reader& object) {
  ServiceView service;
  for (const auto& [name, member] : kTexts) {
    if (const auto found = object.optional_field(name)) {
      service.*member = TRY(found->string());
    }
  }
  for (const auto& [name, member] : kServiceCounts) {
    if (const auto found = object.optional_field(name)) {
      service.*member = TRY(found->integer());
    }
  }
  for (const auto& [name, member] : kInstants) {
    if (const auto found = object.optional_field(name)) {
      service.*member = TRY(found->instant());
    }
  }
  return service;
}

std::string queue_cell(const ServiceView& service) {
  return service.visible && service.in_flight
             ? fmt::format("{} + {}", *service.visible, *service.in_flight)
             : "unknown";
}

std::string tasks_cell(const ServiceView& service) {
  if (!service.desired || !service.running) {
    return "unknown";
  }
  return fmt::format("{} / {}", *service.running, *service.desired) +
         (service.instances && service.instances_desired
              ? fmt::format(" on {} / {} instances", *service.instances, *service.instances_desired)
              : "");
}

std::string change_cell(const ServiceView& service, Instant now) {
  return service.changed_at ? fmt::format("{}, {} ago", service.changed,
                                          format_duration(since(*service.changed_at, now)))
                            : "none known";
}

std::string why_cell(const ServiceView& service) {
  return !service.error.empty() ? "failed: " + service.error
         : !service.looked_at   ? "not looked at yet"
         : service.action.empty()
             ? "no decision"
             : fmt::format(
                   "{}: {}{}{}", service.action, service.why,
                   service.instances_why.empty() ? "" : "; instances: ", service.instances_why);
}

std::string name_of(const ServiceView& service) {
  return service.cluster + "/" + service.service +
         (service.region.empty() ? "" : " (" + service.region + ")");
}

/// The account tells apart what has all else in common.
std::string name_cell(const ServiceView& service, const std::map<std::string, int>& namesakes) {
  const std::string name = name_of(service);
  return namesakes.at(name) > 1 && !service.account.empty() ? name + " of " + service.account
                                                            : name;
}

}  // namespace

void FleetStatus::add(std::span<const PassRecord> records, Instant now) {
  std::map<std::string, ServiceView> before;
  for (ServiceView& service : services) {
    std::string name = service.account + name_of(service);
    before.emplace(std::move(name), std::move(service));
  }
  services.clear();
  for (const PassRecord& record : records) {
    PassRecord unseen{.id = record.id};
    const ServiceView named = status_of(unseen, {}, now);
    const auto found = before.find(named.account + name_of(named));
    services.push_back(
        status_of(record, found == before.end() ? ServiceView{} : std::move(found->second), now));
  }
  at = now;
}

void write_members(json::Writer& out, const ServiceView& service) {
  for (const auto& [name, member] : kTexts) {
    if (!(service.*member).empty()) {
      out.field(name, service.*member);
    }
  }
  for (const auto& [name, member] : kServiceCounts) {
    if (service.*member) {
      out.field(name, *(service.*member));
    }
  }
  for (const auto& [name, member] : kInstants) {
    if (service.*member) {
      out.field(name, format_instant(*(service.*member)));
    }
  }
}

void write_head(json::Writer& out, const FleetStatus& status) {
  out.field("at", format_instant(status.at));
  if (status.reload) {
    out.name("config").begin_object().field("success", status.reload->success);
    out.field("last_success", format_instant(status.reload->last_success));
    if (!status.reload->error.empty()) {
      out.field("error", status.reload->error);
    }
    out.end_object();
  }
  if (status.lease) {
    out.name("lease").begin_object().field("held", status.lease->held);
    out.field("owner", status.lease->owner).end_object();
  }
}

std::string status_json(const FleetStatus& status) {
  json::Writer out;
  out.begin_object();
  write_head(out, status);
  out.name("services").begin_array();
  for (const ServiceView& service : status.services) {
    out.begin_object();
    write_members(out, service);
    out.end_object();
  }
  out.end_array();
  if (!status.settings_problems.empty()) {
    out.name("settings_problems").begin_array();
    for (const SettingsProblem& problem : status.settings_problems) {
      out.begin_object().field("service", problem.service);
      out.field("message", problem.message).end_object();
    }
    out.end_array();
  }
  out.end_object();
  return std::move(out).text();
}

Result<FleetStatus> read_status(const json::Value& document) {
  const json::Reader root(document);
  FleetStatus status;
  status.at = TRY(read_instant(root, "at"));
  if (const auto config = root.optional_field("config")) {
    status.reload = TRY(read_reload(*config));
  }
  if (const auto lease = root.optional_field("lease")) {
    status.lease = TRY(read_lease(*lease));
  }
  const json::Reader services = TRY(root.field("services"));
  for (const json::Reader& service : TRY(services.items())) {
    status.services.push_back(TRY(read_service(service)));
  }
  if (const auto problems = root.optional_field("settings_problems")) {
    for (const json::Reader& problem : TRY(problems->items())) {
      status.settings_problems.push_back(TRY(read_problem(problem)));
    }
  }
  return status;
}

std::string status_text(const FleetStatus& status, Instant now) {
  std::string text;
  if (status.reload && !status.reload->success) {
    text += fmt::format("the fleet file of {} is in force, for it could not be read again: {}\n",
                        format_instant(status.reload->last_success), status.reload->error);
  }
  if (status.lease && !status.lease->held) {
    text += fmt::format("this controller only looks: the lease is with {}\n",
                        status.lease->owner.empty() ? "nobody known" : status.lease->owner);
  }
  for (const SettingsProblem& problem : status.settings_problems) {
    for (const std::string_view line : split(problem.message, "\n")) {
      text += fmt::format("{}: {}\n", problem.service, line);
    }
  }
  constexpr std::size_t kColumns = 5;
  using Row = std::array<std::string, kColumns>;
  std::vector<Row> rows{
      {"SERVICE", "VISIBLE + IN FLIGHT", "RUNNING / DESIRED", "LAST CHANGE", "NOW"}};
  std::map<std::string, int> namesakes;
  for (const ServiceView& service : status.services) {
    ++namesakes[name_of(service)];
  }
  for (const ServiceView& service : status.services) {
    rows.push_back({name_cell(service, namesakes), queue_cell(service), tasks_cell(service),
                    change_cell(service, now), why_cell(service)});
  }
  std::array<std::size_t, kColumns> widths = {};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths.at(i) = std::max(widths.at(i), row.at(i).size());
    }
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      text += fmt::format("{:<{}}  ", row.at(i), widths.at(i));
    }
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace scaler
