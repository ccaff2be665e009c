#include "lab/study/advice.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "lab/study/blocks.h"
#include "lab/study/instances.h"

namespace scaler::study {
namespace {

/// Parts of a difference: less is none, for another seed makes as much.
constexpr double kNoticeableCost = 0.03;
constexpr double kNoticeableWait = 0.15;

double month(const Answer& answer) {
  return answer.run.figures.month.value_or(0);
}

bool is_near(double a, double b, double part) {
  return std::abs(a - b) <= part * std::max(std::abs(a), std::abs(b));
}

bool alike(const Answer& a, const Answer& b) {
  return is_near(month(a), month(b), kNoticeableCost) &&
         is_near(static_cast<double>(a.objective_wait.count()),
                 static_cast<double>(b.objective_wait.count()), kNoticeableWait);
}

/// "the p95 wait", "the longest wait"
std::string wait_name(const Objective& objective) {
  return objective.share >= 1 ? "the longest wait"
                              : fmt::format("the p{:.4g} wait", 100 * objective.share);
}

/// As the files and rivals are called; the table says which of them is in force.
std::string present_name(const Advice& advice) {
  std::string_view name = advice.present.run.name;
  if (name.starts_with(kPresent)) {
    name.remove_prefix(kPresent.size());
  }
  return std::string(name);
}

std::string cost_text(const Advice& advice, const Answer& answer) {
  return report::money(month(answer), advice.currency);
}

/// "$230.00 a month, p95 wait 41.2 s"
std::string figures_text(const Advice& advice, const Answer& answer) {
  return fmt::format("{} a month with {} of {}", cost_text(advice, answer),
                     wait_name(advice.objective).substr(4), format_duration(answer.objective_wait));
}

/// Cheaper, and no worse for the objective; or it meets what the advised misses.
bool looks_better(const Answer& other, const Answer& advised) {
  if (other.meets != advised.meets) {
    return other.meets;
  }
  return month(other) < month(advised) ||
         (month(other) == month(advised) && other.objective_wait < advised.objective_wait);
}

bool is_fixed(const TriedSettings& trial) {
  return trial.settings.policy.mode == Mode::Fixed;
}

/// Whether it cost less where the choice was made, and was passed over because it cannot grow.
bool cannot_grow(const Advice& advice, const TriedSettings& trial) {
  const TriedSettings& best = advice.best();
  return lasts(best) && !is_fixed(best) && is_fixed(trial) && lasts(trial) &&
         trial.answer.cost() < best.answer.cost();
}

/// The cheapest of those; nullptr: there is none.
const TriedSettings* cheaper_fixed(const Advice& advice) {
  const TriedSettings* cheapest = nullptr;
  for (const TriedSettings& trial : *advice.ranked) {
    if (cannot_grow(advice, trial) &&
        (cheapest == nullptr || trial.answer.cost() < cheapest->answer.cost())) {
      cheapest = &trial;
    }
  }
  return cheapest;
}

constexpr std::string_view kMustCostLess =
    "a fixed count cannot grow with the load: it must cost a twentieth less";

std::string growth_text(const Advice& advice, const TriedSettings& fixed) {
  const std::int64_t tasks = fixed.settings.policy.scale_up_target;
  return fmt::format(
      "mode=fixed with {} {} cost less where the choice was made, {} against {}; it is not "
      "advised, for {}.",
      tasks, tasks == 1 ? "task" : "tasks", figures_text(advice, fixed.answer),
      figures_text(advice, advice.best().answer), kMustCostLess);
}

std::string why_not(const Advice& advice, const Final& other) {
  const Answer& chosen = advice.best().answer;
  const Answer& there = other.trial->answer;
  const std::string& name = other.answer.run.name;
  if (other.answer.meets && !advice.unseen().meets) {
    return fmt::format(
        "{} meets the objective on {} as well, {}: take it if the objective matters more than the "
        "cost.",
        name, advice.part, figures_text(advice, other.answer));
  }
  if (cannot_grow(advice, *other.trial)) {
    return fmt::format(
        "{} looks better on {}: {}, against {}. It is not advised, for {}. Where the choice was "
        "made it cost {}, against {}.",
        name, advice.part, figures_text(advice, other.answer),
        figures_text(advice, advice.unseen()), kMustCostLess, figures_text(advice, there),
        figures_text(advice, chosen));
  }
  const std::string seen = there.meets != chosen.meets
                               ? "it missed the objective"
                               : fmt::format("it cost {}", figures_text(advice, there));
  return fmt::format(
      "{} looks better on {}: {}, against {}. It is not advised because of what was known before: "
      "where the choice was made {}, against {}. To pick by {} would be to pick with the answers "
      "in sight, and nothing would be left to test it on.",
      name, advice.part, figures_text(advice, other.answer), figures_text(advice, advice.unseen()),
      seen, figures_text(advice, chosen), advice.part);
}

/// The honest word about what is no setting of this program.
void tell_if_cheaper(const Advice& advice, const Answer& other, std::vector<std::string>& reasons) {
  if (other.meets && month(other) < month(advice.unseen())) {
    reasons.push_back(fmt::format(
        "{} costs less on {} and meets the objective there: {}, against {}.", other.run.name,
        advice.part, figures_text(advice, other), figures_text(advice, advice.unseen())));
  }
}

/// A quantile of the waits does not show it: what is fewer than this never starts the service.
std::string activation_text(std::int64_t backlog) {
  return fmt::format(
      "activation_backlog={} saves starts for few messages, and that has a price: at zero, fewer "
      "than {} messages wait until more come, however long that is; the last of a day may wait for "
      "the next morning. If no message may wait like that, set it to 1.",
      backlog, backlog);
}

/// What met the objective and is not expected to at another time.
void add_doubts(const Advice& advice, std::vector<std::string>& reasons) {
  const auto cheaper = [&advice](auto&& kind) {
    return std::ranges::count_if(*advice.ranked, [&](const TriedSettings& trial) {
      return trial.answer.meets && kind(trial) && trial.answer.cost() < advice.best().answer.cost();
    });
  };
  const auto by_luck = cheaper([](const TriedSettings& one) { return !one.again.value_or(true); });
  const auto by_a_hair = cheaper([](const TriedSettings& one) { return one.answer.doubtful; });
  if (by_luck > 0) {
    reasons.push_back(fmt::format(
        "{} that cost less met it there by luck: not a second time, on the later half with other "
        "chance.",
        by_luck));
  }
  if (by_a_hair > 0) {
    reasons.push_back(fmt::format(
        "{} that cost less met it there by less than its hours, days or weeks differ from one "
        "another: at another time they may miss it.",
        by_a_hair));
  }
  if (advice.best().answer.meets && !lasts(advice.best())) {
    reasons.push_back(
        "It may miss the objective at another time: nothing was found that leaves room enough for "
        "how much hours, days or weeks differ.");
  }
}

/// Why nothing meets the objective, where it is the limit that was set.
std::string limit_text(std::int64_t tasks_max) {
  return fmt::format(
      "At its busiest it had all of the {} tasks that it may have: what --tasks-max allows, not "
      "the "
      "policy, makes messages wait. More tasks may meet the objective.",
      tasks_max);
}

std::string fixed_text(std::int64_t tasks) {
  return fmt::format(
      "mode=fixed never runs more than {} {}, however much comes: messages of a day that is busier "
      "than any of this history may wait until the next. If that may be, take the cheapest "
      "runner-up that scales.",
      tasks, tasks == 1 ? "task" : "tasks");
}

/// Why what waits briefly enough may not meet the objective.
std::string loss_text(std::int64_t lost) {
  return fmt::format(
      "It lost {} {} where the choice was made, and what loses any does not meet the objective, "
      "however short the wait. SQS hides a message for 12 h at most, so that longer work is begun "
      "again, and forgets it after its retention.",
      lost, lost == 1 ? "message" : "messages");
}

std::string own_cost_text(const Advice& advice) {
  const sim::Triggers& triggers = advice.best().settings.triggers;
  std::string parts = "a look each minute";
  if (triggers.tick) {
    parts = fmt::format("a look each {}", format_duration(*triggers.tick));
  }
  parts += triggers.wake ? ", wake" : "";
  parts += triggers.doorbell ? ", doorbell" : "";
  return fmt::format(
      "The scaler itself costs at most {} a month ({}; Lambda, SQS and logs in us-east-1, outside "
      "the free tiers). It is in every figure by the month of this program's own; other scalers' "
      "own cost is counted as nothing.",
      report::money(advice.unseen().run.figures.own_month, "USD"), parts);
}

}  // namespace

Candidate plain_candidate(const Question& question, const Terms& terms) {
  Settings settings;
  settings.policy.mode = Mode::Latency;
  settings.policy.target_latency = question.objective.limit;
  settings.policy.seconds_per_message = Millionths{question.work_mean.count() * 1000};
  settings.policy.tasks_max = terms.tasks_max;
  settings.policy.scale_in_when =
      terms.work_is_protected() ? ScaleInWhen::Protected : ScaleInWhen::Idle;
  settings.triggers.tick = std::chrono::seconds(10);
  settings.triggers.wake = true;
  if (terms.owns_instances()) {
    own_instances(settings.policy, *question.scenario.group);
  }
  return {.name = "plain settings",
          .note = "this program with nothing but what must be chosen: " + tell(settings),
          .scaler = settings};
}

std::vector<std::size_t> different(const std::vector<TriedSettings>& ranked, std::size_t count) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < ranked.size() && chosen.size() <= count; ++i) {
    const bool alone = std::ranges::none_of(chosen, [&](std::size_t before) {
      return alike(ranked.at(before).answer, ranked.at(i).answer);
    });
    if (alone) {
      chosen.push_back(i);
    }
  }
  return chosen;
}

