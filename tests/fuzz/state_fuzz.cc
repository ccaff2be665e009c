// A state tag, which whoever may tag the service can write: it is read, decided upon and saved.

#include <fmt/core.h>

#include "fuzz.h"
#include "scaler/core/decide.h"
#include "scaler/state/state_text.h"

namespace scaler::fuzz {
namespace {

using std::chrono::minutes;

const Instant kNoon =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

/// Every rule that looks at the past.
Policy watchful(Mode mode) {
  const BudgetLimit limit{.amount = 3, .period = minutes(5)};
  const BudgetLimit share{.unit = BudgetLimit::Unit::Percent, .amount = 50, .period = minutes(10)};
  auto policy = Policy::create({.mode = mode,
                                .scale_up_target = 4,
                                .backlog_per_task = 10,
                                .target_latency = minutes(1),
                                .seconds_per_message = Millionths(1'000'000),
                                .tasks_max = 50,
                                .scale_in_window = minutes(5),
                                .scale_out_window = minutes(2),
                                .scale_in_cooldown = minutes(3),
                                .scale_out_cooldown = minutes(1),
                                .scale_out_budget = {.limits = {limit, share}},
                                .scale_in_budget = {.limits = {limit, share}},
                                .fallback_tasks = 2,
                                .manual_hold = minutes(30)});
  CHECK(policy.has_value());
  return *policy;
}

/// The checksum is against damage only, so the input has none: every text gets the right one.
std::string with_checksum(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  return fmt::format("{} crc={:08x}", text, ~crc);
}

void check_pass(const Policy& policy, const ServiceState& before, const Observation& seen) {
  const Decision decision = decide(policy, before, seen);
  CHECK(decision.desired >= 0 && decision.desired <= kTasksLimit);
  for (const Outcome outcome : {Outcome::Applied, Outcome::Failed}) {
    const std::string text = format_state(advance(before, policy, decision, outcome));
    CHECK(text.size() <= kStateTextLimit);
    CHECK(parse_state(text).has_value());
  }
}

}  // namespace

FUZZ(state) {
  check_short(parse_state(bytes));
  const auto state = parse_state(with_checksum(bytes));
  check_short(state);
  if (!state) {
    return;
  }
  CHECK(parse_state(format_state(*state)).has_value());
  static const Policy kPolicies[] = {watchful(Mode::Fixed), watchful(Mode::Backlog)};
  for (const Policy& policy : kPolicies) {
    for (const std::int64_t visible : {0, 25, 100'000}) {
      check_pass(policy, *state,
                 {.at = kNoon,
                  .queues = {QueueDepth{.visible = visible}},
                  .service = {.desired = 5, .running = 4}});
    }
    check_pass(policy, *state,
               {.at = kNoon,
                .queues = {fail(ErrorKind::Unavailable, "no answer")},
                .service = {.desired = 5, .running = 5}});
  }
}

}  // namespace scaler::fuzz
