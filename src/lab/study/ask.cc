#include "lab/study/ask.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/study/instances.h"
#include "scaler/core/policy.h"
#include "wire/policy.h"

namespace scaler::study {
namespace {

constexpr double kRateMax = 10'000;
constexpr double kMessagesMax = 50'000'000;
constexpr double kDaysMax = 3660;
constexpr Duration kDrain = std::chrono::minutes(30);
/// Of guard/protocol, which the lab does not know: between two changes of protection, and
/// Rules::breathe.
constexpr Duration kGuardKeeps = std::chrono::minutes(1);
constexpr Duration kGuardBreathes = std::chrono::minutes(15);

constexpr std::string_view kDefaultInstance = "g5.xlarge";

constexpr std::array kPresets{sim::Preset::Fargate, sim::Preset::Ec2Warm, sim::Preset::Gpu};
static_assert(kPresets.size() == kStarts.size());

Result<sim::Preset> preset_of(std::string_view start) {
  const auto* const found = std::ranges::find(kStarts, start);
  if (found == kStarts.end()) {
    return fail(ErrorKind::Malformed, fmt::format("'{}' is no way in which tasks start", start));
  }
  return kPresets.at(static_cast<std::size_t>(found - kStarts.begin()));
}

Result<double> parse_number(std::string_view text, std::string_view what, double max) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  const bool in_range = number > 0 && number <= max;
  if (!whole || !in_range) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is no {} (above 0, up to {:g})", text, what, max));
  }
  return number;
}

/// Half of each work is fixed, the other half exponentially distributed.
world::DurationRange work_time(Duration mean) {
  return {.min = mean / 2, .max = mean / 2, .tail = mean - mean / 2};
}

bool speaks_of_instances(const Terms& terms) {
  const Terms silent;
  return terms.instances != silent.instances || terms.image_pull != silent.image_pull ||
         terms.tasks_per_instance != silent.tasks_per_instance ||
         terms.instances_max != silent.instances_max ||
         terms.instance_price != silent.instance_price;
}

/// Whoever does not drive instances has ECS's managed scaling do it.
Result<void> add_group(Question& question, const Terms& terms) {
  sim::GroupModel group{.tasks_per_instance = terms.tasks_per_instance,
                        .max = terms.instances_max,
                        .start = *terms.instance_start,
                        .image_pull = terms.image_pull};
  if (const InstanceDriver* const driver = find_driver(terms.instances)) {
    driver->drive(group);
  } else if (terms.instances != kOwnInstances) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is nobody who drives instances", terms.instances));
  }
  const std::string_view price = terms.price == kDefaultPrice ? kDefaultInstance : terms.price;
  question.price =
      TRY(find_price(terms.instance_price.empty() ? price : terms.instance_price, terms.prices));
  question.scenario.group = group;
  return {};
}

/// Of a GPU's tasks some have no instance unless somebody starts it: ECS's managed scaling, where
/// nothing else is said.
Result<void> add_instances(Question& question, sim::Preset preset, const Terms& terms) {
  if (terms.instance_start) {
    return add_group(question, terms);
  }
  if (preset == sim::Preset::Gpu) {
    Terms managed = terms;
    managed.instance_start = sim::kGpuInstanceStart;
    managed.instances = terms.instances == kOwnInstances ? kManagedScaling : terms.instances;
    return add_group(question, managed);
  }
  return speaks_of_instances(terms)
             ? fail(ErrorKind::Malformed,
                    "what instances are like needs --instance-start, such as 3m")
             : Result<void>();
}

/// All but the arrivals.
Result<Asked> ask(const Terms& terms) {
  Asked asked;
  Question& question = asked.question;
  question.objective = TRY(parse_objective(terms.objective));
  question.price = TRY(find_price(terms.price, terms.prices));
  question.seed = terms.seed;
  question.work_mean = terms.work;
  question.scenario.drain = kDrain;
  question.scenario.objective = question.objective.limit;
  const sim::Preset preset = TRY(preset_of(terms.start));
  question.scenario.service = sim::service_model(preset, work_time(terms.work));
  world::ServiceBehaviour& behaviour = question.scenario.service.behaviour;
  behaviour.workers_protect = terms.work_is_protected();
  if (terms.workers_guarded) {
    behaviour.protection_lingers = terms.guard_linger;
    behaviour.protection_least = kGuardKeeps;
    behaviour.protection_most = kGuardBreathes;
  }
  question.scenario.queue.max_receive_count = 0;
  if (terms.task_start) {
    question.scenario.service.behaviour.task_start = *terms.task_start;
  }
  TRY(add_instances(question, preset, terms));
  return asked;
}

