#include "lab/world/fifo_order.h"

namespace scaler::world {

std::optional<std::uint64_t> FifoOrder::Group::head() const {
  const bool overtakes =
      !visible.empty() && !delayed.empty() && *delayed.begin() < *visible.begin();
  return visible.empty() || overtakes ? std::nullopt : std::optional(*visible.begin());
}

void FifoOrder::move(const std::string& name, std::uint64_t sequence, MessagePlace from,
                     MessagePlace to) {
  Group& group = groups_[name];
  group.visible.erase(sequence);
  group.delayed.erase(sequence);
  group.in_flight +=
      (to == MessagePlace::InFlight ? 1 : 0) - (from == MessagePlace::InFlight ? 1 : 0);
  if (to == MessagePlace::Visible) {
    group.visible.insert(sequence);
  } else if (to == MessagePlace::Delayed) {
    group.delayed.insert(sequence);
  }
  if (group.ready_as) {
    ready_.erase(*group.ready_as);
  }
  group.ready_as = group.in_flight == 0 ? group.head() : std::nullopt;
  if (group.ready_as) {
    ready_[*group.ready_as] = &group;
  }
  if (group.in_flight == 0 && group.visible.empty() && group.delayed.empty()) {
    receiving_ = receiving_ == &group ? nullptr : receiving_;
    groups_.erase(name);
  }
}

void FifoOrder::clear_messages() {
  ready_.clear();
  groups_.clear();
  receiving_ = nullptr;
}

std::optional<std::uint64_t> FifoOrder::next() {
  // What this receive has taken of a group does not stand in its own way.
  if (receiving_ != nullptr) {
    if (const auto head = receiving_->head()) {
      return head;
    }
  }
  if (ready_.empty()) {
    return std::nullopt;
  }
  receiving_ = ready_.begin()->second;
  return ready_.begin()->first;
}

}  // namespace scaler::world
