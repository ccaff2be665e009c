#include "programs/ecs_scaler/commands/help.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/core.h>

namespace scaler::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::int64_t kWidthMin = 20;
constexpr std::int64_t kWidthMax = 1000;

struct Row {
  std::string left = {};
  std::string right = {};
};

/// Two columns. The right one takes at least half of the width: what is too long to stand left of
/// it gets a line of its own.
std::string table(const std::vector<Row>& rows, std::size_t width) {
  constexpr std::size_t kGap = 2;
  const std::size_t left_max = width / 2 - 2 * kGap;
  std::size_t left = 0;
  for (const Row& row : rows) {
    left = row.left.size() <= left_max ? std::max(left, row.left.size()) : left;
  }
  const std::size_t column = kGap + left + kGap;
  std::string text;
  for (const Row& row : rows) {
    const std::string right = wrapped(std::string(column, ' ') + row.right, width);
    if (row.right.empty()) {
      text += fmt::format("  {}\n", row.left);
      continue;
    }
    const bool beside = row.left.size() <= left;
    text += beside ? fmt::format("  {:<{}}{}\n", row.left, left, right.substr(kGap + left))
                   : fmt::format("{}\n{}\n", wrapped("  " + row.left, width, kGap), right);
  }
  return text;
}

/// Broken so that a shell takes it as it stands: between words, and never in a quoted one.
std::string example_text(std::string example, std::size_t width) {
  constexpr std::size_t kMark = 2;  // " \"
  constexpr char kQuotedBlank = '\1';
  bool quoted = false;
  for (char& c : example) {
    quoted = quoted != (c == '\'');
    c = quoted && c == ' ' ? kQuotedBlank : c;
  }
  std::string text;
  for (const char c : wrapped("  " + example, width - kMark, kMark)) {
    text += c == '\n' ? " \\\n" : std::string(1, c == kQuotedBlank ? ' ' : c);
  }
  return text + "\n";
}

/// The variables that a service is read from.
std::string environment_text() {
  std::string text = "Environment variables:\n";
  for (const VariableHelp& variable : environment_help()) {
    text += fmt::format("  {}\n      {}\n", label_of(variable), variable.sentence);
  }
  return text +
         "Queues and services are asked in the region of their URL or ARN, others in AWS_REGION.\n"
         "Endpoints and credentials come from the usual AWS_... variables and files.";
}

constexpr std::array kGlossary{
    Term{"pass", "one look at the queues and the service, a decision, and what it changes"},
    Term{"policy", "the settings of a service, by which a pass decides"},
    Term{"backlog", "the messages that count as work to do"},
    Term{"visible", "of messages: a worker may receive them now"},
    Term{"in flight", "of messages: a worker has received them and not deleted them yet"},
    Term{"delayed", "of messages: nobody can receive them yet"},
    Term{"demand", "the tasks that the backlog needs, before any limit"},
    Term{"desired", "the count of tasks that ECS is asked to run"},
    Term{"running", "the tasks that have started; pending: those that are starting"},
    Term{"hold", "the decision to change nothing"},
    Term{"wake", "the first message calls the function while the service rests at zero"},
    Term{"tick", "a delayed message of the scaler to itself, so that it looks again"},
    Term{"doorbell", "a message that asks for a pass at once"},
    Term{"fleet file", "several services, with their queues and policies, in YAML or JSON"},
    Term{"trace", "what arrived, and when; for simulations"},
    Term{"rival", "another way of scaling, to compare with"},
};

}  // namespace

std::span<const Term> glossary() {
  return kGlossary;
}

std::string usage_of(const Command& command) {
  std::string usage = "ecs-scaler " + command.name;
  for (const Option& option : command.options) {
    if (option.required) {
      usage += " " + label_of(option);
    }
  }
  usage += " [FLAGS]";
  for (const Option& option : command.options) {
    usage += option.is_word() && !option.required ? fmt::format(" [{}]", option.name) : "";
  }
  return usage;
}

std::string label_of(const Option& option) {
  return option.is_word() || option.is_flag() ? option.name : option.name + " " + option.value;
}

std::string label_of(const VariableHelp& variable) {
  std::string kind = variable.unit;
  if (!variable.default_value.empty()) {
    kind += (kind.empty() ? "default " : ", default ") + variable.default_value;
  }
  return kind.empty() ? variable.name : fmt::format("{} ({})", variable.name, kind);
}

std::size_t help_width(const Environment& environment) {
  if (const auto columns = variable(environment, "COLUMNS")) {
    if (const auto width = parse_integer(*columns, kWidthMin, kWidthMax)) {
      return static_cast<std::size_t>(*width);
    }
  }
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= kWidthMin ? size.ws_col
                                                                                  : kWidth;
}

std::string for_people(std::string text, const Environment& environment) {
  constexpr std::size_t kIndent = 4;
  return isatty(STDOUT_FILENO) == 1 ? wrapped(text, help_width(environment), kIndent) : text;
}

std::string help_of_all(std::span<const Command> commands, std::size_t width) {
  std::vector<Row> rows;
  std::vector<Row> terms;
  std::string examples;
  for (const auto& [word, meaning] : glossary()) {
    terms.push_back({std::string(word), std::string(meaning)});
  }
  for (const Command& command : commands) {
    rows.push_back({command.name, command.sentence});
    examples += example_text(command.example, width);
  }
  return wrapped(
             "Keeps an ECS service at exactly the number of tasks that its SQS queue needs.\n"
             "Usage: ecs-scaler COMMAND [FLAGS]\n"
             "       ecs-scaler COMMAND --help\n\n",
             width) +
         "Flags:\n" +
         table({{"-h, --help", "this text"}, {"--version", "version, commit and libraries"}},
               width) +
         "\nCommands:\n" + table(rows, width) + "\nWords:\n" + table(terms, width) + "\n" +
         wrapped("Exit codes: 0 done, 1 failed, 2 usage, 3 configuration.", width) +
         "\n\nExamples:\n" + examples;
}

std::string help_of(const Command& command, std::size_t width) {
  std::vector<Row> rows{{"-h, --help", "this text"}};
  for (const Option& option : command.options) {
    rows.push_back({label_of(option), option.sentence + (option.required ? " (required)" : "")});
  }
  return wrapped(command.sentence + ".\nUsage: " + usage_of(command) + "\n\n", width) + "Flags:\n" +
         table(rows, width) + "\n" +
         (command.reads_environment ? wrapped(environment_text(), width) + "\n\n" : "") +
         (command.footer.empty() ? "" : wrapped(command.footer, width) + "\n\n") + "Example:\n" +
         example_text(command.example, width);
}

}  // namespace scaler::cli
