#include "emulator/others/register_tables.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

using enum FieldKind;
constexpr auto kNeeded = Presence::Required;
constexpr std::string_view kNothing = "{}";  ///< an answer without members

const KeptKind kLogGroup{.title = "log group",
                         .keys = {"logGroupName"},
                         .arn = "arn:aws:logs:REGION:ACCOUNT:log-group:*",
                         .arn_members = {"logGroupArn"},
                         .whole_arn = "arn",
                         .milliseconds = "creationTime",
                         .at_first = R"({"logGroupClass":"STANDARD","storedBytes":0,)"
                                     R"("metricFilterCount":0})",
                         .exists = "ResourceAlreadyExistsException",
                         .missing = "ResourceNotFoundException"};
const KeptKind kMetricFilter{.title = "metric filter",
                             .keys = {"logGroupName", "filterName"},
                             .parent = &kLogGroup,
                             .milliseconds = "creationTime",
                             .missing = "ResourceNotFoundException"};
const KeptKind kRule{.title = "rule",
                     .keys = {"Name"},
                     .arn = "arn:aws:events:REGION:ACCOUNT:rule/*",
                     .arn_members = {"Arn"},
                     .at_first = R"({"State":"ENABLED","EventBusName":"default"})",
                     .missing = "ResourceNotFoundException",
                     .in_use = "ValidationException"};
const KeptKind kTarget{.title = "target",
                       .keys = {"Rule", "Id"},
                       .parent = &kRule,
                       .missing = "ResourceNotFoundException"};
const KeptKind kAlarm{.title = "alarm",
                      .keys = {"AlarmName"},
                      .arn = "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:*",
                      .arn_members = {"AlarmArn"},
                      .times = {"AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp"},
                      .at_first = R"({"ActionsEnabled":true,"OKActions":[],"AlarmActions":[],)"
                                  R"("InsufficientDataActions":[],"Dimensions":[],)"
                                  R"("StateValue":"INSUFFICIENT_DATA",)"
                                  R"("StateReason":"Alarms are kept here and never ring."})",
                      .missing = "ResourceNotFound"};
const KeptKind kDashboard{.title = "dashboard",
                          .keys = {"DashboardName"},
                          .arn = "arn:aws:cloudwatch::ACCOUNT:dashboard/*",
                          .arn_members = {"DashboardArn"},
                          .times = {"LastModified"},
                          .missing = "DashboardNotFoundError"};
const KeptKind kRole{.title = "role",
                     .keys = {"RoleName"},
                     .arn = "arn:aws:iam::ACCOUNT:rolePATH*",
                     .arn_members = {"Arn"},
                     .id_member = "RoleId",
                     .times = {"CreateDate"},
                     .at_first = R"({"Path":"/","MaxSessionDuration":3600})",
                     .name_max = 64,
                     .encoded = "AssumeRolePolicyDocument",
                     .boundary = "PermissionsBoundary",
                     .exists = "EntityAlreadyExists",
                     .missing = "NoSuchEntity",
                     .in_use = "DeleteConflict"};
const KeptKind kRolePolicy{.title = "policy",
                           .keys = {"RoleName", "PolicyName"},
                           .parent = &kRole,
                           .encoded = "PolicyDocument",
                           .missing = "NoSuchEntity"};
const KeptKind kAttachedPolicy{.title = "attached policy",
                               .keys = {"RoleName", "PolicyArn"},
                               .parent = &kRole,
                               .short_name = "PolicyName",
                               .missing = "NoSuchEntity"};

/// There are none: who deletes a role asks for those that hold it.
const KeptKind kInstanceProfile{
    .title = "instance profile", .keys = {"RoleName"}, .missing = "NoSuchEntity"};

ApiResult<void> check_retention(const Input& input) {
  constexpr std::array<std::int64_t, 22> kDays{1,    3,    5,    7,    14,   30,  60,  90,
                                               120,  150,  180,  365,  400,  545, 731, 1096,
                                               1827, 2192, 2557, 2922, 3288, 3653};
  const std::int64_t days = input.integer("retentionInDays").value_or(0);
  if (days == 0 || std::ranges::find(kDays, days) == kDays.end()) {
    return refuse("InvalidParameterException",
                  fmt::format("retentionInDays {} is none that CloudWatch Logs has.", days));
  }
  return {};
}

/// Each event's member has a list of the values that it may have.
bool is_pattern(const json::Value& value) {
  const auto* const object = std::get_if<json::Object>(&value.data());
  return object != nullptr && !object->empty() &&
         std::ranges::all_of(*object, [](const auto& member) {
           const auto* const values = std::get_if<json::Array>(&member.second.data());
           return values == nullptr ? is_pattern(member.second) : !values->empty();
         });
}

