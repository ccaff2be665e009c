#include "emulator/lambda/lambda_request.h"

#include <algorithm>
#include <utility>

#include "emulator/request/api_input.h"
#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::emulator {
namespace {

LambdaQuery parse_query(std::string_view text) {
  LambdaQuery query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    query[net::percent_decode(pair.substr(0, equals))] = net::percent_decode(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return query;
}

}  // namespace

LambdaTarget parse_lambda_target(std::string_view text) {
  text.remove_prefix(kLambdaBase.size());
  const std::size_t mark = std::min(text.find('?'), text.size());
  LambdaTarget target{.query = parse_query(text.substr(std::min(mark + 1, text.size())))};
  std::string_view path = text.substr(0, mark);
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    target.path.push_back(net::percent_decode(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return target;
}

std::unexpected<ApiError> invalid_parameter(std::string message) {
  return refuse("InvalidParameterValueException", std::move(message), 400);
}

std::unexpected<ApiError> no_such_operation(std::string_view asked) {
  return refuse("UnknownOperationException",
                "The emulator does not model this operation of Lambda: " + std::string(asked), 404);
}

std::unexpected<ApiError> resource_not_found(std::string message) {
  return refuse("ResourceNotFoundException", std::move(message), 404);
}

net::HttpResponse lambda_json(int status, std::string body) {
  return {.status = status,
          .headers = {{.name = "Content-Type", .value = "application/json"}},
          .body = std::move(body)};
}

ApiResult<void> check_query(const LambdaQuery& query,
                            std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : query) {
    if (!listed(known, name)) {
      return invalid_parameter("unknown query parameter: " + name);
    }
  }
  return {};
}

std::string query_value(const LambdaQuery& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

ApiResult<std::size_t> page_size(const LambdaQuery& query) {
  constexpr std::size_t kMost = 100;
  const auto items = query.find("MaxItems");
  if (items == query.end()) {
    return kMost;
  }
  const auto value = number_of<std::size_t>(items->second);
  if (!value || *value < 1 || *value > 10'000) {
    return invalid_parameter("MaxItems is not from 1 to 10000: " + items->second);
  }
  return std::min(*value, kMost);
}

ApiResult<bool> first_page(const LambdaQuery& query) {
  TRY(page_size(query));
  return query_value(query, "Marker").empty();
}

std::optional<std::string> qualifier_in(std::string_view text, const FunctionSettings& settings) {
  for (const std::string& form :
       {settings.name, settings.account + ":function:" + settings.name, function_arn(settings)}) {
    if (text == form) {
      return "";
    }
    const std::string_view rest = text.substr(std::min(form.size(), text.size()));
    if (text.starts_with(form) && rest.size() > 1 && rest.rfind(':') == 0) {
      return std::string(rest.substr(1));
    }
  }
  return std::nullopt;
}

std::string qualified_arn(const FunctionSettings& settings, std::string_view qualifier) {
  const bool plain = qualifier.empty() || qualifier == kLatest;
  return function_arn(settings) + (plain ? "" : ":" + std::string(qualifier));
}

ApiResult<InvokedAs> named_function(const std::string& name, const LambdaQuery& query,
                                    const FunctionSettings& settings,
                                    const FunctionVersions& versions) {
  const auto in_name = qualifier_in(name, settings);
  if (!in_name) {
    return resource_not_found("Function not found: " + name);
  }
  const std::string parameter = query_value(query, "Qualifier");
  if (!in_name->empty() && !parameter.empty() && *in_name != parameter) {
    return invalid_parameter(
        "The derived qualifier from the function name does not match the specified qualifier.");
  }
  const std::string& qualifier = in_name->empty() ? parameter : *in_name;
  const auto invoked = versions.resolve(qualifier);
  if (!invoked) {
    return resource_not_found("Function not found: " + function_arn(settings) + ":" + qualifier);
  }
  return *invoked;
}

}  // namespace scaler::emulator
