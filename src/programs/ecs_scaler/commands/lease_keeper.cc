#include "programs/ecs_scaler/commands/lease_keeper.h"

#include <utility>

namespace scaler::cli {
namespace {

/// A table that cannot be used is told this often.
constexpr Duration kTellEvery = std::chrono::minutes(1);

}  // namespace

LeaseKeeper::LeaseKeeper(std::unique_ptr<LeaseStore> store, std::string name, Clock& clock,
                         const Log& log)
    : store_(std::move(store)),
      name_(std::move(name)),
      clock_(&clock),
      log_(&log),
      lease_(name_),
      thread_([this](const std::stop_token& stop) { keep(stop); }) {}

LeaseKeeper::~LeaseKeeper() {
  thread_.request_stop();
  thread_.join();
  if (!lease_.holds()) {
    return;
  }
  if (const Result<void> released = store_->table().release(name_); released) {
    log_->write(LogLevel::Info, "lease released");
  } else {
    log_->write(LogLevel::Warn, "lease not released; it ends by itself",
                {{"error", released.error().message}});
  }
}

void LeaseKeeper::keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<Duration>(lease_.due() - clock_->steady());
    if (left > Duration::zero() && !clock_->wait_until(clock_->now() + left, stop)) {
      return;
    }
    const bool held = lease_.holds();
    act();
    publish(held);
  }
}

void LeaseKeeper::act() {
  const auto now = [this] {
    return LeaseMoment{.steady = clock_->steady(), .wall = clock_->now()};
  };
  const LeaseMoment began = now();
  LeaseTable& table = store_->table();
  std::optional<Error> failure;
  if (lease_.action() == Lease::Action::Read) {
    const auto found = table.read();
    failure = found ? std::nullopt : std::optional(found.error());
    lease_.read(found, now());
  } else {
    const LeaseRecord record = lease_.next_record();
    const Result<void> written = lease_.action() == Lease::Action::Take
                                     ? table.take(record, lease_.seen_version())
                                     : table.renew(record);
    failure = written || written.error().kind == ErrorKind::Conflict
                  ? std::nullopt
                  : std::optional(written.error());
    lease_.wrote(written, began, now());
  }
  if (failure && (!told_ || began.steady - *told_ >= kTellEvery)) {
    told_ = began.steady;
    log_->write(LogLevel::Warn, "the table of the lease cannot be used",
                {{"error", failure->message}});
  }
}

void LeaseKeeper::publish(bool held_before) {
  const bool holds = lease_.holds();
  {
    const std::lock_guard lock(mutex_);
    until_ = lease_.writes_until();
    status_ = {.held = holds, .owner = lease_.owner()};
    calls_ = store_->call_stats();
  }
  if (holds && !held_before) {
    news_ = true;
    log_->write(LogLevel::Info, "lease taken; this controller writes", {{"owner", name_}});
  } else if (held_before && !holds) {
    log_->write(LogLevel::Warn, "lease lost; this controller only looks");
  }
}

Deadline LeaseKeeper::writes_until() const {
  const std::lock_guard lock(mutex_);
  return clock_->now() < until_.wall ? until_.steady : Deadline{};
}

LeaseStatus LeaseKeeper::status() const {
  const std::lock_guard lock(mutex_);
  LeaseStatus status = status_;
  status.held = clock_->now() < until_.wall && clock_->steady() < until_.steady;
  return status;
}

aws::CallStats LeaseKeeper::call_stats() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

}  // namespace scaler::cli
