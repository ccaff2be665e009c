#include "core/policy.h"

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
                   "backlog_per_task is 0, but must be from 1 to 1000000000"},
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

}  // namespace
}  // namespace scaler
