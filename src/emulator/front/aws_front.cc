#include "emulator/front/aws_front.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/front/sts_api.h"
#include "emulator/lambda/lambda_request.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kEcsPrefix = "AmazonEC2ContainerServiceV20141113";
constexpr std::string_view kSqsPrefix = "AmazonSQS";

/// Where a request goes.
struct Route {
  std::string_view service = {};
  std::string operation = {};
  ApiError error = {};  ///< with a code when there is no such place
};

std::string_view content_type(std::string_view service) {
  if (service == "sqs") {
    return "application/x-amz-json-1.0";
  }
  return service == "sts" ? "text/xml" : "application/x-amz-json-1.1";
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
  return part == "configuration" ? "GetFunctionConfiguration" : "GetFunction";
}

ApiError unknown(std::string message, int status) {
  return refuse("UnknownOperationException", std::move(message), status).error();
}

Route json_route(const net::ServerRequest& request, std::string_view target) {
  const std::size_t dot = target.find('.');
  const std::string_view prefix = target.substr(0, dot);
  Route route;
  route.service = prefix == kSqsPrefix ? "sqs" : prefix == kEcsPrefix ? "ecs" : "";
  if (dot == std::string_view::npos || route.service.empty()) {
    route.error = unknown(fmt::format("X-Amz-Target '{}' is of no service here.", target), 404);
    return route;
  }
  route.operation = target.substr(dot + 1);
  const auto type = net::find_header(request.headers, "content-type").value_or("");
  if (request.method != "POST" || request.target != "/") {
    route.error = unknown("JSON requests are POST /.", 404);
  } else if (type != content_type(route.service)) {
    route.error = unknown(
        fmt::format("Content-Type is '{}', must be '{}'.", type, content_type(route.service)), 400);
  }
  return route;
}

Route find_route(const net::ServerRequest& request) {
  if (const auto target = net::find_header(request.headers, "x-amz-target")) {
    return json_route(request, *target);
  }
  if (LambdaHost::handles(request.target)) {
    return {.service = "lambda", .operation = lambda_operation(request)};
  }
  const auto type = net::find_header(request.headers, "content-type").value_or("");
  if (request.method == "POST" && request.target == "/" &&
      type.starts_with("application/x-www-form-urlencoded")) {
    return {.service = "sts", .operation = form_action(request.body)};
  }
  Route route;
  route.error = unknown(fmt::format("{} {} is of no service here: X-Amz-Target is missing.",
                                    request.method, request.target),
                        404);
  return route;
}

/// "Mon, 23 Nov 2026 12:00:00 GMT": clients correct their clocks by it.
std::string http_date(std::chrono::sys_seconds at) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays.at(std::chrono::weekday(day).c_encoding()),
      static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

/// The name before "#" in __type: SQS's own errors have its, those of the protocol have another.
std::string error_type(std::string_view service, std::string_view code) {
  static constexpr std::array<std::string_view, 7> kCommon{"AccessDeniedException",
                                                           "ExpiredTokenException",
                                                           "IncompleteSignatureException",
                                                           "InvalidSignatureException",
                                                           "SerializationException",
                                                           "UnknownOperationException",
                                                           "MissingAuthenticationTokenException"};
  if (service != "sqs") {
    return std::string(code);
  }
  return fmt::format(
      "{}#{}", listed(kCommon, code) ? "com.amazon.coral.service" : "com.amazonaws.sqs", code);
}

}  // namespace

struct AwsFront::Exchange {
  net::ServerRequest request = {};
  net::Respond respond = {};
  std::string_view service = {};
  std::string operation = {};
  Caller caller = {};
  std::string request_id = {};
  std::string date = {};

  void answer(int status, std::string body, net::HttpHeaders headers = {}) const {
    headers.push_back({.name = "x-amzn-RequestId", .value = request_id});
    headers.push_back({.name = "Date", .value = date});
    headers.push_back({.name = "Content-Type", .value = std::string(content_type(service))});
    respond({.status = status, .headers = std::move(headers), .body = std::move(body)});
  }

  void fail(const ApiError& error) const {
    if (service == "sts") {
      return answer(error.status, sts_error(error, request_id));
    }
    json::Writer writer;
    writer.begin_object();
    net::HttpHeaders headers;
    if (service == "lambda") {
      headers.push_back({.name = "x-amzn-ErrorType", .value = error.code});
      writer.field("Type", error.status >= 500 ? "Service" : "User");
    } else {
      writer.field("__type", error_type(service, error.code));
    }
    writer.field("message", error.message).end_object();
    const auto query_mode = net::find_header(request.headers, "x-amzn-query-mode");
    if (service == "sqs" && query_mode == "true") {
      headers.push_back({.name = "x-amzn-query-error",
                         .value = fmt::format("{};{}", SqsApi::query_code(error.code),
                                              error.status >= 500 ? "Receiver" : "Sender")});
    }
    answer(error.status, std::move(writer).text(), std::move(headers));
  }
};

