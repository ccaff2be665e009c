#pragma once
// Lease: which of several controllers writes. A record in a table that all of them reach says who;
// whoever wants it changes the record under a condition, so that only one can. A state machine
// without threads, calls or clocks: it says what to do next, and is told what came of it.

#include <cstdint>
#include <optional>
#include <string>

#include "ground/base/clock.h"
#include "ground/base/result.h"

namespace scaler {

/// What the table holds.
struct LeaseRecord {
  std::string owner = {};
  std::string version = {};  ///< another with each write
  bool operator==(const LeaseRecord&) const = default;
};

/// The table. Calls are given up after a short time by themselves.
class LeaseTable {
 public:
  virtual ~LeaseTable() = default;
  /// As of this moment, not as of a while ago; nothing when there is no record.
  virtual Result<std::optional<LeaseRecord>> read() = 0;
  /// Writes where there is no record, or it has the version that was seen (empty: none was).
  /// Errors: Conflict when that is not so.
  virtual Result<void> take(const LeaseRecord& record, const std::string& seen_version) = 0;
  /// Writes where the record is the same owner's. Errors: Conflict when it is not.
  virtual Result<void> renew(const LeaseRecord& record) = 0;
  /// Removes the record where it is this owner's. Errors: Conflict when it is not.
  virtual Result<void> release(const std::string& owner) = 0;
};

/// One moment by both clocks. Steady time does not go on while a machine is suspended; wall time
/// does, and may be set.
struct LeaseMoment {
  Deadline steady = {};
  Instant wall = {};
};

/// Nobody's clock is compared with another's. The holder counts from the moment before it asked for
/// its last renewal, and stops writing at two thirds of the TTL. Others count from the moment at
/// which they first saw the record as it is, and take it when it has not changed for the whole TTL.
/// A third of the TTL is thus between the last write of the one and the first of the other.
class Lease {
 public:
  static constexpr Duration kTtl = std::chrono::seconds(10);
  static constexpr Duration kRenewEvery = std::chrono::seconds(3);
  static constexpr Duration kLookEvery = std::chrono::seconds(2);
  static constexpr Duration kWritesFor = kTtl * 2 / 3;
  /// After a call that failed, of which nobody knows whether it was carried out.
  static constexpr Duration kAgainAfter = std::chrono::seconds(1);

  /// The name is this process's alone.
  explicit Lease(std::string name) : name_(std::move(name)) {}

  enum class Action { Read, Take, Renew };
  /// The next thing to do; not before due().
  Action action() const { return action_; }
  Deadline due() const { return due_; }
  /// What to write. To be asked for once for each Take or Renew: each has a version of its own.
  LeaseRecord next_record();
  /// What a Take expects to find; empty: no record.
  const std::string& seen_version() const { return seen_version_; }

  // What came of the action, which began and ended then.
  void read(const Result<std::optional<LeaseRecord>>& found, const LeaseMoment& ended);
  void wrote(const Result<void>& written, const LeaseMoment& began, const LeaseMoment& ended);

  /// Until when this process may write; the epoch when it may not.
  LeaseMoment writes_until() const { return writes_until_; }
  bool may_write(const LeaseMoment& now) const {
    return now.steady < writes_until_.steady && now.wall < writes_until_.wall;
  }
  /// Whether the record was this process's when it was last heard of.
  bool holds() const { return holds_; }
  /// The owner as last heard of; empty when nobody is known.
  const std::string& owner() const { return owner_; }

 private:
  void plan(Action action, Deadline due);
  void lose();

  std::string name_;
  std::uint64_t writes_ = 0;
  Action action_ = Action::Read;
  Deadline due_ = {};
  bool holds_ = false;
  LeaseMoment writes_until_ = {};
  std::string owner_ = {};
  std::string seen_version_ = {};
  std::optional<Deadline> seen_since_ = {};  ///< when the record was first seen as it is
};

}  // namespace scaler