ApiResult<void> check_rule(const Input& input) {
  const std::string_view schedule = input.text("ScheduleExpression");
  const bool timed =
      (schedule.starts_with("rate(") || schedule.starts_with("cron(")) && schedule.ends_with(')');
  if (!schedule.empty() && !timed) {
    return refuse("ValidationException", "Parameter ScheduleExpression is not valid.");
  }
  if (schedule.empty() && !input.has("EventPattern")) {
    return refuse("ValidationException",
                  "Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  const Result<json::Value> pattern = json::parse(input.text("EventPattern"));
  if (input.has("EventPattern") && (!pattern || !is_pattern(*pattern))) {
    return refuse("InvalidEventPatternException",
                  "Event pattern is not valid. Reason: it must be a JSON object whose members are "
                  "lists of values, or objects of these.");
  }
  return {};
}

ApiResult<void> check_documents(const Input& input) {
  for (const std::string_view name : {"AssumeRolePolicyDocument", "PolicyDocument"}) {
    if (input.has(name) && !json::parse(input.text(name))) {
      return refuse("MalformedPolicyDocument", fmt::format("{} is no JSON document.", name));
    }
  }
  return {};
}

ApiResult<void> check_dashboard(const Input& input) {
  if (!json::parse(input.text("DashboardBody"))) {
    return refuse("DashboardInvalidInputError", "The field DashboardBody must be a JSON document.");
  }
  return {};
}

std::vector<KeptOperation> log_operations() {
  constexpr std::string_view kLogs = "logs";
  return {
      {.service = kLogs,
       .name = "CreateLogGroup",
       .deed = Deed::Make,
       .kind = &kLogGroup,
       .fields = {{"kmsKeyId"}, {"tags", TextMap}, {"logGroupClass"}}},
      {.service = kLogs, .name = "DeleteLogGroup", .deed = Deed::Remove, .kind = &kLogGroup},
      {.service = kLogs,
       .name = "DescribeLogGroups",
       .deed = Deed::List,
       .kind = &kLogGroup,
       .fields = {{"limit", Integer}, {"nextToken"}},
       .answer = "logGroups",
       .prefix = "logGroupNamePrefix"},
      {.service = kLogs,
       .name = "PutRetentionPolicy",
       .deed = Deed::Change,
       .kind = &kLogGroup,
       .fields = {{"retentionInDays", Integer, kNeeded}},
       .check = check_retention},
      {.service = kLogs,
       .name = "DeleteRetentionPolicy",
       .deed = Deed::Drop,
       .kind = &kLogGroup,
       .drops = "retentionInDays"},
      {.service = kLogs,
       .name = "PutMetricFilter",
       .deed = Deed::Put,
       .kind = &kMetricFilter,
       .fields = {{"filterPattern", Text, kNeeded},
                  {"metricTransformations", Objects, kNeeded},
                  {"applyOnTransformedLogs", Flag}}},
      {.service = kLogs,
       .name = "DeleteMetricFilter",
       .deed = Deed::Remove,
       .kind = &kMetricFilter},
      {.service = kLogs,
       .name = "DescribeMetricFilters",
       .deed = Deed::List,
       .kind = &kMetricFilter,
       .fields = {{"limit", Integer}, {"nextToken"}},
       .answer = "metricFilters",
       .prefix = "filterNamePrefix"},
      {.service = kLogs,
       .name = "TagResource",
       .deed = Deed::Tag,
       .fields = {{"resourceArn", Text, kNeeded}, {"tags", TextMap, kNeeded}}},
      {.service = kLogs,
       .name = "UntagResource",
       .deed = Deed::Untag,
       .fields = {{"resourceArn", Text, kNeeded}, {"tagKeys", Texts, kNeeded}}},
      {.service = kLogs,
       .name = "ListTagsForResource",
       .deed = Deed::ListTags,
       .fields = {{"resourceArn", Text, kNeeded}},
       .answer = "tags"},
  };
}

std::vector<KeptOperation> event_operations() {
  constexpr std::string_view kEvents = "events";
  const Field bus{"EventBusName"};
  return {
      {.service = kEvents,
       .name = "PutRule",
       .deed = Deed::Put,
       .kind = &kRule,
       .fields = {{"ScheduleExpression"},
                  {"EventPattern"},
                  {"State"},
                  {"Description"},
                  {"RoleArn"},
                  {"Tags", Objects},
                  bus},
       .answer = "RuleArn",
       .check = check_rule},
      {.service = kEvents, .name = "DescribeRule", .kind = &kRule, .fields = {bus}},
      {.service = kEvents,
       .name = "ListRules",
       .deed = Deed::List,
       .kind = &kRule,
       .fields = {bus, {"NextToken"}, {"Limit", Integer}},
       .answer = "Rules",
       .prefix = "NamePrefix"},
      {.service = kEvents,
       .name = "EnableRule",
       .deed = Deed::Change,
       .kind = &kRule,
       .fields = {bus},
       .sets = R"({"State":"ENABLED"})"},
      {.service = kEvents,
       .name = "DisableRule",
       .deed = Deed::Change,
       .kind = &kRule,
       .fields = {bus},
       .sets = R"({"State":"DISABLED"})"},
      {.service = kEvents,
       .name = "DeleteRule",
       .deed = Deed::Remove,
       .kind = &kRule,
       .fields = {bus, {"Force", Flag}}},
      {.service = kEvents,
       .name = "PutTargets",
       .deed = Deed::Put,
       .kind = &kTarget,
       .fields = {bus},
       .several = "Targets",
       .adds = R"({"FailedEntryCount":0,"FailedEntries":[]})"},
      {.service = kEvents,
       .name = "ListTargetsByRule",
       .deed = Deed::List,
       .kind = &kTarget,
       .fields = {bus, {"NextToken"}, {"Limit", Integer}},
       .answer = "Targets",
       .drops = "Rule"},
      {.service = kEvents,
       .name = "RemoveTargets",
       .deed = Deed::Remove,
       .kind = &kTarget,
       .fields = {bus, {"Force", Flag}},
       .several = "Ids",
       .adds = R"({"FailedEntryCount":0,"FailedEntries":[]})"},
  };
}

std::vector<KeptOperation> alarm_operations() {
  constexpr std::string_view kMonitoring = "monitoring";
  return {
      {.service = kMonitoring,
       .name = "PutMetricAlarm",
       .deed = Deed::Put,
       .kind = &kAlarm,
       .fields = {{"AlarmDescription"},
                  {"ActionsEnabled", Flag},
                  {"OKActions", Texts},
                  {"AlarmActions", Texts},
                  {"InsufficientDataActions", Texts},
                  {"MetricName"},
                  {"Namespace"},
                  {"Statistic"},
                  {"ExtendedStatistic"},
                  {"Dimensions", Objects},
                  {"Period", Integer},
                  {"Unit"},
                  {"EvaluationPeriods", Integer},
                  {"DatapointsToAlarm", Integer},
                  {"Threshold", Any},
                  {"ComparisonOperator"},
                  {"TreatMissingData"},
                  {"EvaluateLowSampleCountPercentile"},
                  {"Metrics", Objects},
                  {"Tags", Objects},
                  {"ThresholdMetricId"}}},
      {.service = kMonitoring,
       .name = "DescribeAlarms",
       .deed = Deed::List,
       .kind = &kAlarm,
       .fields = {{"AlarmTypes", Texts}, {"MaxRecords", Integer}, {"NextToken"}},
       .answer = "MetricAlarms",
       .prefix = "AlarmNamePrefix",
       .several = "AlarmNames",
       .adds = R"({"CompositeAlarms":[]})"},
      {.service = kMonitoring,
       .name = "DeleteAlarms",
       .deed = Deed::Remove,
       .kind = &kAlarm,
       .several = "AlarmNames"},
      {.service = kMonitoring,
       .name = "PutDashboard",
       .deed = Deed::Put,
       .kind = &kDashboard,
       .fields = {{"DashboardBody", Text, kNeeded}, {"Tags", Objects}},
       .adds = R"({"DashboardValidationMessages":[]})",
       .check = check_dashboard},
      {.service = kMonitoring,
       .name = "GetDashboard",
       .kind = &kDashboard,
       .drops = "LastModified"},
      {.service = kMonitoring,
       .name = "ListDashboards",
       .deed = Deed::List,
       .kind = &kDashboard,
       .fields = {{"NextToken"}},
       .answer = "DashboardEntries",
       .prefix = "DashboardNamePrefix",
       .drops = "DashboardBody"},
      {.service = kMonitoring,
       .name = "DeleteDashboards",
       .deed = Deed::Remove,
       .kind = &kDashboard,
       .several = "DashboardNames",
       .adds = kNothing},
  };
}

/// Those of EventBridge and CloudWatch, which are alike.
std::vector<KeptOperation> tag_operations() {
  std::vector<KeptOperation> operations;
  for (const std::string_view service : {"events", "monitoring"}) {
    operations.push_back({.service = service,
                          .name = "TagResource",
                          .deed = Deed::Tag,
                          .fields = {{"ResourceARN", Text, kNeeded}, {"Tags", Objects, kNeeded}},
                          .adds = kNothing});
    operations.push_back({.service = service,
                          .name = "UntagResource",
                          .deed = Deed::Untag,
                          .fields = {{"ResourceARN", Text, kNeeded}, {"TagKeys", Texts, kNeeded}},
                          .adds = kNothing});
    operations.push_back({.service = service,
                          .name = "ListTagsForResource",
                          .deed = Deed::ListTags,
                          .fields = {{"ResourceARN", Text, kNeeded}},
                          .answer = "Tags"});
  }
  return operations;
}

constexpr std::string_view kIam = "iam";
constexpr std::string_view kWhole = R"({"IsTruncated":false})";
const std::vector<Field> kPage{{"Marker"}, {"MaxItems", Integer}};
const std::vector<Field> kPageOfPath{{"Marker"}, {"MaxItems", Integer}, {"PathPrefix"}};

/// What roles may do, which nobody asks here.
std::vector<KeptOperation> policy_operations() {
  return {
      {.service = kIam,
       .name = "PutRolePolicy",
       .deed = Deed::Put,
       .kind = &kRolePolicy,
       .fields = {{"PolicyDocument", Text, kNeeded}},
       .check = check_documents},
      {.service = kIam, .name = "GetRolePolicy", .kind = &kRolePolicy},
      {.service = kIam,
       .name = "ListRolePolicies",
       .deed = Deed::List,
       .kind = &kRolePolicy,
       .fields = kPage,
       .answer = "PolicyNames",
       .only = "PolicyName",
       .adds = kWhole},
      {.service = kIam, .name = "DeleteRolePolicy", .deed = Deed::Remove, .kind = &kRolePolicy},
      {.service = kIam, .name = "AttachRolePolicy", .deed = Deed::Put, .kind = &kAttachedPolicy},
      {.service = kIam,
       .name = "ListAttachedRolePolicies",
       .deed = Deed::List,
       .kind = &kAttachedPolicy,
       .fields = kPageOfPath,
       .answer = "AttachedPolicies",
       .adds = kWhole},
      {.service = kIam,
       .name = "PutRolePermissionsBoundary",
       .deed = Deed::Change,
       .kind = &kRole,
       .fields = {{"PermissionsBoundary", Text, kNeeded}}},
      {.service = kIam,
       .name = "DeleteRolePermissionsBoundary",
       .deed = Deed::Drop,
       .kind = &kRole,
       .drops = "PermissionsBoundary"},
      {.service = kIam, .name = "DetachRolePolicy", .deed = Deed::Remove, .kind = &kAttachedPolicy},
  };
}

std::vector<KeptOperation> role_operations() {
  return {
      {.service = kIam,
       .name = "CreateRole",
       .deed = Deed::Make,
       .kind = &kRole,
       .fields = {{"AssumeRolePolicyDocument", Text, kNeeded},
                  {"Path"},
                  {"Description"},
                  {"MaxSessionDuration", Integer},
                  {"PermissionsBoundary"},
                  {"Tags", Objects}},
       .answer = "Role",
       .check = check_documents},
      {.service = kIam, .name = "GetRole", .kind = &kRole, .answer = "Role"},
      {.service = kIam,
       .name = "ListRoles",
       .deed = Deed::List,
       .kind = &kRole,
       .fields = kPageOfPath,
       .answer = "Roles",
       .drops = "PermissionsBoundary",
       .adds = kWhole},
      {.service = kIam,
       .name = "UpdateRole",
       .deed = Deed::Change,
       .kind = &kRole,
       .fields = {{"Description"}, {"MaxSessionDuration", Integer}}},
      {.service = kIam,
       .name = "UpdateAssumeRolePolicy",
       .deed = Deed::Change,
       .kind = &kRole,
       .fields = {{"PolicyDocument", Text, kNeeded}},
       .stored_as = "AssumeRolePolicyDocument",
       .check = check_documents},
      {.service = kIam, .name = "DeleteRole", .deed = Deed::Remove, .kind = &kRole},
      {.service = kIam,
       .name = "ListInstanceProfilesForRole",
       .deed = Deed::List,
       .kind = &kInstanceProfile,
       .fields = kPage,
       .answer = "InstanceProfiles",
       .adds = kWhole},
      {.service = kIam,
       .name = "TagRole",
       .deed = Deed::Tag,
       .kind = &kRole,
       .fields = {{"Tags", Objects, kNeeded}}},
      {.service = kIam,
       .name = "UntagRole",
       .deed = Deed::Untag,
       .kind = &kRole,
       .fields = {{"TagKeys", Texts, kNeeded}}},
      {.service = kIam,
       .name = "ListRoleTags",
       .deed = Deed::ListTags,
       .kind = &kRole,
       .fields = kPage,
       .answer = "Tags",
       .adds = kWhole},
  };
}

}  // namespace

const std::vector<KeptOperation>& kept_operations() {
  static const std::vector<KeptOperation> all = [] {
    std::vector<KeptOperation> table;
    for (const auto& some : {log_operations(), event_operations(), alarm_operations(),
                             tag_operations(), policy_operations(), role_operations()}) {
      table.insert(table.end(), some.begin(), some.end());
    }
    return table;
  }();
  return all;
}

}  // namespace scaler::emulator
