#include "handler/wake_switch.h"

#include <algorithm>

#include <fmt/format.h>

namespace scaler {
namespace {

/// Fewer receives than this could be used up by wakes alone: AWS's own advice for a queue with an
/// event source mapping.
constexpr std::int64_t kReceivesMin = 5;

enum class Wish { Enable, Disable, Leave };

/// Enabled only at rest: at zero, wholly empty, and nothing pauses it. A pass that was blind knows
/// nothing of that, so what is there stays.
Wish wish_of(const PassRecord& record, const Policy& policy) {
  if (!record.reading) {
    return Wish::Leave;
  }
  const bool paused = policy->paused || policy->scale_out_paused;
  const bool tasks =
      record.reading->service.desired > 0 || (record.decision && record.decision->desired > 0);
  if (paused || tasks) {
    return Wish::Disable;
  }
  const bool blind = std::ranges::any_of(record.queues, [](const auto& queue) { return !queue; });
  if (blind || !record.decision) {
    return Wish::Leave;
  }
  return record.decision->empty ? Wish::Enable : Wish::Disable;
}

/// In transition after all; the next scheduled pass looks again.
Result<void> unless_in_transition(Result<void> set) {
  return !set && set.error().kind == ErrorKind::Conflict ? Result<void>() : std::move(set);
}

Result<void> check_mapping(const MappingStatus& status) {
  if (status.reports_failures) {
    return {};
  }
  return fail(ErrorKind::Rejected,
              fmt::format("the event source mapping {} lacks ReportBatchItemFailures, so that what "
                          "it brings would be deleted: it is kept disabled",
                          status.id));
}

}  // namespace

std::string queue_path_of_url(const std::string& url) {
  const std::size_t name = url.rfind('/');
  return url.substr(url.rfind('/', name - 1) + 1);
}

WakeSwitch::WakeSwitch(const ServiceConfig& config, JobMessages& messages, WakeMapping& mapping)
    : config_(&config),
      queue_path_(queue_path_of_url(config.queue_url)),
      messages_(&messages),
      mapping_(&mapping) {}

Result<MappingStatus> WakeSwitch::find(Deadline deadline) {
  std::optional<MappingStatus> status = TRY(mapping_->find(queue_path_, deadline));
  if (!status) {
    return fail(
        ErrorKind::NotFound,
        fmt::format("this function has no event source mapping on {} that could be switched",
                    config_->queue_url));
  }
  return *std::move(status);
}

Result<void> WakeSwitch::check_queue(Deadline deadline) {
  const WakeSettings settings = TRY(messages_->settings(config_->queue_url, deadline));
  if (settings.fifo) {
    return fail(ErrorKind::Rejected,
                fmt::format("WAKE is true, but {} is FIFO: a message that is handed back would "
                            "hold up its group; use the schedule, ticks or the doorbell instead",
                            config_->queue_url));
  }
  if (settings.receives_max && *settings.receives_max < kReceivesMin) {
    return fail(ErrorKind::Rejected,
                fmt::format("WAKE is true, but maxReceiveCount of {} is {}: wakes use up receives, "
                            "so it must be at least {}, or there must be no dead-letter queue",
                            config_->queue_url, *settings.receives_max, kReceivesMin));
  }
  queue_checked_ = true;
  return {};
}

Result<void> WakeSwitch::follow(const PassRecord& record, Deadline deadline) {
  const MappingStatus status = TRY(find(deadline));
  const Wish wish = wish_of(record, config_->policy);
  Result<void> fit = check_mapping(status);
  if (fit && (!queue_checked_ || (wish == Wish::Enable && !status.enabled))) {
    fit = check_queue(deadline);
  }
  const bool refused =
      !fit && (fit.error().kind == ErrorKind::Rejected || fit.error().kind == ErrorKind::Denied);
  const bool disable = refused || wish == Wish::Disable;
  const bool enable = fit && wish == Wish::Enable;
  if (!status.in_transition && (status.enabled ? disable : enable)) {
    const Result<void> set =
        unless_in_transition(mapping_->set_enabled(status.id, !status.enabled, deadline));
    return fit ? set : fit;
  }
  return fit;
}

Result<void> WakeSwitch::disable(Deadline deadline) {
  const MappingStatus status = TRY(find(deadline));
  TRY(set_disabled(status, deadline));
  return check_mapping(status);
}

Result<void> WakeSwitch::set_disabled(const MappingStatus& status, Deadline deadline) {
  if (!status.enabled) {
    return {};
  }
  Result<void> set = mapping_->set_enabled(status.id, false, deadline);
  if (set || set.error().kind != ErrorKind::Conflict) {
    return set;
  }
  // Either an overlapping invocation was quicker, or the answer to our own first attempt was lost,
  // or someone changes the mapping at this moment. Only in the last case it still delivers.
  const MappingStatus after = TRY(find(deadline));
  return after.enabled ? set : Result<void>();
}

}  // namespace scaler
