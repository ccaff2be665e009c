#include "scaler/invocation/wake_switch.h"

#include <algorithm>

#include <fmt/core.h>

#include "scaler/invocation/wake_rules.h"

namespace scaler {
namespace {

enum class Wish { Enable, Disable, Leave };

/// Enabled only at rest: at zero, wholly empty, and nothing pauses it. A pass that was blind knows
/// nothing of that, so what is there stays.
Wish wish_of(const PassRecord& record, const Policy& policy) {
  if (!record.reading) {
    return Wish::Leave;
  }
  const std::optional<Instant>& until = record.reading->service.paused_until;
  const bool paused = policy->paused || policy->scale_out_paused || (until && *until > record.at);
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

Result<void> check_mapping(const MappingStatus& status) {
  if (!deletes_messages(status)) {
    return {};
  }
  return fail(ErrorKind::Rejected,
              fmt::format("the event source mapping {} lacks ReportBatchItemFailures, so that what "
                          "it brings would be deleted: it is kept disabled",
                          status.id));
}

Error several(std::span<const MappingStatus> mappings, const std::string& function_arn) {
  std::string names;
  for (const MappingStatus& mapping : mappings) {
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", mapping.id, mapping.function_arn);
  }
  return {ErrorKind::Rejected,
          fmt::format("which mapping may wake cannot be known: the job queue has several of this "
                      "function, {}, and none is bound to {}, which was invoked: bind schedule and "
                      "mapping to the same alias, version or plain function",
                      names, function_arn)};
}

/// Of all that deliver, may have delivered, or could be enabled.
Result<void> check_mappings(std::span<const MappingStatus> mappings) {
  const MappingStatus* const own = own_mapping(mappings);
  for (const MappingStatus& mapping : mappings) {
    if (mapping.enabled || own == nullptr || own == &mapping) {
      TRY(check_mapping(mapping));
    }
  }
  return {};
}

Error fifo_refusal(const std::string& queue_url) {
  return {
      ErrorKind::Rejected,
      fmt::format("WAKE is true, but {} is FIFO: a message that is handed back would hold up its "
                  "group; use the schedule, ticks or the doorbell instead",
                  queue_url)};
}

/// Does it to each that is enabled, whatever becomes of the others; the first error.
template <typename Function>
Result<void> for_enabled(std::span<const MappingStatus> mappings, const Function& function) {
  Result<void> first;
  for (const MappingStatus& mapping : mappings) {
    if (mapping.enabled) {
      const Result<void> done = function(mapping);
      first = first ? done : first;
    }
  }
  return first;
}

}  // namespace

WakeSwitch::WakeSwitch(std::string queue_url, Policy policy, JobMessages& messages,
                       WakeMapping& mapping)
    : queue_url_(std::move(queue_url)),
      policy_(std::move(policy)),
      messages_(&messages),
      mapping_(&mapping) {}

Result<std::vector<MappingStatus>> WakeSwitch::find(const std::string& queue_arn,
                                                    Deadline deadline) {
  return mapping_->find(
      {.queue_url = queue_url_, .queue_arn = queue_arn, .function_arn = function_arn_}, deadline);
}

Result<void> WakeSwitch::check_queue(Deadline deadline) {
  const WakeSettings settings = TRY(messages_->settings(queue_url_, deadline));
  if (settings.fifo) {
    return std::unexpected(fifo_refusal(queue_url_));
  }
  if (has_few_receives(settings)) {
    return fail(ErrorKind::Rejected,
                fmt::format("WAKE is true, but maxReceiveCount of {} is {}: wakes use up receives, "
                            "so it must be at least {}, or there must be no dead-letter queue",
                            queue_url_, *settings.receives_max, kWakeReceivesMin));
  }
  queue_checked_ = true;
  return {};
}

Result<void> WakeSwitch::follow(const PassRecord& record, Deadline deadline) {
  Result<std::vector<MappingStatus>> found = find({}, deadline);
  if (!found && found.error().kind == ErrorKind::NotFound && queue_url_.ends_with(".fifo")) {
    return std::unexpected(fifo_refusal(queue_url_));
  }
  const std::vector<MappingStatus> mappings = TRY(std::move(found));
  const bool on = std::ranges::any_of(mappings, &MappingStatus::enabled);
  const Wish wish = wish_of(record, policy_);
  Result<void> fit = check_mappings(mappings);
  if (fit && (!queue_checked_ || (wish == Wish::Enable && !on))) {
    fit = check_queue(deadline);
  }
  const bool refused =
      !fit && (fit.error().kind == ErrorKind::Rejected || fit.error().kind == ErrorKind::Denied);
  if (refused || wish == Wish::Disable) {
    const auto disable = [&](const MappingStatus& one) {
      return set_enabled(one, false, deadline);
    };
    const Result<void> disabled = for_enabled(mappings, disable);
    return fit ? disabled : fit;
  }
  if (!fit || wish != Wish::Enable || on) {
    return fit;
  }
  const MappingStatus* const own = own_mapping(mappings);
  return own == nullptr ? std::unexpected(several(mappings, function_arn_))
                        : set_enabled(*own, true, deadline);
}

/// Whatever is in transition, or turns out to be, is left to the next scheduled pass.
Result<void> WakeSwitch::set_enabled(const MappingStatus& status, bool enabled, Deadline deadline) {
  if (status.in_transition) {
    return {};
  }
  Result<void> set = mapping_->set_enabled(status.id, enabled, deadline);
  return !set && set.error().kind == ErrorKind::Conflict ? Result<void>() : std::move(set);
}

Result<void> WakeSwitch::disable(const std::string& queue_arn, Deadline deadline) {
  const std::vector<MappingStatus> mappings = TRY(find(queue_arn, deadline));
  TRY(for_enabled(
      mappings, [&](const MappingStatus& one) { return set_disabled(one, queue_arn, deadline); }));
  return check_mappings(mappings);
}

Result<void> WakeSwitch::set_disabled(const MappingStatus& status, const std::string& queue_arn,
                                      Deadline deadline) {
  Result<void> set = mapping_->set_enabled(status.id, false, deadline);
  if (set || set.error().kind != ErrorKind::Conflict) {
    return set;
  }
  // Either an overlapping invocation was quicker, or the answer to our own first attempt was lost,
  // or someone changes the mapping at this moment. Only in the last case it still delivers.
  const std::vector<MappingStatus> after = TRY(find(queue_arn, deadline));
  const bool delivers = std::ranges::any_of(after, [&status](const MappingStatus& mapping) {
    return mapping.id == status.id && mapping.enabled;
  });
  return delivers ? set : Result<void>();
}

}  // namespace scaler
