#include "aws/session.h"

#include <array>
#include <utility>

namespace scaler::aws {

Result<std::unique_ptr<Session>> Session::create(const Environment& environment, const Clock& clock,
                                                 const SessionOptions& options, const Log& log) {
  Settings settings = TRY(read_settings(environment));
  return std::unique_ptr<Session>(
      new Session(std::move(settings), environment, clock, options, log));
}

Session::Session(Settings settings, Environment environment, const Clock& clock,
                 const SessionOptions& options, const Log& log)
    : environment_(std::move(environment)),
      transport_({.ca_bundle = settings.ca_bundle}),
      credentials_({.environment = environment_, .transport = transport_, .clock = clock}, log),
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

void Session::prewarm(Deadline deadline) {
  static_cast<void>(credentials_.current(deadline));
  const std::array<net::Origin, 2> origins{settings().endpoint(Service::Sqs).origin,
                                           settings().endpoint(Service::Ecs).origin};
  transport_.connect(origins, deadline);
}

}  // namespace scaler::aws
