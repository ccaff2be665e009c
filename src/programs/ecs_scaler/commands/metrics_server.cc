#include "programs/ecs_scaler/commands/metrics_server.h"

#include <algorithm>
#include <utility>

#include "programs/ecs_scaler/commands/token_file.h"
#include "watch/health.h"
#include "watch/process_metrics.h"

namespace scaler::cli {
namespace {

net::HttpResponse response(int status, std::string type, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::move(type)}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

net::HttpResponse plain(int status, std::string body) {
  return response(status, "text/plain; charset=utf-8", std::move(body));
}

net::HttpResponse answer_of(Health health) {
  return plain(health.well ? 200 : 503, std::move(health.text));
}

}  // namespace

const std::array<MetricsServer::Route, 4> MetricsServer::kRoutes{{
    {"/metrics", &MetricsServer::metrics},
    {"/healthz", &MetricsServer::healthz},
    {"/readyz", &MetricsServer::readyz},
    {"/status", &MetricsServer::status},
}};

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(MetricsOptions options, Clock& clock) {
  std::unique_ptr<MetricsServer> server(new MetricsServer(std::move(options), clock));
  const auto handler = [self = server.get()](const net::ServerRequest& request,
                                             const net::Respond& respond) {
    self->handle(request, respond);
  };
  const ListenAddress& address = server->options_.address;
  server->server_ =
      TRY(net::HttpServer::listen(server->loop_, address.port, handler, {}, address.host));
  server->thread_ =
      std::jthread([self = server.get()](const std::stop_token& stop) { self->loop_.run(stop); });
  return server;
}

MetricsServer::MetricsServer(MetricsOptions options, Clock& clock)
    : clock_(clock),
      options_(std::move(options)),
      last_pass_(clock.steady()),
      live_page_(loop_, std::move(options_.page)) {}

// The thread is the last member, so it is stopped and joined before anything that it uses goes.
MetricsServer::~MetricsServer() = default;

void MetricsServer::add(std::span<const PassRecord> records, Duration took,
                        std::vector<CallTimes> calls) {
  const Instant now = clock_.now();
  page_.add(records, took, now);
  page_.set(std::move(calls));
  status_.add(records, now);
  publish();
  loop_.post([this, ended = clock_.steady()] { last_pass_ = ended; });
}

void MetricsServer::set(const ReloadStatus& reload) {
  page_.add(reload);
  status_.reload = reload;
  publish();
}

void MetricsServer::set(std::vector<SettingsProblem> problems) {
  status_.settings_problems = problems;
  page_.set(std::move(problems));
  publish();
}

void MetricsServer::set(const LeaseStatus& lease) {
  if (status_.lease != lease) {
    status_.lease = lease;
    publish();
  }
}

void MetricsServer::set(Secret token) {
  loop_.post([this, token = std::move(token)]() mutable { options_.token = std::move(token); });
}

void MetricsServer::publish() {
  auto served = std::make_shared<Served>(
      Served{.text = page_.text(), .status = std::make_shared<const FleetStatus>(status_)});
  served->last_read.reserve(status_.services.size());
  for (const ServiceView& service : status_.services) {
    served->last_read.push_back(service.read_at.value_or(Instant{}));
  }
  loop_.post([this, served = std::move(served)] {
    served_ = served;
    live_page_.show(served->status);
  });
}

void MetricsServer::handle(const net::ServerRequest& request, const net::Respond& respond) {
  if (auto refused = refusal(request)) {
    respond(*std::move(refused));
  } else if (page::LivePage::handles(request.target)) {
    live_page_.answer(request, respond);
  } else {
    respond((this->*route_of(request)->answer)());
  }
}

const MetricsServer::Route* MetricsServer::route_of(const net::ServerRequest& request) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const auto* const route = std::ranges::find(kRoutes, path, &Route::path);
  return route == kRoutes.end() ? nullptr : route;
}

std::optional<net::HttpResponse> MetricsServer::refusal(const net::ServerRequest& request) const {
  if (!options_.token.empty() &&
      !brings_token(net::find_header(request.headers, "authorization").value_or(""),
                    options_.token)) {
    net::HttpResponse refused = plain(401, "a bearer token is needed\n");
    refused.headers.push_back({"WWW-Authenticate", "Bearer"});
    // What a browser asks a person for, and then sends with the page's own requests, too.
    refused.headers.push_back({"WWW-Authenticate", "Basic realm=\"ecs-scaler\""});
    return refused;
  }
  if (route_of(request) == nullptr && !page::LivePage::handles(request.target)) {
    return plain(404, "there are /, /metrics, /healthz, /readyz and /status\n");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    net::HttpResponse refused = plain(405, "only GET\n");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  return std::nullopt;
}

std::size_t MetricsServer::read_lately_now() const {
  return read_lately(served_->last_read, options_.healthy_for, clock_.now());
}

net::HttpResponse MetricsServer::metrics() const {
  const auto services = static_cast<double>(served_->last_read.size());
  std::string text = served_->text + options_.build_info;
  text += gauge_text("services", "Services of the fleet.", services);
  text += gauge_text("services_read_ratio", "Share of the services that were read lately.",
                     services > 0 ? static_cast<double>(read_lately_now()) / services : 0);
  if (const auto& lease = served_->status->lease) {
    text += gauge_text("lease_held", "1 while this controller writes, 0 while it only looks.",
                       lease->held ? 1 : 0);
  }
  return response(200, std::string(kPrometheusType), text + process_metrics());
}

net::HttpResponse MetricsServer::healthz() const {
  const auto since = std::chrono::floor<Duration>(clock_.steady() - last_pass_);
  return answer_of(health(since, options_.healthy_for));
}

net::HttpResponse MetricsServer::readyz() const {
  return answer_of(readiness(read_lately_now(), served_->last_read.size()));
}

net::HttpResponse MetricsServer::status() const {
  return response(200, "application/json", status_json(*served_->status) + "\n");
}

}  // namespace scaler::cli