/// Rivals are set to what suits the arrivals.
void set_rivals(Question& question, const Terms& terms) {
  question.rivals.tasks_max = terms.tasks_max;
  // AWS's recipe: acceptable waiting time / time of one message.
  question.rivals.backlog_per_task =
      std::max<std::int64_t>(1, question.objective.limit / std::max(Duration(1), terms.work));
  question.rivals.fixed_tasks =
      std::clamp<std::int64_t>(Load(question).tasks(0.95), 1, terms.tasks_max);
}

Result<Candidate> candidate_of(const json::Reader& root, const std::string& name) {
  Settings settings;
  const auto policy = root.optional_field("policy");
  if (policy) {
    TRY(root.only_fields({"policy", "tick_seconds", "schedule_seconds", "wake", "doorbell"}));
    TRY(read_fields(*policy, settings.policy));
    if (const auto tick = root.optional_field("tick_seconds")) {
      settings.triggers.tick = std::max<Duration>(TRY(tick->seconds()), std::chrono::seconds(1));
    }
    if (const auto schedule = root.optional_field("schedule_seconds")) {
      settings.triggers.schedule =
          std::max<Duration>(TRY(schedule->seconds()), std::chrono::seconds(1));
    }
    for (const auto& [field, flag] : {std::pair("wake", &sim::Triggers::wake),
                                      std::pair("doorbell", &sim::Triggers::doorbell)}) {
      if (const auto value = root.optional_field(field)) {
        settings.triggers.*flag = TRY(value->boolean());
      }
    }
  } else {
    TRY(read_fields(root, settings.policy));
  }
  TRY(Policy::create(settings.policy));
  return Candidate{.name = name, .note = tell(settings), .scaler = settings};
}

}  // namespace

Result<sim::Arrivals> parse_arrivals(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view number = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (kind == "bursts") {
    const double size = TRY(parse_number(number, "number of messages", kMessagesMax));
    return sim::Arrivals(sim::Bursts{.size = std::max<std::int64_t>(1, std::llround(size))});
  }
  if (kind == "poisson") {
    return sim::Arrivals(
        sim::Poisson{.per_second = TRY(parse_number(number, "rate a second", kRateMax))});
  }
  if (kind == "constant") {
    return sim::Arrivals(
        sim::Constant{.per_second = TRY(parse_number(number, "rate a second", kRateMax))});
  }
  if (kind == "wave") {
    return sim::Arrivals(sim::Wave{
        .per_second = TRY(parse_number(number, "rate a second", kRateMax)), .weekend = 0.5});
  }
  return fail(ErrorKind::Malformed,
              fmt::format("'{}' is none of poisson:RATE, constant:RATE, wave:RATE "
                          "(messages a second), bursts:MESSAGES (every hour on average)",
                          text));
}

Result<void> check_terms(const Terms& terms) {
  TRY(ask(terms));
  return {};
}

Result<Asked> ask_about_trace(const Terms& terms, std::string_view text, const std::string& file) {
  Asked asked = TRY(ask(terms));
  Result<trace::Trace> trace = trace::read(text, {.work_time = terms.work, .column = terms.column});
  if (!trace) {
    return fail(std::move(trace).error(), file);
  }
  const double days = static_cast<double>((trace->end() - trace->begin()).count()) / 86'400'000;
  const double messages = trace->messages() * terms.scale;
  if (messages > kMessagesMax || days > kDaysMax) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {:.0f} messages in {:.0f} days are too many (at most {:.0f} in "
                            "{:.0f}); make them fewer with --scale",
                            file, messages, days, kMessagesMax, kDaysMax));
  }
  asked.question = over(asked, terms, *trace);
  asked.trace = std::move(*trace);
  asked.source = shortened(std::filesystem::path(file).filename().string());
  set_rivals(asked.question, terms);
  return asked;
}

