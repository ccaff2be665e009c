#include "lab/sim/engine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace scaler::sim {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array kWorldFaults{
    Fault::DippingCounts,    Fault::TagMissing,   Fault::TagCorrupt,
    Fault::ClockJump,        Fault::ManualChange, Fault::Deployment,
    Fault::CapacityShortage, Fault::Denied,       Fault::QueueVanishes};
constexpr std::array kGroupFaults{Fault::NeverRegisters, Fault::AgentSilent, Fault::ZoneRebalance,
                                  Fault::SpotNotice};
/// SQS documents that its counts may need a minute to become right.
constexpr Duration kStaleMax = minutes(1);
constexpr const char* kNoCapacity = "Insufficient capacity. Launching EC2 instance failed.";

/// A count that has stood for so long is never lowered by what was meant as a scale-out.
constexpr Duration kStands = seconds(1);
/// The longest that a change may leave after its look: two seconds, and a call before it.
constexpr Duration kFreshAtMost = Duration(2100);

std::int64_t total(const QueueDepth& depth) {
  return depth.visible + depth.in_flight + depth.delayed;
}

/// What a person may double by mistake.
std::int64_t most_tasks(const PolicyOptions& policy) {
  return policy.tasks_max.value_or(policy.mode == Mode::Fixed ? policy.scale_up_target : 50);
}

/// Spoils one character, so that the checksum no longer holds.
void corrupt(std::string& text, Random& random) {
  if (!text.empty()) {
    char& spoiled = text[static_cast<std::size_t>(random.between(0, std::ssize(text) - 1))];
    spoiled = spoiled == '0' ? '1' : '0';
  }
}

}  // namespace

Chances::Chances(std::uint64_t seed) : world(0), faults(0), calls(0) {
  Random seeds(seed);
  arrivals = seeds.next();
  world = Random(seeds.next());
  faults = Random(seeds.next());
  calls = Random(seeds.next());
  moments = seeds.next();
}

Engine::Engine(const Scenario& scenario, std::uint64_t seed, const Hooks& hooks)
    : scenario_(&scenario),
      hooks_(&hooks),
      chances_(seed),
      end_(scenario.begin + scenario.length + scenario.drain),
      faults_end_(scenario.faults.until > end_ - scenario.begin
                      ? end_
                      : scenario.begin + scenario.faults.until),
      world_({.history_max = 0,
              .on_work_end = [this](const world::Service&,
                                    const world::Work& work) { work_ended(work); },
              .on_instance_end =
                  [this](const world::InstanceGroup&, const world::Instance& instance) {
                    instance_ended(instance);
                  }},
             scenario.begin, chances_.world),
      arrivals_(arrivals(scenario.arrivals, scenario.begin, scenario.begin + scenario.length,
                         chances_.arrivals)),
      next_arrival_(arrivals_->next()),
      integrated_to_(scenario.begin) {
  score_.parts.resize(static_cast<std::size_t>(scenario.length / scenario.part) + 1);
  world_.create_queue(kDeadLetters, {.retention = days(14)});
  create_queue();
  world_.create_cluster(kCluster);
  create_service();
  if (hooks.on_sample) {
    next_sample_ = scenario.begin;
  }
  if (scenario.faults.per_day > 0) {
    for (const Fault fault : kWorldFaults) {
      plan(fault, scenario.begin);
    }
    for (const Fault fault : kGroupFaults) {
      if (group_ != nullptr) {
        plan(fault, scenario.begin);
      }
    }
  }
}

void Engine::create_service() {
  world::ServiceDefinition definition{.name = kService,
                                      .cluster = kCluster,
                                      .desired = scenario_->service.desired_at_begin,
                                      .behaviour = scenario_->service.behaviour};
  definition.behaviour.job_queue = kQueue;
  if (scenario_->group) {
    create_group();
    definition.behaviour.needs = kTaskNeeds;
    definition.groups = {kGroup};
    definition.capacity_provider = kGroup;
  }
  service_ = &world_.create_service(std::move(definition));
}

