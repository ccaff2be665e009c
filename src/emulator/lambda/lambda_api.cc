#include "emulator/lambda/lambda_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/lambda/lambda_aliases.h"
#include "emulator/lambda/lambda_request.h"
#include "emulator/request/api_input.h"
#include "emulator/sqs/digests.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kSyncMax = 6U << 20U;
constexpr std::size_t kAsyncMax = 1U << 20U;
constexpr int kAsyncRetries = 2;

net::HttpResponse error_response(const ApiError& error) {
  json::Writer writer;
  writer.begin_object();
  if (error.code == "TooManyRequestsException") {
    writer.field("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded");
  }
  writer.field("Type", error.status < 500 ? "User" : "Service")
      .field("Message", error.message)
      .end_object();
  net::HttpResponse response = lambda_json(error.status, std::move(writer).text());
  response.headers.push_back({.name = "x-amzn-errortype", .value = error.code});
  if (error.status == 429) {
    response.headers.push_back({.name = "Retry-After", .value = "1"});
  }
  return response;
}

double epoch_seconds(Instant instant) {
  return in_seconds(instant.time_since_epoch());
}

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

void write_mapping(json::Writer& writer, const EventSourceMapping& mapping) {
  const MappingSettings& settings = mapping.settings();
  writer.begin_object()
      .field("UUID", mapping.identity().uuid)
      .field("BatchSize", settings.batch_size)
      .field("MaximumBatchingWindowInSeconds", whole_seconds(settings.batching_window))
      .field("EventSourceArn", mapping.identity().queue_arn)
      .field("FunctionArn", mapping.identity().function_arn)
      .field("LastModified", epoch_seconds(mapping.modified_at()))
      .field("LastProcessingResult", mapping.last_result())
      .field("State", to_string(mapping.state()))
      .field("StateTransitionReason", "USER_INITIATED");
  writer.name("FunctionResponseTypes").begin_array();
  if (settings.report_batch_item_failures) {
    writer.value("ReportBatchItemFailures");
  }
  writer.end_array();
  if (settings.concurrency_max) {
    writer.name("ScalingConfig")
        .begin_object()
        .field("MaximumConcurrency", *settings.concurrency_max)
        .end_object();
  }
  writer.end_object();
}

std::string mapping_text(const EventSourceMapping& mapping) {
  json::Writer writer;
  write_mapping(writer, mapping);
  return std::move(writer).text();
}

ApiResult<net::HttpResponse> list_mappings(const LambdaApiTargets& targets,
                                           const LambdaQuery& query) {
  TRY(check_query(query, {"EventSourceArn", "FunctionName", "Marker", "MaxItems"}));
  const std::size_t most = TRY(page_size(query));
  const std::string marker = query_value(query, "Marker");
  const std::string queue_arn = query_value(query, "EventSourceArn");
  const std::string name = query_value(query, "FunctionName");
  const FunctionSettings& function = targets.function.settings();
  const auto qualifier = qualifier_in(name, function);
  // By exactly what it is bound to: the plain name does not tell an alias's mappings.
  const std::string function_arn = qualifier ? qualified_arn(function, *qualifier) : "";
  std::vector<const EventSourceMapping*> meant;
  for (bool begun = marker.empty(); const auto& mapping : targets.mappings) {
    const MappingIdentity& identity = mapping->identity();
    if (begun && (name.empty() || identity.function_arn == function_arn) &&
        (queue_arn.empty() || identity.queue_arn == queue_arn)) {
      meant.push_back(mapping.get());
    }
    begun = begun || identity.uuid == marker;  // It names the last one of the page before.
  }
  json::Writer writer;
  writer.begin_object().name("EventSourceMappings").begin_array();
  for (std::size_t i = 0; i < std::min(most, meant.size()); ++i) {
    write_mapping(writer, *meant[i]);
  }
  writer.end_array();
  if (meant.size() > most) {
    writer.field("NextMarker", meant[most - 1]->identity().uuid);
  }
  writer.end_object();
  return lambda_json(200, std::move(writer).text());
}

