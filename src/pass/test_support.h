#pragma once
// For the tests of this folder and of those above it: a cloud that knows its queues and services by
// their names, as plain data that a test sets and looks at, and a clock that moves only when told.

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/test_support.h"
#include "pass/pass.h"
#include "state/state_text.h"

namespace scaler::testing {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return at; }
  Deadline steady() const override { return Deadline(passed); }
  bool wait_until(Instant instant, const std::stop_token& /*stop*/) override {
    pass(instant - at);
    return true;
  }
  void pass(Duration duration) {
    at += duration;
    passed += duration;
  }

  Instant at = kNoon;
  Duration passed = std::chrono::hours(1);
};

class FakeCloud : public CloudReader, public ServiceScaler, public StateWriter {
 public:
  explicit FakeCloud(FakeClock& clock) : clock_(&clock) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience /*patience*/,
                         Deadline /*deadline*/) override {
    looks.emplace_back();
    if (before_look) {
      before_look(static_cast<int>(looks.size()));
    }
    const Deadline asked = clock_->steady();
    Duration longest = look_time;
    std::vector<Look> answers;
    for (const LookRequest& request : requests) {
      const std::string& name = request.service.service;
      looks.back().push_back(name);
      protection_asked += request.protection ? 1 : 0;
      Look look{.service = service(name), .asked = asked};
      for (const std::string& url : request.queue_urls) {
        look.queues.push_back(queue(url));
      }
      if (slow.contains(name)) {
        look.under_way = true;
        look.queues.assign(look.queues.size(), fail(ErrorKind::Unavailable, "no answer yet"));
      }
      answers.push_back(std::move(look));
    }
    clock_->pass(longest);
    return answers;
  }
  std::size_t looks_allowed() override { return looks_at_once; }
  Duration round_trip() const override { return fastest; }

  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline /*deadline*/) override {
    std::vector<Result<void>> results;
    for (const DesiredCount& change : changes) {
      const std::string& name = change.service.service;
      set.emplace_back(name, change.desired);
      Result<void> result = scaling;
      if (auto& coming = failures[name]; !coming.empty()) {
        result = coming.front();
        coming.pop_front();
      }
      if (change.leave_by < clock_->steady()) {
        result = fail(ErrorKind::Overdue, "not sent");
      } else if (accepted_max.contains(name) && change.desired > accepted_max[name]) {
        result = fail(ErrorKind::TooMany, "InvalidParameterException: quota");
      }
      if (result) {
        const std::string state = service(name)->saved_state;
        services[name] = ServiceReading{
            .service = tasks(change.desired), .arn = "arn:" + name, .saved_state = state};
      }
      results.push_back(result);
      changes_left -= changes_left > 0 ? 1 : 0;
    }
    return results;
  }
  std::size_t changes_allowed() override { return changes_left; }

  std::vector<Result<void>> save(std::span<const SavedState> states,
                                 Deadline /*deadline*/) override {
    for (const SavedState& state : states) {
      saved.push_back(state);
      if (saving) {
        service(state.service_arn.substr(4))->saved_state = state.text;
      }
    }
    return std::vector<Result<void>>(states.size(), saving);
  }
  std::size_t saves_allowed() override { return saves_at_once; }

  Result<ServiceReading>& service(const std::string& name) {
    return services.try_emplace(name, ServiceReading{.arn = "arn:" + name}).first->second;
  }
  Result<QueueDepth>& queue(const std::string& url) {
    return queues.try_emplace(url, QueueDepth{}).first->second;
  }
  /// What was set, of one service.
  std::vector<std::int64_t> set_of(const std::string& name) const {
    std::vector<std::int64_t> counts;
    for (const auto& [service, count] : set) {
      if (service == name) {
        counts.push_back(count);
      }
    }
    return counts;
  }

  std::map<std::string, Result<ServiceReading>> services = {};  ///< by name
  std::map<std::string, Result<QueueDepth>> queues = {};        ///< by URL
  std::set<std::string> slow = {};  ///< services whose queues do not answer yet
  std::function<void(int look)> before_look = {};
  Duration look_time = {};
  Duration fastest = {};
  std::size_t looks_at_once = std::numeric_limits<std::size_t>::max();
  std::size_t changes_left = std::numeric_limits<std::size_t>::max();
  std::size_t saves_at_once = std::numeric_limits<std::size_t>::max();
  std::map<std::string, std::deque<Result<void>>> failures = {};  ///< of the next changes
  std::map<std::string, std::int64_t> accepted_max = {};
  Result<void> scaling = {};
  Result<void> saving = {};
  std::vector<std::pair<std::string, std::int64_t>> set = {};
  std::vector<SavedState> saved = {};
  std::vector<std::vector<std::string>> looks = {};  ///< the services of each
  std::size_t protection_asked = 0;

 private:
  FakeClock* clock_;
};

/// A service named `name` with the queue "https://sqs/name".
inline ManagedService managed(const std::string& name, const Policy& policy) {
  return {.id = {"c", name}, .queues = {{"https://sqs/" + name}}, .policy = policy};
}

}  // namespace scaler::testing
