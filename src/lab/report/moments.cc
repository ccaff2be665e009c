#include "lab/report/moments.h"

#include <algorithm>

namespace scaler::report {
namespace {

void merge(Moment& into, const Moment& later) {
  into.at = std::max(into.at, later.at);
  into.arrived += later.arrived;
  if (!later.why.empty() && (into.why.empty() || later.desired >= into.desired)) {
    into.why = later.why;
  }
  into.backlog = std::max(into.backlog, later.backlog);
  into.in_flight = std::max(into.in_flight, later.in_flight);
  into.desired = std::max(into.desired, later.desired);
  into.running = std::max(into.running, later.running);
  into.waiting_max = std::max(into.waiting_max, later.waiting_max);
}

}  // namespace

void Moments::add(const Moment& moment) {
  const bool no_later = !moments_.empty() && moment.at <= moments_.back().at;
  if (no_later || (open_ > 0 && open_ < merged_)) {
    merge(moments_.back(), moment);
    open_ = no_later ? open_ : open_ + 1;
    return;
  }
  moments_.push_back(moment);
  open_ = 1;
  if (moments_.size() > kMax) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < moments_.size(); i += 2, ++kept) {
      moments_.at(kept) = moments_.at(i);
      if (i + 1 < moments_.size()) {
        merge(moments_.at(kept), moments_.at(i + 1));
      }
    }
    moments_.resize(kept);
    merged_ *= 2;
    open_ = merged_;  // kMax is even: the last one stands alone, and counts as whole.
  }
}

}  // namespace scaler::report
