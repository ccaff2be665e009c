#pragma once
// HttpClient: batches of HTTP/1.1 requests, multiplexed on the calling thread over kept
// connections. TLS is always verified. No retry here: one request, one result (aws/retry holds the
// one retry loop).

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"

namespace scaler::net {

struct HttpClientOptions {
  std::string ca_bundle = {};  ///< path of a PEM file to trust in place of the built-in roots
  std::size_t connections_per_origin = 64;
  Duration connect_timeout = std::chrono::seconds(2);
  Duration idle_timeout =
      std::chrono::seconds(50);       ///< a connection unused for longer is not used again
  std::size_t body_max = 16U << 20U;  ///< a larger reply is Malformed
};

/// Not for use from several threads at once.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends all requests side by side and waits for all replies.
  /// Shape:  one result per request, in order; every status, also 500, is a response.
  /// Errors: Unavailable for no connection, a broken one, an unverified certificate, or the
  /// deadline;
  ///         Malformed for a reply that is no HTTP.
  /// A kept connection that the other side has closed meanwhile is replaced within the call when
  /// not one byte of a reply had come; a request is otherwise sent once. One that is not repeatable
  /// takes a kept connection only if that was in use a moment ago, and never goes again once a byte
  /// of it has gone. Deadline::max() waits without limit.
  std::vector<Result<HttpResponse>> send(std::span<const HttpRequest> requests, Deadline deadline);

  /// send() for one request.
  Result<HttpResponse> send(const HttpRequest& request, Deadline deadline);

  /// Opens one connection (and TLS session) to each origin and keeps it; failures are left to
  /// send().
  void connect(std::span<const Origin> origins, Deadline deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scaler::net