/// The ARN that a mapping gets for the function's name in a request.
ApiResult<std::string> mapping_target(const LambdaApiTargets& targets, std::string_view name) {
  const FunctionSettings& function = targets.function.settings();
  const InvokedAs named = TRY(named_function(std::string(name), {}, function, targets.versions));
  return qualified_arn(function, named.qualifier);
}

constexpr std::array<Field, 7> kCreateFields = {{
    {.name = "FunctionName", .presence = Presence::Required},
    {.name = "EventSourceArn", .presence = Presence::Required},
    {.name = "Enabled", .kind = FieldKind::Flag},
    {.name = "BatchSize", .kind = FieldKind::Integer},
    {.name = "MaximumBatchingWindowInSeconds", .kind = FieldKind::Integer},
    {.name = "FunctionResponseTypes", .kind = FieldKind::Texts},
    {.name = "ScalingConfig", .kind = FieldKind::Any},
}};
constexpr std::array<Field, 6> kUpdateFields = {{
    {.name = "FunctionName"},
    {.name = "Enabled", .kind = FieldKind::Flag},
    {.name = "BatchSize", .kind = FieldKind::Integer},
    {.name = "MaximumBatchingWindowInSeconds", .kind = FieldKind::Integer},
    {.name = "FunctionResponseTypes", .kind = FieldKind::Texts},
    {.name = "ScalingConfig", .kind = FieldKind::Any},
}};
constexpr std::array<Field, 1> kScalingFields = {
    {{.name = "MaximumConcurrency", .kind = FieldKind::Integer}}};

ApiResult<MappingUpdate> read_update(const Input& input, MappingSettings settings) {
  settings.batch_size = input.integer("BatchSize").value_or(settings.batch_size);
  if (const auto window = input.integer("MaximumBatchingWindowInSeconds")) {
    if (*window < 0 || *window > 300) {
      return invalid_parameter("MaximumBatchingWindowInSeconds is not from 0 to 300");
    }
    settings.batching_window = std::chrono::seconds(*window);
  }
  if (input.has("FunctionResponseTypes")) {
    const auto types = input.texts("FunctionResponseTypes");
    settings.report_batch_item_failures = !types.empty();
    for (const std::string_view type : types) {
      if (type != "ReportBatchItemFailures") {
        return invalid_parameter("unknown FunctionResponseTypes: " + std::string(type));
      }
    }
  }
  if (const json::Value* scaling = input.member("ScalingConfig")) {
    const Input config = TRY(Input::read(*scaling, kScalingFields, "ValidationException"));
    settings.concurrency_max = config.integer("MaximumConcurrency");
  }
  MappingUpdate update = {.settings = TRY(check_mapping(settings))};
  if (input.has("Enabled")) {
    update.enabled = input.flag("Enabled");
  }
  return update;
}

ApiResult<net::HttpResponse> create_mapping(const LambdaApiTargets& targets,
                                            const std::string& body) {
  const auto document = json::parse(body);
  if (!document) {
    return refuse("SerializationException", document.error().message, 400);
  }
  const Input input = TRY(Input::read(*document, kCreateFields, "ValidationException"));
  NewMapping wanted{.queue_arn = std::string(input.text("EventSourceArn"))};
  wanted.function_arn = TRY(mapping_target(targets, input.text("FunctionName")));
  const MappingUpdate read = TRY(read_update(input, {.report_batch_item_failures = false}));
  wanted.settings = *read.settings;
  wanted.enabled = read.enabled.value_or(true);
  for (const auto& mapping : targets.mappings) {
    const MappingIdentity& identity = mapping->identity();
    if (identity.queue_arn == wanted.queue_arn && identity.function_arn == wanted.function_arn) {
      return refuse("ResourceConflictException",
                    "An event source mapping with SQS arn (\" " + wanted.queue_arn +
                        " \") and function (\" " + wanted.function_arn +
                        " \") already exists. Please update or delete the existing mapping with "
                        "UUID " +
                        identity.uuid,
                    409);
    }
  }
  const auto made = targets.create_mapping(wanted);
  if (!made) {
    return invalid_parameter(made.error().message);
  }
  return lambda_json(202, mapping_text(**made));
}

