#include "scaler/controller/lease.h"

#include <algorithm>
#include <string>
#include <utility>

namespace scaler {

void Lease::plan(Action action, Deadline due) {
  action_ = action;
  due_ = due;
}

void Lease::lose() {
  holds_ = false;
  writes_until_ = {};
}

LeaseRecord Lease::next_record() {
  return {.owner = name_, .version = name_ + "-" + std::to_string(++writes_)};
}

void Lease::read(const Result<std::optional<LeaseRecord>>& found, const LeaseMoment& ended) {
  if (!found) {
    // What was seen before still counts: it is the record that must not have changed, not the view.
    plan(Action::Read, ended.steady + kAgainAfter);
    return;
  }
  if (!*found) {
    owner_.clear();
    seen_version_.clear();
    seen_since_.reset();
    plan(Action::Take, ended.steady);
    return;
  }
  const LeaseRecord& record = **found;
  owner_ = record.owner;
  if (record.owner == name_) {
    // A write was carried out whose answer was lost.
    plan(Action::Renew, ended.steady);
    return;
  }
  lose();
  if (!seen_since_ || seen_version_ != record.version) {
    seen_version_ = record.version;
    seen_since_ = ended.steady;
  }
  const Deadline over = *seen_since_ + kTtl;
  if (ended.steady >= over) {
    plan(Action::Take, ended.steady);
  } else {
    plan(Action::Read, std::min<Deadline>(ended.steady + kLookEvery, over));
  }
}

void Lease::wrote(const Result<void>& written, const LeaseMoment& began, const LeaseMoment& ended) {
  if (written) {
    holds_ = true;
    owner_ = name_;
    seen_since_.reset();
    writes_until_ = {.steady = began.steady + kWritesFor, .wall = began.wall + kWritesFor};
    plan(Action::Renew, began.steady + kRenewEvery);
    return;
  }
  if (written.error().kind == ErrorKind::Conflict) {
    // Somebody else has it, or it is our own write whose first answer was lost: a look tells.
    lose();
    plan(Action::Read, ended.steady);
    return;
  }
  // Nobody knows whether it was carried out; what was granted before still holds until it ends. To
  // take is tried again only after a look, for the record may be ours by now.
  plan(holds_ ? Action::Renew : Action::Read, ended.steady + kAgainAfter);
}

}  // namespace scaler
