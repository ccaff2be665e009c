#pragma once
// CloudWatchApi: the metrics of the queues, and what is put beside them, each by the minute. No
// percentiles.

#include <string_view>

#include "emulator/others/metric_store.h"
#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class CloudWatchApi {
 public:
  /// What is younger than `delay` is not told yet.
  CloudWatchApi(const world::World& world, MetricStore& store, Duration delay)
      : world_(world), store_(store), delay_(delay) {}

  /// Errors: InvalidParameterValue, InvalidParameterCombination, MissingParameter,
  ///         UnknownOperationException.
  ApiAnswer handle(const JsonCall& call);

 private:
  ApiAnswer get_metric_data(const Input& input, const Caller& caller) const;
  ApiAnswer get_metric_statistics(const Input& input, const Caller& caller) const;
  ApiAnswer list_metrics(const Input& input, const Caller& caller) const;
  ApiAnswer put_metric_data(const Input& input, const Caller& caller);
  ApiResult<MetricRange> read_range(const Input& input) const;
  MetricRange bounded(MetricRange range) const;
  std::vector<std::pair<Instant, Statistics>> read(const MetricId& metric,
                                                   const MetricRange& range) const;

  const world::World& world_;
  MetricStore& store_;
  Duration delay_;
};

}  // namespace scaler::emulator