void Engine::create_queue() {
  const QueueModel& model = scenario_->queue;
  world::QueueSettings settings{.visibility_timeout = model.visibility_timeout,
                                .retention = model.retention,
                                .count_lag = model.count_lag};
  if (model.max_receive_count > 0) {
    settings.redrive = {.dead_letter_queue = kDeadLetters,
                        .max_receive_count = model.max_receive_count};
  }
  world_.create_queue(kQueue, settings);
}

Instant Engine::next_event() const {
  Instant next = end_;
  if (next_arrival_) {
    next = std::min(next, next_arrival_->at);
  }
  if (!coming_.empty()) {
    next = std::min(next, coming_.begin()->at);
  }
  return next_sample_ ? std::min(next, *next_sample_) : next;
}

Instant Engine::next_change() const {
  Instant next = std::min(end_, world_.next_event());
  if (next_arrival_) {
    next = std::min(next, next_arrival_->at);
  }
  return coming_.empty() ? next : std::min(next, coming_.begin()->at);
}

void Engine::begin_draws() {
  if (scenario_->faults.none()) {
    const auto moment = static_cast<std::uint64_t>((now() - scenario_->begin).count());
    chances_.calls = Random(Random(chances_.moments ^ moment).next());
  }
}

void Engine::leave_out(Duration time, std::int64_t passes, std::int64_t failed) {
  left_out_ += time;
  passes_left_out_ += passes;
  score_.actions.passes += passes;
  score_.actions.failed_passes += failed;
}

void Engine::advance(Instant to) {
  while (next_event() <= to && next_event() < end_) {
    world_.advance(next_event());
    if (next_sample_ && *next_sample_ <= now()) {
      sample();
    } else if (!coming_.empty() && coming_.begin()->at <= now()) {
      const Coming coming = *coming_.begin();
      coming_.erase(coming_.begin());
      happen(coming);
    } else {
      arrive();
    }
  }
  world_.advance(std::min(to, end_));
}

void Engine::arrive() {
  const std::int64_t messages = next_arrival_->messages;
  arrived_last_ = messages;
  next_arrival_ = arrivals_->next();
  integrate();
  if (world::Queue* const jobs = queue()) {
    score_.messages.sent += messages;
    sample_.sent += messages;
    world_.send_many(*jobs, messages);
  } else {
    score_.messages.refused += messages;
  }
  integrate();
  if (on_arrival_) {
    on_arrival_(now());
  }
}

bool Engine::strikes(Fault fault) {
  const FaultPlan& plan = scenario_->faults;
  const Duration after = now() - scenario_->begin;
  const bool planned = std::ranges::any_of(plan.planned, [&](const PlannedFault& one) {
    return one.fault == fault && one.from <= after && after < one.until;
  });
  if (planned) {
    score_.faults.count(fault);
    return true;
  }
  if (plan.of_call <= 0 || now() >= faults_end_ || !plan.allows(fault) ||
      chances_.calls.uniform() >= plan.of_call) {
    return false;
  }
  score_.faults.count(fault);
  return true;
}

void Engine::plan(Fault fault, Instant from) {
  const FaultPlan& plan = scenario_->faults;
  const double mean_days = 1 / plan.per_day;
  const Duration wait = draw(world::exponential(std::chrono::round<Duration>(
                                 std::chrono::duration<double, days::period>(mean_days))),
                             chances_.faults);
  if (plan.allows(fault) && from + wait < faults_end_) {
    coming_.insert({.at = from + wait, .fault = fault});
  }
}

void Engine::happen(const Coming& coming) {
  integrate();
  if (coming.over) {
    over(coming.fault);
    // The counts are right for a while between two dips: see FaultPlan::dip_max.
    plan(coming.fault, now() + 3 * scenario_->faults.dip_max);
  } else {
    begin(coming.fault);
  }
  integrate();
}

