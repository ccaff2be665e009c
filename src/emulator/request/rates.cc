#include "emulator/request/rates.h"

#include <algorithm>
#include <array>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

struct Rate {
  std::string_view service = {};
  std::string_view operations = {};  ///< those that share a bucket
  double burst = 0;
  double per_second = 0;
};
/// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html and
/// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
constexpr std::array<Rate, 9> kRates{
    {{"ecs", "DescribeClusters ListClusters", 50, 20},
     {"ecs", "DescribeTasks ListTasks DescribeContainerInstances ListContainerInstances", 100, 20},
     {"ecs", "RunTask StopTask UpdateContainerInstancesState", 100, 40},
     {"ecs", "DescribeServices ListServices", 100, 20},
     {"ecs", "CreateService UpdateService DeleteService", 50, 5},
     {"ecs", "GetTaskProtection UpdateTaskProtection", 200, 80},
     {"ecs", "ListTagsForResource", 50, 20},
     {"ecs", "TagResource UntagResource", 20, 10},
     {"tagging", "GetResources", 15, 15}}};

}  // namespace

void Rates::observe(bool observed) {
  observed_ = observed;
  buckets_.clear();
}

bool Rates::take(const Caller& caller, std::string_view operation, Instant now) {
  const auto* const rate = std::ranges::find_if(kRates, [&](const Rate& one) {
    const auto operations = split(one.operations, " ");
    return one.service == caller.service &&
           std::ranges::find(operations, operation) != operations.end();
  });
  if (!observed_ || rate == kRates.end()) {
    return true;
  }
  const auto index = static_cast<std::size_t>(rate - kRates.begin());
  Bucket& bucket = buckets_
                       .try_emplace({caller.account, caller.region, index},
                                    Bucket{.tokens = rate->burst, .at = now})
                       .first->second;
  const double passed = in_seconds(now - bucket.at);
  bucket = {.tokens = std::min(rate->burst, bucket.tokens + passed * rate->per_second), .at = now};
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return true;
  }
  ++throttled_[std::string(operation)];
  return false;
}

void Rates::write(json::Writer& writer) const {
  writer.begin_object().field("documented", observed_).name("throttled").begin_object();
  for (const auto& [operation, count] : throttled_) {
    writer.field(operation, count);
  }
  writer.end_object().end_object();
}

}  // namespace scaler::emulator
