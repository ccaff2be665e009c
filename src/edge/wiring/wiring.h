#pragma once
// The composition root that both programs share: everything AWS, built once from the environment
// and handed out as the ports that pass and handler know.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "edge/aws/call_stats.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "scaler/core/object_names.h"
#include "scaler/fleet/document_fleet.h"
#include "scaler/fleet/tagged_fleet.h"
#include "scaler/invocation/ports.h"
#include "scaler/pass/instance_ports.h"
#include "scaler/pass/ports.h"

namespace scaler {

class Wiring {
 public:
  /// With the credentials that a Lambda has.
  /// Errors: Malformed for settings that are wrong (region, endpoints, profile).
  static Result<std::unique_ptr<Wiring>> create(const Environment& environment, Clock& clock,
                                                const Log& log);
  /// With those of a workstation, too: profiles, SSO, ..., instance metadata. In a file of its own,
  /// so that bootstrap does not link them.
  static Result<std::unique_ptr<Wiring>> create_on_workstation(const Environment& environment,
                                                               Clock& clock, const Log& log);
  virtual ~Wiring() = default;

  virtual CloudReader& reader() = 0;
  virtual ServiceScaler& scaler() = 0;
  virtual StateWriter& states() = 0;
  virtual JobMessages& messages() = 0;
  virtual WakeMapping& mapping() = 0;
  virtual Ticks& ticks() = 0;
  virtual InstanceReader& instances() = 0;
  virtual InstanceScaler& instance_scaler() = 0;
  virtual ShardOrders& orders() = 0;
  /// Of all calls so far; of the thread that makes them.
  virtual const aws::CallStats& call_stats() const = 0;
  /// What AWS's clock is ahead of the machine's by, as the latest answer says, to the second.
  virtual Duration clock_difference() const = 0;
  virtual ServiceDirectory& directory() = 0;
  /// Lives no longer than this.
  virtual std::unique_ptr<DocumentStore> document(const ObjectAddress& object) = 0;
  /// Sends messages. One result per body, in order.
  virtual std::vector<Result<void>> send_messages(const std::string& queue_url,
                                                  std::span<const std::string> bodies,
                                                  Deadline deadline) = 0;
  /// Whether such a look can be made at all. Errors: Malformed, as aws::check_places().
  virtual Result<void> check(const LookRequest& look) const = 0;
  /// Opens the connections that such a look will need, so that the first pass does not wait for
  /// handshakes. What fails here is tried again by the pass.
  virtual void prewarm(const LookRequest& look) = 0;
};

}  // namespace scaler