Result<Asked> ask_about_arrivals(const Terms& terms, const std::string& arrivals) {
  Asked asked = TRY(ask(terms));
  asked.question.scenario.arrivals = {TRY(parse_arrivals(arrivals))};
  asked.question.scenario.length = terms.length;
  asked.source = arrivals;
  set_rivals(asked.question, terms);
  return asked;
}

Question over(const Asked& asked, const Terms& terms, const trace::Trace& part) {
  Question question = asked.question;
  question.scenario.begin = part.begin();
  question.scenario.length = part.end() - part.begin();
  question.scenario.arrivals = {sim::trace_of(part.intervals, terms.scale)};
  return question;
}

Result<Candidate> read_candidate(std::string_view text, const std::string& name) {
  const json::Value value = TRY(json::parse(text));
  return candidate_of(json::Reader(value), name);
}

std::optional<std::string> short_history(Duration history, std::int64_t messages) {
  constexpr Duration kWeek = std::chrono::hours(24 * 7);
  constexpr Duration kCutOff = std::chrono::hours(1);  // Of what was fetched as seven days.
  if (history >= kWeek - kCutOff) {
    return std::nullopt;
  }
  return fmt::format(
      "The history is only {} long: what other days of a week bring does not show in it, and the "
      "cost a month is that of {}, drawn out. Two weeks are better.",
      format_duration(history), plural(messages, "message"));
}

std::vector<std::string> facts_of(const Asked& asked, const Terms& terms) {
  std::vector<std::string> facts;
  if (asked.trace) {
    facts.push_back(fmt::format("{}: {}", asked.source, to_string(asked.trace->format)));
    for (const std::string& remark : asked.trace->remarks) {
      facts.push_back(fmt::format("{}: {}.", asked.source, remark));
    }
    if (terms.scale != 1) {
      facts.push_back(fmt::format("Each value of the trace is multiplied by {}.", terms.scale));
    }
  }
  const std::optional<sim::GroupModel>& group = asked.question.scenario.group;
  facts.push_back(fmt::format("Price of {} and hour: {:.5g} {} ({}).",
                              group ? "an instance" : "a task", asked.question.price.per_hour,
                              asked.question.price.currency, asked.question.price.told));
  if (group) {
    facts.push_back(fmt::format(
        "An instance takes {} to {} until it has registered, and holds {}; its first waits {} to "
        "{} for its image. Managed Instances cost {:.0f} % more, a stopped one its volume.",
        format_duration(group->start.min), format_duration(group->start.max),
        plural(group->tasks_per_instance, "task"), format_duration(group->image_pull.min),
        format_duration(group->image_pull.max), 100 * instance_prices().managed_fee));
  }
  facts.emplace_back(
      terms.workers_guarded
          ? fmt::format("Workers are under ecs-guard: their tasks are protected while "
                        "they work and for {} after it.",
                        format_duration(terms.guard_linger))
      : terms.workers_protect
          ? "Workers use ECS task scale-in protection while they work, which "
            "spares every policy's busy tasks."
          : "Workers do not protect themselves: who stops a busy task cuts its work "
            "short, and the message returns after its visibility timeout.");
  facts.push_back(
      fmt::format("Seed {}; all policies face the same messages and work times.", terms.seed));
  return facts;
}

std::string subtitle_of(const Question& question, const Terms& terms, std::int64_t messages) {
  const Duration length = question.scenario.length;
  const std::string long_as =
      length < std::chrono::days(1)
          ? format_duration(length)
          : fmt::format("{:.1f} days",
                        std::chrono::duration<double, std::ratio<86'400>>(length).count());
  return fmt::format("{} from {}, {}, {} of work each on average, {} start", long_as,
                     format_instant(question.scenario.begin), plural(messages, "message"),
                     format_duration(terms.work), terms.start);
}

}  // namespace scaler::study
