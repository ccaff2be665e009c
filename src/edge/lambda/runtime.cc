#include "edge/lambda/runtime.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::lambda {
namespace {

constexpr std::string_view kVersion = "/2018-06-01/runtime";
constexpr Duration kAnswerTimeout = std::chrono::seconds(10);

std::string error_body(const Error& error) {
  json::Writer writer;
  writer.begin_object()
      .field("errorMessage", error.message)
      .field("errorType", to_string(error.kind))
      .name("stackTrace")
      .begin_array()
      .end_array()
      .end_object();
  return std::move(writer).text();
}

Result<std::string> header(const net::HttpResponse& response, std::string_view name) {
  const auto value = net::find_header(response.headers, name);
  if (!value || value->empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("the Runtime API's event has no header {}", name));
  }
  return std::string(*value);
}

}  // namespace

Result<RuntimeApi> RuntimeApi::create(std::string_view address, net::HttpClient& http,
                                      const Clock& clock) {
  if (address.empty()) {
    return fail(ErrorKind::Malformed,
                "AWS_LAMBDA_RUNTIME_API is not set: Lambda starts this program, or ecs-scaler "
                "emulate --lambda does");
  }
  const std::size_t colon = address.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : number_of<int>(address.substr(colon + 1));
  if (!port || *port < 1 || *port > 65'535 || colon == 0) {
    return fail(ErrorKind::Malformed,
                fmt::format("AWS_LAMBDA_RUNTIME_API: '{}' is not host:port", shortened(address)));
  }
  return RuntimeApi(
      {.scheme = "http", .host = std::string(address.substr(0, colon)), .port = *port}, http,
      clock);
}

Result<RuntimeEvent> RuntimeApi::next() {
  const Result<net::HttpResponse> response = http_->send(
      {.origin = origin_, .target = fmt::format("{}/invocation/next", kVersion)}, Deadline::max());
  if (!response) {
    return fail(response.error(), "asking for the next event");
  }
  if (response->status != 200) {
    return fail(ErrorKind::Unavailable,
                fmt::format("asking for the next event: HTTP {}", response->status));
  }
  RuntimeEvent invocation{.event = response->body};
  invocation.request_id = TRY(header(*response, "Lambda-Runtime-Aws-Request-Id"));
  const std::string deadline = TRY(header(*response, "Lambda-Runtime-Deadline-Ms"));
  const auto milliseconds = number_of<std::int64_t>(deadline);
  if (!milliseconds) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("Lambda-Runtime-Deadline-Ms: '{}' is not a number", shortened(deadline)));
  }
  // Lambda's limit is 15 minutes; a day is far enough in both directions to add without overflow.
  const Instant now = clock_->now();
  const Instant end{Duration(*milliseconds)};
  invocation.deadline =
      after(std::clamp(end, now - std::chrono::days(1), now + std::chrono::days(1)) - now);
  invocation.function_arn =
      net::find_header(response->headers, "Lambda-Runtime-Invoked-Function-Arn").value_or("");
  return invocation;
}

Result<void> RuntimeApi::respond(const std::string& request_id, std::string answer) {
  return post(fmt::format("/invocation/{}/response", request_id), {}, std::move(answer));
}

Result<void> RuntimeApi::report_failure(const std::string& request_id, const Error& error) {
  return post(fmt::format("/invocation/{}/error", request_id), "Function.ScalingFailed",
              error_body(error));
}

Result<void> RuntimeApi::report_init_failure(const Error& error) {
  return post("/init/error", "Runtime.ConfigInvalid", error_body(error));
}

Result<void> RuntimeApi::post(std::string path, std::string_view error_type, std::string body) {
  net::HttpRequest request{.origin = origin_,
                           .method = "POST",
                           .target = std::string(kVersion) + path,
                           .headers = {{"Content-Type", "application/json"}},
                           .body = std::move(body)};
  if (!error_type.empty()) {
    request.headers.push_back({"Lambda-Runtime-Function-Error-Type", std::string(error_type)});
  }
  const Result<net::HttpResponse> response = http_->send(request, after(kAnswerTimeout));
  if (!response) {
    return fail(response.error(), "answering " + path);
  }
  if (response->status != 202) {
    return fail(response->status == 413 ? ErrorKind::Rejected : ErrorKind::Unavailable,
                fmt::format("answering {}: HTTP {}: {}", path, response->status, response->body));
  }
  return {};
}

Error run_loop(RuntimeApi& api, const Handle& handle, const Log& log) {
  while (true) {
    const Result<RuntimeEvent> invocation = api.next();
    if (!invocation) {
      return invocation.error();
    }
    const Result<std::string> answer = handle(*invocation);
    Result<void> told;
    if (answer) {
      told = api.respond(invocation->request_id, *answer);
      if (!told && told.error().kind == ErrorKind::Rejected) {
        told = api.report_failure(invocation->request_id, told.error());
      }
    } else {
      log.write(LogLevel::Error, answer.error().message,
                {{"requestId", invocation->request_id}, {"kind", to_string(answer.error().kind)}});
      told = api.report_failure(invocation->request_id, answer.error());
    }
    if (!told) {
      return told.error();
    }
  }
}

}  // namespace scaler::lambda
