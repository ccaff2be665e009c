#include "emulator/front/route.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/front/cloudwatch_query.h"
#include "emulator/front/iam_query.h"
#include "emulator/front/scaling_groups_query.h"
#include "emulator/front/sqs_query.h"
#include "emulator/front/sts_api.h"
#include "emulator/lambda/lambda_host.h"
#include "emulator/lambda/lambda_request.h"
#include "emulator/others/auto_scaling_api.h"
#include "emulator/others/register_api.h"
#include "emulator/others/tagging_api.h"
#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::emulator {
namespace {

/// A service of this AWS.
struct Offer {
  std::string_view name = {};    ///< what requests are signed for
  std::string_view target = {};  ///< before the dot in X-Amz-Target; empty without JSON
  WireProtocol protocol = WireProtocol::Json11;
  const QueryService* query = nullptr;  ///< nullptr without forms
};
constexpr std::array<Offer, 11> kOffers{
    {{"sqs", "AmazonSQS", WireProtocol::Json10, &kSqsQuery},
     {"ecs", "AmazonEC2ContainerServiceV20141113", WireProtocol::Json11},
     {"sts", "", WireProtocol::Query, &kStsQuery},
     {"lambda", "", WireProtocol::RestJson},
     {"monitoring", "GraniteServiceVersion20100801", WireProtocol::Json10, &kCloudWatchQuery},
     {"autoscaling", "", WireProtocol::Query, &kScalingGroupsQuery},
     {"application-autoscaling", "AnyScaleFrontendService", WireProtocol::Json11},
     {"tagging", "ResourceGroupsTaggingAPI_20170126", WireProtocol::Json11},
     {"logs", "Logs_20140328", WireProtocol::Json11},
     {"events", "AWSEvents", WireProtocol::Json11},
     {"iam", "", WireProtocol::Query, &kIamQuery}}};
constexpr std::string_view kOffered =
    "It offers SQS, ECS, STS, EC2 Auto Scaling, of CloudWatch metrics, alarms and dashboards, "
    "Application Auto Scaling, Resource Groups Tagging, log groups, EventBridge rules, IAM roles "
    "and, when it runs a function, Lambda.";
constexpr std::string_view kNoCbor =
    "CBOR is not spoken here; clients speak JSON or forms as well.";

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

template <typename Value>
const Offer* find_offer(Value Offer::* field, const Value& value) {
  const auto* const found = std::ranges::find(kOffers, value, field);
  return found == kOffers.end() ? nullptr : found;
}

std::string_view header_of(const net::ServerRequest& request, std::string_view name) {
  return net::find_header(request.headers, name).value_or("");
}

std::string_view path_of(const net::ServerRequest& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

std::string_view query_of(const net::ServerRequest& request) {
  const std::size_t mark = request.target.find('?');
  return mark == std::string::npos ? std::string_view()
                                   : std::string_view(request.target).substr(mark + 1);
}

/// The service in "Credential=AKID/date/region/service/aws4_request", of the header or of a URL
/// that was signed beforehand.
std::string signed_service(const net::ServerRequest& request) {
  constexpr std::string_view kEnd = "/aws4_request";
  std::string scope(header_of(request, "authorization"));
  if (scope.empty()) {
    scope = net::percent_decode(query_of(request));
  }
  const std::size_t end = scope.find(kEnd);
  if (end == std::string::npos) {
    return "";
  }
  scope.resize(end);
  const std::size_t slash = scope.rfind('/');
  return slash == std::string::npos ? "" : scope.substr(slash + 1);
}

std::string_view verb_of(std::string_view method) {
  if (method == "POST") {
    return "Create";
  }
  if (method == "PUT") {
    return "Update";
  }
  return method == "DELETE" ? "Delete" : "Get";
}

/// What lambda_operation() tells of.
constexpr std::array<std::string_view, 16> kLambdaOperations{"CreateAlias",
                                                             "CreateEventSourceMapping",
                                                             "DeleteAlias",
                                                             "DeleteEventSourceMapping",
                                                             "GetAlias",
                                                             "GetEventSourceMapping",
                                                             "GetFunction",
                                                             "GetFunctionConfiguration",
                                                             "Invoke",
                                                             "ListAliases",
                                                             "ListEventSourceMappings",
                                                             "ListFunctions",
                                                             "ListVersionsByFunction",
                                                             "PublishVersion",
                                                             "UpdateAlias",
                                                             "UpdateEventSourceMapping"};

/// "UpdateEventSourceMapping" and the like, from method and path.
std::string lambda_operation(const net::ServerRequest& request) {
  const LambdaTarget target = parse_lambda_target(request.target);
  const std::size_t parts = target.path.size();
  const bool get = request.method == "GET";
  if (parts > 0 && target.path[0] == "event-source-mappings") {
    return get && parts == 1 ? "ListEventSourceMappings"
                             : fmt::format("{}EventSourceMapping", verb_of(request.method));
  }
  const std::string_view part = parts > 2 ? std::string_view(target.path[2]) : "";
  if (part == "aliases") {
    return get && parts == 3 ? "ListAliases" : fmt::format("{}Alias", verb_of(request.method));
  }
  if (part == "versions") {
    return get ? "ListVersionsByFunction" : "PublishVersion";
  }
  if (part == "invocations") {
    return "Invoke";
  }
  if (parts < 2 || target.path[1].empty()) {
    return "ListFunctions";
  }
  return part == "configuration" ? "GetFunctionConfiguration" : "GetFunction";
}

ApiError unknown(std::string message, int status) {
  return refuse("UnknownOperationException", std::move(message), status).error();
}

/// The protocol of a service that no header tells.
WireProtocol protocol_of(std::string_view service, WireProtocol otherwise) {
  if (service.starts_with("s3")) {
    return WireProtocol::S3;
  }
  if (service == "route53" || service == "cloudfront") {
    return WireProtocol::RestXml;
  }
  return service == "ec2" ? WireProtocol::Ec2 : otherwise;
}

/// The answer to whoever asks for a service that is not here. `what` was asked for.
Route not_offered(WireProtocol protocol, std::string_view service, std::string_view what) {
  const std::string name =
      service.empty() ? std::string("this service") : fmt::format("'{}'", service);
  const std::string asked = what.empty() ? std::string() : fmt::format(" ({})", what);
  std::string message =
      fmt::format("The embedded AWS does not offer {}{}. {}", name, asked, kOffered);
  const bool json = protocol == WireProtocol::Json10 || protocol == WireProtocol::Json11;
  constexpr int kNotFound = 404;
  constexpr int kNotImplemented = 501;
  Route route{.protocol = protocol,
              .error = unknown(std::move(message), json || protocol == WireProtocol::Query ||
                                                           protocol == WireProtocol::Ec2
                                                       ? 400
                                                       : kNotFound)};
  if (protocol == WireProtocol::S3) {
    route.error.code = "NotImplemented";
    route.error.status = kNotImplemented;
  }
  return route;
}

Route json_route(const net::ServerRequest& request, std::string_view target) {
  const std::size_t dot = target.find('.');
  const auto type = header_of(request, "content-type");
  const Offer* const offer = find_offer(&Offer::target, target.substr(0, dot));
  if (offer == nullptr || target.empty()) {
    return not_offered(type.ends_with("1.0") ? WireProtocol::Json10 : WireProtocol::Json11,
                       signed_service(request), target);
  }
  Route route{.service = offer->name, .protocol = offer->protocol};
  if (dot == std::string_view::npos) {
    route.error = unknown(fmt::format("X-Amz-Target '{}' names no operation.", target), 404);
    return route;
  }
  route.operation = target.substr(dot + 1);
  if (request.method != "POST" || request.target != "/") {
    route.error = unknown("JSON requests are POST /.", 404);
  } else if (type != content_type(offer->protocol)) {
    route.error = unknown(
        fmt::format("Content-Type is '{}', must be '{}'.", type, content_type(offer->protocol)),
        400);
  }
  return route;
}

/// Whose form it is: what it is signed for, and else what its version or its path says.
std::string service_of_form(const net::ServerRequest& request, const Form& form) {
  if (std::string service = signed_service(request); !service.empty()) {
    return service;
  }
  const std::string_view version = form_value(form, "Version");
  for (const Offer& offer : kOffers) {
    if (offer.query != nullptr && offer.query->version == version) {
      return std::string(offer.name);
    }
  }
  return version.empty() && path_of(request).starts_with(fmt::format("/{}/", kAccount)) ? "sqs"
                                                                                        : "";
}

/// SQS's requests may be sent to the queue's own path instead of naming it.
void add_queue_url(const net::ServerRequest& request, Form& form) {
  const std::string_view path = path_of(request);
  if (path == "/" || !form_value(form, "QueueUrl").empty()) {
    return;
  }
  FormParameter url{.path = {"QueueUrl"},
                    .value = fmt::format("http://{}{}", header_of(request, "host"), path)};
  form.push_back(std::move(url));
}

bool has_action(std::string_view query) {
  return query.starts_with("Action=") || query.contains("&Action=");
}

bool is_form(const net::ServerRequest& request) {
  if (request.method == "POST" && header_of(request, "content-type").starts_with(kFormType)) {
    return true;
  }
  return (request.method == "GET" || request.method == "POST") && has_action(query_of(request));
}

/// Its parameters may stand in the URL, in the body, or in both.
Route form_route(const net::ServerRequest& request) {
  const auto form = parse_form(fmt::format("{}&{}", query_of(request), request.body));
  const std::string service = service_of_form(request, form ? *form : Form());
  const Offer* const offer = find_offer(&Offer::name, std::string_view(service));
  if (offer == nullptr || offer->query == nullptr) {
    const std::string_view action = form ? form_value(*form, "Action") : std::string_view();
    return not_offered(protocol_of(service, WireProtocol::Query), service, action);
  }
  Route route{.service = offer->name, .protocol = WireProtocol::Query, .query = offer->query};
  if (!form) {
    route.error = form.error();
    return route;
  }
  route.form = *form;
  const auto operation = find_operation(*offer->query, route.form);
  if (!operation) {
    route.error = operation.error();
    return route;
  }
  route.operation = (*operation)->name;
  const bool has_queue = std::ranges::find((*operation)->input, "QueueUrl", &Member::name) !=
                         (*operation)->input.end();
  if (has_queue) {
    add_queue_url(request, route.form);
  }
  return route;
}

Route other_route(const net::ServerRequest& request) {
  const std::string service = signed_service(request);
  const std::string what = fmt::format("{} {}", request.method, path_of(request));
  if (header_of(request, "smithy-protocol") == "rpc-v2-cbor") {
    Route route = not_offered(WireProtocol::Cbor, service, what);
    if (find_offer(&Offer::name, std::string_view(service)) != nullptr) {
      route.error.message = kNoCbor;
    }
    return route;
  }
  if (const Offer* const offer = find_offer(&Offer::name, std::string_view(service))) {
    Route route{.service = offer->name, .protocol = offer->protocol};
    route.error =
        unknown(fmt::format("{} is no request that the emulator models of this service{}.", what,
                            offer->target.empty() ? "" : ": X-Amz-Target is missing"),
                404);
    return route;
  }
  return not_offered(protocol_of(service, WireProtocol::RestJson), service, what);
}

std::vector<std::string_view> all_operations() {
  std::vector<std::string_view> names = EcsApi::operation_names();
  const auto add = [&names](const auto& more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  add(kLambdaOperations);
  add(AutoScalingApi::operation_names());
  add(RegisterApi::operation_names());
  add(std::array{TaggingApi::kOperation});
  for (const Offer& offer : kOffers) {
    if (offer.query != nullptr) {
      add(offer.query->operations | std::views::transform(&QueryOperation::name));
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

const std::vector<std::string_view>& operation_names() {
  static const std::vector<std::string_view> names = all_operations();
  return names;
}

Route find_route(const net::ServerRequest& request) {
  if (const auto target = net::find_header(request.headers, "x-amz-target")) {
    return json_route(request, *target);
  }
  if (LambdaHost::handles(request.target)) {
    return {.service = "lambda",
            .operation = lambda_operation(request),
            .protocol = WireProtocol::RestJson};
  }
  return is_form(request) ? form_route(request) : other_route(request);
}

}  // namespace scaler::emulator
