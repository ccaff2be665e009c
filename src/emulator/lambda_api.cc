#include "emulator/lambda_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "emulator/api_input.h"
#include "json/value.h"
#include "json/writer.h"
#include "net/url.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kBase = "/2015-03-31/";
constexpr std::size_t kSyncMax = 6U << 20U;
constexpr std::size_t kAsyncMax = 1U << 20U;
constexpr int kAsyncRetries = 2;

using Query = std::map<std::string, std::string, std::less<>>;

std::unexpected<ApiError> invalid(std::string message) {
  return refuse("InvalidParameterValueException", std::move(message), 400);
}

std::unexpected<ApiError> not_found(std::string message) {
  return refuse("ResourceNotFoundException", std::move(message), 404);
}

net::HttpResponse json_response(int status, std::string body) {
  return {.status = status,
          .headers = {{.name = "Content-Type", .value = "application/json"}},
          .body = std::move(body)};
}

net::HttpResponse error_response(const ApiError& error) {
  json::Writer writer;
  writer.begin_object();
  if (error.code == "TooManyRequestsException") {
    writer.field("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded");
  }
  writer.field("Type", error.status < 500 ? "User" : "Service")
      .field("Message", error.message)
      .end_object();
  net::HttpResponse response = json_response(error.status, std::move(writer).text());
  response.headers.push_back({.name = "x-amzn-errortype", .value = error.code});
  if (error.status == 429) {
    response.headers.push_back({.name = "Retry-After", .value = "1"});
  }
  return response;
}

struct Target {
  std::string path = {};  ///< below kBase, still encoded, without a trailing slash
  Query query = {};
};

Target parse_target(std::string_view text) {
  Target target;
  text.remove_prefix(kBase.size());
  const std::size_t mark = text.find('?');
  target.path = text.substr(0, mark);
  while (target.path.ends_with('/')) {
    target.path.pop_back();
  }
  std::string_view rest = mark == std::string_view::npos ? "" : text.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    target.query[net::percent_decode(pair.substr(0, equals))] = net::percent_decode(value);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return target;
}

ApiResult<void> check_query(const Query& query, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : query) {
    if (!listed(known, name)) {
      return invalid("unknown query parameter: " + name);
    }
  }
  return {};
}

/// A name, a partial or whole ARN, each perhaps with ":$LATEST" behind it.
bool names_function(std::string_view text, const FunctionSettings& settings) {
  constexpr std::string_view kLatest = ":$LATEST";
  if (text.ends_with(kLatest)) {
    text.remove_suffix(kLatest.size());
  }
  return text == settings.name || text == settings.account + ":function:" + settings.name ||
         text == function_arn(settings);
}

ApiResult<void> check_function(std::string_view encoded, const Query& query,
                               const FunctionSettings& settings) {
  const std::string name = net::percent_decode(encoded);
  if (!names_function(name, settings)) {
    return not_found("Function not found: " + name);
  }
  const auto qualifier = query.find("Qualifier");
  if (qualifier != query.end() && qualifier->second != "$LATEST") {
    return not_found("Function not found: " + function_arn(settings) + ":" + qualifier->second);
  }
  return {};
}

