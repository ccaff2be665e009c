#include "emulator/front/cloudwatch_query.h"

#include <array>

namespace scaler::emulator {
namespace {

using enum Shape;

/// A list, whose elements stand below "member".
constexpr Member many(std::string_view name, Shape shape, std::span<const Member> members = {}) {
  return {.name = name, .wire = name, .shape = shape, .members = members, .in_member = true};
}

constexpr std::array kDimension{one("Name"), one("Value")};
constexpr Member kDimensions = many("Dimensions", Structures, kDimension);
constexpr std::array kMetric{one("Namespace"), one("MetricName"), kDimensions};
constexpr std::array kMetricStat{Member{"Metric", "Metric", Structure, kMetric},
                                 one("Period", Integer), one("Stat"), one("Unit")};
constexpr std::array kMetricQuery{one("Id"),
                                  Member{"MetricStat", "MetricStat", Structure, kMetricStat},
                                  one("Expression"),
                                  one("Label"),
                                  one("ReturnData", Flag),
                                  one("Period", Integer),
                                  one("AccountId")};
constexpr std::array kLabelOptions{one("Timezone")};
constexpr std::array kGetData{many("MetricDataQueries", Structures, kMetricQuery),
                              one("StartTime", Moment),
                              one("EndTime", Moment),
                              one("NextToken"),
                              one("ScanBy"),
                              one("MaxDatapoints", Integer),
                              Member{"LabelOptions", "LabelOptions", Structure, kLabelOptions}};
constexpr std::array kDataResult{one("Id"), one("Label"), many("Timestamps", Moments),
                                 many("Values", Numbers), one("StatusCode")};
constexpr std::array kMessage{one("Code"), one("Value")};
constexpr std::array kData{many("MetricDataResults", Structures, kDataResult), one("NextToken"),
                           many("Messages", Structures, kMessage)};

constexpr std::array kGetStatistics{one("Namespace"),
                                    one("MetricName"),
                                    kDimensions,
                                    one("StartTime", Moment),
                                    one("EndTime", Moment),
                                    one("Period", Integer),
                                    many("Statistics", Texts),
                                    many("ExtendedStatistics", Texts),
                                    one("Unit")};
constexpr std::array kDatapoint{one("Timestamp", Moment),
                                one("SampleCount", Number),
                                one("Average", Number),
                                one("Sum", Number),
                                one("Minimum", Number),
                                one("Maximum", Number),
                                one("Unit")};
constexpr std::array kStatistics{one("Label"), many("Datapoints", Structures, kDatapoint)};

constexpr std::array kListMetrics{one("Namespace"),      one("MetricName"),
                                  kDimensions,           one("NextToken"),
                                  one("RecentlyActive"), one("IncludeLinkedAccounts", Flag),
                                  one("OwningAccount")};
constexpr std::array kMetrics{many("Metrics", Structures, kMetric), one("NextToken")};

constexpr std::array kStatisticSet{one("SampleCount", Number), one("Sum", Number),
                                   one("Minimum", Number), one("Maximum", Number)};
constexpr std::array kDatum{one("MetricName"),
                            kDimensions,
                            one("Timestamp", Moment),
                            one("Value", Number),
                            Member{"StatisticValues", "StatisticValues", Structure, kStatisticSet},
                            many("Values", Numbers),
                            many("Counts", Numbers),
                            one("Unit"),
                            one("StorageResolution", Integer)};
constexpr std::array kPutData{one("Namespace"), many("MetricData", Structures, kDatum),
                              one("StrictEntityValidation", Flag)};

constexpr std::array<QueryOperation, 4> kCloudWatchOperations{
    {{"GetMetricData", kGetData, kData},
     {"GetMetricStatistics", kGetStatistics, kStatistics},
     {"ListMetrics", kListMetrics, kMetrics},
     {"PutMetricData", kPutData}}};

}  // namespace

constexpr QueryService kCloudWatchQuery{"http://monitoring.amazonaws.com/doc/2010-08-01/",
                                        "2010-08-01", kCloudWatchOperations};

}  // namespace scaler::emulator
