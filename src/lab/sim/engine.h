#pragma once
// Engine: one simulation's world, what comes in, what goes wrong in it by itself, and the books. It
// knows nothing of how a scaler decides; simulator.cc lets a scaler act on it.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "lab/sim/arrivals.h"
#include "lab/sim/scenario.h"
#include "lab/sim/score.h"
#include "lab/sim/simulator.h"
#include "lab/world/world.h"

namespace scaler::sim {

/// Separate streams of chance, so that one more draw here does not change what happens there.
struct Chances {
  explicit Chances(std::uint64_t seed);
  std::uint64_t arrivals = 0;
  Random world;
  Random faults;              ///< of the world
  Random calls;               ///< of calls, and their latencies
  std::uint64_t moments = 0;  ///< what a moment's own stream of `calls` begins with
};

class Engine {
 public:
  Engine(const Scenario& scenario, std::uint64_t seed, const Hooks& hooks);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Instant now() const { return world_.now(); }
  Instant end() const { return end_; }
  world::World& world() { return world_; }
  /// The job queue; nullptr after somebody has deleted it.
  world::Queue* queue() { return service_->station()->queue; }
  const world::Queue* queue() const { return service_->station()->queue; }
  world::Service& service() { return *service_; }
  const world::Service& service() const { return *service_; }
  const Scenario& scenario() const { return *scenario_; }
  Random& chance_of_calls() { return chances_.calls; }
  /// What is drawn from here on follows from this moment and not from what was drawn before, so
  /// that passes which are left out change no other. With faults, which strike any pass, it goes
  /// on.
  void begin_draws();

  /// When something happens next by itself that may interest a scaler: an arrival or a fault.
  Instant next_event() const;
  /// When anything changes by itself, be it in the world; a sample changes nothing.
  Instant next_change() const;
  /// Lets the world go on; never back.
  void advance(Instant to);
  /// Who is told of arrivals, after the world knows of them.
  void set_on_arrival(std::function<void(Instant)> told) { on_arrival_ = std::move(told); }

  /// How many messages came at the latest arrival.
  std::int64_t arrived_last() const { return arrived_last_; }

  /// Whether this fault of a call strikes now; counted.
  bool strikes(Fault fault);
  /// How much later than usual an answer comes, if that fault strikes now.
  Duration lateness();
  /// A person raises the desired count.
  void raise();
  /// Whether the service may not be described now.
  bool denied() const { return denied_; }
  /// How wrong the scaler's clock is.
  Duration skew() const { return skew_ - left_out_; }
  /// So many passes that change nothing are only counted; the scaler's clock stands still for the
  /// time that they would be in.
  void leave_out(Duration time, std::int64_t passes, std::int64_t failed);
  Duration left_out() const { return left_out_; }
  /// What a scaler was told: SQS's counts, and the moment that they describe.
  struct Told {
    QueueDepth depth = {};
    Instant described = {};
    Instant asked = {};  ///< when the look at the service began
  };
  Told told_depth();

  /// A request to change the desired count that takes effect now.
  struct Request {
    std::int64_t desired = 0;
    std::optional<Told> told = {};          ///< of the queue, last; nothing: it was not read
    std::optional<std::int64_t> from = {};  ///< the count that it follows from
    Instant left = {};
  };
  void scale(const Request& request);
  /// The group under the service; nullptr: there is none.
  world::InstanceGroup* group() { return group_; }
  const world::InstanceGroup* group() const { return group_; }
  /// What the scaler makes of an instance, or of the group's size, now.
  void change_instances(InstanceAction::Kind kind, const world::Instance* instance, Instant left,
                        const std::function<void()>& effect);
  /// What this program keeps with instances, by their ids.
  std::map<std::string, InstanceMark, std::less<>>& marks() { return marks_; }
  ActionScore& actions() { return score_.actions; }
  const ActionScore& actions() const { return score_.actions; }

  /// The end: the score, and what is left.
  Run finish();

  static constexpr const char* kQueue = "jobs";
  static constexpr const char* kDeadLetters = "jobs-dlq";
  static constexpr const char* kCluster = "main";
  static constexpr const char* kService = "workers";
  static constexpr const char* kGroup = "instances";
  /// A task's part of an instance.
  static constexpr world::Resources kTaskNeeds{.cpu = 1024};
  static constexpr const char* kStateTag = "ecs-scaler:state";

 private:
  enum class Who { World, Scaler, Person };
  /// What happens at a moment known before: a fault begins, or is over.
  struct Coming {
    Instant at = {};
    Fault fault = Fault::Throttled;
    bool over = false;
    auto operator<=>(const Coming&) const = default;
  };

  void create_queue();
  void create_service();
  void create_group();
  void arrive();
  void happen(const Coming& coming);
  void begin(Fault fault);
  void over(Fault fault);
  bool begin_on_group(Fault fault, Duration& lasts);
  const world::Instance* any_instance();
  void instance_ended(const world::Instance& instance);
  void judge_group(Run& run);
  void plan(Fault fault, Instant from);
  void set_by_person(std::int64_t desired);
  void work_ended(const world::Work& work);
  void killed(const world::Work& work);
  void waited(Instant sent_at, Duration duration);
  void integrate();
  void sample();

  const Scenario* scenario_;
  const Hooks* hooks_;
  Chances chances_;
  Instant end_;
  Instant faults_end_;
  world::World world_;
  world::Service* service_ = nullptr;
  world::InstanceGroup* group_ = nullptr;
  std::map<std::string, InstanceMark, std::less<>> marks_ = {};
  std::unique_ptr<ArrivalStream> arrivals_;
  std::optional<ArrivalStream::Batch> next_arrival_;
  std::set<Coming> coming_ = {};
  std::optional<Instant> next_sample_ = {};
  std::function<void(Instant)> on_arrival_ = {};

  Who acting_ = Who::World;
  std::optional<Told> told_ = {};
  Duration skew_ = Duration(0);
  Duration left_out_ = Duration(0);
  std::int64_t passes_left_out_ = 0;
  bool dipping_ = false;
  bool denied_ = false;
  bool meant_out_ = false;  ///< the scaler's change under way was meant as a scale-out
  Duration stood_ = {};     ///< and the count that it lowers had stood for so long when it left
  Instant left_ = {};       ///< which was then
  std::optional<Told> earlier_ = {};  ///< for stale counts

  Score score_ = {};
  Sample sample_ = {};
  WaitingTimes sample_waiting_ = {};
  Instant integrated_to_ = {};
  std::int64_t arrived_last_ = 0;
  Instant set_at_ = {};        ///< the latest change of the desired count, by whomever
  std::int64_t in_queue_ = 0;  ///< messages since integrated_to_
  std::int64_t last_direction_ = 0;
};

}  // namespace scaler::sim
