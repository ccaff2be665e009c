#pragma once
// CloudWatch's metric math, the simple part: + - * /, comparisons, parentheses, IF(condition, a, b)
// and FILL(metric, number) over numbers and the points of other queries.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

#include <functional>
#include <map>
#include <string_view>

#include "emulator/others/metric_store.h"
#include "ground/base/result.h"

namespace scaler::emulator {

/// A value by the beginning of its period.
using Series = std::map<Instant, double>;
/// The points of the query with that id.
using FindSeries = std::function<Result<Series>(std::string_view id)>;

/// The points of the expression: where all that it is made of has one. FILL makes one for each
/// period of the range that has none. Errors: Malformed, and what `find` answers.
Result<Series> metric_math(std::string_view expression, const MetricRange& range,
                           const FindSeries& find);

}  // namespace scaler::emulator
