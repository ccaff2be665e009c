// completions: what a shell asks for to complete command lines of ecs-scaler, made of the table of
// all commands.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/documents.h"

namespace scaler::cli {
namespace {

enum class Shell { Bash, Zsh, Fish };
constexpr std::array<Choice<Shell>, 3> kShells{
    {{"bash", Shell::Bash}, {"zsh", Shell::Zsh}, {"fish", Shell::Fish}}};

/// FILE, URL and s3://BUCKET/KEY stand for something; a word to be typed is small.
bool is_placeholder(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// The words that an option takes; none where it takes any text.
std::vector<std::string_view> words_of(const Option& option) {
  if (!option.words.empty() || !option.value.contains('|')) {
    return option.words;
  }
  std::vector<std::string_view> words = split(option.value, "|");
  std::erase_if(words, is_placeholder);
  return words;
}

/// Perhaps among other things.
bool takes_path(const Option& option) {
  const auto kinds = split(option.is_word() ? option.name : option.value, "|");
  return std::ranges::any_of(kinds, [](auto kind) { return kind == "FILE" || kind == "FOLDER"; });
}

/// A text within single quotes of zsh or fish, without what means something to _arguments.
std::string quotable(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '\'') {
      plain += R"('\'')";
    } else {
      plain += c == '`' ? '"' : c == '[' ? '(' : c == ']' ? ')' : c == '\\' ? '/' : c;
    }
  }
  return plain;
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const Command& command : commands) {
    names.push_back(command.name);
  }
  return names;
}

/// The values of one option in a case of bash's function.
std::string bash_values(const Option& option) {
  return fmt::format("mapfile -t COMPREPLY < <(compgen {}-W '{}' -- \"$word\")",
                     takes_path(option) ? "-f " : "", fmt::join(words_of(option), " "));
}

std::string bash_command(const Command& command) {
  std::string flags = "--help";
  std::string values;
  std::string word = "return";
  for (const Option& option : command.options) {
    if (option.is_word()) {
      word = bash_values(option);
      continue;
    }
    flags += " " + option.name;
    if (!option.is_flag()) {
      values += fmt::format("        {}) {}; return ;;\n", option.name, bash_values(option));
    }
  }
  return fmt::format(
      "    {})\n"
      "      case \"$before\" in\n{}      esac\n"
      "      if [[ \"$word\" == -* ]]; then\n"
      "        mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$word\")\n"
      "      else\n        {}\n      fi\n      ;;\n",
      command.name, values.empty() ? "        *) ;;\n" : values, flags, word);
}

std::string bash_of(const std::vector<Command>& commands) {
  std::string text = fmt::format(
      "# bash completion of ecs-scaler\n"
      "_ecs_scaler() {{\n"
      "  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" before=\"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n"
      "  COMPREPLY=()\n"
      "  # bash takes --flag=value apart.\n"
      "  if [[ \"$word\" == = ]]; then\n"
      "    word=\n"
      "  elif [[ \"$before\" == = ]]; then\n"
      "    before=\"${{COMP_WORDS[COMP_CWORD - 2]}}\"\n"
      "  fi\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '{} --help --version' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  case \"${{COMP_WORDS[1]}}\" in\n",
      fmt::join(names_of(commands), " "));
  for (const Command& command : commands) {
    text += bash_command(command);
  }
  return text + "  esac\n}\ncomplete -F _ecs_scaler ecs-scaler\n";
}

/// What _arguments is told of the value: its name, and how it is completed.
std::string zsh_value(const Option& option) {
  const std::vector<std::string_view> words = words_of(option);
  const std::string name = option.is_word() ? option.name : option.value;
  std::string plain;
  for (const char c : name) {
    plain += c == ':' ? "\\:" : std::string(1, c);
  }
  if (takes_path(option)) {
    return words.empty() ? fmt::format(":{}:_files", quotable(plain))
                         : fmt::format(
                               ":{}:{{_alternative \"words:word:({})\" "
                               "\"files:file:_files\"}}",
                               quotable(plain), fmt::join(words, " "));
  }
  return words.empty() ? fmt::format(":{}: ", quotable(plain))
                       : fmt::format(":{}:({})", quotable(plain), fmt::join(words, " "));
}

