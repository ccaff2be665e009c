#pragma once
// The part of the Lambda API that is about a function's versions and aliases: PublishVersion,
// ListVersionsByFunction, Create-, Get-, List-, Update- and DeleteAlias.

#include <string>

#include "emulator/lambda/lambda_request.h"
#include "ground/net/http_server.h"

namespace scaler::emulator {

/// What these operations work on.
struct VersionTargets {
  const FunctionSettings& function;
  FunctionVersions& versions;
  Instant created_at = {};  ///< of the function
};

/// The function's configuration as Lambda writes it, for what was named.
std::string function_configuration(const VersionTargets& targets, const InvokedAs& named);

/// GetFunction's answer for what was named.
std::string function_text(const VersionTargets& targets, const InvokedAs& named);

/// Answers ListFunctions, of which there is one, with FunctionVersion ALL each of its versions.
ApiResult<net::HttpResponse> list_functions(const VersionTargets& targets,
                                            const LambdaQuery& query);

/// Answers a request for /functions/NAME/versions or /functions/NAME/aliases[/ALIAS].
ApiResult<net::HttpResponse> answer_versions(const VersionTargets& targets,
                                             const net::ServerRequest& request,
                                             const LambdaTarget& target);

}  // namespace scaler::emulator