std::string verdict_of(const Advice& advice) {
  const Answer& seen = advice.best().answer;
  const std::string figures =
      fmt::format("{} where it was chosen, {} on {}, which it had not seen",
                  format_duration(seen.objective_wait),
                  format_duration(advice.unseen().objective_wait), advice.part);
  if (!seen.meets) {
    return fmt::format("No policy of {} meets '{}'. The nearest: {}.", advice.tried,
                       advice.objective.told, figures);
  }
  return fmt::format("The cheapest of {} policies that meets '{}'{}: {}{}.", advice.tried,
                     advice.objective.told, cheaper_fixed(advice) != nullptr ? " and can grow" : "",
                     figures, advice.unseen().meets ? "" : ": there it misses the objective");
}

std::string sentence_of(const Advice& advice) {
  const Answer& after = advice.unseen();
  const Answer& before = advice.present;
  const std::string with = !advice.best().answer.meets
                               ? fmt::format("No policy of {} meets '{}'; with the nearest",
                                             advice.tried, advice.objective.told)
                               : "With the advised settings";
  return fmt::format(
      "{} in place of {}, {} goes from {} to {} and the cost from {} to {} a month, {} of it for "
      "the scaler itself{}.",
      with, present_name(advice), wait_name(advice.objective),
      format_duration(before.objective_wait), format_duration(after.objective_wait),
      cost_text(advice, before), cost_text(advice, after),
      report::money(after.run.figures.own_month, advice.currency),
      advice.best().answer.meets && !after.meets
          ? fmt::format("; on {} that misses '{}'", advice.part, advice.objective.told)
          : "");
}

