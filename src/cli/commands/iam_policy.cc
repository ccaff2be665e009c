#include "cli/commands/iam_policy.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/problems.h"
#include "cli/commands/commands.h"
#include "json/writer.h"

namespace scaler::cli {
namespace {

constexpr std::string_view kStateTag = "ecs-scaler:state";

/// The longest prefixes first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPartitions{{
    {"us-gov-", "aws-us-gov"},
    {"us-isob-", "aws-iso-b"},
    {"us-isof-", "aws-iso-f"},
    {"eu-isoe-", "aws-iso-e"},
    {"us-iso-", "aws-iso"},
    {"eusc-", "aws-eusc"},
    {"cn-", "aws-cn"},
}};

std::string_view partition_of(std::string_view region) {
  for (const auto& [prefix, partition] : kPartitions) {
    if (region.starts_with(prefix)) {
      return partition;
    }
  }
  return "aws";
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_region(std::string_view text) {
  return text.find('-') != std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

struct QueueAddress {
  std::string region = {};  ///< empty when the host does not say it
  std::string account = {};
  std::string name = {};
};

/// "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs" taken apart.
QueueAddress address_of(std::string_view url) {
  const std::size_t name = url.rfind('/');
  const std::size_t account = url.rfind('/', name - 1);
  QueueAddress address{.account = std::string(url.substr(account + 1, name - account - 1)),
                       .name = std::string(url.substr(name + 1))};
  constexpr std::string_view kHost = "https://sqs.";
  if (url.starts_with(kHost)) {
    url.remove_prefix(kHost.size());
    address.region = url.substr(0, url.find_first_of("./"));
  }
  return address;
}

/// Makes the ARNs of one scope.
class Arns {
 public:
  explicit Arns(const IamScope& scope) : scope_(&scope) {}

  std::string of(std::string_view service, std::string_view resource) const {
    return fmt::format("arn:{}:{}:{}:{}:{}", scope_->partition, service, scope_->region,
                       scope_->account, resource);
  }
  /// A queue may belong to another account and region than the rest.
  std::string of_queue(const std::string& url) const {
    const QueueAddress address = address_of(url);
    return fmt::format("arn:{}:sqs:{}:{}:{}", scope_->partition,
                       is_region(address.region) ? address.region : scope_->region, address.account,
                       address.name);
  }
  std::string of_service(const ServiceId& id) const {
    return id.service.starts_with("arn:")
               ? id.service
               : of("ecs", fmt::format("service/{}/{}", cluster_name(id), id.service));
  }
  std::string of_cluster(const ServiceId& id) const {
    return id.cluster.starts_with("arn:") ? id.cluster : of("ecs", "cluster/" + id.cluster);
  }
  static std::string cluster_name(const ServiceId& id) {
    return id.cluster.substr(id.cluster.rfind('/') + 1);
  }

 private:
  const IamScope* scope_;
};

using Statements = std::vector<IamStatement>;

void add_every_pass(Statements& statements, const ServiceConfig& config, const Arns& arns) {
  const std::string service = arns.of_service(config.id);
  statements.push_back({.sid = "ReadJobQueue",
                        .why = "the three counts of the job queue",
                        .actions = {"sqs:GetQueueAttributes"},
                        .resources = {arns.of_queue(config.queue_url)}});
  statements.push_back({.sid = "ReadAndScaleService",
                        .why = "the counts of the service, and its desired count",
                        .actions = {"ecs:DescribeServices", "ecs:UpdateService"},
                        .resources = {service}});
  statements.push_back({.sid = "RememberState",
                        .why = "what the next pass must know stands in one tag of the service",
                        .actions = {"ecs:TagResource", "ecs:UntagResource"},
                        .resources = {service},
                        .condition = IamCondition{
                            "ForAllValues:StringEquals", "aws:TagKeys", {std::string(kStateTag)}}});
}

void add_protection(Statements& statements, const ServiceConfig& config, const Arns& arns) {
  if (config.policy->scale_in_when != ScaleInWhen::Protected) {
    return;
  }
  statements.push_back(
      {.sid = "ListTasks",
       .why = "SCALE_IN_WHEN is protected: the service's tasks; AWS restricts it "
              "by cluster only",
       .actions = {"ecs:ListTasks"},
       .resources = {"*"},
       .condition = IamCondition{"ArnEquals", "ecs:cluster", {arns.of_cluster(config.id)}}});
  statements.push_back(
      {.sid = "ReadTaskProtection",
       .why = "which of them protect themselves",
       .actions = {"ecs:GetTaskProtection"},
       .resources = {arns.of("ecs", fmt::format("task/{}/*", Arns::cluster_name(config.id)))}});
}

/// What Lambda needs of a queue whose messages it may consume.
std::vector<std::string> consume() {
  return {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"};
}

void add_own_queues(Statements& statements, const ServiceConfig& config, const Arns& arns) {
  if (!config.tick_queue_url.empty()) {
    const std::string queue = arns.of_queue(config.tick_queue_url);
    statements.push_back({.sid = "SendTicks",
                          .why = "the scheduled pass sends the ticks of the coming minute",
                          .actions = {"sqs:SendMessage"},
                          .resources = {queue}});
    statements.push_back({.sid = "ReceiveTicks",
                          .why = "Lambda consumes the ticks",
                          .actions = consume(),
                          .resources = {queue}});
  }
  if (!config.doorbell_queue_url.empty()) {
    statements.push_back({.sid = "ReceiveDoorbell",
                          .why = "Lambda consumes what rings the doorbell",
                          .actions = consume(),
                          .resources = {arns.of_queue(config.doorbell_queue_url)}});
  }
}

void add_wake(Statements& statements, const ServiceConfig& config, const IamScope& scope,
              const Arns& arns) {
  const std::string queue = arns.of_queue(config.queue_url);
  statements.push_back({.sid = "WakeMapping",
                        .why = "Lambda demands both of every event source mapping; the scaler "
                               "reports every message as failed, so that none is deleted",
                        .actions = {"sqs:ReceiveMessage", "sqs:DeleteMessage"},
                        .resources = {queue}});
  statements.push_back({.sid = "HandBackMessages",
                        .why = "a message that woke the service is given back at once",
                        .actions = {"sqs:ChangeMessageVisibility"},
                        .resources = {queue}});
  statements.push_back({.sid = "FindMappings",
                        .why = "the mapping on the job queue; AWS cannot restrict this call",
                        .actions = {"lambda:ListEventSourceMappings"},
                        .resources = {"*"}});
  // A mapping may be bound to an alias or a version.
  const std::string function = arns.of("lambda", "function:" + scope.function_name);
  statements.push_back(
      {.sid = "SwitchMapping",
       .why = "it is enabled only while the service rests at zero; mappings have random names, so "
              "the function restricts them",
       .actions = {"lambda:UpdateEventSourceMapping"},
       .resources = {arns.of("lambda", "event-source-mapping:*")},
       .condition = IamCondition{"ArnEquals", "lambda:FunctionArn", {function, function + ":*"}}});
}

std::string first_of(const std::string& flag, const std::optional<std::string>& variable,
                     const std::string& otherwise) {
  return !flag.empty() ? flag : variable.value_or(otherwise);
}

}  // namespace

Result<IamScope> iam_scope(const IamFlags& flags, const Environment& environment,
                           const ServiceConfig& config) {
  const QueueAddress queue = address_of(config.queue_url);
  const auto region = variable(environment, "AWS_REGION");
  IamScope scope{.region = first_of(flags.region,
                                    region ? region : variable(environment, "AWS_DEFAULT_REGION"),
                                    is_region(queue.region) ? queue.region : ""),
                 .account = first_of(flags.account, {}, queue.account),
                 .function_name = first_of(flags.function_name,
                                           variable(environment, "AWS_LAMBDA_FUNCTION_NAME"), "")};
  scope.partition = partition_of(scope.region);
  Problems problems;
  if (!is_region(scope.region)) {
    problems.add(fmt::format("the region '{}' is none: give one such as eu-central-1 with --region",
                             scope.region));
  }
  if (!is_account(scope.account)) {
    problems.add(fmt::format("the account '{}' is not twelve digits: give it with --account",
                             scope.account));
  }
  if (config.wake && scope.function_name.empty()) {
    problems.add(
        "WAKE is true, but the function whose mapping is switched is not known: give its name with "
        "--function-name");
  }
  TRY(problems.result());
  return scope;
}

std::vector<IamStatement> iam_statements(const ServiceConfig& config, const IamScope& scope) {
  const Arns arns(scope);
  Statements statements;
  add_every_pass(statements, config, arns);
  add_protection(statements, config, arns);
  if (scope.function_name.empty()) {
    return statements;
  }
  statements.push_back({.sid = "WriteLogs",
                        .why = "the function's log group, which exists already",
                        .actions = {"logs:CreateLogStream", "logs:PutLogEvents"},
                        .resources = {arns.of("logs", fmt::format("log-group:/aws/lambda/{}:*",
                                                                  scope.function_name))}});
  add_own_queues(statements, config, arns);
  if (config.wake) {
    add_wake(statements, config, scope, arns);
  }
  return statements;
}

std::string iam_json(const std::vector<IamStatement>& statements) {
  json::Writer writer;
  const auto list = [&writer](std::string_view name, const std::vector<std::string>& values) {
    writer.name(name).begin_array();
    for (const std::string& value : values) {
      writer.value(value);
    }
    writer.end_array();
  };
  writer.begin_object().field("Version", "2012-10-17").name("Statement").begin_array();
  for (const IamStatement& statement : statements) {
    writer.begin_object().field("Sid", statement.sid).field("Effect", "Allow");
    list("Action", statement.actions);
    list("Resource", statement.resources);
    if (const auto& condition = statement.condition) {
      writer.name("Condition").begin_object().name(condition->comparison).begin_object();
      list(condition->key, condition->values);
      writer.end_object().end_object();
    }
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

std::string iam_text(const std::vector<IamStatement>& statements) {
  std::string text;
  for (const IamStatement& statement : statements) {
    text += fmt::format("{}: {}\n", statement.sid, statement.why);
    for (const std::string& action : statement.actions) {
      text += fmt::format("  {}\n", action);
    }
    for (const std::string& resource : statement.resources) {
      text += fmt::format("    on {}\n", resource);
    }
    if (const auto& condition = statement.condition) {
      text += fmt::format("    if {} {} {}\n", condition->key, condition->comparison,
                          fmt::join(condition->values, " or "));
    }
  }
  return text;
}

}  // namespace scaler::cli
