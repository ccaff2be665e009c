#pragma once
// The Lambda API of the emulator (rest-json): event source mappings, the function's configuration,
// invocations. One function and its mappings. Stricter than AWS: unknown fields are refused.
// Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html

#include <memory>
#include <span>

#include "base/result.h"
#include "emulator/aws_request.h"
#include "emulator/event_source_mapping.h"
#include "emulator/lambda_function.h"
#include "net/http_server.h"

namespace scaler::emulator {

struct LambdaApiTargets {
  LambdaFunction& function;
  std::span<const std::unique_ptr<EventSourceMapping>> mappings = {};
  Instant created_at = {};  ///< of the function
};

/// Answers at once, or when the function has.
void answer_lambda(const LambdaApiTargets& targets, const net::ServerRequest& request,
                   const net::Respond& respond);

/// Checks batch size, window and concurrency as Lambda does.
/// Errors: InvalidParameterValueException.
ApiResult<MappingSettings> check_mapping(const MappingSettings& settings);

}  // namespace scaler::emulator