std::vector<std::string> reasons_of(const Advice& advice) {
  std::vector<std::string> reasons{verdict_of(advice)};
  const auto met = std::ranges::count_if(
      *advice.ranked, [](const TriedSettings& trial) { return trial.answer.meets; });
  if (met > 1) {
    reasons.push_back(fmt::format("{} of {} policies met the objective where the choice was made.",
                                  met, advice.ranked->size()));
  }
  if (const TriedSettings* const fixed = cheaper_fixed(advice)) {
    reasons.push_back(growth_text(advice, *fixed));
  }
  add_doubts(advice, reasons);
  if (const auto lacks =
          advice.history ? short_history(*advice.history, advice.unseen().sent) : std::nullopt) {
    reasons.push_back(*lacks);
  }
  if (const std::int64_t lost = advice.best().answer.run.figures.lost; lost > 0) {
    reasons.push_back(loss_text(lost));
  }
  const std::optional<std::int64_t> tasks_max = advice.best().settings.policy.tasks_max;
  if (met == 0 && tasks_max && advice.best().answer.run.figures.tasks_peak >= *tasks_max) {
    reasons.push_back(limit_text(*tasks_max));
  }
  if (const std::int64_t backlog = advice.best().settings.policy.activation_backlog; backlog > 1) {
    reasons.push_back(activation_text(backlog));
  }
  if (const PolicyOptions& policy = advice.best().settings.policy; policy.mode == Mode::Fixed) {
    reasons.push_back(fixed_text(policy.scale_up_target));
  }
  reasons.push_back(
      fmt::format("What it replaces: {}: {}.", present_name(advice), advice.present.run.note));
  bool found = false;
  for (std::size_t i = 1; i < advice.finals.size(); ++i) {
    if (looks_better(advice.finals.at(i).answer, advice.unseen())) {
      reasons.push_back(why_not(advice, advice.finals.at(i)));
      found = true;
    }
  }
  if (!found && advice.finals.size() > 1) {
    reasons.push_back(fmt::format("No runner-up does better on {}.", advice.part));
  }
  tell_if_cheaper(advice, advice.present, reasons);
  for (const Answer& other : advice.others) {
    tell_if_cheaper(advice, other, reasons);
  }
  reasons.push_back(own_cost_text(advice));
  return reasons;
}

