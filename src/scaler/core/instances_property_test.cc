// Passes that overlap, crash between any two calls and look at counts that lag, on a small group
// with tasks of its own. Whatever happens, no instance ends while a task on it is in any state from
// PENDING to DEPROVISIONING, and in the end the group is as small as it may be.
#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/instances.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

using Act = InstanceAction::Kind;
using Mark = InstanceMark::Kind;

constexpr Duration kStep = 500ms;
constexpr Duration kLag = 5s;     ///< how old what a look shows may be
constexpr Duration kFlight = 3s;  ///< how long a call may take to arrive
constexpr std::int64_t kGpus = 2;

enum class TaskState { Provisioning, Pending, Running, Stopping };

struct Task {
  TaskState state = TaskState::Provisioning;
  std::string instance = {};
  Instant next = {};  ///< when its state changes by itself
};

struct Machine {
  Instant registers = {};
  bool draining = false;
  InstanceMark mark = {};
};

/// How a look is falsified: a broken variant of the rules.
using Distortion = std::function<void(GroupSeen&)>;

class Model {
 public:
  /// While there are faults a pass begins in one of so many steps.
  Model(std::uint64_t seed, Distortion distortion, std::int64_t steps_a_pass)
      : random_(seed), distortion_(std::move(distortion)), steps_a_pass_(steps_a_pass) {}

  /// Half an hour of bursts and faults, and then a quiet quarter.
  void run() {
    for (Duration time = 0ms; time < 45min; time += kStep) {
      now_ = kNoon + time;
      faults_ = time < 30min;
      change_wants();
      move_tasks();
      launch();
      arrive();
      history_.push_back(seen());
      if (history_.size() > static_cast<std::size_t>(kLag / kStep)) {
        history_.pop_front();
      }
      if (one_in(faults_ ? steps_a_pass_ : 20)) {
        pass();
      }
    }
  }

  std::int64_t ended() const { return ended_; }
  std::int64_t ended_at_work() const { return ended_at_work_; }
  std::int64_t put_back() const { return put_back_; }
  std::int64_t recalled() const { return recalled_; }
  std::int64_t crashes() const { return crashes_; }
  std::int64_t left() const { return std::ssize(machines_); }
  /// A pass that saw an old task removed the mark of an instance just when another one drained it.
  /// Nobody can tell it from one that an operator drained: it stays, and every pass says so.
  std::int64_t orphans() const {
    return std::ranges::count_if(machines_, [](const auto& entry) {
      return entry.second.draining && entry.second.mark.kind != Mark::Drained;
    });
  }

 private:
  struct Call {
    Instant arrives = {};
    std::function<void()> carry_out;
  };

  Duration some(Duration most) { return Duration(random_.between(0, most.count())); }
  bool one_in(std::int64_t so_many) { return random_.between(1, so_many) == 1; }

  void change_wants() {
    if (!faults_) {
      wanted_ = 0;
    } else if (one_in(60)) {
      wanted_ = random_.between(0, 8);
    }
  }

  void move_tasks() {
    const auto alive = [this] {
      return std::ranges::count_if(
          tasks_, [](const Task& task) { return task.state != TaskState::Stopping; });
    };
    while (alive() < wanted_) {
      tasks_.push_back({});
    }
    for (Task& task : tasks_) {
      if (alive() > wanted_ && task.state != TaskState::Stopping) {
        task.state = TaskState::Stopping;
        task.next = now_ + (task.instance.empty() ? 0ms : some(120s));
      } else if (task.state == TaskState::Provisioning) {
        place(task);
      } else if (task.state == TaskState::Pending && now_ >= task.next) {
        task.state = TaskState::Running;
      }
    }
    std::erase_if(tasks_, [this](const Task& task) {
      return task.state == TaskState::Stopping && now_ >= task.next;
    });
  }

  std::int64_t tasks_on(const std::string& id) const {
    return std::ranges::count(tasks_, id, &Task::instance);
  }

  void place(Task& task) {
    for (const auto& [id, machine] : machines_) {
      if (!machine.draining && now_ >= machine.registers && tasks_on(id) < kGpus) {
        task = {.state = TaskState::Pending, .instance = id, .next = now_ + some(30s)};
        return;
      }
    }
  }