double epoch_seconds(Instant instant) {
  return std::chrono::duration<double>(instant.time_since_epoch()).count();
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

ApiResult<net::HttpResponse> list_mappings(const LambdaApiTargets& targets, const Query& query) {
  TRY(check_query(query, {"EventSourceArn", "FunctionName", "Marker", "MaxItems"}));
  if (const auto items = query.find("MaxItems"); items != query.end()) {
    int value = 0;
    const auto [end, error] =
        std::from_chars(items->second.data(), items->second.data() + items->second.size(), value);
    if (error != std::errc() || end != items->second.data() + items->second.size() || value < 1 ||
        value > 10'000) {
      return invalid("MaxItems is not from 1 to 10000: " + items->second);
    }
  }
  const auto arn = query.find("EventSourceArn");
  const auto name = query.find("FunctionName");
  // Markers are never given out: what follows one is nothing.
  const auto marker = query.find("Marker");
  const bool meant =
      (marker == query.end() || marker->second.empty()) &&
      (name == query.end() || names_function(name->second, targets.function.settings()));
  json::Writer writer;
  writer.begin_object().name("EventSourceMappings").begin_array();
  for (const auto& mapping : targets.mappings) {
    if (meant && (arn == query.end() || arn->second == mapping->identity().queue_arn)) {
      write_mapping(writer, *mapping);
    }
  }
  writer.end_array().end_object();
  return json_response(200, std::move(writer).text());
}

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
      return invalid("MaximumBatchingWindowInSeconds is not from 0 to 300");
    }
    settings.batching_window = std::chrono::seconds(*window);
  }
  if (input.has("FunctionResponseTypes")) {
    const auto types = input.texts("FunctionResponseTypes");
    settings.report_batch_item_failures = !types.empty();
    for (const std::string_view type : types) {
      if (type != "ReportBatchItemFailures") {
        return invalid("unknown FunctionResponseTypes: " + std::string(type));
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

ApiResult<net::HttpResponse> update_mapping(const LambdaApiTargets& targets,
                                            EventSourceMapping& mapping, const std::string& body) {
  const auto document = json::parse(body.empty() ? "{}" : body);
  if (!document) {
    return refuse("SerializationException", document.error().message, 400);
  }
  const Input input = TRY(Input::read(*document, kUpdateFields, "ValidationException"));
  if (input.has("FunctionName") &&
      !names_function(input.text("FunctionName"), targets.function.settings())) {
    return not_found("Function not found: " + std::string(input.text("FunctionName")));
  }
  const MappingUpdate update = TRY(read_update(input, mapping.settings()));
  if (const auto updated = mapping.update(update); !updated) {
    return refuse("ResourceInUseException", updated.error().message, 400);
  }
  return json_response(202, mapping_text(mapping));
}

ApiResult<net::HttpResponse> answer_mappings(const LambdaApiTargets& targets,
                                             const net::ServerRequest& request,
                                             const Target& target) {
  const std::size_t slash = target.path.find('/');
  if (slash == std::string::npos) {
    if (request.method != "GET") {
      return refuse("UnknownOperationException", request.method + " event-source-mappings", 404);
    }
    return list_mappings(targets, target.query);
  }
  const std::string uuid = net::percent_decode(std::string_view(target.path).substr(slash + 1));
  const auto mapping = std::ranges::find_if(
      targets.mappings, [&uuid](const auto& one) { return one->identity().uuid == uuid; });
  if (mapping == targets.mappings.end()) {
    return not_found("The resource you requested does not exist: event source mapping " + uuid);
  }
  TRY(check_query(target.query, {}));
  if (request.method == "GET") {
    return json_response(200, mapping_text(**mapping));
  }
  if (request.method == "PUT") {
    return update_mapping(targets, **mapping, request.body);
  }
  return refuse("UnknownOperationException", request.method + " of an event source mapping", 404);
}

/// "2026-11-23T12:00:00.000+0000": Lambda's own form of a function's date.
std::string function_date(Instant instant) {
  std::string text = format_instant(std::chrono::floor<std::chrono::seconds>(instant));
  text.pop_back();
  return text + ".000+0000";
}

std::string configuration(const LambdaApiTargets& targets) {
  const FunctionSettings& settings = targets.function.settings();
  json::Writer writer;
  writer.begin_object()
      .field("FunctionName", settings.name)
      .field("FunctionArn", function_arn(settings))
      .field("Runtime", "provided.al2023")
      .field("Role", "arn:aws:iam::" + settings.account + ":role/" + settings.name)
      .field("Handler", "bootstrap")
      .field("Timeout", whole_seconds(settings.timeout))
      .field("MemorySize", settings.memory_mb)
      .field("LastModified", function_date(targets.created_at))
      .field("Version", "$LATEST")
      .field("PackageType", "Zip")
      .field("State", "Active")
      .field("LastUpdateStatus", "Successful");
  writer.name("Architectures").begin_array().value("x86_64").end_array();
  writer.name("Environment").begin_object().name("Variables").begin_object();
  for (const auto& [name, value] : settings.environment) {
    writer.field(name, value);
  }
  writer.end_object().end_object().end_object();
  return std::move(writer).text();
}

net::HttpResponse invocation_response(const InvocationResult& result) {
  if (result.outcome == InvocationOutcome::Throttled) {
    return error_response(
        {.code = "TooManyRequestsException", .message = "Rate Exceeded.", .status = 429});
  }
  net::HttpResponse response = json_response(200, result.payload);
  response.headers.push_back({.name = "X-Amz-Executed-Version", .value = "$LATEST"});
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
                                                             const net::Respond& respond) {
  const auto log_type = net::find_header(request.headers, "X-Amz-Log-Type").value_or("None");
  if (log_type != "None" && log_type != "Tail") {
    return invalid("X-Amz-Log-Type is not None or Tail: " + std::string(log_type));
  }
  const auto type =
      net::find_header(request.headers, "X-Amz-Invocation-Type").value_or("RequestResponse");
  const std::string payload = request.body.empty() ? "{}" : request.body;
  if (type == "DryRun") {
    return net::HttpResponse{.status = 204};
  }
  if (type == "Event") {
    TRY(check_payload(payload, kAsyncMax));
    targets.function.invoke_later(payload, kAsyncRetries);
    return net::HttpResponse{.status = 202};
  }
  if (type != "RequestResponse") {
    return invalid("X-Amz-Invocation-Type is not RequestResponse, Event or DryRun: " +
                   std::string(type));
  }
  TRY(check_payload(payload, kSyncMax));
  targets.function.invoke(
      payload, [respond](const InvocationResult& result) { respond(invocation_response(result)); });
  return std::nullopt;
}

ApiResult<std::optional<net::HttpResponse>> answer_functions(const LambdaApiTargets& targets,
                                                             const net::ServerRequest& request,
                                                             const net::Respond& respond) {
  const Target target = parse_target(request.target);
  const std::size_t first = target.path.find('/');
  const std::size_t last = target.path.rfind('/');
  const std::string verb = first == last ? "" : target.path.substr(last + 1);
  const bool configuration_wanted = verb == "configuration" && request.method == "GET";
  const bool invocation_wanted = verb == "invocations" && request.method == "POST";
  if (!configuration_wanted && !invocation_wanted) {
    return refuse("UnknownOperationException", request.method + " " + request.target, 404);
  }
  TRY(check_query(target.query, {"Qualifier"}));
  TRY(check_function(std::string_view(target.path).substr(first + 1, last - first - 1),
                     target.query, targets.function.settings()));
  if (configuration_wanted) {
    return json_response(200, configuration(targets));
  }
  return start_invocation(targets, request, respond);
}

ApiResult<std::optional<net::HttpResponse>> answer(const LambdaApiTargets& targets,
                                                   const net::ServerRequest& request,
                                                   const net::Respond& respond) {
  TRY(check_signature(request, "lambda", system_clock().now()));
  const Target target = parse_target(request.target);
  const std::string_view family = std::string_view(target.path).substr(0, target.path.find('/'));
  if (family == "functions") {
    return answer_functions(targets, request, respond);
  }
  if (family == "event-source-mappings") {
    return TRY(answer_mappings(targets, request, target));
  }
  return refuse("UnknownOperationException", request.method + " " + request.target, 404);
}

}  // namespace

ApiResult<MappingSettings> check_mapping(const MappingSettings& settings) {
  if (settings.batch_size < 1 || settings.batch_size > 10'000) {
    return invalid("BatchSize is not from 1 to 10000");
  }
  if (settings.batch_size > 10 && settings.batching_window < std::chrono::seconds(1)) {
    return invalid(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10");
  }
  const auto concurrency = settings.concurrency_max;
  if (concurrency && (*concurrency < 2 || *concurrency > 1000)) {
    return invalid("MaximumConcurrency is not from 2 to 1000");
  }
  return settings;
}

void answer_lambda(const LambdaApiTargets& targets, const net::ServerRequest& request,
                   const net::Respond& respond) {
  if (!request.target.starts_with(kBase)) {
    return respond(error_response(
        {.code = "UnknownOperationException", .message = request.target, .status = 404}));
  }
  const auto response = answer(targets, request, respond);
  if (!response) {
    respond(error_response(response.error()));
  } else if (*response) {
    respond(**response);
  }
}

}  // namespace scaler::emulator
