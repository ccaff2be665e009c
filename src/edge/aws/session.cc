#include "edge/aws/session.h"

#include <utility>
#include <vector>

namespace scaler::aws {

Result<std::unique_ptr<Session>> Session::create(const Environment& environment, const Clock& clock,
                                                 const SessionOptions& options, const Log& log) {
  ClientSettings settings = TRY(read_settings(environment));
  return std::unique_ptr<Session>(
      new Session(std::move(settings), environment, clock, options, log));
}

Session::Session(ClientSettings settings, Environment environment, const Clock& clock,
                 const SessionOptions& options, const Log& log)
    : environment_(std::move(environment)),
      transport_({.ca_bundle = settings.ca_bundle, .proxies = settings.proxies}),
      credentials_(options.sources(
                       {.environment = environment_, .transport = transport_, .clock = clock}, log),
                   clock, log),
      random_(options.seed),
      client_(std::move(settings), {.transport = transport_,
                                    .credentials = credentials_,
                                    .clock = clock,
                                    .random = random_,
                                    .log = log,
                                    .within_limits = options.within_limits}),
      sqs_(client_),
      ecs_(client_),
      mappings_(client_),
      cloud_(client_) {}

void Session::prewarm(const LookRequest& look, Deadline deadline) {
  static_cast<void>(credentials_.current(deadline));
  std::vector<net::Origin> origins;
  const auto add = [&origins](const Result<Destination>& destination) {
    if (destination) {
      origins.push_back(destination->endpoint.origin);
    }
  };
  for (const std::string& url : look.queue_urls) {
    add(destination_of({.service = AwsService::Sqs, .queue_url = url}, settings()));
  }
  add(settings().destination(AwsService::Ecs, region_of(look.service)));
  transport_.connect(origins, deadline);
}

}  // namespace scaler::aws
