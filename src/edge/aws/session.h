#pragma once
// Session: everything that calls to AWS need, built once from the environment. Wiring makes one and
// hands out its ports and calls.

#include <memory>

#include "edge/aws/client.h"
#include "edge/aws/cloud.h"
#include "edge/aws/ecs.h"
#include "edge/aws/event_source_mappings.h"
#include "edge/aws/sqs.h"

namespace scaler::aws {

struct SessionOptions {
  std::uint64_t seed = 1;     ///< for the jitter of retries
  bool within_limits = true;  ///< keeps calls within the services' documented rates
  /// Where credentials are looked for.
  CredentialSources (*sources)(const CredentialSurroundings&, const Log&) = lambda_sources;
};

class Session {
 public:
  /// Clock and log outlive the session.
  /// Errors: Malformed for settings that are missing or wrong. Opens no connection.
  static Result<std::unique_ptr<Session>> create(const Environment& environment, const Clock& clock,
                                                 const SessionOptions& options, const Log& log);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const ClientSettings& settings() const { return client_.settings(); }
  Client& client() { return client_; }
  Sqs& sqs() { return sqs_; }
  Ecs& ecs() { return ecs_; }
  EventSourceMappings& mappings() { return mappings_; }
  /// CloudReader, ServiceScaler and StateWriter of scaler/pass/ports.h.
  Cloud& cloud() { return cloud_; }

  /// Finds credentials and opens the connections that such a look needs. What fails here is tried
  /// again by the first call.
  void prewarm(const LookRequest& look, Deadline deadline);

 private:
  /// What the sources of credentials refer to. It is theirs alone: they fetch on a thread.
  struct Surroundings;

  Session(ClientSettings settings, const std::shared_ptr<Surroundings>& surroundings,
          const Clock& clock, const SessionOptions& options, const Log& log);

  HttpTransport transport_;
  CredentialProvider credentials_;
  Random random_;
  Client client_;
  Sqs sqs_;
  Ecs ecs_;
  EventSourceMappings mappings_;
  Cloud cloud_;
};

}  // namespace scaler::aws
