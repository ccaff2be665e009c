#pragma once
// MetricsServer: what a controller tells of itself over HTTP, read-only: /metrics in Prometheus'
// text, /healthz, /readyz, /status, and the live page at /. On a thread of its own, so that a pass
// that waits for AWS does not keep a scrape waiting.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "ground/base/secret.h"
#include "ground/net/http_server.h"
#include "programs/ecs_scaler/commands/listen_address.h"
#include "watch/fleet_status.h"
#include "watch/page/live_page.h"
#include "watch/prometheus.h"

namespace scaler::cli {

struct MetricsOptions {
  ListenAddress address = {};
  /// /healthz answers 503 once no pass has ended for longer; /readyz while no more than half of the
  /// services were read within it.
  Duration healthy_for = {};
  Secret token = {};            ///< empty: whoever can reach it may read
  std::string build_info = {};  ///< lines of /metrics that never change
  page::PageOptions page = {};
};

class MetricsServer {
 public:
  /// Errors: Unavailable, naming address and port.
  static Result<std::unique_ptr<MetricsServer>> listen(MetricsOptions options, Clock& clock);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return server_->port(); }

  // To be called by one thread.
  /// After each pass; `calls` are all so far.
  void add(std::span<const PassRecord> records, Duration took, std::vector<CallTimes> calls);
  void set(const ReloadStatus& reload);
  /// Whenever they may have changed; all of them.
  void set(std::vector<SettingsProblem> problems);
  void set(const LeaseStatus& lease);
  void set(Secret token);

 private:
  /// What one path is answered with.
  struct Route {
    std::string_view path;
    net::HttpResponse (MetricsServer::*answer)() const;
  };
  static const std::array<Route, 4> kRoutes;
  static const Route* route_of(const net::ServerRequest& request);

  MetricsServer(MetricsOptions options, Clock& clock);
  void publish();
  void handle(const net::ServerRequest& request, const net::Respond& respond);
  /// Why it is not answered; nothing when it is.
  std::optional<net::HttpResponse> refusal(const net::ServerRequest& request) const;
  net::HttpResponse metrics() const;
  net::HttpResponse healthz() const;
  net::HttpResponse readyz() const;
  net::HttpResponse status() const;
  std::size_t read_lately_now() const;

  Clock& clock_;
  PrometheusPage page_ = {};  ///< the calling thread's, as is the next
  FleetStatus status_ = {};

  /// The loop's.
  struct Served {
    std::string text = {};
    std::shared_ptr<const FleetStatus> status = std::make_shared<FleetStatus>();
    std::vector<Instant> last_read = {};  ///< of each service
  };
  MetricsOptions options_;
  Deadline last_pass_ = {};  ///< by the clock that nobody sets
  std::shared_ptr<const Served> served_ = std::make_shared<Served>(Served{.text = page_.text()});
  net::EventLoop loop_ = {};
  page::LivePage live_page_;
  std::unique_ptr<net::HttpServer> server_ = {};
  std::jthread thread_ = {};
};

}  // namespace scaler::cli
