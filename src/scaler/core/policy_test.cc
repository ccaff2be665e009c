#include "scaler/core/policy.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

using namespace std::chrono_literals;

struct Refusal {
  std::string_view name;
  PolicyOptions options;
  std::string_view message;
};

TEST(Policy, NamesFieldValueAndRangeWhenItRefuses) {
  for (const Refusal& refusal : {
           Refusal{"target",
                   {.scale_up_target = 0},
                   "scale_up_target is 0, but must be from 1 to 5000"},
           Refusal{"no backlog_per_task",
                   {.mode = Mode::Backlog},
                   "backlog_per_task is not set, but mode backlog needs it (how many messages one "
                   "task is to work off, such as 10)"},
           Refusal{"no latency",
                   {.mode = Mode::Latency},
                   "target_latency is not set, but mode latency needs it (seconds within which a "
                   "message is to be worked off, such as 60)\nseconds_per_message is not set, but "
                   "mode latency needs it (how long one message takes, such as 0.5)"},
           Refusal{"backlog_per_task",
                   {.mode = Mode::Backlog, .backlog_per_task = 0},
                   "backlog_per_task is 0, but must be from 1 to 1000000000"},
           Refusal{"tolerance",
                   {.tolerance = {1'500'000}},
                   "tolerance is 1.5, but must be from 0 to 1"},
           Refusal{"budget",
                   {.scale_in_budget = {.limits = {{.amount = 1}, {.amount = 0, .period = 25h}}}},
                   "scale_in_budget.policies[1].tasks is 0, but must be from 1 to 5000"},
           Refusal{
               "percent",
               {.scale_in_budget = {.limits = {{.unit = BudgetLimit::Unit::Percent, .amount = 0}}}},
               "scale_in_budget.policies[0].percent is 0, but must be from 1 to 1000000"},
           Refusal{"period",
                   {.scale_out_budget = {.limits = {{.unit = BudgetLimit::Unit::Percent,
                                                     .amount = 10,
                                                     .period = 25h}}}},
                   "scale_out_budget.policies[0].period is 25 h, but must be from 1 s to 24 h"},
           Refusal{"several",
                   {.scale_up_target = 0, .zero_confirmations = 0},
                   "scale_up_target is 0, but must be from 1 to 5000\nzero_confirmations is 0, but "
                   "must be from 1 to 1000"},
           Refusal{"negative minimum",
                   {.tasks_min = -1},
                   "tasks_min is -1, but must be from 0 to 5000"},
           Refusal{"maximum", {.tasks_max = 5001}, "tasks_max is 5001, but must be from 1 to 5000"},
           Refusal{"crossed bounds",
                   {.tasks_min = 3, .tasks_max = 2},
                   "tasks_min is 3, but must not be above tasks_max (2)"},
           Refusal{"threshold",
                   {.scale_down_threshold = -1s},
                   "scale_down_threshold is -1 s, but must be from 0 s to 336 h"},
           Refusal{"cooldown",
                   {.scale_out_cooldown = 10000h},
                   "scale_out_cooldown is 10000 h, but must be from 0 s to 336 h"},
           Refusal{"confirmations",
                   {.zero_confirmations = 0},
                   "zero_confirmations is 0, but must be from 1 to 1000"},
       }) {
    const Result<Policy> policy = Policy::create(refusal.options);
    ASSERT_FALSE(policy.has_value()) << refusal.name;
    EXPECT_EQ(policy.error().message, refusal.message) << refusal.name;
    EXPECT_EQ(policy.error().kind, ErrorKind::Malformed);
  }
}

TEST(Policy, TheMaximumOfFixedIsItsTarget) {
  EXPECT_EQ(Policy::create({.scale_up_target = 4})->tasks_max(), 4);
  EXPECT_EQ(Policy::create({.mode = Mode::Backlog, .backlog_per_task = 1})->tasks_max(),
            kTasksLimit);
}

TEST(Policy, KnowsTheMessagesPerTaskOfEachMode) {
  EXPECT_EQ(
      Policy::create({.mode = Mode::Backlog, .backlog_per_task = 7})->messages_per_task().messages,
      7);
  // AWS's own example: 0.1 s a message and 10 s of latency are 100 messages per task.
  const Policy latency = Policy::create({.mode = Mode::Latency,
                                         .target_latency = 10s,
                                         .seconds_per_message = Millionths{100'000}})
                             .value();
  EXPECT_EQ(latency.messages_per_task().messages, 100 * latency.messages_per_task().tasks);
}

TEST(Policy, ATaskStandsForAtLeastOneMessage) {
  const Policy slow = Policy::create({.mode = Mode::Latency,
                                      .target_latency = 1s,
                                      .seconds_per_message = Millionths{60'000'000}})
                          .value();
  EXPECT_EQ(slow.messages_per_task().messages, slow.messages_per_task().tasks);
}

}  // namespace
}  // namespace scaler
