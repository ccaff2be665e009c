#include "scaler/invocation/wake_switch.h"

#include <algorithm>

#include <fmt/core.h>

#include "scaler/core/names.h"
#include "scaler/invocation/wake_rules.h"

namespace scaler {
namespace {

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

/// Who asks for wakes: the deployment's one service by WAKE, one of a fleet perhaps by itself.
std::string_view asked_by(const WakeOptions& options) {
  return options.many ? "it is to be woken" : "WAKE is true";
}

Error fifo_refusal(const std::string& queue_url, const WakeOptions& options) {
  return {ErrorKind::Rejected,
          fmt::format("{}, but {} is FIFO: a message that is handed back would hold up its "
                      "group; use the schedule, ticks or the doorbell instead",
                      asked_by(options), queue_url)};
}

/// That a queue has no mapping; fine where nobody says that there is one.
Result<void> missing(const WakeTarget& target, const WakeOptions& options,
                     const std::string& function_arn) {
  if (!target.expected) {
    return {};
  }
  if (target.is_fifo()) {
    return std::unexpected(fifo_refusal(target.queue.url, options));
  }
  return std::unexpected(no_mapping(target.queue_arn, function_arn));
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

WakeSwitch::WakeSwitch(const WakeOptions& options, JobMessages& messages, WakeMapping& mapping)
    : options_(options), messages_(&messages), mapping_(&mapping) {}

Result<void> WakeSwitch::check_queue(const WakeTarget& target, Deadline deadline) {
  const std::string& url = target.queue.url;
  const WakeSettings settings = TRY(messages_->settings(url, deadline));
  if (settings.fifo) {
    return std::unexpected(fifo_refusal(url, options_));
  }
  if (has_few_receives(settings)) {
    return fail(ErrorKind::Rejected,
                fmt::format("{}, but maxReceiveCount of {} is {}: wakes use up receives, "
                            "so it must be at least {}, or there must be no dead-letter queue",
                            asked_by(options_), url, *settings.receives_max, kWakeReceivesMin));
  }
  checked_.insert(url);
  return {};
}

/// Those of each target, in order. A single queue is asked for by its name, several are picked out
/// of all that there are: by the function's name Lambda does not tell those of all its aliases.
Result<std::vector<WakeSwitch::Mappings>> WakeSwitch::find_all(WakeTargets& known,
                                                               Mappings& nobodys,
                                                               Deadline deadline) {
  const std::vector<WakeTarget>& targets = known.targets();
  std::vector<Mappings> found(targets.size());
  if (targets.size() == 1) {
    Result<Mappings> only = mapping_->find(
        {.queue_url = targets.front().queue.url, .function_arn = function_arn_}, deadline);
    const bool may_lack = options_.many || targets.front().is_fifo();
    if (!only && !(may_lack && only.error().kind == ErrorKind::NotFound)) {
      return std::unexpected(std::move(only).error());
    }
    found.front() = std::move(only).value_or(Mappings());
    return found;
  }
  for (MappingStatus& mapping : TRY(mapping_->list(function_arn_, deadline))) {
    const auto target = known.target_of(mapping.queue_arn);
    (target ? found[*target] : nobodys).push_back(std::move(mapping));
  }
  return found;
}

// Who has tasks comes first: its messages are taken away from them.
WakeReport WakeSwitch::follow(std::span<const Followed> all, Deadline deadline) {
  const auto function = parse_function_arn(function_arn_);
  WakeTargets known(all, options_, function ? std::string_view(function->region) : "");
  WakeReport report{.faults = known.faults()};
  const std::vector<WakeTarget>& targets = known.targets();
  if (targets.empty()) {
    return report;
  }
  const Result<std::vector<Mappings>> found = find_all(known, report.nobodys, deadline);
  if (!found) {
    report.errors.push_back(found.error().message);
    return report;
  }
  Budget budget{.enabled = options_.many ? kEnabledAtOnce : 1,
                .first_looks = options_.many ? kFirstLooks : 1};
  for (const WakeWish wish : {WakeWish::Disable, WakeWish::Leave, WakeWish::Enable}) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].wish != wish) {
        continue;
      }
      if (const Result<void> done = follow(targets[i], (*found)[i], budget, deadline); !done) {
        report.faults.push_back({.by = targets[i].by, .message = done.error().message});
      }
    }
  }
  return report;
}

Result<void> WakeSwitch::follow(const WakeTarget& target, const Mappings& mappings, Budget& budget,
                                Deadline deadline) {
  if (mappings.empty()) {
    return missing(target, options_, function_arn_);
  }
  const bool on = std::ranges::any_of(mappings, &MappingStatus::enabled);
  Result<void> fit = check_mappings(mappings);
  if (fit && target.is_fifo()) {
    fit = std::unexpected(fifo_refusal(target.queue.url, options_));
  }
  const bool enables = target.wish == WakeWish::Enable && !on;
  if (fit && enables && budget.enabled-- <= 0) {
    return {};
  }
  if (fit && (enables || (!checked_.contains(target.queue.url) && budget.first_looks-- > 0))) {
    fit = check_queue(target, deadline);
  }
  const bool refused =
      !fit && (fit.error().kind == ErrorKind::Rejected || fit.error().kind == ErrorKind::Denied);
  if (refused || target.wish == WakeWish::Disable) {
    const auto disable = [&](const MappingStatus& one) {
      return set_enabled(one, false, deadline);
    };
    const Result<void> disabled = for_enabled(mappings, disable);
    return fit ? disabled : fit;
  }
  if (!fit || !enables) {
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
  const Mappings mappings =
      TRY(mapping_->find({.queue_arn = queue_arn, .function_arn = function_arn_}, deadline));
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
  const Mappings after =
      TRY(mapping_->find({.queue_arn = queue_arn, .function_arn = function_arn_}, deadline));
  const bool delivers = std::ranges::any_of(after, [&status](const MappingStatus& mapping) {
    return mapping.id == status.id && mapping.enabled;
  });
  return delivers ? set : Result<void>();
}

}  // namespace scaler
