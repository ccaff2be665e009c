#pragma once
// The Lambda Runtime API: ask for an event, handle it, answer; again. It knows nothing of scaling.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

#include <functional>
#include <string>
#include <string_view>

#include "ground/base/clock.h"
#include "ground/base/log.h"
#include "ground/base/result.h"
#include "ground/net/http_client.h"

namespace scaler::lambda {

struct RuntimeEvent {
  std::string request_id = {};
  std::string function_arn = {};  ///< what was invoked: plain, by alias or by version
  Deadline deadline = {};         ///< steady; the platform kills the process at this moment
  std::string event = {};         ///< JSON as it came
};

/// Makes an answer of an event. An Error becomes a failed invocation with its message.
using Handle = std::function<Result<std::string>(const RuntimeEvent&)>;

class RuntimeApi {
 public:
  /// `address` is AWS_LAMBDA_RUNTIME_API: "host:port".
  static Result<RuntimeApi> create(std::string_view address, net::HttpClient& http,
                                   const Clock& clock);

  /// Waits for the next event without limit: the sandbox may be frozen for hours inside this call.
  Result<RuntimeEvent> next();
  Result<void> respond(const std::string& request_id, std::string answer);
  Result<void> report_failure(const std::string& request_id, const Error& error);
  /// Tells the platform that the function cannot start; the process exits after it.
  Result<void> report_init_failure(const Error& error);

 private:
  RuntimeApi(net::Origin origin, net::HttpClient& http, const Clock& clock)
      : origin_(std::move(origin)), http_(&http), clock_(&clock) {}
  Result<void> post(std::string path, std::string_view error_type, std::string body);

  net::Origin origin_;
  net::HttpClient* http_;
  const Clock* clock_;
};

/// Serves events until the Runtime API can no longer be reached or refuses an answer; the error
/// says which. The platform then starts the process anew.
Error run_loop(RuntimeApi& api, const Handle& handle, const Log& log);

}  // namespace scaler::lambda