std::string zsh_of(const std::vector<Command>& commands) {
  std::string text =
      "#compdef ecs-scaler\n"
      "_ecs_scaler() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const Command& command : commands) {
    text += fmt::format("    '{}:{}'\n", command.name, quotable(command.sentence));
  }
  text +=
      "  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe command commands\n"
      "    _arguments '--help(this text)' '--version(version, commit and libraries)'\n"
      "    return\n"
      "  fi\n"
      "  local command=\"$words[2]\"\n"
      "  shift words\n"
      "  ((CURRENT -= 1))\n"
      "  case \"$command\" in\n";
  for (const Command& command : commands) {
    text += fmt::format("    {})\n      _arguments '--help[this text]'", command.name);
    for (const Option& option : command.options) {
      const std::string sentence = quotable(option.sentence);
      text += option.is_word()
                  ? fmt::format(" \\\n        '{}'", "1" + zsh_value(option))
                  : fmt::format(" \\\n        '{}{}[{}]{}'", option.several ? "*" : "", option.name,
                                sentence, option.is_flag() ? "" : zsh_value(option));
    }
    text += "\n      ;;\n";
  }
  return text +
         "  esac\n"
         "}\n"
         "if [[ \"$zsh_eval_context[-1]\" == loadautofunc ]]; then\n"
         "  _ecs_scaler \"$@\"\n"
         "else\n"
         "  compdef _ecs_scaler ecs-scaler\n"
         "fi\n";
}

std::string fish_option(const Command& command, const Option& option) {
  std::string line =
      fmt::format("complete -c ecs-scaler -n '__fish_seen_subcommand_from {}'", command.name);
  if (!option.is_word()) {
    line += fmt::format(" -l {} -d '{}'", option.name.substr(2), quotable(option.sentence));
  }
  const std::vector<std::string_view> words = words_of(option);
  if (takes_path(option)) {
    line += option.is_word() ? " -F" : " -r -F";
  } else if (!option.is_flag() && !option.is_word()) {
    line += " -x";
  }
  return words.empty() ? line + "\n" : fmt::format("{} -a '{}'\n", line, fmt::join(words, " "));
}

std::string fish_of(const std::vector<Command>& commands) {
  std::string text =
      "# fish completion of ecs-scaler\n"
      "complete -c ecs-scaler -f\n"
      "complete -c ecs-scaler -l help -d 'this text'\n"
      "complete -c ecs-scaler -n __fish_use_subcommand -l version "
      "-d 'version, commit and libraries'\n";
  for (const Command& command : commands) {
    text += fmt::format("complete -c ecs-scaler -n __fish_use_subcommand -a {} -d '{}'\n",
                        command.name, quotable(command.sentence));
    for (const Option& option : command.options) {
      text += fish_option(command, option);
    }
  }
  return text;
}

}  // namespace

Command completions_command(AllCommands all) {
  const auto shell = std::make_shared<Shell>(Shell::Bash);
  return {.name = "completions",
          .sentence = "Print what lets a shell complete command lines of ecs-scaler",
          .options = {{.name = "SHELL",
                       .sentence = "bash, zsh or fish",
                       .take = one_of(*shell, kShells),
                       .required = true,
                       .words = words_of(kShells)}},
          .example = "ecs-scaler completions bash",
          .run = [shell, all](const Environment&) -> int {
            const std::vector<Command> commands = all();
            const std::string text = *shell == Shell::Bash  ? bash_of(commands)
                                     : *shell == Shell::Zsh ? zsh_of(commands)
                                                            : fish_of(commands);
            std::fputs(text.c_str(), stdout);
            return kDone;
          }};
}

}  // namespace scaler::cli
