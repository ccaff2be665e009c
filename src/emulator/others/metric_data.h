#pragma once
// What GetMetricData asks for and is answered: statistics of metrics, expressions over them, pages.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/others/metric_math.h"
#include "emulator/others/metric_store.h"
#include "ground/base/result.h"

namespace scaler::emulator {

struct Statistic {
  std::string_view name = {};
  double (*of)(const Statistics&) = nullptr;
};

/// A metric's statistic, or an expression.
struct DataQuery {
  std::string id = {};
  std::string label = {};
  std::string expression = {};  ///< empty: the statistic
  MetricId metric = {};
  const Statistic* statistic = nullptr;
  Duration period = {};
  bool is_told = true;
};

/// Which points are told: so many, after those that earlier pages told.
struct DataPage {
  std::size_t first = 0;
  std::size_t size = 0;
  bool ascending = false;
};

using ReadSeries = std::function<Series(const DataQuery&)>;

/// The answer's JSON; `read` reads a statistic. Expressions are worked out for the periods of the
/// first statistic. Errors: Malformed, for an expression.
Result<std::string> metric_data(const std::vector<DataQuery>& queries, MetricRange range,
                                const DataPage& page, const ReadSeries& read);

}  // namespace scaler::emulator
