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

constexpr std::array kTag{one("Key"), one("Value")};
constexpr std::array kAlarm{one("AlarmName"),
                            one("AlarmDescription"),
                            one("ActionsEnabled", Flag),
                            many("OKActions", Texts),
                            many("AlarmActions", Texts),
                            many("InsufficientDataActions", Texts),
                            one("MetricName"),
                            one("Namespace"),
                            one("Statistic"),
                            one("ExtendedStatistic"),
                            kDimensions,
                            one("Period", Integer),
                            one("Unit"),
                            one("EvaluationPeriods", Integer),
                            one("DatapointsToAlarm", Integer),
                            one("Threshold", Number),
                            one("ComparisonOperator"),
                            one("TreatMissingData"),
                            one("EvaluateLowSampleCountPercentile"),
                            many("Metrics", Structures, kMetricQuery),
                            many("Tags", Structures, kTag),
                            one("ThresholdMetricId"),
                            one("AlarmArn"),
                            one("AlarmConfigurationUpdatedTimestamp", Moment),
                            one("StateUpdatedTimestamp", Moment),
                            one("StateValue"),
                            one("StateReason")};
constexpr std::size_t kToldOnly = 5;  ///< of the members, the last ones
constexpr std::span kPutAlarm = std::span(kAlarm).first(kAlarm.size() - kToldOnly);
constexpr Member kAlarmNames = many("AlarmNames", Texts);
constexpr std::array kAskAlarms{kAlarmNames, one("AlarmNamePrefix"), many("AlarmTypes", Texts),
                                one("MaxRecords", Integer), one("NextToken")};
constexpr std::array kAlarms{many("MetricAlarms", Structures, kAlarm)};
constexpr std::array kDeleteAlarms{kAlarmNames};
constexpr std::array kPutDashboard{one("DashboardName"), one("DashboardBody")};
constexpr std::array kOneDashboard{one("DashboardName")};
constexpr std::array kDashboard{one("DashboardArn"), one("DashboardBody"), one("DashboardName")};
constexpr std::array kListDashboards{one("DashboardNamePrefix"), one("NextToken")};
constexpr std::array kEntry{one("DashboardName"), one("DashboardArn"), one("LastModified", Moment)};
constexpr std::array kDashboards{many("DashboardEntries", Structures, kEntry)};
constexpr std::array kDeleteDashboards{many("DashboardNames", Texts)};
constexpr std::array kWarning{one("DataPath"), one("Message")};
constexpr std::array kWarnings{many("DashboardValidationMessages", Structures, kWarning)};

constexpr Member kTags = many("Tags", Structures, kTag);
constexpr std::array kOneResource{one("ResourceARN")};
constexpr std::array kTagged{one("ResourceARN"), kTags};
constexpr std::array kUntagged{one("ResourceARN"), many("TagKeys", Texts)};
constexpr std::array kTagsOfOne{kTags};

constexpr std::array<QueryOperation, 14> kCloudWatchOperations{
    {{"DeleteAlarms", kDeleteAlarms},
     {"DeleteDashboards", kDeleteDashboards, {}, true},
     {"DescribeAlarms", kAskAlarms, kAlarms},
     {"GetDashboard", kOneDashboard, kDashboard},
     {"ListDashboards", kListDashboards, kDashboards},
     {"ListTagsForResource", kOneResource, kTagsOfOne},
     {"TagResource", kTagged, {}, true},
     {"UntagResource", kUntagged, {}, true},
     {"PutDashboard", kPutDashboard, kWarnings},
     {"PutMetricAlarm", kPutAlarm},
     {"GetMetricData", kGetData, kData},
     {"GetMetricStatistics", kGetStatistics, kStatistics},
     {"ListMetrics", kListMetrics, kMetrics},
     {"PutMetricData", kPutData}}};

std::string_view query_name(std::string_view code) {
  if (code == "DashboardInvalidInputError") {
    return "InvalidParameterInput";
  }
  return code == "DashboardNotFoundError" ? "ResourceNotFound" : code;
}

}  // namespace

constexpr QueryService kCloudWatchQuery{"http://monitoring.amazonaws.com/doc/2010-08-01/",
                                        "2010-08-01", kCloudWatchOperations, query_name};

}  // namespace scaler::emulator