void Engine::begin(Fault fault) {
  Random& random = chances_.faults;
  const FaultPlan& plan_of = scenario_->faults;
  Duration lasts(0);
  const bool of_group = std::ranges::find(kGroupFaults, fault) != kGroupFaults.end();
  if (!of_group || begin_on_group(fault, lasts)) {
    score_.faults.count(fault);
  }
  acting_ = Who::Person;
  switch (fault) {
    case Fault::DippingCounts:
      dipping_ = true;
      lasts = Duration(random.between(1000, plan_of.dip_max.count()));
      break;
    case Fault::TagMissing:
      service_->tags().erase(kStateTag);
      break;
    case Fault::TagCorrupt:
      corrupt(service_->tags()[kStateTag], random);
      break;
    case Fault::ClockJump:
      skew_ =
          Duration(random.between(-plan_of.clock_jump_max.count(), plan_of.clock_jump_max.count()));
      lasts = Duration(random.between(1000, Duration(minutes(20)).count()));
      break;
    case Fault::ManualChange:
      set_by_person(random.between(0, 2 * most_tasks(scenario_->policy)));
      break;
    case Fault::Denied:
      denied_ = true;
      lasts = Duration(random.between(1000, Duration(minutes(10)).count()));
      break;
    case Fault::Deployment:
      world_.deploy(*service_, {});
      break;
    case Fault::CapacityShortage:
      group_ != nullptr ? group_->fail_launches(kNoCapacity, now())
                        : world_.set_short(*service_, true);
      lasts = Duration(random.between(1000, Duration(minutes(30)).count()));
      break;
    case Fault::QueueVanishes: {
      world::Queue* const jobs = queue();
      score_.messages.vanished += total(jobs->depth());
      world_.delete_queue(kQueue);
      lasts = Duration(random.between(Duration(seconds(60)).count(), Duration(minutes(3)).count()));
      break;
    }
    default:
      break;
  }
  acting_ = Who::World;
  coming_.insert(
      {.at = std::min(now() + lasts, std::max(now(), faults_end_)), .fault = fault, .over = true});
}

void Engine::over(Fault fault) {
  switch (fault) {
    case Fault::DippingCounts:
      dipping_ = false;
      return;
    case Fault::ClockJump:
      skew_ = Duration(0);
      return;
    case Fault::Denied:
      denied_ = false;
      return;
    case Fault::CapacityShortage:
      group_ != nullptr ? group_->fail_launches("", now()) : world_.set_short(*service_, false);
      return;
    case Fault::AgentSilent:
      for (const auto& [number, instance] : group_->instances()) {
        if (instance.registration != world::AgentRegistration::None) {
          group_->set_agent_connected(instance, true);
        }
      }
      return;
    case Fault::QueueVanishes:
      create_queue();
      return;
    default:
      return;
  }
}

Engine::Told Engine::told_depth() {
  const world::Queue& jobs = *queue();
  if (earlier_ && now() - earlier_->described <= kStaleMax && strikes(Fault::StaleCount)) {
    return *earlier_;
  }
  Told told{.depth = jobs.approximate_depth(now()),
            .described = now() - scenario_->queue.count_lag};
  earlier_ = told;
  if (dipping_) {
    for (std::int64_t* count : {&told.depth.visible, &told.depth.in_flight, &told.depth.delayed}) {
      *count = chances_.calls.between(0, *count);
    }
  }
  return told;
}

Duration Engine::lateness() {
  return strikes(Fault::LateAnswer)
             ? Duration(chances_.calls.between(0, scenario_->faults.late_max.count()))
             : Duration(0);
}

void Engine::set_by_person(std::int64_t desired) {
  const Who before = std::exchange(acting_, Who::Person);
  integrate();
  world_.set_desired(*service_, desired);
  integrate();
  set_at_ = now();
  acting_ = before;
}

void Engine::raise() {
  set_by_person(std::min(service_->desired() + chances_.calls.between(1, 5),
                         2 * most_tasks(scenario_->policy)));
}

// What somebody sets while a request is on its way, no look can tell its sender.
void Engine::scale(const Request& request) {
  const auto& [desired, told, from, left] = request;
  const std::int64_t before = service_->desired();
  if (desired == before) {
    return;
  }
  meant_out_ = from && *from < desired;
  stood_ = std::max(left - set_at_, Duration(0));
  left_ = left;
  const std::int64_t direction = desired > before ? 1 : -1;
  ++(direction > 0 ? score_.actions.scale_outs : score_.actions.scale_ins);
  score_.actions.direction_changes += direction == -last_direction_ ? 1 : 0;
  last_direction_ = direction;
  const KilledScore killed = score_.killed;
  acting_ = Who::Scaler;
  told_ = told;
  integrate();
  world_.set_desired(*service_, desired);
  integrate();
  set_at_ = now();
  acting_ = Who::World;
  if (hooks_->on_change) {
    hooks_->on_change({.at = now(),
                       .before = before,
                       .after = desired,
                       .told = told ? std::optional(told->depth) : std::nullopt,
                       .meant_out = meant_out_,
                       .meant_in = from && *from > desired,
                       .stood = stood_,
                       .killed = score_.killed - killed});
  }
}

