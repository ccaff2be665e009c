#pragma once
// One invocation: event -> trigger -> pass -> answer. What each trigger may do, and what becomes of
// the messages that came with it, is decided here. Knows no AWS; Lambda's bootstrap and the tests
// call it.

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "config/environment.h"
#include "handler/ports.h"
#include "lambda/event.h"
#include "pass/pass.h"

namespace scaler {

struct HandlerPorts {
  CloudReader& reader;
  ServiceScaler& scaler;
  StateWriter& states;
  JobMessages& messages;
  WakeMapping& mapping;
  Clock& clock;
};

class Handler {
 public:
  Handler(ServiceConfig config, const HandlerPorts& ports, const Log& log);

  /// The answer to one event, as JSON. Errors: whatever failed; the invocation then counts as
  /// failed and every message that came with it goes back to its queue.
  Result<std::string> handle(std::string_view event, Deadline deadline);

 private:
  enum class Trigger { Schedule, Wake, Manual };
  static std::string_view to_string(Trigger trigger);

  Result<std::string> scheduled(Deadline deadline);
  Result<std::string> manual(const lambda::ManualEvent& event, Deadline deadline);
  Result<std::string> woken(const lambda::SqsEvent& event, Deadline deadline);

  PassRecord pass(Trigger trigger, const Ports& ports, const PassOptions& options);
  Result<void> switch_mapping(const PassRecord& record, Deadline deadline);
  Result<void> disable_mapping(Deadline deadline);
  Result<void> hand_back(const lambda::SqsEvent& event, bool disabled, Deadline deadline);
  std::string answer(Trigger trigger, const PassRecord& record,
                     const lambda::SqsEvent* event) const;
  Ports pass_ports() const;

  std::vector<ManagedService> fleet_;
  ServiceConfig config_;
  HandlerPorts ports_;
  const Log* log_;
  std::string queue_path_;  ///< "account/name" of the job queue
};

}  // namespace scaler
