#include "scaler/invocation/wake_targets.h"

#include <algorithm>

#include <fmt/core.h>

#include "scaler/core/names.h"

namespace scaler {
namespace {

/// Where the URL does not say its region, it is asked in that of its service.
QueueAddress address_in(const JobQueue& queue, const ServiceId& id) {
  QueueAddress address = parse_queue(queue.url).value_or(
      QueueAddress{.url = queue.url, .name = std::string(plain_name(queue.url))});
  if (address.region.empty()) {
    address.region = region_of(id);
  }
  return address;
}

}  // namespace

WakeWish wish_of(const Followed& followed) {
  const PassRecord& record = *followed.record;
  if (!record.reading) {
    return WakeWish::Leave;
  }
  const Policy& policy = followed.service->policy;
  const std::optional<Instant>& until = record.reading->service.paused_until;
  const bool paused = policy->paused || policy->scale_out_paused || (until && *until > record.at);
  const bool tasks =
      record.reading->service.desired > 0 || (record.decision && record.decision->desired > 0);
  if (paused || tasks) {
    return WakeWish::Disable;
  }
  const bool blind = std::ranges::any_of(record.queues, [](const auto& queue) { return !queue; });
  if (blind || !record.decision) {
    return WakeWish::Leave;
  }
  return record.decision->empty ? WakeWish::Enable : WakeWish::Disable;
}

WakeTargets::WakeTargets(std::span<const Followed> all, const WakeOptions& options,
                         std::string_view region) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].service->wake.value_or(options.wake)) {
      add(i, all[i], options, region);
    }
  }
  if (targets_.empty()) {
    return;
  }
  // Who has such a queue, too, and is not woken, needs its messages all the same.
  for (const Followed& one : all) {
    if (!one.service->wake.value_or(options.wake)) {
      heed(one);
    }
  }
}

void WakeTargets::add(std::size_t by, const Followed& one, const WakeOptions& options,
                      std::string_view region) {
  const bool expected = one.service->wake.has_value() || !options.many;
  for (const JobQueue& queue : one.service->queues) {
    QueueAddress address = address_in(queue, one.service->id);
    if (options.many && !may_be_same(std::string_view(address.region), region)) {
      if (expected) {
        faults_.push_back(
            {.by = by,
             .message = fmt::format("{} cannot wake it: the queue lies in {}, the function in {}, "
                                    "and Lambda takes messages of its own region only",
                                    queue.url, address.region, region)});
      }
      continue;
    }
    if (const auto known = find(address)) {
      WakeTarget& target = targets_[*known];
      target.wish = std::min(target.wish, wish_of(one));
      target.by = expected && !target.expected ? by : target.by;
      target.expected = target.expected || expected;
      continue;
    }
    by_name_.emplace(address.name, targets_.size());
    std::string arn = arn_of(address, region);
    targets_.push_back({.queue = std::move(address),
                        .queue_arn = std::move(arn),
                        .by = by,
                        .expected = expected,
                        .wish = wish_of(one)});
  }
}

void WakeTargets::heed(const Followed& one) {
  for (const JobQueue& queue : one.service->queues) {
    if (!by_name_.contains(plain_name(queue.url))) {
      continue;
    }
    if (const auto known = find(address_in(queue, one.service->id))) {
      targets_[*known].wish = std::min(targets_[*known].wish, wish_of(one));
    }
  }
}

std::optional<std::size_t> WakeTargets::find(const QueueAddress& queue) const {
  const auto [begin, end] = by_name_.equal_range(queue.name);
  const auto found = std::find_if(
      begin, end, [&](const auto& one) { return may_be_same(targets_[one.second].queue, queue); });
  return found == end ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> WakeTargets::target_of(std::string_view queue_arn) const {
  const auto arn = parse_arn(queue_arn);
  if (!arn || arn->service != "sqs") {
    return std::nullopt;
  }
  return find({.region = arn->region, .account = arn->account, .name = arn->resource});
}

}  // namespace scaler
