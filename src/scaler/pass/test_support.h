#pragma once
// For the tests of this folder and of those above it: a cloud that knows its queues and services by
// their names, as plain data that a test sets and looks at, and a clock that moves only when told.

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"
#include "scaler/pass/pass.h"
#include "scaler/state/state_text.h"

namespace scaler::testing {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return at; }
  Deadline steady() const override { return Deadline(passed); }
  bool wait_until(Instant instant, const std::stop_token& /*stop*/) override {
    if (stopped) {
      return false;
    }
    pass(instant - at);
    if (after_wait) {
      after_wait();
    }
    return true;
  }
  void pass(Duration duration) {
    at += duration;
    passed += duration;
  }

  Instant at = kNoon;
  Duration passed = std::chrono::hours(1);
  bool stopped = false;  ///< the program is told to end: nobody waits any more
  std::function<void()> after_wait = {};
};

class FakeCloud : public CloudReader, public ServiceScaler, public StateWriter {
 public:
  explicit FakeCloud(FakeClock& clock) : clock_(&clock) {}

  std::vector<Look> look(std::span<const LookRequest> requests, Patience /*patience*/,
                         Deadline deadline) override {
    EXPECT_FALSE(requests.empty());
    looks.emplace_back();
    deadlines.push_back(deadline);
    if (before_look) {
      before_look(static_cast<int>(looks.size()));
    }
    const Deadline asked = clock_->steady();
    std::vector<Look> answers;
    for (const LookRequest& request : requests) {
      const std::string& name = request.service.service;
      looks.back().push_back(name);
      protection_asked += request.protection ? 1 : 0;
      urgent_asked += request.urgent ? 1 : 0;
      Look look{.service = fail(ErrorKind::Unavailable, "not asked"), .asked = asked};
      if (!request.queues_alone) {
        look.service = service(name);
        described.push_back(name);
      }
      for (const std::string& url : request.queue_urls) {
        const bool late = slow.contains(name) || slow.contains(url);
        look.under_way = look.under_way || late;
        look.queues.push_back(
            late ? Result<QueueDepth>(fail(ErrorKind::Unavailable, "no answer yet")) : queue(url));
      }
      answers.push_back(std::move(look));
    }
    const bool counted = std::ranges::any_of(requests, &LookRequest::protection);
    clock_->pass(look_time + (counted ? protection_time : Duration::zero()));
    return answers;
  }
  std::size_t looks_allowed(const ServiceId& /*like*/) override { return looks_at_once; }
  Duration round_trip(const LookRequest& like) override {
    const auto known = fastest_of.find(like.service.service);
    return known == fastest_of.end() ? fastest : known->second;
  }

  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                        Deadline /*deadline*/) override {
    EXPECT_FALSE(changes.empty());
    std::vector<Result<void>> results;
    for (const DesiredCount& change : changes) {
      const std::string& name = change.service.service;
      clock_->pass(slot_time);
      if (change.leave_by < clock_->steady()) {
        results.emplace_back(fail(ErrorKind::Overdue, "not sent"));
        continue;
      }
      set.emplace_back(name, change.desired);
      Result<void> result = scaling;
      if (auto& coming = failures[name]; !coming.empty()) {
        result = coming.front();
        coming.pop_front();
      }
      if (accepted_max.contains(name) && change.desired > accepted_max[name]) {
        result = fail(ErrorKind::TooMany, "InvalidParameterException: quota");
      }
      if (result) {
        ServiceReading reading = service(name).value_or(ServiceReading{});
        reading.service = tasks(change.desired);
        reading.arn = "arn:" + name;
        services[name] = std::move(reading);
      }
      results.push_back(result);
      const auto there = changes_left_in.find(change.service.region);
      std::size_t& left = there == changes_left_in.end() ? changes_left : there->second;
      left -= left > 0 ? 1 : 0;
    }
    return results;
  }
  std::size_t changes_allowed(const ServiceId& like) override {
    const auto there = changes_left_in.find(like.region);
    return there == changes_left_in.end() ? changes_left : there->second;
  }

  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) override {
    EXPECT_FALSE(states.empty());
    EXPECT_LE(states.size(), saves_at_once);
    save_deadlines.push_back(deadline);
    for (const SavedState& state : states) {
      saved.push_back(state);
      if (Result<ServiceReading>& kept = service(state.service_arn.substr(4)); saving && kept) {
        kept->saved_state = state.text;
      }
    }
    return std::vector<Result<void>>(states.size(), saving);
  }
  std::size_t saves_allowed(const ServiceId& /*like*/) override { return saves_at_once; }

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
  std::set<std::string> slow = {};  ///< queues, or services with all theirs, that do not answer yet
  std::function<void(int look)> before_look = {};
  Duration look_time = {};
  Duration protection_time = {};  ///< longer, where protected tasks are counted
  Duration slot_time = {};        ///< until a change has its slot and leaves
  Duration fastest = {};
  std::map<std::string, Duration> fastest_of = {};  ///< of services that are elsewhere
  std::size_t looks_at_once = std::numeric_limits<std::size_t>::max();
  std::size_t changes_left = std::numeric_limits<std::size_t>::max();
  std::map<std::string, std::size_t> changes_left_in = {};  ///< of a region, in place of those
  std::size_t saves_at_once = std::numeric_limits<std::size_t>::max();
  std::map<std::string, std::deque<Result<void>>> failures = {};  ///< of the next changes
  std::map<std::string, std::int64_t> accepted_max = {};
  Result<void> scaling = {};
  Result<void> saving = {};
  std::vector<std::pair<std::string, std::int64_t>> set = {};
  std::vector<Deadline> save_deadlines = {};
  std::vector<SavedState> saved = {};
  std::vector<std::vector<std::string>> looks = {};  ///< the services of each
  std::vector<Deadline> deadlines = {};              ///< of each
  std::vector<std::string> described = {};           ///< not by their queues alone
  std::size_t protection_asked = 0;
  std::size_t urgent_asked = 0;

 private:
  FakeClock* clock_;
};

