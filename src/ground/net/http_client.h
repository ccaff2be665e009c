#pragma once
// HttpClient: HTTP/1.1 requests, multiplexed on the calling thread over kept connections. TLS is
// always verified. No retry here: one request, one result (aws/client holds the one retry loop).

#include <cstdint>
#include <memory>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/net/http.h"
#include "ground/net/proxy.h"
#include "ground/net/resolver.h"

namespace scaler::net {

struct HttpClientOptions {
  std::string ca_bundle = {};  ///< path of a PEM file to trust in place of the built-in roots
  std::size_t connections_per_origin = 64;  ///< of each pool
  std::size_t connections = 0;              ///< of all pools; 0: most_connections()
  Duration connect_timeout = std::chrono::seconds(2);
  Duration idle_timeout =
      std::chrono::seconds(50);       ///< a connection unused for longer is not used again
  std::size_t body_max = 16U << 20U;  ///< a larger reply is Malformed
  Proxies proxies = {};               ///< none
  Lookup lookup = resolve;            ///< of names; called on helper threads
};

/// Names a request that is under way; never the same twice.
using Ticket = std::uint64_t;

struct RequestLimits {
  Deadline deadline = Deadline::max();  ///< the whole reply is there by then, or it is Unavailable
  Deadline leave_by = Deadline::max();  ///< its first byte has gone by then, or it is Overdue
  /// Whose connections it uses: who is slow keeps only those of its own name busy.
  std::string pool = {};
};

struct Finished {
  Ticket ticket = 0;
  Result<HttpResponse> response = {};
  /// When the bytes were handed to the connection that answered, or was the last to fail; the
  /// clock's epoch when they never were.
  Deadline left = {};
};

/// What run() would wait for.
struct Awaited {
  std::vector<pollfd> sockets = {};
  Deadline until = Deadline::max();  ///< something is to be done then, whatever the sockets say
};

/// Not for use from several threads at once.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Takes a request on; run() sends it. It stays under way until run() has told what came of it,
  /// also while nobody runs, or until it is cancelled.
  Ticket begin(const HttpRequest& request, const RequestLimits& limits);
  /// Works the sockets until at least one request has finished, `until`, or nothing is left that
  /// could be waited for, and tells what has finished; every status, also 500, is a response.
  /// Errors: Unavailable for no connection, a broken one, an unverified certificate, or the
  ///         deadline; Overdue for one that could not leave in time; Malformed for a reply that is
  ///         no HTTP, and for a proxy that cannot be used or does not let this through;
  ///         Unauthorized for one that wants a password. What comes of a proxy names it.
  /// A kept connection that the other side has closed meanwhile is replaced when not one byte of a
  /// reply had come; a request is otherwise sent once. One that is not repeatable takes a kept
  /// connection only if that was in use a moment ago, and never goes again once a byte of it has
  /// gone. Deadline::max() waits without limit.
  std::vector<Finished> run(Deadline until);
  /// For whoever waits otherwise, and then calls run() with a time that has passed. Holds until
  /// the next call of anything else.
  Awaited awaited() const;
  /// Forgets a request, and closes its connection when it has one.
  void cancel(Ticket ticket);

  /// begin() for all, then run() until all have finished: one result per request, in order. What
  /// else finishes meanwhile is told by the next run().
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