  void launch() {
    while (static_cast<std::int64_t>(machines_.size()) < desired_) {
      machines_["i-" + std::to_string(++made_)] = {.registers = now_ + 5s + some(60s)};
    }
  }

  void arrive() {
    std::vector<Call> due;
    std::erase_if(calls_, [&](const Call& call) {
      const bool here = call.arrives <= now_;
      if (here) {
        due.push_back(call);
      }
      return here;
    });
    for (const Call& call : due) {
      call.carry_out();
    }
  }

  InstanceSeen seen(const std::string& id, const Machine& machine) const {
    InstanceSeen instance{.id = id,
                          .type = "g4dn.12xlarge",
                          .registration = now_ < machine.registers ? Registration::None
                                          : machine.draining       ? Registration::Draining
                                                                   : Registration::Active,
                          .registered = {.gpus = kGpus},
                          .remaining = {.gpus = kGpus - tasks_on(id)},
                          .mark = machine.mark};
    for (const Task& task : tasks_) {
      if (task.instance == id) {
        instance.running += task.state == TaskState::Running ? 1 : 0;
        instance.pending += task.state == TaskState::Pending ? 1 : 0;
        instance.lingering += task.state == TaskState::Stopping ? 1 : 0;
      }
    }
    return instance;
  }

  GroupSeen seen() const {
    GroupSeen group{.at = now_, .name = "gpu", .max = 5, .desired = desired_};
    for (const auto& [id, machine] : machines_) {
      group.instances.push_back(seen(id, machine));
    }
    const auto count = [this](TaskState state) {
      return std::ranges::count(tasks_, state, &Task::state);
    };
    group.services = {{.name = "jobs",
                       .desired = wanted_,
                       .running = count(TaskState::Running),
                       .pending = count(TaskState::Pending) + count(TaskState::Provisioning),
                       .provisioning = count(TaskState::Provisioning),
                       .need = {.gpus = 1}}};
    return group;
  }

  /// What a pass sees: tasks as they were a moment ago, the rest as it is.
  GroupSeen look() {
    GroupSeen group = seen();
    const GroupSeen& then = history_[static_cast<std::size_t>(
        random_.between(0, static_cast<std::int64_t>(history_.size()) - 1))];
    for (InstanceSeen& instance : group.instances) {
      const auto old = std::ranges::find(then.instances, instance.id, &InstanceSeen::id);
      if (old != then.instances.end()) {
        instance.running = old->running;
        instance.pending = old->pending;
        instance.lingering = old->lingering;
        instance.remaining = old->remaining;
      }
    }
    group.services = then.services;
    distortion_(group);
    return group;
  }

  void pass() {
    const InstanceDecision decision = decide_instances({.idle = 10s}, look());
    Instant leaves = now_;
    for (const InstanceAction& action : decision.actions) {
      leaves += some(300ms);
      if (leaves > now_ + action.within) {
        continue;
      }
      for (std::function<void()>& call : calls_of(action)) {
        if (faults_ && one_in(12)) {
          ++crashes_;
          return;
        }
        leaves += faults_ ? some(kFlight) : kStep;  // One call begins when the one before ended.
        calls_.push_back({.arrives = leaves, .carry_out = std::move(call)});
      }
    }
  }

  std::vector<std::function<void()>> calls_of(const InstanceAction& action) {
    const auto on_machine = [this, id = action.instance](auto change) {
      return [this, id, change] {
        if (const auto found = machines_.find(id); found != machines_.end()) {
          change(found->second);
        }
      };
    };
    const auto mark = on_machine([to = action.mark](Machine& machine) { machine.mark = to; });
    const auto state = [&on_machine](bool draining) {
      return on_machine([draining](Machine& machine) { machine.draining = draining; });
    };
    switch (action.kind) {
      case Act::Undrain:
        ++put_back_;
        return {state(false), mark};
      case Act::SetDesired:
        return {[this, desired = action.desired] { desired_ = std::max(desired_, desired); }};
      case Act::Recall:
        ++recalled_;
        return {mark};
      case Act::Mark:
      case Act::Unmark:
        return {mark};
      case Act::Drain:
        return {mark, state(true)};
      case Act::End:
        return {[this, id = action.instance] {
          if (!denied()) {
            end(id);
          }
        }};
    }
    return {};
  }

