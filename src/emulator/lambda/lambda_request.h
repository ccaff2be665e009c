#pragma once
// What the parts of the Lambda API share: a request's path and query taken apart, the ways in which
// it names the function, and the errors and answers as Lambda writes them.

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/lambda/lambda_function.h"
#include "emulator/lambda/lambda_versions.h"
#include "emulator/request/aws_request.h"
#include "ground/net/http.h"

namespace scaler::emulator {

/// What the paths of the API begin with.
inline constexpr std::string_view kLambdaBase = "/2015-03-31/";

using LambdaQuery = std::map<std::string, std::string, std::less<>>;

struct LambdaTarget {
  std::vector<std::string> path = {};  ///< below /2015-03-31/, decoded: {"functions", "f", ...}
  LambdaQuery query = {};
};
/// The target must start with /2015-03-31/.
LambdaTarget parse_lambda_target(std::string_view text);

std::unexpected<ApiError> invalid_parameter(std::string message);
std::unexpected<ApiError> resource_not_found(std::string message);
/// UnknownOperationException; `asked`: a method and what it was asked of.
std::unexpected<ApiError> no_such_operation(std::string_view asked);
net::HttpResponse lambda_json(int status, std::string body);

/// Errors: InvalidParameterValueException for any other parameter.
ApiResult<void> check_query(const LambdaQuery& query,
                            std::initializer_list<std::string_view> known);
/// The value; empty when it is not there.
std::string query_value(const LambdaQuery& query, std::string_view name);
/// MaxItems, or the 100 that AWS tells at most.
ApiResult<std::size_t> page_size(const LambdaQuery& query);
/// Checks Marker and MaxItems; whether the first page is meant, where no markers are given out:
/// what follows one is nothing.
ApiResult<bool> first_page(const LambdaQuery& query);

/// The qualifier in a function's name, "" for none: the text is a name, a partial or a whole ARN,
/// each perhaps with a qualifier behind it. Nothing when it names another function.
std::optional<std::string> qualifier_in(std::string_view text, const FunctionSettings& settings);

/// The function's ARN with a qualifier; $LATEST and none are the same here.
std::string qualified_arn(const FunctionSettings& settings, std::string_view qualifier);

/// What a request names, by the name in its path or body and by its parameter Qualifier.
/// Errors: ResourceNotFoundException; InvalidParameterValueException for two qualifiers that
///         differ.
ApiResult<InvokedAs> named_function(const std::string& name, const LambdaQuery& query,
                                    const FunctionSettings& settings,
                                    const FunctionVersions& versions);

}  // namespace scaler::emulator