/// A service named `name` with the queue "https://sqs/name".
inline ManagedService managed(const std::string& name, const Policy& policy) {
  return {.id = {"c", name}, .queues = {{"https://sqs/" + name}}, .policy = policy};
}

using Counts = std::vector<std::int64_t>;

/// A fleet before the cloud; at first of the one service "s" with a fixed target of three tasks.
class PassTest : public ::testing::Test {
 protected:
  std::vector<PassRecord> passes(const PassOptions& options = {}) {
    return run_pass(
        fleet_, {.reader = cloud_, .scaler = cloud_, .states = &cloud_, .clock = clock_}, options);
  }
  PassRecord pass(const PassOptions& options = {}) { return passes(options).front(); }
  Result<QueueDepth>& queue(const std::string& name = "s") {
    return cloud_.queue("https://sqs/" + name);
  }
  void running(std::int64_t count, const std::string& name = "s") {
    cloud_.service(name)->service = tasks(count);
  }
  void at_look(int which, std::function<void()> happens) {
    cloud_.before_look = [which, happens = std::move(happens)](int look) {
      if (look == which) {
        happens();
      }
    };
  }
  void idle_for(Duration duration, const std::string& name = "s") {
    cloud_.service(name)->saved_state =
        format_state({.last_look = clock_.at - std::chrono::seconds(10),
                      .empty_since = clock_.at - duration,
                      .empty_observations = 2});
  }
  /// A past in which nothing holds a scale-in.
  void quiet(const std::string& name = "s") {
    cloud_.service(name)->saved_state = format_state(testing::quiet(clock_.at));
  }
  /// A fleet of so many, named "0", "1", .., each with a quiet past.
  void fleet_of(int size, const Policy& policy) {
    fleet_.clear();
    for (int i = 0; i < size; ++i) {
      fleet_.push_back(managed(std::to_string(i), policy));
      quiet(std::to_string(i));
    }
  }

  FakeClock clock_;
  FakeCloud cloud_{clock_};
  std::vector<ManagedService> fleet_{managed("s", fixed(3))};
};

}  // namespace scaler::testing