  /// For minutes none may end: then those that are drained are needed again.
  bool denied() const { return faults_ && (now_ - kNoon) % 10min < 2min; }

  void end(const std::string& id) {
    if (machines_.erase(id) > 0) {
      ++ended_;
      --desired_;
      ended_at_work_ += tasks_on(id) > 0 ? 1 : 0;
      std::erase_if(tasks_, [&id](const Task& task) { return task.instance == id; });
    }
  }

  Random random_;
  Distortion distortion_;
  std::int64_t steps_a_pass_;
  Instant now_ = kNoon;
  bool faults_ = true;
  std::int64_t wanted_ = 0;
  std::int64_t desired_ = 0;
  std::int64_t made_ = 0;
  std::map<std::string, Machine, std::less<>> machines_ = {};
  std::vector<Task> tasks_ = {};
  std::vector<Call> calls_ = {};
  std::deque<GroupSeen> history_ = {};
  std::int64_t ended_ = 0;
  std::int64_t ended_at_work_ = 0;
  std::int64_t put_back_ = 0;
  std::int64_t recalled_ = 0;
  std::int64_t crashes_ = 0;
};

struct Sums {
  std::int64_t ended = 0;
  std::int64_t ended_at_work = 0;
  std::int64_t put_back = 0;
  std::int64_t recalled = 0;
  std::int64_t crashes = 0;
  std::int64_t left = 0;
  std::int64_t orphans = 0;
};

Sums run_seeds(std::uint64_t seeds, const Distortion& distortion, std::int64_t steps_a_pass = 12) {
  Sums sums;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Model model(seed, distortion, steps_a_pass);
    model.run();
    sums.ended += model.ended();
    sums.ended_at_work += model.ended_at_work();
    sums.put_back += model.put_back();
    sums.recalled += model.recalled();
    sums.crashes += model.crashes();
    sums.left += model.left();
    sums.orphans += model.orphans();
  }
  return sums;
}

TEST(InstancesProperty, NoInstanceEndsAtWorkAndNoneStays) {
  const Sums sums = run_seeds(30, [](GroupSeen&) {});
  EXPECT_EQ(sums.ended_at_work, 0);
  EXPECT_EQ(sums.left, sums.orphans);
  EXPECT_GT(sums.ended, 100 * sums.orphans);
  EXPECT_GT(sums.put_back, 0);
  EXPECT_GT(sums.recalled, 0);
  EXPECT_GT(sums.crashes, 0);
}

TEST(InstancesProperty, WithoutTheTestForTasksThatStopItDoesNotHold) {
  const Sums sums = run_seeds(4, [](GroupSeen& group) {
    for (InstanceSeen& instance : group.instances) {
      instance.lingering = 0;
    }
  });
  EXPECT_GT(sums.ended_at_work, 0);
}

TEST(InstancesProperty, WithoutTheWaitAfterDrainingItDoesNotHold) {
  const Sums sums = run_seeds(30, [](GroupSeen& group) {
    for (InstanceSeen& instance : group.instances) {
      if (instance.mark.kind == Mark::Drained) {
        instance.mark.at -= kEndFrom;
      }
    }
  });
  EXPECT_GT(sums.ended_at_work, 0);
}

/// Half of the looks have a drained one go back at once, however old its mark is.
TEST(InstancesProperty, WithoutTheRecallItDoesNotHold) {
  const auto run = [](const Distortion& distortion) { return run_seeds(10, distortion, 2); };
  const Sums hasty = run([looks = 0](GroupSeen& group) mutable {
    const bool old_as_young = ++looks % 2 == 0;
    for (InstanceSeen& instance : group.instances) {
      if (old_as_young && instance.mark.kind == Mark::Drained) {
        instance.mark.at = group.at;
      }
    }
  });
  EXPECT_GT(hasty.ended_at_work, 0);
  const Sums true_to_life = run([](GroupSeen&) {});
  EXPECT_EQ(true_to_life.ended_at_work, 0);
  EXPECT_GT(true_to_life.recalled, 0);
}

}  // namespace
}  // namespace scaler
