#include "programs/ecs_scaler/commands/metrics_server.h"

#include <utility>

#include "watch/health.h"

namespace scaler::cli {
namespace {

net::HttpResponse plain(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(int port, Duration healthy_for,
                                                             Clock& clock) {
  std::unique_ptr<MetricsServer> server(new MetricsServer(healthy_for, clock));
  const auto handler = [self = server.get()](const net::ServerRequest& request,
                                             const net::Respond& respond) {
    respond(self->answer(request));
  };
  server->server_ = TRY(net::HttpServer::listen(server->loop_, port, handler));
  server->thread_ =
      std::jthread([self = server.get()](const std::stop_token& stop) { self->loop_.run(stop); });
  return server;
}

MetricsServer::MetricsServer(Duration healthy_for, Clock& clock)
    : clock_(clock), healthy_for_(healthy_for), text_(page_.text()), last_pass_(clock.now()) {}

// The thread is the last member, so it is stopped and joined before anything that it uses goes.
MetricsServer::~MetricsServer() = default;

void MetricsServer::add(std::span<const PassRecord> records, Duration took) {
  const Instant now = clock_.now();
  page_.add(records, took, now);
  loop_.post([this, now, text = page_.text()]() mutable {
    text_ = std::move(text);
    last_pass_ = now;
  });
}

net::HttpResponse MetricsServer::answer(const net::ServerRequest& request) const {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (path != "/metrics" && path != "/healthz") {
    return plain(404, "there are /metrics and /healthz\n");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    net::HttpResponse refused = plain(405, "only GET\n");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  if (path == "/metrics") {
    return {
        .status = 200, .headers = {{"Content-Type", std::string(kPrometheusType)}}, .body = text_};
  }
  Health health = scaler::health(clock_.now() - last_pass_, healthy_for_);
  return plain(health.well ? 200 : 503, std::move(health.text));
}

}  // namespace scaler::cli