AwsFront::AwsFront(net::EventLoop& loop, world::World& world, SqsApi& sqs, EcsApi& ecs,
                   std::uint64_t seed)
    : loop_(loop), world_(world), sqs_(sqs), ecs_(ecs), random_(seed), faults_(seed + 1) {}

void AwsFront::handle(net::ServerRequest request, const net::Respond& respond) {
  Route route = find_route(request);
  const auto exchange = std::make_shared<Exchange>(Exchange{.request = std::move(request),
                                                            .respond = respond,
                                                            .service = route.service,
                                                            .operation = std::move(route.operation),
                                                            .request_id = request_id(),
                                                            .date = date()});
  if (!route.error.code.empty()) {
    return exchange->fail(route.error);
  }
  if (exchange->service == "lambda" && lambda_ == nullptr) {
    return exchange->fail({.code = "ResourceNotFoundException",
                           .message = "The emulator runs without a Lambda function.",
                           .status = 404});
  }
  check_and_dispatch(exchange);
}

void AwsFront::check_and_dispatch(const std::shared_ptr<Exchange>& exchange) {
  auto caller = check_signature(exchange->request, exchange->service, world_.now());
  if (!caller) {
    return exchange->fail(caller.error());
  }
  exchange->caller = std::move(*caller);
  count(*exchange);
  if (!struck(exchange)) {
    dispatch(*exchange);
  }
}

bool AwsFront::struck(const std::shared_ptr<Exchange>& exchange) {
  const auto fault = faults_.strike(exchange->operation, exchange->caller.access_key_id);
  if (!fault) {
    return false;
  }
  switch (fault->kind) {
    case FaultKind::Reset:
      break;
    case FaultKind::Hang:
      hanging_.push_back(exchange->respond);
      break;
    case FaultKind::Malformed:
      exchange->answer(200, R"({"Attributes":{"ApproximateNumberOfMess)");
      break;
    case FaultKind::Lost: {
      Exchange unanswered = *exchange;
      unanswered.respond = [](const net::HttpResponse&) {};
      dispatch(unanswered);
      break;
    }
    case FaultKind::Slow:
      std::erase_if(slow_, [](const net::Timer& timer) { return !timer.waits(); });
      slow_.emplace_back(loop_).start(fault->delay, [this, exchange] { dispatch(*exchange); });
      break;
    default:
      exchange->fail(fault_error(fault->kind, exchange->service));
  }
  return true;
}

void AwsFront::dispatch(const Exchange& exchange) {
  if (exchange.service == "lambda") {
    return lambda_->handle(exchange.request, exchange.respond);
  }
  if (exchange.service == "sts") {
    auto xml = handle_sts(exchange.request.body, exchange.caller, exchange.request_id);
    return xml ? exchange.answer(200, std::move(*xml)) : exchange.fail(xml.error());
  }
  dispatch_json(exchange);
}

void AwsFront::dispatch_json(const Exchange& exchange) {
  const Result<json::Value> body = json::parse(exchange.request.body);
  if (!body) {
    return exchange.fail({.code = "SerializationException", .message = body.error().message});
  }
  const JsonCall call{.operation = exchange.operation, .body = *body, .caller = exchange.caller};
  // A long poll is answered after this request is gone, hence a copy of what the answer needs.
  const ApiReply reply = [exchange](ApiAnswer answer) {
    answer ? exchange.answer(200, std::move(*answer)) : exchange.fail(answer.error());
  };
  if (exchange.service == "sqs") {
    sqs_.handle(call, reply);
  } else {
    reply(ecs_.handle(call));
  }
}

void AwsFront::count(const Exchange& exchange) {
  auto operation = calls_.find(exchange.operation);
  if (operation == calls_.end()) {
    operation = calls_.try_emplace(exchange.operation).first;
  }
  auto caller = operation->second.find(exchange.caller.access_key_id);
  if (caller == operation->second.end()) {
    caller = operation->second.try_emplace(exchange.caller.access_key_id).first;
  }
  ++caller->second;
}

const std::string& AwsFront::date() {
  const auto second = std::chrono::floor<std::chrono::seconds>(world_.now());
  if (second != date_second_ || date_.empty()) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

std::string AwsFront::request_id() {
  const std::uint64_t high = random_.next();
  const std::uint64_t low = random_.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32U, (high >> 16U) & 0xffffU,
                     high & 0xfffU, (low >> 48U) & 0xfffU, low & 0xffffffffffffU);
}

}  // namespace scaler::emulator
