#include "programs/ecs_scaler/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/help.h"

namespace scaler::cli {
namespace {

constexpr std::array<std::string_view, 3> kOwnFlags{"--help", "-h", "--version"};

/// "--output=json" -> "--output"
std::string_view name_in(std::string_view word) {
  return word.starts_with('-') ? word.substr(0, word.find('=')) : word;
}

Result<void> refuse(std::string message) {
  return fail(ErrorKind::Malformed, std::move(message));
}

/// The words of one command, taken apart: each option with its values. The library converts and
/// checks nothing, so that it has nothing to complain of but a value that is not there.
class Words {
 public:
  explicit Words(const Command& command) : command_(&command) {
    app_.allow_extras();
    app_.set_help_flag("-h,--help");
    for (const Option& option : command.options) {
      CLI::Option* const given = option.is_flag()
                                     ? app_.add_flag(option.name)
                                     : app_.add_option(option.name, CLI::callback_t(is_taken));
      given->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (option.several) {
        given->type_size(1)->expected(1, CLI::detail::expected_max_vector_size);
        given->allow_extra_args();
      }
      given_.push_back(given);
    }
  }

  Result<Wanted> parse(std::vector<std::string> words) {
    const Result<void> empty = check_empty(words);
    const std::string last = words.empty() ? "" : std::string(name_in(words.back()));
    std::ranges::reverse(words);  // As the library wants them.
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
      return Wanted::Help;
    } catch (const CLI::ParseError&) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' lacks its value", shortened(last)));
    }
    TRY(empty);
    TRY(check_rest());
    TRY(take());
    TRY(check_together());
    return Wanted::Run;
  }

 private:
  static bool is_taken(const CLI::results_t& /*values*/) { return true; }

  std::vector<std::string_view> names() const {
    std::vector<std::string_view> names{"--help"};
    for (const Option& option : command_->options) {
      if (!option.is_word()) {
        names.push_back(option.name);
      }
    }
    return names;
  }

  /// The library takes "--all=" for "--all". It mostly comes from a variable of a script that is
  /// not set, and would pause or forget what nobody named.
  Result<void> check_empty(const std::vector<std::string>& words) const {
    for (const Option& option : command_->options) {
      if (option.is_flag() && std::ranges::find(words, option.name + "=") != words.end()) {
        return refuse(option.name + ": its value is empty");
      }
    }
    return {};
  }

  /// What no option took: the first such word is the one to mend.
  Result<void> check_rest() const {
    bool flags_may_come = true;
    for (const std::string& word : app_.remaining()) {
      if (word == "--") {
        flags_may_come = false;
        continue;
      }
      const std::string name(name_in(word));
      const bool dashed = flags_may_come && name.starts_with('-');
      const std::string meant =
          flags_may_come ? did_you_mean(dashed ? name : "--" + name, names()) : "";
      return refuse(fmt::format("'{}' is {}{}", shortened(name),
                                dashed ? "no flag of it" : "a word too many",
                                meant.empty() ? help_hint() : meant));
    }
    return {};
  }

  Result<void> take() const {
    for (std::size_t i = 0; i < given_.size(); ++i) {
      const Option& option = command_->options[i];
      const CLI::results_t& values = given_[i]->results();
      if (values.empty() && option.required) {
        return refuse(fmt::format("{} is missing{}", cli::label_of(option), help_hint()));
      }
      if (values.size() > 1 && !option.several && !option.is_flag()) {
        return refuse(fmt::format("{} is given more than once", option.name));
      }
      for (const std::string& value : values) {
        if (const Result<void> taken = option.take(value); !taken) {
          return fail(taken.error(), option.name);
        }
      }
    }
    return {};
  }

  Result<void> check_together() const {
    for (const auto& [one, other] : command_->exclusive) {
      if (app_.count(one) > 0 && app_.count(other) > 0) {
        return refuse(fmt::format("{} and {} exclude each other", one, other));
      }
    }
    for (const auto& [one, other] : command_->needs) {
      if (app_.count(one) > 0 && app_.count(other) == 0) {
        return refuse(fmt::format("{} needs {}", one, other));
      }
    }
    for (const auto& [one, other] : command_->either) {
      if ((app_.count(one) > 0) == (app_.count(other) > 0)) {
        return refuse(fmt::format("give either {} or {}", label_of(one), label_of(other)));
      }
    }
    return command_->check ? command_->check() : Result<void>();
  }

  /// "--trace FILE"
  std::string label_of(const std::string& name) const {
    return cli::label_of(*std::ranges::find(command_->options, name, &Option::name));
  }

  std::string help_hint() const {
    return fmt::format(" (ecs-scaler {} --help tells all)", command_->name);
  }

  const Command* command_;
  CLI::App app_;
  std::vector<CLI::Option*> given_ = {};  ///< one for each of the command's options
};

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return kDone;
}

int complain_in(const std::string& command, const std::string& message) {
  std::fprintf(stderr, "ecs-scaler %s: %s\n", command.c_str(), message.c_str());
  return kUsage;
}

int complain_of(std::string_view word, std::span<const Command> commands) {
  constexpr std::string_view kHint = "(ecs-scaler --help)";
  if (word.empty()) {
    return complain(kUsage, fmt::format("which command? {}", kHint));
  }
  std::vector<std::string_view> known(kOwnFlags.begin(), kOwnFlags.end());
  for (const Command& command : commands) {
    known.push_back(command.name);
  }
  return complain(kUsage, fmt::format("'{}' is no {}{} {}", shortened(word),
                                      word.starts_with('-') ? "flag" : "command",
                                      did_you_mean(word, known), kHint));
}

}  // namespace

Result<Wanted> parse(const Command& command, const std::vector<std::string>& words) {
  return Words(command).parse(words);
}

int run_command_line(std::span<const Command> commands, std::vector<std::string> words,
                     const std::string& version, const Environment& environment) {
  const bool asks = !words.empty() &&
                    (words.front() == "-h" || words.front() == "--help" || words.front() == "help");
  if (asks) {
    words.erase(words.begin());
  }
  const std::string name = words.empty() ? "" : words.front();
  if (name == "--version" || name == "version") {
    return print(version + "\n");
  }
  if (asks && name.empty()) {
    return print(help_of_all(commands, help_width(environment)));
  }
  const auto command = std::ranges::find(commands, name, &Command::name);
  if (command == commands.end()) {
    return complain_of(name, commands);
  }
  words.erase(words.begin());
  const Result<Wanted> wanted = asks ? Wanted::Help : parse(*command, words);
  if (!wanted) {
    return complain_in(name, wanted.error().message);
  }
  return *wanted == Wanted::Help ? print(help_of(*command, help_width(environment)))
                                 : command->run(environment);
}

}  // namespace scaler::cli
