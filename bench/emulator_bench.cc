// A fleet of 10,000 queues and 1,000 services on the emulator, over loopback and 64 kept
// connections: what the emulator answers on one core, and what a pass of the controller costs.

#include <array>
#include <ctime>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "edge/aws/session.h"
#include "emulator/front/emulator.h"
#include "ground/base/check.h"
#include "scaler/pass/pass.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kQueues = 10'000;
constexpr std::size_t kServices = 1'000;
constexpr Duration kPatience = std::chrono::seconds(60);

/// An emulator on a thread of its own, and a session with it that no rate holds back.
class Peers {
 public:
  Peers()
      : log_(STDERR_FILENO, LogLevel::Error, system_clock()),
        emulator_(std::move(Emulator::create(loop_, {}, log_)).value()),
        thread_([this](const std::stop_token& stop) { loop_.run(stop); }),
        session_(std::move(aws::Session::create({{"AWS_ACCESS_KEY_ID", "bench"},
                                                 {"AWS_SECRET_ACCESS_KEY", "bench"},
                                                 {"AWS_REGION", EmulatorOptions().region},
                                                 {"AWS_ENDPOINT_URL", emulator_->endpoint()}},
                                                system_clock(), {.within_limits = false}, log_))
                     .value()) {}

  aws::Session& session() { return *session_; }
  std::string queue_url(const std::string& name) const { return emulator_->queue_url(name); }

  /// Of the emulator's thread, in seconds, so far.
  double emulator_cpu() {
    clockid_t clock{};
    CHECK(pthread_getcpuclockid(thread_.native_handle(), &clock) == 0);
    timespec time{};
    CHECK(clock_gettime(clock, &time) == 0);
    constexpr double kNanosecond = 1e-9;
    return static_cast<double>(time.tv_sec) + (static_cast<double>(time.tv_nsec) * kNanosecond);
  }

 private:
  net::EventLoop loop_;
  Log log_;
  std::unique_ptr<Emulator> emulator_;
  std::jthread thread_;
  std::unique_ptr<aws::Session> session_;
};

void call_all(aws::Session& session, std::span<const aws::ApiCall> calls) {
  for (const Result<aws::ApiReply>& reply : session.client().call(calls, after(kPatience))) {
    CHECK(reply.has_value());
  }
}

/// Every service with ten queues of its own and no tasks. What the emulator made itself stays
/// empty.
std::vector<ManagedService> make_fleet(Peers& peers) {
  const std::array definition{aws::ApiCall{
      .service = aws::AwsService::Ecs,
      .operation = "RegisterTaskDefinition",
      .body = R"({"family":"idle","containerDefinitions":[{"name":"a","image":"b"}]})"}};
  call_all(peers.session(), definition);
  const Policy policy = *Policy::create({.mode = Mode::Backlog, .backlog_per_task = 5});
  std::vector<ManagedService> fleet;
  std::vector<aws::ApiCall> calls;
  for (std::size_t i = 0; i < kServices; ++i) {
    ManagedService& service = fleet.emplace_back(ManagedService{
        .id = {.cluster = "main", .service = fmt::format("worker-{}", i)}, .policy = policy});
    calls.push_back({.service = aws::AwsService::Ecs,
                     .operation = "CreateService",
                     .body = fmt::format(R"({{"cluster":"main","serviceName":"{}",)"
                                         R"("taskDefinition":"idle","desiredCount":0}})",
                                         service.id.service)});
    for (std::size_t k = 0; k < kQueues / kServices; ++k) {
      const std::string name = fmt::format("jobs-{}-{}", i, k);
      calls.push_back(
          {.operation = "CreateQueue", .body = fmt::format(R"({{"QueueName":"{}"}})", name)});
      service.queues.push_back({.url = peers.queue_url(name)});
    }
  }
  call_all(peers.session(), calls);
  return fleet;
}

/// Made once for all benchmarks of this file.
struct Fixture {
  Peers peers;
  std::vector<ManagedService> fleet = make_fleet(peers);
};

Fixture& fixture() {
  static Fixture the_one;
  return the_one;
}

void get_queue_attributes(benchmark::State& state) {
  Fixture& all = fixture();
  std::vector<std::string> urls;
  for (const ManagedService& service : all.fleet) {
    for (const JobQueue& queue : service.queues) {
      urls.push_back(queue.url);
    }
  }
  const double before = all.peers.emulator_cpu();
  for (auto _ : state) {
    for (const Result<QueueDepth>& depth :
         all.peers.session().sqs().depths(urls, after(kPatience))) {
      CHECK(depth.has_value());
    }
  }
  const double answers = static_cast<double>(state.iterations()) * kQueues;
  state.counters["answers_per_core_second"] = answers / (all.peers.emulator_cpu() - before);
}
BENCHMARK(get_queue_attributes)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The CPU time is that of the controller alone, for the emulator has its own thread.
void controller_pass(benchmark::State& state) {
  Fixture& all = fixture();
  aws::Cloud& cloud = all.peers.session().cloud();
  const Ports ports{.reader = cloud, .scaler = cloud, .states = &cloud, .clock = system_clock()};
  for (auto _ : state) {
    for (const PassRecord& record : run_pass(all.fleet, ports, {.deadline = after(kPatience)})) {
      CHECK(!record.failed());
      CHECK(record.decision->action == Action::Hold);
    }
  }
  state.counters["queues"] = kQueues;
  state.counters["services"] = kServices;
}
BENCHMARK(controller_pass)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace scaler::emulator