void Engine::work_ended(const world::Work& work) {
  switch (work.end) {
    case world::WorkEnd::Done: {
      const Duration waited = work.received_at - work.sent_at;
      integrate();
      ++score_.messages.processed;
      this->waited(work.sent_at, waited);
      score_.time_in_system += now() - work.sent_at;
      if (next_sample_) {
        ++sample_.processed;
        sample_waiting_.add(waited);
      }
      return;
    }
    case world::WorkEnd::Failed:
      score_.faults.count(Fault::PoisonMessage);
      return;
    case world::WorkEnd::Crashed:
      score_.faults.count(Fault::WorkerCrash);
      ++score_.killed.by_crash;
      return;
    case world::WorkEnd::Killed:
      killed(work);
      return;
  }
}

// What a look may be the judge of: only what came after it, and only if it was fresh.
void Engine::killed(const world::Work& work) {
  KilledScore& score = score_.killed;
  if (acting_ != Who::Scaler) {
    ++(acting_ == Who::Person ? score.by_person : score.by_deployment);
  } else if (meant_out_) {
    ++(stood_ < kStands ? score.in_race : score.by_scaler);
  } else if (!told_ || told_->depth.in_flight > 0 || left_ - told_->asked > kFreshAtMost) {
    ++score.by_scaler;
  } else {
    ++(work.received_at > told_->described && scenario_->queue.count_lag == Duration(0)
           ? score.in_race
           : score.misled);
  }
}

void Engine::waited(Instant sent_at, Duration duration) {
  score_.waiting.add(duration);
  const auto number = static_cast<std::size_t>((sent_at - scenario_->begin) / scenario_->part);
  Lateness& part = score_.parts.at(std::min(number, score_.parts.size() - 1));
  ++part.messages;
  part.late += duration >= scenario_->objective ? 1 : 0;
}

void Engine::integrate() {
  score_.backlog_integral += in_queue_ * (now() - integrated_to_);
  integrated_to_ = now();
  const world::Queue* const jobs = queue();
  in_queue_ = jobs == nullptr ? 0 : total(jobs->depth());
}

void Engine::sample() {
  const world::Queue* const jobs = queue();
  sample_.at = now();
  sample_.depth = jobs == nullptr ? QueueDepth{} : jobs->depth();
  sample_.desired = service_->desired();
  sample_.running = service_->running();
  sample_.pending = service_->pending();
  sample_.working = service_->working();
  sample_.waiting_max = sample_waiting_.max();
  sample_.waiting_mean = sample_waiting_.mean();
  hooks_->on_sample(sample_);
  sample_ = {};
  sample_waiting_ = {};
  *next_sample_ += hooks_->sample_every;
}

Run Engine::finish() {
  integrate();
  if (next_sample_) {
    sample();
  }
  MessageScore& messages = score_.messages;
  messages.dead_lettered = world_.find_queue(kDeadLetters)->totals().dead_letters_in;
  Run run;
  if (const world::Queue* const jobs = queue()) {
    run.depth = jobs->depth();
    messages.unfinished = total(run.depth);
    for (const world::StoredMessage& message : jobs->stored_messages()) {
      waited(message.sent_at, now() - message.sent_at);
    }
  }
  messages.lost = messages.sent - messages.processed - messages.dead_lettered -
                  messages.unfinished - messages.vanished;
  score_.share_within_objective = score_.waiting.share_within(scenario_->objective);
  score_.task_time = service_->task_time(now());
  if (group_ != nullptr) {
    judge_group(run);
  }
  score_.tasks_started = service_->totals().tasks_started;
  score_.tasks_peak = service_->totals().tasks_peak;
  score_.simulated = now() - scenario_->begin;
  run.score = score_;
  run.desired = service_->desired();
  run.running = service_->running();
  run.passes_left_out = passes_left_out_;
  return run;
}

}  // namespace scaler::sim
