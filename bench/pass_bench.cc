// What one pass costs beside its calls: ports that answer from memory, fleets of 1 to 10,000
// services.

#include <benchmark/benchmark.h>

#include "ground/base/check.h"
#include "scaler/pass/pass.h"

namespace scaler {
namespace {

/// Every queue holds five messages, and every service runs one task.
class SteadyCloud final : public CloudReader, public ServiceScaler {
 public:
  std::vector<Look> look(std::span<const LookRequest> requests, Patience /*patience*/,
                         Deadline /*deadline*/) override {
    return std::vector<Look>(requests.size(),
                             {.service = service, .queues = {QueueDepth{.visible = 5}}});
  }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline /*deadline*/) override {
    return std::vector<Result<void>>(changes.size());
  }

  ServiceReading service = {.service = {.desired = 1, .running = 1}, .arn = "arn:service"};
};

class NoonClock final : public Clock {
 public:
  Instant now() const override {
    return std::chrono::sys_days(std::chrono::year(2026) / 11 / 25) + std::chrono::hours(12);
  }
  bool wait_until(Instant /*instant*/, const std::stop_token& /*stop*/) override { return true; }
};

std::vector<ManagedService> fleet_of(std::int64_t size, const Policy& policy) {
  std::vector<ManagedService> fleet;
  for (std::int64_t i = 0; i < size; ++i) {
    const std::string name = "worker-" + std::to_string(i);
    fleet.push_back({.id = {.cluster = "main", .service = name},
                     .queues = {{.url = "https://sqs.eu-central-1.amazonaws.com/1/" + name}},
                     .policy = policy});
  }
  return fleet;
}

void pass(benchmark::State& state) {
  const Result<Policy> policy =
      Policy::create({.mode = Mode::Backlog, .backlog_per_task = 5, .tasks_max = 10});
  SteadyCloud cloud;
  NoonClock clock;
  const Ports ports{.reader = cloud, .scaler = cloud, .clock = clock};
  std::vector<ManagedService> fleet = fleet_of(state.range(0), *policy);
  for (const PassRecord& record : run_pass(fleet, ports, {})) {
    CHECK(!record.failed());
    CHECK(record.decision->action == Action::Hold);
    CHECK(record.decision->desired == 1);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_pass(fleet, ports, {}));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(pass)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace scaler
