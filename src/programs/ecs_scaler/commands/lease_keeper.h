#pragma once
// LeaseKeeper: keeps a lease (scaler/controller/lease.h) on a thread of its own, for a pass may
// wait for AWS for longer than a lease lasts.

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "edge/wiring/lease_store.h"
#include "ground/base/log.h"
#include "scaler/controller/lease.h"
#include "watch/fleet_status.h"

namespace scaler::cli {

class LeaseKeeper {
 public:
  /// The name is this process's alone. Clock and log outlive this.
  LeaseKeeper(std::unique_ptr<LeaseStore> store, std::string name, Clock& clock, const Log& log);
  /// Releases what it holds: nothing that was allowed by it may be under way any more.
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  /// Until when this process may write; what lies behind is over.
  Deadline writes_until() const;
  bool may_write() const { return clock_->steady() < writes_until(); }
  /// Whether it was taken since this was asked last.
  bool take_news() { return news_.exchange(false); }
  LeaseStatus status() const;
  /// Of the lease's own calls so far.
  aws::CallStats call_stats() const;

 private:
  void keep(const std::stop_token& stop);
  void act();
  void publish(bool held_before);

  std::unique_ptr<LeaseStore> store_;
  std::string name_;
  Clock* clock_;
  const Log* log_;
  Lease lease_;                        ///< the thread's, as is the next
  std::optional<Deadline> told_ = {};  ///< that the table cannot be used
  std::atomic<bool> news_ = false;
  mutable std::mutex mutex_ = {};  ///< of the next three
  LeaseMoment until_ = {};
  LeaseStatus status_ = {};
  aws::CallStats calls_ = {};
  std::jthread thread_ = {};
};

}  // namespace scaler::cli
