#include "emulator/lambda/runtime_api.h"

#include <algorithm>
#include <utility>

#include "ground/base/check.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kRuntimeBase = "/2018-06-01/runtime/";
constexpr std::string_view kInvocation = "invocation/";

net::HttpResponse json_response(int status, std::string body) {
  return {.status = status,
          .headers = {{.name = "Content-Type", .value = "application/json"}},
          .body = std::move(body)};
}

net::HttpResponse accepted() {
  return json_response(202, R"({"status":"OK"})");
}

net::HttpResponse refused(int status, std::string_view type, std::string_view message) {
  return json_response(status, error_payload(type, message));
}

net::HttpResponse wrong_state(std::string_view message) {
  return refused(403, "InvalidStateTransition", message);
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Lambda's own form is (Runtime|Function).Name.
bool valid_error_type(std::string_view type) {
  const std::size_t dot = type.find('.');
  if (dot == std::string_view::npos) {
    return false;
  }
  const std::string_view category = type.substr(0, dot);
  const std::string_view name = type.substr(dot + 1);
  return (category == "Runtime" || category == "Function") && name.size() >= 2 && name[0] >= 'A' &&
         name[0] <= 'Z' && std::ranges::all_of(name, is_letter);
}

/// Lambda itself passes on what is no such document; this is stricter.
Result<void> check_error_document(std::string_view body) {
  const json::Value document = TRY(json::parse(body));
  const json::Reader reader(document);
  for (const std::string_view name : {"errorMessage", "errorType"}) {
    const json::Reader member = TRY(reader.field(name));
    TRY(member.string());
  }
  return {};
}

/// What is wrong with an error report, if anything.
std::optional<std::string> error_report_fault(const net::ServerRequest& request) {
  const auto type = net::find_header(request.headers, "Lambda-Runtime-Function-Error-Type");
  if (type && !valid_error_type(*type)) {
    return "Lambda-Runtime-Function-Error-Type is not (Runtime|Function).Name: " +
           std::string(*type);
  }
  const auto document = check_error_document(request.body);
  return document ? std::nullopt : std::optional(document.error().message);
}

}  // namespace

std::string error_payload(std::string_view type, std::string_view message) {
  json::Writer writer;
  writer.begin_object().field("errorMessage", message).field("errorType", type).end_object();
  return std::move(writer).text();
}

RuntimeApiServer::RuntimeApiServer(RuntimeEvents events) : events_(std::move(events)) {}

Result<std::unique_ptr<RuntimeApiServer>> RuntimeApiServer::create(net::EventLoop& loop,
                                                                   RuntimeEvents events) {
  auto api = std::unique_ptr<RuntimeApiServer>(new RuntimeApiServer(std::move(events)));
  api->server_ = TRY(net::HttpServer::listen(
      loop, 0, [raw = api.get()](const net::ServerRequest& request, const net::Respond& respond) {
        raw->handle(request, respond);
      }));
  return api;
}

void RuntimeApiServer::deliver(const RuntimeInvocation& invocation) {
  CHECK(state_ == State::Waiting);
  state_ = State::Invoked;
  request_id_ = invocation.request_id;
  const auto deadline = invocation.deadline.time_since_epoch().count();
  const net::Respond respond = std::exchange(waiting_, nullptr);
  respond({.status = 200,
           .headers = {{.name = "Content-Type", .value = "application/json"},
                       {.name = "Lambda-Runtime-Aws-Request-Id", .value = invocation.request_id},
                       {.name = "Lambda-Runtime-Deadline-Ms", .value = std::to_string(deadline)},
                       {.name = "Lambda-Runtime-Invoked-Function-Arn",
                        .value = invocation.function_arn},
                       {.name = "Lambda-Runtime-Trace-Id", .value = invocation.trace_id}},
           .body = invocation.payload});
}

void RuntimeApiServer::handle(const net::ServerRequest& request, const net::Respond& respond) {
  std::string_view path = request.target;
  if (!path.starts_with(kRuntimeBase)) {
    return respond(refused(404, "NotFound", "no such path: " + request.target));
  }
  path.remove_prefix(kRuntimeBase.size());
  const bool get = path == "invocation/next";
  if (request.method != (get ? "GET" : "POST")) {
    return respond(refused(405, "MethodNotAllowed", request.method + " " + request.target));
  }
  if (get) {
    return next(respond);
  }
  if (path == "init/error") {
    return init_error(request, respond);
  }
  const std::size_t slash = path.rfind('/');
  const std::string_view verb = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (!path.starts_with(kInvocation) || slash < kInvocation.size() ||
      (verb != "response" && verb != "error")) {
    return respond(refused(404, "NotFound", "no such path: " + request.target));
  }
  const std::string_view id = path.substr(kInvocation.size(), slash - kInvocation.size());
  if (request_id_.empty() || id != request_id_) {
    return respond(refused(400, "InvalidRequestID", "Invalid request ID"));
  }
  if (state_ != State::Invoked) {
    return respond(wrong_state("this invocation has been answered already"));
  }
  verb == "response" ? response(request, respond) : error(request, respond);
}

void RuntimeApiServer::next(const net::Respond& respond) {
  if (state_ != State::Starting && state_ != State::Answered) {
    return respond(wrong_state(state_ == State::Invoked
                                   ? "the invocation under way has not been answered"
                                   : "the runtime is waiting already or failed to start"));
  }
  state_ = State::Waiting;
  waiting_ = respond;
  events_.on_waiting();
}

void RuntimeApiServer::init_error(const net::ServerRequest& request, const net::Respond& respond) {
  if (state_ != State::Starting) {
    return respond(wrong_state("init/error is only for a runtime that has not asked for work"));
  }
  state_ = State::InitFailed;
  report_error(request, respond, events_.on_init_error);
}

void RuntimeApiServer::response(const net::ServerRequest& request, const net::Respond& respond) {
  state_ = State::Answered;
  if (request.body.size() <= kResponseMax + kResponseSlack) {
    events_.on_response(request.body);
    return respond(accepted());
  }
  const std::string limit =
      "maximum allowed payload size (" + std::to_string(kResponseMax) + " bytes).";
  events_.on_error(error_payload("Function.ResponseSizeTooLarge",
                                 "Response payload size (" + std::to_string(request.body.size()) +
                                     " bytes) exceeded " + limit));
  respond(refused(413, "RequestEntityTooLarge", "Exceeded " + limit));
}

void RuntimeApiServer::error(const net::ServerRequest& request, const net::Respond& respond) {
  state_ = State::Answered;
  report_error(request, respond, events_.on_error);
}

/// The event comes before the answer: who has the answer can rely on it.
void RuntimeApiServer::report_error(const net::ServerRequest& request, const net::Respond& respond,
                                    const std::function<void(std::string)>& event) {
  if (const auto fault = error_report_fault(request)) {
    event(error_payload("Runtime.Unknown", *fault));
    return respond(refused(400, "InvalidErrorReport", *fault));
  }
  event(request.body);
  respond(accepted());
}

}  // namespace scaler::emulator
