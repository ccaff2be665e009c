#include "watch/page/row.h"

namespace scaler::page {
namespace {

std::string_view state_by_counts(const ServiceView& service) {
  const std::int64_t desired = *service.desired;
  const std::int64_t running = service.running.value_or(0);
  const std::int64_t messages = service.visible.value_or(0) + service.in_flight.value_or(0);
  if (desired == 0 && running == 0) {
    return service.visible.value_or(0) > 0 ? "stuck" : "asleep";
  }
  return running < desired   ? "starting"
         : running > desired ? "stopping"
         : messages > 0      ? "working"
                             : "idle";
}

}  // namespace

std::string row_id(const ServiceView& service) {
  std::string id;
  for (const std::string& part : {service.account, service.region}) {
    id += part.empty() ? "" : part + "/";
  }
  return id + service.cluster + "/" + service.service;
}

std::string_view state_of(const ServiceView& service) {
  if (!service.error.empty()) {
    return "failed";
  }
  if (!service.desired || !service.visible) {
    return "unread";
  }
  if (service.action == "scale_out") {
    return "scaling out";
  }
  if (service.action == "scale_in") {
    return "scaling in";
  }
  return state_by_counts(service);
}

bool same_row(const ServiceView& a, const ServiceView& b) {
  ServiceView same = a;
  same.looked_at = b.looked_at;
  same.read_at = b.read_at;
  same.steps = b.steps;
  return same == b;
}

void write_row(json::Writer& out, const ServiceView& service) {
  out.begin_object().field("id", row_id(service)).field("state", state_of(service));
  write_members(out, service);
  out.end_object();
}

}  // namespace scaler::page
