#include "programs/ecs_guard/command_line.h"

#include <algorithm>
#include <array>
#include <getopt.h>
#include <optional>
#include <utility>

#include "ground/base/command_words.h"
#include "ground/base/duration.h"
#include "ground/base/text.h"
#include "scaler/core/queue_names.h"

namespace scaler::guard {
namespace {

using Plan = std::variant<GuardPlan, HealthPlan, TextPlan>;

struct Flag {
  std::string_view name;
  std::string_view value;  ///< what stands for it in help; empty: it takes none
  std::string_view text;
  Result<void> (*set)(GuardPlan& plan, std::string_view value);
  bool several = false;  ///< may be given several times
};

template <Duration Rules::* rule>
Result<void> set_time(GuardPlan& plan, std::string_view value) {
  plan.front.rules.*rule = TRY(parse_duration(value));
  return {};
}

template <bool Rules::* rule>
Result<void> switch_on(GuardPlan& plan, std::string_view) {
  plan.front.rules.*rule = true;
  return {};
}

Result<void> set_port(GuardPlan& plan, std::string_view value) {
  const std::optional<int> port = number_of<int>(value);
  if (!port || *port < 0 || *port > 65535) {
    return fail(ErrorKind::Malformed,
                "'" + std::string(value) + "' is no port: a port is a number from 0 to 65535");
  }
  plan.front.door.port = *port;
  return {};
}

Result<void> set_report(GuardPlan& plan, std::string_view value) {
  static constexpr std::array<std::pair<std::string_view, ReportForm>, 3> kForms = {
      {{"none", ReportForm::None}, {"line", ReportForm::Line}, {"emf", ReportForm::Emf}}};
  const auto* const found = std::ranges::find(kForms, value, [](const auto& p) { return p.first; });
  if (found == kForms.end()) {
    return fail(ErrorKind::Malformed,
                "'" + std::string(value) + "' is no report: there are none, line and emf");
  }
  plan.front.report = found->second;
  return {};
}

Result<void> add_queue(GuardPlan& plan, std::string_view value) {
  // A URL of whatever shape may be that of a server which is not AWS.
  if (!value.contains("://")) {
    TRY(parse_queue_or_name(value));
  }
  plan.queues.emplace_back(value);
  return {};
}

constexpr std::array kFlags = {
    Flag{"queue", "NAME|URL",
         "guard only this queue; may be given several times. Calls about others go on as they are",
         add_queue, true},
    Flag{"port", "PORT", "listen on this port of 127.0.0.1 (any that is free; serve: 9324)",
         set_port},
    Flag{"stop-timeout", "TIME", "from SIGTERM to SIGKILL: the container's stopTimeout (30s)",
         set_time<&Rules::stop_timeout>},
    Flag{"linger", "TIME", "keep the task protected for so long after its last message (30s)",
         set_time<&Rules::linger>},
    Flag{"breathe", "TIME",
         "after so long under protection take no messages, and no protection, for 10 s, so that "
         "deployments end; 0: never (15m)",
         set_time<&Rules::breathe>},
    Flag{"renew", "",
         "renew the visibility of what the worker holds, until it asks for the next messages",
         switch_on<&Rules::renew>},
    Flag{"until-next-receive", "",
         "for workers that delete before they work: what they deleted counts as work until they "
         "ask for the next messages",
         switch_on<&Rules::until_next_receive>},
    Flag{"expect-within", "TIME", "warn when no receive has come through the guard by then (2m)",
         [](GuardPlan& plan, std::string_view value) -> Result<void> {
           plan.front.expect_within = TRY(parse_duration(value));
           return {};
         }},
    Flag{"strict", "", "end the task instead of that warning",
         [](GuardPlan& plan, std::string_view) -> Result<void> {
           plan.front.strict = true;
           return {};
         }},
    Flag{"report", "none|line|emf",
         "once a minute, on standard output: work times, messages held, time protected (none)",
         set_report},
};

constexpr std::string_view kUsage =
    "usage: ecs-guard [flags] -- COMMAND [ARGUMENT ...]\n"
    "       ecs-guard serve [flags]\n"
    "       ecs-guard health [--port PORT]\n";

std::string help_text() {
  std::string text(kUsage);
  text +=
      "\nStands between an SQS worker and SQS, and protects its ECS task from scale-in for as "
      "long\n"
      "as it holds messages. The worker is started with AWS_ENDPOINT_URL_SQS set; with serve it\n"
      "runs in another container of the same task.\n\nflags:\n";
  for (const Flag& flag : kFlags) {
    text += "  --" + std::string(flag.name);
    text += flag.value.empty() ? "\n" : " " + std::string(flag.value) + "\n";
    text += wrapped("      " + std::string(flag.text), 92) + "\n";
  }
  text +=
      "  --version, --help\n\nExit code: the command's own, 128 and the signal's number when one "
      "ended it; 1 when it cannot be\nrun or nothing came through the guard (--strict), 2 for a "
      "wrong command line, 3 for wrong settings.\n\nexample: ecs-guard --queue jobs -- python "
      "worker.py\n";
  return text;
}

std::unexpected<Error> unknown(std::string_view word) {
  std::vector<std::string_view> names{"version", "help"};
  std::ranges::transform(kFlags, std::back_inserter(names), &Flag::name);
  const std::size_t dashes = std::min(word.find_first_not_of('-'), word.size());
  const std::string_view bare = word.substr(dashes, word.find('=') - dashes);
  const auto near = nearest_word(bare, names);
  return fail(ErrorKind::Malformed,
              "unknown flag '" + std::string(word) + "'" +
                  (near ? "; did you mean '--" + std::string(*near) + "'?" : "") +
                  "\nthe command of the worker stands behind --");
}

/// getopt's numbers: a flag's place in the table, and these.
enum : int { kHelp = 1000, kVersionAsked };

std::vector<option> getopt_table() {
  std::vector<option> table;
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    table.push_back({.name = kFlags[i].name.data(),
                     .has_arg = kFlags[i].value.empty() ? no_argument : required_argument,
                     .flag = nullptr,
                     .val = static_cast<int>(i)});
  }
  table.push_back({.name = "help", .has_arg = no_argument, .flag = nullptr, .val = kHelp});
  table.push_back(
      {.name = "version", .has_arg = no_argument, .flag = nullptr, .val = kVersionAsked});
  table.push_back({});
  return table;
}

/// Reads the flags of `words` from the second on; the words behind them are the plan's command.
/// The text of --help or --version when one of them stands there.
Result<std::optional<TextPlan>> read_flags(std::vector<std::string>& words,
                                           std::string_view version, GuardPlan& plan) {
  const std::vector<option> table = getopt_table();
  std::vector<char*> arguments = exec_pointers(words);
  const int count = static_cast<int>(words.size());
  std::array<bool, kFlags.size()> given{};
  ::optind = 0;  // Begins anew; the program reads one line, its tests read many.
  ::opterr = 0;
  while (true) {
    const int at = std::max(::optind, 1);
    const int found = ::getopt_long(count, arguments.data(), "+:h", table.data(), nullptr);
    if (found == -1) {
      break;
    }
    if (found == kHelp || found == 'h') {
      return TextPlan{help_text()};
    }
    if (found == kVersionAsked) {
      return TextPlan{"ecs-guard " + std::string(version) + "\n"};
    }
    const std::string& word = words[static_cast<std::size_t>(at)];
    if (found == ':') {
      return fail(ErrorKind::Malformed, word + " lacks its value");
    }
    if (found == '?') {
      return unknown(word);
    }
    const Flag& flag = kFlags[static_cast<std::size_t>(found)];
    if (std::exchange(given[static_cast<std::size_t>(found)], true) && !flag.several) {
      return fail(ErrorKind::Malformed,
                  "--" + std::string(flag.name) + " stands twice: it must be given once");
    }
    const Result<void> set = flag.set(plan, ::optarg == nullptr ? "" : ::optarg);
    if (!set.has_value()) {
      return fail(set.error(), "--" + std::string(flag.name));
    }
  }
  plan.command.assign(words.begin() + ::optind, words.end());
  return std::nullopt;
}

Result<void> check(const GuardPlan& plan) {
  if (plan.front.rules.stop_timeout < std::chrono::seconds(4)) {
    return fail(ErrorKind::Malformed,
                "--stop-timeout: under 4 s there is no time to give anything back");
  }
  if (plan.front.rules.linger > std::chrono::minutes(5)) {
    return fail(ErrorKind::Malformed, "--linger: 5m at most");
  }
  return {};
}

}  // namespace

Result<Plan> read_command_line(std::vector<std::string> words, std::string_view version) {
  const std::string verb = words.size() > 1 ? words[1] : "";
  const bool has_verb = verb == "serve" || verb == "health";
  if (has_verb) {
    words.erase(words.begin() + 1);
  }
  GuardPlan plan;
  plan.front.door.port = has_verb ? kDefaultPort : 0;
  if (std::optional<TextPlan> text = TRY(read_flags(words, version, plan))) {
    return Plan(*std::move(text));
  }
  if (has_verb && !plan.command.empty()) {
    return fail(ErrorKind::Malformed,
                verb + " takes no command, but '" + plan.command.front() + "' stands there");
  }
  if (verb == "health") {
    return Plan(HealthPlan{.port = plan.front.door.port});
  }
  if (!has_verb && plan.command.empty()) {
    return fail(ErrorKind::Malformed,
                std::string(kUsage) + "there is no command: it stands behind --");
  }
  TRY(check(plan));
  plan.front.rules.child = !has_verb;
  return Plan(std::move(plan));
}

}  // namespace scaler::guard
