#pragma once
// MetricsServer: /metrics in Prometheus' text and /healthz, on a thread of its own, so that a pass
// that waits for AWS does not keep a scrape waiting.

#include <memory>
#include <span>
#include <thread>

#include "ground/net/http_server.h"
#include "watch/prometheus.h"

namespace scaler::cli {

class MetricsServer {
 public:
  /// On 127.0.0.1. /healthz answers 503 once no pass has ended for longer than `healthy_for`.
  /// Errors: Unavailable, naming the port.
  static Result<std::unique_ptr<MetricsServer>> listen(int port, Duration healthy_for,
                                                       Clock& clock);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return server_->port(); }
  /// To be called after each pass, by one thread.
  void add(std::span<const PassRecord> records, Duration took);

 private:
  MetricsServer(Duration healthy_for, Clock& clock);
  net::HttpResponse answer(const net::ServerRequest& request) const;

  Clock& clock_;
  Duration healthy_for_;
  PrometheusPage page_ = {};  ///< the calling thread's
  std::string text_ = {};     ///< the loop's, as is the next
  Instant last_pass_ = {};
  net::EventLoop loop_ = {};
  std::unique_ptr<net::HttpServer> server_ = {};
  std::jthread thread_ = {};
};

}  // namespace scaler::cli
