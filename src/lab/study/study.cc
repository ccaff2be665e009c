#include "lab/study/study.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "lab/study/instances.h"
#include "lab/study/margin.h"
#include "lab/study/own_cost.h"
#include "scaler/core/decision.h"

namespace scaler::study {
namespace {

constexpr double kHoursPerMonth = 730;
constexpr double kShortest = 1.0 / 3600;  // hours
// As many samples as give the charts their resolution twice over; each costs time.
constexpr std::int64_t kSamples = 4000;

/// The group under this candidate's tasks.
std::optional<sim::GroupModel> group_of(const Question& question, const Candidate& candidate) {
  std::optional<sim::GroupModel> group = question.scenario.group;
  const auto* const own = std::get_if<Settings>(&candidate.scaler);
  if (group && candidate.driver != nullptr) {
    candidate.driver->drive(*group);
  } else if (group && own != nullptr && own->policy.capacity == Capacity::Own) {
    group->driver = sim::GroupModel::Driver::Scaler;
  }
  return group;
}

report::Figures figures_of(const sim::Score& score, const Question& question,
                           const Candidate& candidate) {
  const auto group = group_of(question, candidate);
  report::Figures figures;
  figures.waiting_p50 = score.waiting.quantile(0.5);
  figures.waiting_p95 = score.waiting.quantile(0.95);
  figures.waiting_p99 = score.waiting.quantile(0.99);
  figures.waiting_max = score.waiting.max();
  figures.share_within_objective = score.waiting.share_within(question.objective.limit);
  figures.task_hours = in_hours(score.task_time);
  if (group) {
    figures.instance_hours = in_hours(score.instance_time);
  }
  figures.price =
      group ? cost_of(score, *group, question.price) : question.price.per_hour * figures.task_hours;
  figures.scaling_actions = score.actions.scale_outs + score.actions.scale_ins;
  figures.direction_changes = score.actions.direction_changes;
  figures.tasks_peak = score.tasks_peak;
  figures.killed_busy = score.killed.by_scaler + score.killed.in_race + score.killed.misled;
  figures.lost = score.messages.lost;
  return figures;
}

/// Puts what a month at this pace costs into the figures. What still ran when the arrivals had
/// ended and nothing was left to do belongs to no time of the month.
void tell_month(report::Figures& figures, const Question& question, const Candidate& candidate,
                const sim::Run& run) {
  const Duration tail = std::max(Duration(0), run.score.simulated - question.scenario.length);
  const bool group = question.scenario.group.has_value();
  const double all = group ? figures.instance_hours.value_or(0) : figures.task_hours;
  const std::int64_t still = group ? run.instances : run.running;
  const double counted = all - static_cast<double>(still) * in_hours(tail);
  const double share = all > 0 ? std::max(0.0, counted) / all : 0;
  if (const auto* own = std::get_if<Settings>(&candidate.scaler)) {
    figures.own_month = own_month(own->triggers);
  }
  figures.month = figures.price.value_or(0) * share * kHoursPerMonth /
                      std::max(in_hours(question.scenario.length), kShortest) +
                  figures.own_month;
}

/// By hundredths of the messages.
std::vector<Duration> quantiles(const sim::WaitingTimes& waiting) {
  constexpr int kParts = 100;
  std::vector<Duration> waits;
  waits.reserve(kParts + 1);
  for (int part = 0; part <= kParts; ++part) {
    waits.push_back(waiting.quantile(static_cast<double>(part) / kParts));
  }
  return waits;
}

/// What the steps of a pass say, in their order.
std::string told(const PassRecord& record) {
  std::string text;
  for (const Step& step : record.decision->steps) {
    text += (text.empty() ? "" : "; ") + explain(step);
  }
  return text;
}

report::Moment moment_of(const sim::Sample& sample) {
  report::Moment moment{.at = sample.at,
                        .arrived = sample.sent,
                        .backlog = sample.depth.visible + sample.depth.delayed,
                        .in_flight = sample.depth.in_flight,
                        .desired = sample.desired,
                        .running = sample.running};
  if (sample.processed > 0) {
    moment.waiting_max = sample.waiting_max;
  }
  return moment;
}

/// Watches a run: moments for the charts, and how far it is.
class Watcher {
 public:
  Watcher(const sim::Scenario& scenario, const Watch& watch)
      : begin_(scenario.begin), whole_(scenario.length + scenario.drain), watch_(&watch) {
    hooks_.sample_every = std::max<Duration>(whole_ / kSamples, std::chrono::seconds(10));
    if (watch.moments || watch.on_progress) {
      hooks_.on_sample = [this](const sim::Sample& sample) { see(sample); };
    }
    if (watch.moments) {
      hooks_.on_pass = [this](const PassRecord& record, Trigger) { remember(record); };
    }
  }
  const sim::Hooks& hooks() { return hooks_; }
  const std::vector<report::Moment>& moments() const { return moments_.all(); }