ApiResult<net::HttpResponse> update_mapping(const LambdaApiTargets& targets,
                                            EventSourceMapping& mapping, const std::string& body) {
  const auto document = json::parse(body.empty() ? "{}" : body);
  if (!document) {
    return refuse("SerializationException", document.error().message, 400);
  }
  const Input input = TRY(Input::read(*document, kUpdateFields, "ValidationException"));
  MappingUpdate update = TRY(read_update(input, mapping.settings()));
  if (input.has("FunctionName")) {
    update.function_arn = TRY(mapping_target(targets, input.text("FunctionName")));
  }
  if (const auto updated = mapping.update(update); !updated) {
    return refuse("ResourceInUseException", updated.error().message, 400);
  }
  return lambda_json(202, mapping_text(mapping));
}

ApiResult<net::HttpResponse> delete_mapping(EventSourceMapping& mapping) {
  if (const auto removed = mapping.remove(); !removed) {
    return refuse("ResourceInUseException", removed.error().message, 400);
  }
  return lambda_json(202, mapping_text(mapping));
}

ApiResult<net::HttpResponse> answer_mappings(const LambdaApiTargets& targets,
                                             const net::ServerRequest& request,
                                             const LambdaTarget& target) {
  if (target.path.size() == 1 && request.method == "GET") {
    return list_mappings(targets, target.query);
  }
  TRY(check_query(target.query, {}));
  if (target.path.size() == 1 && request.method == "POST") {
    return create_mapping(targets, request.body);
  }
  if (target.path.size() != 2) {
    return no_such_operation(request.method + " event-source-mappings");
  }
  const std::string& uuid = target.path[1];
  const auto mapping = std::ranges::find_if(
      targets.mappings, [&uuid](const auto& one) { return one->identity().uuid == uuid; });
  if (mapping == targets.mappings.end()) {
    return resource_not_found("The resource you requested does not exist: event source mapping " +
                              uuid);
  }
  if (request.method == "GET") {
    return lambda_json(200, mapping_text(**mapping));
  }
  if (request.method == "PUT") {
    return update_mapping(targets, **mapping, request.body);
  }
  if (request.method == "DELETE") {
    return delete_mapping(**mapping);
  }
  return no_such_operation(request.method + " of an event source mapping");
}

net::HttpResponse invocation_response(const InvocationResult& result, const std::string& version,
                                      bool with_log) {
  if (result.outcome == InvocationOutcome::Throttled) {
    return error_response(
        {.code = "TooManyRequestsException", .message = "Rate Exceeded.", .status = 429});
  }
  net::HttpResponse response = lambda_json(200, result.payload);
  response.headers.push_back({.name = "X-Amz-Executed-Version", .value = version});
  if (with_log) {
    response.headers.push_back({.name = "X-Amz-Log-Result", .value = base64(result.log)});
  }
  if (result.outcome == InvocationOutcome::FunctionError) {
    response.headers.push_back({.name = "X-Amz-Function-Error", .value = "Unhandled"});
  }
  return response;
}

ApiResult<void> check_payload(const std::string& payload, std::size_t size_max) {
  if (payload.size() > size_max) {
    return refuse("RequestTooLargeException",
                  fmt::format("{} byte payload is too large for this invocation (limit {} bytes)",
                              payload.size(), size_max),
                  413);
  }
  if (const auto document = json::parse(payload); !document) {
    return refuse("InvalidRequestContentException",
                  "Could not parse request body into json: " + document.error().message, 400);
  }
  return {};
}

