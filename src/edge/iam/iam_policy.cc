#include "edge/iam/iam_policy.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "edge/iam/iam_arns.h"
#include "edge/iam/iam_groups.h"
#include "edge/iam/iam_subjects.h"
#include "ground/base/problems.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"

namespace scaler {
namespace {

using Statements = std::vector<IamStatement>;

constexpr std::string_view kWhoseMapping =
    "WAKE is true, but the function whose mapping is switched is not known: give its name with "
    "--function-name";

/// The table is where the program is, whoever's the service may be.
void add_lease(Statements& statements, const IamLease& lease, const Arns& arns) {
  if (lease.table.empty()) {
    return;
  }
  statements.push_back(
      {.sid = "HoldLease",
       .why = "of several controllers the one writes that holds one item of this table",
       .actions = {"dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem",
                   "dynamodb:DeleteItem"},
       .resources = {parse_arn(lease.table) ? lease.table
                                            : arns.of_function("dynamodb", "table/" + lease.table)},
       .conditions = {{.comparison = "ForAllValues:StringEquals",
                       .key = "dynamodb:LeadingKeys",
                       .values = {lease.key}}}});
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

void add_wake(Statements& statements, std::vector<std::string> receive,
              const std::vector<std::string>& queues, const IamScope& scope, const Arns& arns) {
  statements.push_back({.sid = "WakeMapping",
                        .why = "Lambda demands these of every event source mapping; the scaler "
                               "reports every message as failed, so that none is deleted",
                        .actions = std::move(receive),
                        .resources = queues});
  statements.push_back({.sid = "HandBackMessages",
                        .why = "a message that woke the service is given back at once",
                        .actions = {"sqs:ChangeMessageVisibility"},
                        .resources = queues});
  statements.push_back({.sid = "FindMappings",
                        .why = "the mappings on job queues; AWS cannot restrict this call",
                        .actions = {"lambda:ListEventSourceMappings"},
                        .resources = {"*"}});
  // A mapping may be bound to an alias or a version.
  const std::string function = arns.of_function("lambda", "function:" + scope.function_name);
  statements.push_back(
      {.sid = "SwitchMapping",
       .why = "it is enabled only while the service rests at zero; mappings have random names, so "
              "the function restricts them",
       .actions = {"lambda:UpdateEventSourceMapping"},
       .resources = {arns.of_function("lambda", "event-source-mapping:*")},
       .conditions = {{"ArnEquals", "lambda:FunctionArn", {function, function + ":*"}}}});
}

void add_shards(Statements& statements, const ServiceConfig& config, const Arns& arns) {
  if (config.shard_queue_url.empty()) {
    return;
  }
  const std::string queue = arns.of_queue(config.shard_queue_url);
  statements.push_back({.sid = "OrderShards",
                        .why = "a tick sends one message for each part of a large fleet",
                        .actions = {"sqs:SendMessage"},
                        .resources = {queue}});
  statements.push_back({.sid = "ReceiveShards",
                        .why = "Lambda consumes them",
                        .actions = consume(),
                        .resources = {queue}});
}

/// What the program needs beside its passes, where it runs.
void add_surroundings(Statements& statements, const ServiceConfig& config, const IamScope& scope,
                      const Arns& arns) {
  add_lease(statements, scope.lease, arns);
  if (scope.function_name.empty()) {
    return;
  }
  statements.push_back(
      {.sid = "WriteLogs",
       .why = "the function's log group, which exists already",
       .actions = {"logs:CreateLogStream", "logs:PutLogEvents"},
       .resources = {arns.of_function(
           "logs", fmt::format("log-group:/aws/lambda/{}:*", scope.function_name))}});
  add_own_queues(statements, config, arns);
  add_shards(statements, config, arns);
  // What a pass reads of its queue it may already.
  if (config.wake && !config.queue_url.empty()) {
    add_wake(statements, {"sqs:ReceiveMessage", "sqs:DeleteMessage"},
             {arns.of_queue(config.queue_url)}, scope, arns);
  }
}

/// The first that says something.
std::string first_of(std::initializer_list<std::string> texts) {
  const auto* const found =
      std::ranges::find_if(texts, [](const std::string& text) { return !text.empty(); });
  return found == texts.end() ? "" : *found;
}

/// What a flag says must be what an ARN says, where both do.
void compare(std::string_view flag, const std::string& flagged, std::string_view what,
             const std::string& said, Problems& problems) {
  if (!may_be_same(std::string_view(flagged), said)) {
    problems.add(fmt::format("{} is {}, but {} is of {}", flag, flagged, what, said));
  }
}

void check_place(const IamPlace& place, Problems& problems) {
  if (!is_region(place.region)) {
    problems.add(fmt::format("the region '{}' is none: give one such as eu-central-1 with --region",
                             place.region));
  }
  if (!is_account(place.account)) {
    problems.add(fmt::format("the account '{}' is not twelve digits: give it with --account",
                             place.account));
  }
}

/// A function by name, name:qualifier or ARN; only a name is left of it.
Result<FunctionArn> read_function(const std::string& text) {
  if (auto arn = parse_function_arn(text)) {
    return *std::move(arn);
  }
  const std::string name = text.substr(0, text.find(':'));
  const std::string_view qualifier =
      std::string_view(text).substr(std::min(text.size(), name.size() + 1));
  if (!std::ranges::all_of(name, is_name_character) || qualifier.contains(':') ||
      name.empty() != text.empty()) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("'{}' is no function: give its name or ARN with --function-name", text));
  }
  return FunctionArn{.name = name};
}

}  // namespace