 private:
  /// Of the passes since the last moment the latest that changed the count speaks, or the latest.
  void remember(const PassRecord& record) {
    const bool changes = record.decision && record.decision->action != Action::Hold;
    if (record.decision && (changes || !changed_)) {
      pass_ = record;
      changed_ = changes;
    }
  }

  void see(const sim::Sample& sample) {
    if (watch_->moments) {
      report::Moment moment = moment_of(sample);
      if (pass_) {
        moment.why = told(*pass_);
      }
      pass_.reset();
      changed_ = false;
      moments_.add(moment);
    }
    if (watch_->on_progress) {
      watch_->on_progress(static_cast<double>((sample.at - begin_).count()) /
                          static_cast<double>(whole_.count()));
    }
  }

  Instant begin_;
  Duration whole_;
  const Watch* watch_;
  sim::Hooks hooks_ = {};
  report::Moments moments_ = {};
  std::optional<PassRecord> pass_ = {};
  bool changed_ = false;
};

Result<sim::Run> simulated(const Question& question, const Candidate& candidate,
                           const sim::Hooks& hooks) {
  sim::Scenario scenario = question.scenario;
  scenario.group = group_of(question, candidate);
  scenario.part = length_of_parts(scenario.length);
  if (const auto* rival = std::get_if<const rivals::Rival*>(&candidate.scaler)) {
    rivals::RivalSettings settings = question.rivals;
    settings.begin = scenario.begin;
    const auto scaler = (*rival)->make(settings);
    return sim::simulate(scenario, question.seed, *scaler, hooks);
  }
  const auto& own = std::get<Settings>(candidate.scaler);
  scenario.policy = own.policy;
  scenario.triggers = own.triggers;
  return sim::simulate(scenario, question.seed, hooks);
}

}  // namespace

Candidate rival_candidate(const rivals::Rival& rival) {
  return {.name = std::string(rival.title), .note = std::string(rival.sentence), .scaler = &rival};
}

Result<Answer> answer(const Question& question, const Candidate& candidate, const Watch& watch) {
  Watcher watcher(question.scenario, watch);
  Result<sim::Run> run = simulated(question, candidate, watcher.hooks());
  if (!run) {
    return fail(std::move(run).error(), candidate.name);
  }
  const sim::Score& score = run->score;
  Answer answer{.run = {.name = candidate.name,
                        .note = candidate.note,
                        .figures = figures_of(score, question, candidate),
                        .moments = watcher.moments(),
                        .waits = quantiles(score.waiting)},
                .objective_wait = score.waiting.quantile(question.objective.share),
                .sent = score.messages.sent,
                .unfinished = score.messages.unfinished};
  if (question.scenario.group) {
    answer.instances = score.instances;
  }
  answer.effort = static_cast<double>(score.messages.sent) +
                  kEffortOfPass * static_cast<double>(score.actions.passes - run->passes_left_out);
  answer.meets = answer.objective_wait < question.objective.limit && score.messages.lost == 0;
  answer.margin =
      margin_of(score, question.objective.share, length_of_parts(question.scenario.length));
  answer.doubtful = answer.meets && answer.likely_wait() >= question.objective.limit;
  answer.run.meets = answer.meets;
  tell_month(answer.run.figures, question, candidate, *run);
  return answer;
}

Load::Load(const Question& question)
    : begin_(question.scenario.begin),
      pieces_(static_cast<std::size_t>(question.scenario.length / kPiece) + 1) {
  const auto stream = sim::arrivals(question.scenario.arrivals, begin_,
                                    begin_ + question.scenario.length, question.seed);
  const double each =
      static_cast<double>(question.work_mean.count()) / static_cast<double>(kPiece.count());
  while (const auto batch = stream->next()) {
    pieces_.at(static_cast<std::size_t>((batch->at - begin_) / kPiece)) +=
        each * static_cast<double>(batch->messages);
  }
}

std::int64_t Load::tasks(double quantile) const {
  std::vector<double> busy = pieces_;
  const auto at =
      busy.begin() + static_cast<std::ptrdiff_t>(quantile * static_cast<double>(busy.size() - 1));
  std::ranges::nth_element(busy, at);
  return static_cast<std::int64_t>(std::ceil(*at));
}

double Load::mean() const {
  double sum = 0;
  for (const double busy : pieces_) {
    sum += busy;
  }
  return sum / static_cast<double>(pieces_.size());
}

}  // namespace scaler::study
