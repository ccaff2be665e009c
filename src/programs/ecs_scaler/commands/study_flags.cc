#include "programs/ecs_scaler/commands/study_flags.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <system_error>

#include <fmt/core.h>

#include "ground/base/file.h"
#include "programs/ecs_scaler/commands/parallel.h"
#include "scaler/core/policy.h"
#include "wire/policy.h"

namespace scaler::cli {
namespace {

constexpr double kRateMax = 10'000;
constexpr double kMessagesMax = 50'000'000;
constexpr double kDaysMax = 3660;
constexpr Duration kDrain = std::chrono::minutes(30);

const std::map<std::string, sim::Preset> kStarts{
    {"fargate", sim::Preset::Fargate}, {"ec2", sim::Preset::Ec2Warm}, {"gpu", sim::Preset::Gpu}};

Result<double> parse_number(std::string_view text, std::string_view what, double max) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  const bool in_range = number > 0 && number <= max;
  if (!whole || !in_range) {
    return fail(ErrorKind::Malformed,
                fmt::format("--arrivals: '{}' is no {} (above 0, up to {:g})", text, what, max));
  }
  return number;
}

/// "poisson:0.2", "constant:1", "wave:0.2", "bursts:100".
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
              fmt::format("--arrivals: '{}' is none of poisson:RATE, constant:RATE, wave:RATE "
                          "(messages a second), bursts:MESSAGES (every hour on average)",
                          text));
}

/// Half of each work is fixed, the other half exponentially distributed.
world::DurationRange work_time(Duration mean) {
  return {.min = mean / 2, .max = mean / 2, .tail = mean - mean / 2};
}

Result<void> take_trace(const StudyFlags& flags, Asked& asked) {
  const std::string text = TRY(read_input(flags.trace));
  Result<trace::Trace> trace = trace::read(text, {.work_time = flags.work});
  if (!trace) {
    return fail(std::move(trace).error(), flags.trace);
  }
  const double days = static_cast<double>((trace->end() - trace->begin()).count()) / 86'400'000;
  const double messages = trace->messages() * flags.scale;
  if (messages > kMessagesMax || days > kDaysMax) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {:.0f} messages in {:.0f} days are too many (at most {:.0f} in "
                            "{:.0f}); make them fewer with --scale",
                            flags.trace, messages, days, kMessagesMax, kDaysMax));
  }
  asked.question = over(asked, flags, *trace);
  asked.trace = std::move(*trace);
  asked.source = std::filesystem::path(flags.trace).filename().string();
  return {};
}

Result<study::Candidate> candidate_of(const json::Reader& root, const std::string& name) {
  study::Settings settings;
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
  return study::Candidate{.name = name, .note = study::tell(settings), .scaler = settings};
}

}  // namespace

Result<std::string> read_input(const std::string& path) {
  return path == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : read_file(path);
}

Result<std::vector<study::Answer>> answer_all(const std::string& title,
                                              const study::Question& question,
                                              const std::vector<study::Candidate>& candidates,
                                              bool moments) {
  std::vector<std::optional<Result<study::Answer>>> results(candidates.size());
  run_parallel(title, candidates.size(),
               [&](std::size_t index, const std::function<void(double)>& progress) {
                 results.at(index) = study::answer(question, candidates.at(index),
                                                   {.moments = moments, .on_progress = progress});
               });
  std::vector<study::Answer> answers;
  answers.reserve(results.size());
  for (auto& result : results) {
    answers.push_back(TRY(std::move(*result)));
  }
  return answers;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) {
    return fail(ErrorKind::Rejected,
                fmt::format("{}: {}", path, std::generic_category().message(errno)));
  }
  return {};
}

study::Question over(const Asked& asked, const StudyFlags& flags, const trace::Trace& part) {
  study::Question question = asked.question;
  question.scenario.begin = part.begin();
  question.scenario.length = part.end() - part.begin();
  question.scenario.arrivals = {sim::trace_of(part.intervals, flags.scale)};
  return question;
}

Result<Asked> ask(const StudyFlags& flags) {
  if (flags.trace.empty() == flags.arrivals.empty()) {
    return fail(ErrorKind::Malformed, "give either --trace FILE or --arrivals SPEC");
  }
  Asked asked;
  study::Question& question = asked.question;
  question.objective = TRY(study::parse_objective(flags.objective));
  const std::string prices = flags.prices.empty() ? "" : TRY(read_input(flags.prices));
  question.price = TRY(study::find_price(flags.price, prices));
  question.seed = flags.seed;
  question.work_mean = flags.work;
  question.scenario.drain = kDrain;
  question.scenario.objective = question.objective.limit;
  question.scenario.service = sim::service_model(kStarts.at(flags.start), work_time(flags.work));
  question.scenario.service.behaviour.workers_protect = flags.workers_protect;
  question.scenario.queue.max_receive_count = 0;
  if (!flags.trace.empty()) {
    TRY(take_trace(flags, asked));
  } else {
    question.scenario.arrivals = {TRY(parse_arrivals(flags.arrivals))};
    question.scenario.length = flags.length;
    asked.source = flags.arrivals;
  }
  question.rivals.tasks_max = flags.tasks_max;
  // AWS's recipe: acceptable waiting time / time of one message.
  question.rivals.backlog_per_task =
      std::max<std::int64_t>(1, question.objective.limit / std::max(Duration(1), flags.work));
  question.rivals.fixed_tasks =
      std::clamp<std::int64_t>(study::Load(question).tasks(0.95), 1, flags.tasks_max);
  return asked;
}

Result<study::Candidate> read_policy_file(const std::string& path) {
  const std::string text = TRY(read_input(path));
  const Result<json::Value> value = json::parse(text);
  if (!value) {
    return fail(value.error(), path);
  }
  auto candidate = candidate_of(json::Reader(*value), std::filesystem::path(path).stem().string());
  if (!candidate) {
    return fail(std::move(candidate).error(), path);
  }
  return candidate;
}

std::vector<std::string> facts_of(const Asked& asked, const StudyFlags& flags) {
  std::vector<std::string> facts;
  if (asked.trace) {
    facts.push_back(fmt::format("{}: {}", asked.source, to_string(asked.trace->format)));
    for (const std::string& remark : asked.trace->remarks) {
      facts.push_back(fmt::format("{}: {}.", asked.source, remark));
    }
    if (flags.scale != 1) {
      facts.push_back(fmt::format("Each value of the trace is multiplied by {}.", flags.scale));
    }
  }
  facts.push_back(fmt::format("Price of a task and hour: {:.5g} {} ({}).",
                              asked.question.price.per_hour, asked.question.price.currency,
                              asked.question.price.told));
  facts.emplace_back(flags.workers_protect
                         ? "Workers use ECS task scale-in protection while they work, which "
                           "spares every policy's busy tasks."
                         : "Workers do not protect themselves: who stops a busy task cuts its work "
                           "short, and the message returns after its visibility timeout.");
  facts.push_back(
      fmt::format("Seed {}; all policies face the same messages and work times.", flags.seed));
  return facts;
}

}  // namespace scaler::cli
