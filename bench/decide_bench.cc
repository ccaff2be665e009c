// How many decisions a second one core makes for a policy with windows and budgets, and that none
// of them allocates. A benchmark that allocated is an error.

#include <cstdlib>
#include <new>
#include <utility>

#include <benchmark/benchmark.h>

#include "ground/base/check.h"
#include "scaler/core/decide.h"

namespace {

std::size_t allocations = 0;

}  // namespace

// Not inlined, or GCC takes malloc and delete, or new and free, for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  CHECK(memory != nullptr);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace scaler {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNoon{std::chrono::seconds(1'795'435'200)};

PolicyOptions windows_and_budgets() {
  const std::vector<BudgetLimit> limits{
      {.amount = 4, .period = 60s},
      {.unit = BudgetLimit::Unit::Percent, .amount = 100, .period = 60s}};
  return {.mode = Mode::Backlog,
          .backlog_per_task = 10,
          .tasks_max = 200,
          .scale_in_window = 300s,
          .scale_out_window = 30s,
          .scale_out_budget = {.limits = limits},
          .scale_in_budget = {.limits = limits}};
}

/// Counts the allocations of its life and makes the benchmark fail when there were any.
class NoAllocation {
 public:
  explicit NoAllocation(benchmark::State& bench) : bench_(bench), before_(allocations) {}
  NoAllocation(const NoAllocation&) = delete;
  NoAllocation& operator=(const NoAllocation&) = delete;
  ~NoAllocation() {
    if (allocations != before_) {
      bench_.SkipWithError("a decision allocated memory");
    }
    bench_.SetItemsProcessed(static_cast<std::int64_t>(bench_.iterations()));
  }

 private:
  benchmark::State& bench_;
  std::size_t before_;
};

/// A service whose backlog goes up and down by a few tasks, a pass every ten seconds; the decisions
/// are applied.
class Service {
 public:
  explicit Service(const PolicyOptions& options)
      : policy_(Policy::create(options).value()),
        seen_{.at = kNoon,
              .queues = {QueueDepth{.visible = 400}},
              .service = {.desired = 40, .running = 40}} {
    constexpr int kWarm = 1000;
    for (int i = 0; i < kWarm; ++i) {
      pass();
    }
  }

  void look() {
    constexpr std::int64_t kStep = 37;
    constexpr std::int64_t kSpan = 200;
    seen_.at += 10s;
    seen_.queues.front()->visible = 300 + (seen_.queues.front()->visible + kStep) % kSpan;
  }
  Decision decided() const { return decide(policy_, state_, seen_); }
  void pass() {
    look();
    const Decision decision = decided();
    const bool changed = decision.action != Action::Hold;
    seen_.service.desired = seen_.service.running = decision.desired;
    state_ =
        advance(std::move(state_), policy_, decision, changed ? Outcome::Applied : Outcome::Held);
  }

 private:
  Policy policy_;
  ServiceState state_ = {};
  Observation seen_;
};

void decide_only(benchmark::State& bench, const PolicyOptions& options) {
  const Service service(options);
  const NoAllocation checked(bench);
  for (auto _ : bench) {
    benchmark::DoNotOptimize(service.decided());
  }
}

void decide_and_advance(benchmark::State& bench, const PolicyOptions& options) {
  Service service(options);
  const NoAllocation checked(bench);
  for (auto _ : bench) {
    service.pass();
  }
}

PolicyOptions with_schedule() {
  PolicyOptions options = windows_and_budgets();
  options.schedules = {{.cron = "0 8 * * 1-5",
                        .duration = 10h,
                        .time_zone = "Europe/Berlin",
                        .tasks_min = 2,
                        .tasks_max = 100}};
  return options;
}

BENCHMARK_CAPTURE(decide_only, windows_and_budgets, windows_and_budgets());
BENCHMARK_CAPTURE(decide_and_advance, windows_and_budgets, windows_and_budgets());
BENCHMARK_CAPTURE(decide_only, and_schedule, with_schedule());

}  // namespace
}  // namespace scaler