/// Nothing is returned when the function answers by itself later.
ApiResult<std::optional<net::HttpResponse>> start_invocation(const LambdaApiTargets& targets,
                                                             const net::ServerRequest& request,
                                                             const InvokedAs& invoked,
                                                             const net::Respond& respond) {
  const auto log_type = net::find_header(request.headers, "X-Amz-Log-Type").value_or("None");
  if (log_type != "None" && log_type != "Tail") {
    return invalid_parameter("X-Amz-Log-Type is not None or Tail: " + std::string(log_type));
  }
  const auto type =
      net::find_header(request.headers, "X-Amz-Invocation-Type").value_or("RequestResponse");
  const std::string payload = request.body.empty() ? "{}" : request.body;
  if (type == "DryRun") {
    return net::HttpResponse{.status = 204};
  }
  if (type == "Event") {
    TRY(check_payload(payload, kAsyncMax));
    targets.function.invoke_later(payload, kAsyncRetries, invoked);
    return net::HttpResponse{.status = 202};
  }
  if (type != "RequestResponse") {
    return invalid_parameter("X-Amz-Invocation-Type is not RequestResponse, Event or DryRun: " +
                             std::string(type));
  }
  TRY(check_payload(payload, kSyncMax));
  targets.function.invoke(
      payload,
      [respond, version = invoked.version,
       with_log = log_type == "Tail"](const InvocationResult& result) {
        respond(invocation_response(result, version, with_log));
      },
      invoked);
  return std::nullopt;
}

ApiResult<std::optional<net::HttpResponse>> answer_functions(const LambdaApiTargets& targets,
                                                             const net::ServerRequest& request,
                                                             const LambdaTarget& target,
                                                             const net::Respond& respond) {
  const bool list_wanted = target.path.size() < 2 || target.path[1].empty();
  const std::string verb = target.path.size() > 2 ? target.path[2] : "";
  const VersionTargets versions{.function = targets.function.settings(),
                                .versions = targets.versions,
                                .created_at = targets.created_at};
  if (list_wanted && request.method == "GET") {
    return TRY(list_functions(versions, target.query));
  }
  const bool one = target.path.size() == 3;
  const bool one_alias = verb == "aliases" && target.path.size() == 4;
  if (one_alias || (one && (verb == "aliases" || verb == "versions"))) {
    return TRY(answer_versions(versions, request, target));
  }
  const bool configuration_wanted = one && verb == "configuration" && request.method == "GET";
  const bool invocation_wanted = one && verb == "invocations" && request.method == "POST";
  const bool function_wanted = target.path.size() == 2 && request.method == "GET";
  if (!configuration_wanted && !invocation_wanted && !function_wanted) {
    return no_such_operation(request.method + " " + request.target);
  }
  TRY(check_query(target.query, {"Qualifier"}));
  const InvokedAs named = TRY(
      named_function(target.path[1], target.query, targets.function.settings(), targets.versions));
  if (function_wanted) {
    return lambda_json(200, function_text(versions, named));
  }
  if (configuration_wanted) {
    return lambda_json(200, function_configuration(versions, named));
  }
  return start_invocation(targets, request, named, respond);
}

ApiResult<std::optional<net::HttpResponse>> answer(const LambdaApiTargets& targets,
                                                   const net::ServerRequest& request,
                                                   const net::Respond& respond) {
  TRY(check_signature(request, "lambda", system_clock().now()));
  const LambdaTarget target = parse_lambda_target(request.target);
  const std::string family = target.path.empty() ? "" : target.path.front();
  if (family == "functions") {
    return answer_functions(targets, request, target, respond);
  }
  if (family == "event-source-mappings") {
    return TRY(answer_mappings(targets, request, target));
  }
  return no_such_operation(request.method + " " + request.target);
}

}  // namespace

ApiResult<MappingSettings> check_mapping(const MappingSettings& settings) {
  if (settings.batch_size < 1 || settings.batch_size > 10'000) {
    return invalid_parameter("BatchSize is not from 1 to 10000");
  }
  if (settings.batch_size > 10 && settings.batching_window < std::chrono::seconds(1)) {
    return invalid_parameter(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10");
  }
  const auto concurrency = settings.concurrency_max;
  if (concurrency && (*concurrency < 2 || *concurrency > 1000)) {
    return invalid_parameter("MaximumConcurrency is not from 2 to 1000");
  }
  return settings;
}

void answer_lambda(const LambdaApiTargets& targets, const net::ServerRequest& request,
                   const net::Respond& respond) {
  if (!request.target.starts_with(kLambdaBase)) {
    return respond(error_response(no_such_operation(request.target).error()));
  }
  const auto response = answer(targets, request, respond);
  if (!response) {
    respond(error_response(response.error()));
  } else if (*response) {
    respond(**response);
  }
}

}  // namespace scaler::emulator
