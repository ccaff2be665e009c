#pragma once
// HttpServer: an HTTP/1.1 server, on loopback if nobody says otherwise, with kept connections, on
// an EventLoop's thread. The handler may answer at once or later (long polls).

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "ground/base/result.h"
#include "ground/net/event_loop.h"
#include "ground/net/http.h"
#include "ground/net/request_parser.h"

namespace scaler::net {

inline constexpr const char* kLoopback = "127.0.0.1";

/// Answers one request; to be called once, on the loop's thread. Calling it after the peer has gone
/// is harmless. Not calling it at all (destroying every copy) closes the connection without an
/// answer.
using Respond = std::function<void(HttpResponse)>;
using Handler = std::function<void(ServerRequest, Respond)>;

/// What one peer may make the server wait or keep for it.
struct ServerLimits {
  Duration header = std::chrono::seconds(5);  ///< from the first byte of a request to its header
  Duration body = std::chrono::seconds(30);   ///< from there to its end
  Duration idle = std::chrono::seconds(30);   ///< between requests, or while an answer does not go
  /// Connections at the same time; 0: 1,024, but at most half of the process's descriptors.
  std::size_t connections = 0;
  /// Of these, answers without an end; 0: 64, but at most half of the connections.
  std::size_t streams = 0;
};

/// A request that takes longer than its limit is answered with 408; one that means another host,
/// or that changes something and comes from another server's web page (host_check.h), with 403; an
/// idle connection is closed, and so is an endless answer of which its peer takes nothing. A peer
/// for whom there is no room takes the place of the one that has been idle for longest, and waits
/// when nobody can go without a request or an answer being broken off. Which host is meant is
/// looked at where a connection came over loopback: elsewhere the server may have any name, and
/// whoever can reach it needs no web page for that.
class HttpServer {
 public:
  /// Listens on an address, a literal or "localhost"; port 0 lets the system choose. "::" takes
  /// what comes for IPv4, too. Errors: Unavailable, naming address and port.
  static Result<std::unique_ptr<HttpServer>> listen(EventLoop& loop, int port, Handler handler,
                                                    ServerLimits limits = {},
                                                    const std::string& address = kLoopback);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace scaler::net