std::vector<report::Setting> settings_of(const Advice& advice) {
  const auto advised = named_settings(advice.best().settings);
  const auto present = advice.present_settings ? named_settings(*advice.present_settings)
                                               : std::vector<NamedSetting>();
  const std::string absent = advice.present_settings ? "default" : "–";
  std::vector<report::Setting> rows;
  const auto add = [&](const NamedSetting& setting) {
    const auto text = [](std::string value, std::string otherwise) {
      return value.empty() ? std::move(otherwise) : std::move(value);
    };
    rows.push_back({.name = setting.name,
                    .advised = text(value_of(advised, setting.name), "default"),
                    .present = text(value_of(present, setting.name), absent),
                    .meaning = setting.meaning});
  };
  std::ranges::for_each(advised, add);
  for (const NamedSetting& setting : present) {
    if (value_of(advised, setting.name).empty()) {
      add(setting);
    }
  }
  return rows;
}

std::string differences_of(const Settings& other, const Settings& advised) {
  const auto mine = named_settings(other);
  const auto theirs = named_settings(advised);
  std::string text;
  const auto add = [&](const NamedSetting& setting) {
    const auto shown = [](std::string value) { return value.empty() ? "default" : value; };
    text += fmt::format("{}{}={} ({})", text.empty() ? "" : ", ", setting.name,
                        shown(value_of(mine, setting.name)), shown(value_of(theirs, setting.name)));
  };
  for (const NamedSetting& setting : mine) {
    if (value_of(theirs, setting.name) != value_of(mine, setting.name)) {
      add(setting);
    }
  }
  for (const NamedSetting& setting : theirs) {
    if (value_of(mine, setting.name).empty()) {
      add(setting);
    }
  }
  return text;
}

std::string sentence_of(const std::vector<Answer>& answers, const Question& question) {
  const auto cheaper = [](const Answer& a, const Answer& b) {
    return a.meets != b.meets ? a.meets : month(a) < month(b);
  };
  const auto quicker = [](const Answer& a, const Answer& b) {
    const bool both = (a.run.figures.lost == 0) == (b.run.figures.lost == 0);
    return both ? a.objective_wait < b.objective_wait : a.run.figures.lost == 0;
  };
  const Answer& cheapest = *std::ranges::min_element(answers, cheaper);
  const Answer& quickest = *std::ranges::min_element(answers, quicker);
  const std::string wait = wait_name(question.objective).substr(4);
  const auto told = [&](const Answer& answer) {
    return fmt::format("{} ({} {}, {} a month)", answer.run.name, wait,
                       format_duration(answer.objective_wait),
                       report::money(month(answer), question.price.currency));
  };
  const auto met = std::ranges::count_if(answers, &Answer::meets);
  if (answers.size() == 1) {
    return fmt::format("{} {} '{}': {} {}, {} a month.", cheapest.run.name,
                       cheapest.meets ? "meets" : "misses", question.objective.told, wait,
                       format_duration(cheapest.objective_wait),
                       report::money(month(cheapest), question.price.currency));
  }
  const std::string policies = fmt::format("{} policies", answers.size());
  if (met == 0) {
    return fmt::format("Of {} none meets '{}'; the nearest is {}.", policies,
                       question.objective.told, told(quickest));
  }
  if (met == 1) {
    return fmt::format("Of {} {} alone meets '{}'.", policies, told(cheapest),
                       question.objective.told);
  }
  return fmt::format(
      "Of {} {} meet '{}'; the cheapest is {}{}.", policies, met, question.objective.told,
      told(cheapest),
      &quickest == &cheapest ? ", which waits least, too" : ", the quickest is " + told(quickest));
}

}  // namespace scaler::study
