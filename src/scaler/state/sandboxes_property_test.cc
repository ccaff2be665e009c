// What must hold when sandboxes of one function look in turn, each with a memory of its own, and
// with the tag in common: none scales in below what another saw a moment ago. A look that finds all
// tasks needed writes nothing where the tag says so already, so the one before must count as if it
// had lasted until then.

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/test_support.h"
#include "scaler/state/memory.h"

namespace scaler {
namespace {

using std::chrono::seconds;
using testing::kNoon;

constexpr std::uint64_t kTurns = 400;
constexpr int kLooks = 150;

/// What one of them saw.
struct SandboxLook {
  Instant at = {};
  std::int64_t occupied = 0;
  bool empty = false;
};

Policy random_turn_policy(Random& random) {
  constexpr std::array kWhen{ScaleInWhen::Idle, ScaleInWhen::Protected, ScaleInWhen::Any};
  return testing::policy(
      {.mode = Mode::Backlog,
       .backlog_per_task = random.between(1, 3),
       .tasks_max = 12,
       .scale_down_threshold = seconds(random.between(0, 200)),
       .zero_confirmations = random.between(1, 4),
       .scale_in_window = seconds(random.between(0, 2) == 0 ? random.between(0, 400) : 0),
       .scale_in_when = kWhen.at(static_cast<std::size_t>(random.between(0, 2))),
       .busy_window = seconds(random.between(0, 2) == 0 ? random.between(1, 200) : 60)});
}

/// Some sandboxes of a function with ticks, one service, one queue.
class Sandboxes {
 public:
  explicit Sandboxes(std::uint64_t seed)
      : random_(seed),
        policy_(random_turn_policy(random_)),
        tick_(seconds(random_.between(2, 30))) {}

  void look() {
    now_ += one_of(5) ? Duration(random_.between(1, 3000)) : tick_;
    if (one_of(4)) {
      change_queue();
    }
    if (one_of(4)) {
      who_ = static_cast<std::size_t>(random_.between(0, 2));
    }
    Memory& memory = memories_.at(who_);
    memory = one_of(50) ? Memory() : std::move(memory);  // A cold start.
    const ServiceState past =
        memory.recall(tag_, policy_, {.at = now_, .usual_gap = usual_gap(kLookEvery, tick_)}).state;
    const Decision decision = decide(
        policy_, past, {.at = now_, .queues = {queue_}, .tick = tick_, .service = service()});
    looks_.push_back({.at = now_, .occupied = decision.occupied, .empty = decision.empty});
    if (decision.action == Action::ScaleIn) {
      judge(decision);
    }
    const bool acts = decision.action != Action::Hold;
    desired_ = decision.desired;
    memory.remember(advance(past, policy_, decision, acts ? Outcome::Applied : Outcome::Held));
    if (auto text = memory.text_to_save(
            policy_, {.at = now_, .desired = desired_, .needed = decision.occupied})) {
      tag_ = *text;
      memory.saved(*std::move(text), now_);
    }
  }

  std::int64_t scale_ins() const { return scale_ins_; }

 private:
  bool one_of(std::int64_t times) { return random_.between(1, times) == 1; }
  ServiceObservation service() const { return {.desired = desired_, .running = desired_}; }

  void change_queue() {
    switch (random_.between(0, 3)) {
      case 0:
        queue_ = {};
        break;
      case 1:
        queue_ = {.in_flight = random_.between(1, 12)};
        break;
      case 2:
        queue_ = {.visible = random_.between(0, 20), .in_flight = random_.between(0, 12)};
        break;
      default:
        queue_.visible = random_.between(0, 3);
        break;
    }
  }

  /// A look of another counts from the look before it of whoever decides.
  void judge(const Decision& decision) {
    ++scale_ins_;
    const Duration unsure = tick_ + tick_ / 2;
    const Duration window = policy_.scale_in_window() - unsure;
    for (const SandboxLook& look : looks_) {
      const Duration ago = now_ - look.at;
      const bool within = ago < window && std::min(look.occupied, desired_) > decision.desired;
      EXPECT_FALSE(within) << decision.before << " -> " << decision.desired << ", but "
                           << ago.count() << " ms ago " << look.occupied << " were busy or needed";
      const bool waits = decision.desired == 0 && ago < policy_->scale_down_threshold;
      EXPECT_TRUE(look.empty || !waits) << "to zero, but not empty " << ago.count() << " ms ago";
    }
  }

  Random random_;
  Policy policy_;
  Duration tick_;
  Instant now_ = kNoon;
  std::array<Memory, 3> memories_ = {};
  std::size_t who_ = 0;
  std::string tag_ = {};
  QueueDepth queue_ = {};
  std::int64_t desired_ = 0;
  std::vector<SandboxLook> looks_ = {};
  std::int64_t scale_ins_ = 0;
};

TEST(MemoryProperty, NoSandboxScalesInBelowWhatAnotherSawAMomentAgo) {
  std::int64_t scale_ins = 0;
  for (std::uint64_t seed = 1; seed <= kTurns && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Sandboxes sandboxes(seed);
    for (int look = 0; look < kLooks; ++look) {
      sandboxes.look();
    }
    scale_ins += sandboxes.scale_ins();
  }
  EXPECT_GT(scale_ins, 1000);
}

}  // namespace
}  // namespace scaler
