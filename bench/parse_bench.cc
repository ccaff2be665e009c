// What reading the two replies of a pass costs: the 44 KB of DescribeServices with 100 events, and
// the counts of a queue.

#include <array>

#include <benchmark/benchmark.h>

#include "canned_replies.h"
#include "edge/aws/ecs.h"
#include "edge/aws/sqs.h"
#include "ground/base/check.h"
#include "ground/json/value.h"

namespace scaler::aws {
namespace {

const std::array kService{ServiceId{.cluster = "main", .service = "worker"}};

Result<ServiceReading> read_service(const ServiceDescriptions& descriptions,
                                    const std::string& text) {
  const std::array<Result<ApiReply>, 1> replies{ApiReply{.value = *json::parse(text)}};
  return std::move(descriptions.read(replies).front());
}

Result<QueueDepth> read_queue(const std::string& text) {
  return read_queue_depth(ApiReply{.value = *json::parse(text)}, "q");
}

void describe_services(benchmark::State& state) {
  const std::string text = bench::describe_services_reply();
  const ServiceDescriptions descriptions(kService);
  const Result<ServiceReading> reading = read_service(descriptions, text);
  CHECK(reading.has_value());
  CHECK(reading->service.desired == 1);
  CHECK(reading->service.running == 1);
  CHECK(!reading->service.deploying);
  CHECK(reading->saved_state.empty());
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_service(descriptions, text));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(describe_services);

void queue_attributes(benchmark::State& state) {
  const std::string text = bench::queue_attributes_reply();
  const Result<QueueDepth> depth = read_queue(text);
  CHECK(depth.has_value());
  CHECK(depth->visible == 5);
  CHECK(depth->in_flight == 0);
  CHECK(depth->delayed == 0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_queue(text));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(queue_attributes);

}  // namespace
}  // namespace scaler::aws
