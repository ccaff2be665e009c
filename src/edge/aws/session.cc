#include "edge/aws/session.h"

#include <utility>
#include <vector>

namespace scaler::aws {

struct Session::Surroundings {
  Surroundings(const Environment& variables, const Log& lines, const ClientSettings& settings)
      : environment(variables),
        log(lines),
        transport({.ca_bundle = settings.ca_bundle, .proxies = settings.proxies}) {}

  Environment environment;
  Log log;
  HttpTransport transport;
};

Result<std::unique_ptr<Session>> Session::create(const Environment& environment, const Clock& clock,
                                                 const SessionOptions& options, const Log& log) {
  ClientSettings settings = TRY(read_settings(environment));
  const auto surroundings = std::make_shared<Surroundings>(environment, log, settings);
  return std::unique_ptr<Session>(
      new Session(std::move(settings), surroundings, clock, options, log));
}

Session::Session(ClientSettings settings, const std::shared_ptr<Surroundings>& surroundings,
                 const Clock& clock, const SessionOptions& options, const Log& log)
    : transport_({.ca_bundle = settings.ca_bundle, .proxies = settings.proxies}),
      credentials_(options.sources({.environment = surroundings->environment,
                                    .transport = surroundings->transport,
                                    .clock = clock},
                                   surroundings->log),
                   clock, log, surroundings),
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