Result<IamScope> iam_scope(const IamOverrides& flags, const Environment& environment,
                           const ServiceConfig& config) {
  const QueueAddress queue =
      config.queue_url.empty() ? QueueAddress{} : TRY(parse_queue(config.queue_url));
  const ServiceAddress service = config.id.service.empty()
                                     ? ServiceAddress{}
                                     : TRY(parse_service(config.id.cluster, config.id.service));
  const FunctionArn function = TRY(read_function(first_of(
      {flags.function_name, variable(environment, "AWS_LAMBDA_FUNCTION_NAME").value_or("")})));
  const std::string variables =
      first_of({variable(environment, "AWS_REGION").value_or(""),
                variable(environment, "AWS_DEFAULT_REGION").value_or("")});
  const std::string region =
      first_of({flags.region, function.region, variables, service.region, queue.region});
  IamScope scope{
      .service = {.region = first_of({service.region, region}),
                  .account =
                      first_of({service.account, flags.account, function.account, queue.account})},
      .function = {.region = region,
                   .account =
                       first_of({function.account, flags.account, service.account, queue.account})},
      .queue_region = region,
      .function_name = function.name,
      .lease = flags.lease,
      .instances = flags.instances};
  Problems problems;
  check_place(scope.service, problems);
  compare("--region", flags.region, "the service's ARN", service.region, problems);
  compare("--account", flags.account, "the service's ARN", service.account, problems);
  compare("--region", flags.region, "the function's ARN", function.region, problems);
  compare("--account", flags.account, "the function's ARN", function.account, problems);
  if (config.wake && scope.function_name.empty()) {
    problems.add(std::string(kWhoseMapping));
  }
  TRY(problems.result());
  return scope;
}

Result<IamScope> fleet_scope(const IamOverrides& flags, const Environment& environment,
                             const IamPlace& told, bool wake) {
  const FunctionArn function = TRY(read_function(first_of(
      {flags.function_name, variable(environment, "AWS_LAMBDA_FUNCTION_NAME").value_or("")})));
  IamScope scope{
      .function = {.region = first_of({flags.region, function.region,
                                       variable(environment, "AWS_REGION").value_or(""),
                                       variable(environment, "AWS_DEFAULT_REGION").value_or(""),
                                       told.region}),
                   .account = first_of({function.account, flags.account, told.account})},
      .function_name = function.name,
      .lease = flags.lease,
      .instances = flags.instances};
  scope.queue_region = scope.function.region;
  Problems problems;
  compare("--region", flags.region, "the function's ARN", function.region, problems);
  compare("--account", flags.account, "the function's ARN", function.account, problems);
  if (!scope.function_name.empty() || !scope.lease.table.empty()) {
    check_place(scope.function, problems);
  }
  if (wake && scope.function_name.empty()) {
    problems.add(std::string(kWhoseMapping));
  }
  TRY(problems.result());
  return scope;
}

std::vector<IamStatement> iam_statements(const ServiceConfig& config, const IamScope& scope) {
  const Arns arns(scope);
  const ServiceSpec service{
      .id = config.id, .queues = {{config.queue_url}}, .policy = config.policy};
  IamSubjects subjects;
  subjects.add(service, arns);
  Statements statements;
  add_every_pass(statements, subjects);
  add_protection(statements, subjects);
  IamGroups groups;
  groups.add(service, scope.instances, arns);
  add_instances(statements, groups);
  add_surroundings(statements, config, scope, arns);
  return statements;
}

std::vector<IamStatement> deployment_iam_statements(const ServiceConfig& config,
                                                    const IamScope& scope) {
  Statements statements;
  add_surroundings(statements, config, scope, Arns(scope));
  return statements;
}

std::vector<IamStatement> wake_iam_statements(const std::vector<std::string>& queues,
                                              const IamScope& scope) {
  Statements statements;
  add_wake(statements, consume(), queues, scope, Arns(scope));
  return statements;
}

std::vector<IamStatement> guard_iam_statements(const ServiceConfig& config, const IamScope& scope) {
  const Arns arns(scope);
  return {{.sid = "ProtectOwnTask",
           .why = "the ECS agent asks with the task's role; AWS restricts it by cluster",
           .actions = {"ecs:GetTaskProtection", "ecs:UpdateTaskProtection"},
           .resources = {arns.of_tasks(config.id)}},
          {.sid = "WorkOffJobQueue",
           .why = "what the worker calls through the guard; the guard itself reads the queue's "
                  "visibility timeout and gives messages back",
           .actions = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
                       "sqs:GetQueueAttributes", "sqs:GetQueueUrl"},
           .resources = {arns.of_queue(config.queue_url)}}};
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
    if (!statement.conditions.empty()) {
      writer.name("Condition").begin_object();
      for (const IamCondition& condition : statement.conditions) {
        writer.name(condition.comparison).begin_object();
        list(condition.key, condition.values);
        writer.end_object();
      }
      writer.end_object();
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
    for (const IamCondition& condition : statement.conditions) {
      text += fmt::format("    if {} {} {}\n", condition.key, condition.comparison,
                          fmt::join(condition.values, " or "));
    }
  }
  return text;
}

}  // namespace scaler
