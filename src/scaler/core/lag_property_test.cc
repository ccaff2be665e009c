// How long `busy_window` must be for counts that lag. Messages that wait are told at once, those in
// flight so much later: from its receive until then a message is in neither count. A window of the
// lag and the distance of looks spares its task, if some look saw it wait and no others came before
// it was told; a shorter one does not even do that.

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using std::chrono::seconds;
using testing::kNoon;

/// Works that were cut short: a queue, its workers and looks at both, a second at a time.
class LaggingQueue {
 public:
  LaggingQueue(std::uint64_t seed, bool too_short)
      : random_(seed),
        distance_(random_.between(1, 30)),
        lag_(random_.between(distance_, 60)),
        policy_(testing::policy(
            {.mode = Mode::Backlog,
             .backlog_per_task = 1,
             .tasks_max = 20,
             .scale_down_threshold = seconds(random_.between(0, 30)),
             .zero_confirmations = 1,
             .busy_window = seconds(lag_ + distance_ - (too_short ? distance_ : 0))})) {}

  int cut_short() {
    for (now_ = 0; now_ < 600; ++now_) {
      arrive();
      receive();
      if (now_ % distance_ == 0) {
        look();
      }
    }
    return cut_short_;
  }

 private:
  struct Work {
    std::int64_t arrives = 0;
    std::int64_t begins = 0;
    std::int64_t ends = 0;
  };

  void arrive() {
    const bool untold =
        std::ranges::any_of(works_, [this](const Work& work) { return now_ < work.begins + lag_; });
    if (untold || !waiting_.empty()) {
      return;  // What is needed for both, no look tells.
    }
    for (std::int64_t i = random_.between(0, 40) == 0 ? random_.between(1, 5) : 0; i > 0; --i) {
      waiting_.push_back({.arrives = now_});
    }
  }

  /// A free task takes what a look has seen.
  void receive() {
    std::erase_if(works_, [this](const Work& work) { return work.ends + lag_ <= now_; });
    while (!waiting_.empty() && busy() < desired_ && waiting_.front().arrives + distance_ < now_) {
      Work work = waiting_.front();
      waiting_.erase(waiting_.begin());
      work.begins = now_;
      work.ends = now_ + random_.between(1, 120);
      works_.push_back(work);
    }
  }

  std::int64_t busy() const {
    return std::ranges::count_if(works_, [this](const Work& work) { return now_ < work.ends; });
  }

  void look() {
    const auto told = std::ranges::count_if(
        works_, [this](const Work& work) { return work.begins + lag_ <= now_; });
    const Decision decision =
        decide(policy_, state_,
               testing::seen({.visible = std::ssize(waiting_), .in_flight = told}, desired_,
                             kNoon + seconds(now_)));
    cut_short_ += decision.action == Action::ScaleIn && busy() > decision.desired ? 1 : 0;
    state_ = advance(state_, policy_, decision,
                     decision.action == Action::Hold ? Outcome::Held : Outcome::Applied);
    desired_ = decision.desired;
  }

  Random random_;
  std::int64_t distance_;
  std::int64_t lag_;
  Policy policy_;
  ServiceState state_ = {};
  std::int64_t now_ = 0;
  std::int64_t desired_ = 0;
  std::vector<Work> waiting_ = {};
  std::vector<Work> works_ = {};
  int cut_short_ = 0;
};

int cut_short_in(std::uint64_t seeds, bool too_short) {
  int works = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    works += LaggingQueue(seed, too_short).cut_short();
  }
  return works;
}

TEST(BusyWindowProperty, TheLagAndTheDistanceOfLooksSpareWhatALookHasSeen) {
  EXPECT_EQ(cut_short_in(300, false), 0);
  EXPECT_GT(cut_short_in(300, true), 0);
}

}  // namespace
}  // namespace scaler
