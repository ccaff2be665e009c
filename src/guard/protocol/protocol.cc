#include "guard/protocol/protocol.h"

#include <utility>

namespace scaler::guard {

Protocol::Protocol(Rules rules, Deadline /*now*/) : rules_(rules) {}

void Protocol::receive(const Receive& receive, Deadline /*now*/) {
  actions_.emplace_back(Forward{receive.id});
}

void Protocol::received(ReceiveId id, std::vector<Message> /*messages*/, Deadline /*now*/) {
  actions_.emplace_back(HandOver{id});
}

void Protocol::gone(ReceiveId /*id*/, Deadline /*now*/) {}

void Protocol::deleted(const Handle& /*handle*/, Deadline /*now*/) {}

void Protocol::visibility_changed(const Handle& /*handle*/, Duration /*visibility*/,
                                  bool /*by_worker*/, Deadline /*now*/) {}

void Protocol::agent_replied(const AgentReply& /*reply*/, Deadline /*now*/) {}

void Protocol::terminate(Deadline /*now*/) {
  actions_.emplace_back(TerminateChild{});
}

void Protocol::child_ended(Deadline /*now*/) {
  actions_.emplace_back(Finish{});
}

void Protocol::advance(Deadline /*now*/) {}

std::vector<Action> Protocol::take_actions() {
  return std::exchange(actions_, {});
}

std::optional<Deadline> Protocol::next() const {
  return std::nullopt;
}

Status Protocol::status(Deadline /*now*/) const {
  return {};
}

}  // namespace scaler::guard
