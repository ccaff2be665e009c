#include "edge/aws/functions.h"

#include <utility>

#include "edge/aws/reply_fields.h"
#include "ground/json/reader.h"
#include "ground/net/url.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

/// Lambda lets a function run for as long.
constexpr Duration kInvocationLimit = std::chrono::minutes(15);

ApiCall function_call(std::string operation, const std::string& function, const char* what) {
  const auto arn = parse_function_arn(function);
  return {.service = AwsService::Lambda,
          .region = arn ? arn->region : "",
          .operation = std::move(operation),
          .subject = function,
          .target = "/2015-03-31/functions/" + net::percent_encode(function) + "/" + what};
}

Result<Environment> read_environment(const json::Reader& configuration) {
  Environment environment;
  const auto outer = configuration.optional_field("Environment");
  const auto variables = outer ? outer->optional_field("Variables") : std::nullopt;
  const auto* members = variables ? std::get_if<json::Object>(&variables->value().data()) : nullptr;
  if (members != nullptr) {
    for (const auto& [name, value] : *members) {
      environment[name] = TRY(json::Reader(value, variables->path() + "." + name).string());
    }
  }
  return environment;
}

Result<FunctionConfiguration> read_configuration(const json::Value& reply) {
  const json::Reader root(reply);
  const json::Reader timeout = TRY(root.field("Timeout"));
  FunctionConfiguration configuration;
  configuration.name = TRY(text_or(root, "FunctionName"));
  configuration.arn = TRY(text_or(root, "FunctionArn"));
  configuration.timeout = std::chrono::seconds(TRY(timeout.integer({.min = 1, .max = 900})));
  configuration.state = TRY(text_or(root, "State"));
  configuration.environment = TRY(read_environment(root));
  return configuration;
}

}  // namespace

Result<FunctionConfiguration> Functions::configuration(const std::string& function,
                                                       Deadline deadline) {
  ApiCall call = function_call("GetFunctionConfiguration", function, "configuration");
  call.method = "GET";
  const ApiReply reply = TRY(client_->call(call, deadline));
  Result<FunctionConfiguration> configuration = read_configuration(reply.value);
  if (!configuration) {
    return fail(std::move(configuration).error(), "Lambda GetFunctionConfiguration " + function);
  }
  return configuration;
}

Result<FunctionReply> Functions::invoke(const std::string& function, const std::string& payload,
                                        Deadline deadline) {
  ApiCall call = function_call("Invoke", function, "invocations");
  call.body = payload;
  call.repeatable = false;
  call.attempt_limit = kInvocationLimit;
  ApiReply reply = TRY(client_->call(call, deadline));
  return FunctionReply{.failed = !reply.function_error.empty(), .payload = std::move(reply.value)};
}

}  // namespace scaler::aws
