#pragma once
// STS's GetCallerIdentity in AWS's query protocol: a form in, XML out.

#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"

namespace scaler::emulator {

/// The form's Action; empty when the body is no form or has none.
std::string form_action(std::string_view body);

/// The XML of the answer.
/// Errors: InvalidAction, MissingAction, InvalidParameterValue, MalformedQueryString.
ApiResult<std::string> handle_sts(std::string_view body, const Caller& caller,
                                  std::string_view request_id);

/// An error in the query protocol's XML.
std::string sts_error(const ApiError& error, std::string_view request_id);

}  // namespace scaler::emulator
