#pragma once
// The Lambda API of the emulator (rest-json): event source mappings, the function's configuration,
// its versions and aliases, invocations. One function and its mappings. Stricter than AWS: unknown
// fields are refused.
// Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "emulator/lambda/event_source_mapping.h"
#include "emulator/lambda/lambda_function.h"
#include "emulator/lambda/lambda_versions.h"
#include "emulator/request/aws_request.h"
#include "ground/base/result.h"
#include "ground/net/http_server.h"

namespace scaler::emulator {

struct NewMapping {
  std::string queue_arn = {};
  std::string function_arn = {};  ///< with a qualifier when it is for an alias or a version
  MappingSettings settings = {};
  bool enabled = true;
};

struct LambdaApiTargets {
  LambdaFunction& function;
  FunctionVersions& versions;
  std::span<const std::unique_ptr<EventSourceMapping>> mappings = {};
  /// Errors: Malformed for a queue that is not there or that Lambda refuses.
  std::function<Result<EventSourceMapping*>(const NewMapping& wanted)> create_mapping = {};
  Instant created_at = {};  ///< of the function
};

/// Answers at once, or when the function has.
void answer_lambda(const LambdaApiTargets& targets, const net::ServerRequest& request,
                   const net::Respond& respond);

/// Checks batch size, window and concurrency as Lambda does.
/// Errors: InvalidParameterValueException.
ApiResult<MappingSettings> check_mapping(const MappingSettings& settings);

}  // namespace scaler::emulator
