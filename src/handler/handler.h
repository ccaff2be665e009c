#pragma once
// One invocation: event -> trigger -> pass -> answer. What each trigger may do, and what becomes of
// the messages that came with it, is decided here. Knows no AWS; Lambda's bootstrap and the tests
// call it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "config/environment.h"
#include "handler/ports.h"
#include "handler/wake_switch.h"
#include "lambda/event.h"
#include "pass/pass.h"

namespace scaler {

struct HandlerPorts {
  CloudReader& reader;
  ServiceScaler& scaler;
  StateWriter& states;
  JobMessages& messages;
  WakeMapping& mapping;
  Ticks& ticks;
  Clock& clock;
};

class Handler {
 public:
  Handler(ServiceConfig config, const HandlerPorts& ports, const Log& log);
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  /// The answer to one event, as JSON. Errors: whatever failed; the invocation then counts as
  /// failed and every message that came with it goes back to its queue.
  Result<std::string> handle(std::string_view event, Deadline deadline);

 private:
  enum class Trigger { Schedule, Tick, Doorbell, Wake, Manual };
  static std::string_view to_string(Trigger trigger);

  Result<std::string> scheduled(Deadline deadline);
  Result<std::string> manual(const lambda::ManualEvent& event, Deadline deadline);
  Result<std::string> from_queue(const lambda::SqsEvent& event, Deadline deadline);
  Result<std::string> woken(const lambda::SqsEvent& event, Deadline deadline);
  Result<PassRecord> looked(Trigger trigger, Permission permission, Deadline deadline);

  PassRecord pass(Trigger trigger, const PassOptions& options);
  Result<void> send_ticks(Deadline deadline);
  Result<void> hand_back(const lambda::SqsEvent& event, bool disabled, Deadline deadline);

  std::vector<ManagedService> fleet_;
  ServiceConfig config_;
  HandlerPorts ports_;
  const Log* log_;
  WakeSwitch wake_switch_;
};

}  // namespace scaler
