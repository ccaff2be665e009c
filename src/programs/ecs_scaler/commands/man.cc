// man: the manual page, made of the tables that help is made of.
#include <cstdio>

#include <fmt/core.h>

#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/documents.h"
#include "programs/ecs_scaler/commands/help.h"

namespace scaler::cli {
namespace {

/// As troff takes it: no dash becomes a hyphen, and no line begins with what would be a request.
std::string troff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool begins = escaped.empty() || escaped.back() == '\n';
    escaped += begins && (c == '.' || c == '\'') ? "\\&" : "";
    escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return escaped;
}

/// A word that stands left, and what is said of it.
std::string item(const std::string& label, std::string_view sentence) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", troff(label), troff(sentence));
}

std::string example_lines(const std::string& example) {
  return ".PP\n.nf\n.RS\n" + troff(example) + "\n.RE\n.fi\n";
}

std::string section_of(const Command& command) {
  std::string text = fmt::format(".SS {}\n{}.\n.PP\n\\fB{}\\fR\n", troff(command.name),
                                 troff(command.sentence), troff(usage_of(command)));
  for (const Option& option : command.options) {
    text += item(label_of(option), option.sentence + (option.required ? " (required)" : ""));
  }
  if (command.reads_environment) {
    text += ".PP\nIts service is read from the variables below ENVIRONMENT.\n";
  }
  if (!command.footer.empty()) {
    text += ".PP\n.nf\n" + troff(command.footer) + "\n.fi\n";
  }
  return text + example_lines(command.example);
}

std::string page_of(const std::vector<Command>& commands, const std::string& version) {
  std::string text = fmt::format(
      ".TH ECS\\-SCALER 1 \"\" \"ecs\\-scaler {}\" \"User commands\"\n"
      ".SH NAME\necs\\-scaler \\- keeps an ECS service at the number of tasks that its SQS queue "
      "needs\n"
      ".SH SYNOPSIS\n\\fBecs\\-scaler\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR]\n.br\n"
      "\\fBecs\\-scaler\\fR [\\fICOMMAND\\fR] \\fB\\-\\-help\\fR\n.br\n"
      "\\fBecs\\-scaler\\fR \\fB\\-\\-version\\fR\n"
      ".SH COMMANDS\n",
      troff(version));
  for (const Command& command : commands) {
    text += section_of(command);
  }
  text += ".SH ENVIRONMENT\n";
  for (const VariableHelp& variable : environment_help()) {
    text += item(label_of(variable), variable.sentence);
  }
  text += ".SH WORDS\n";
  for (const auto& [word, meaning] : glossary()) {
    text += item(std::string(word), meaning);
  }
  text += ".SH EXIT STATUS\n" + item("0", "done") + item("1", "failed") +
          item("2", "the command line is wrong") + item("3", "the configuration is wrong");
  return text;
}

}  // namespace

Command man_command(AllCommands all, std::string version) {
  return {.name = "man",
          .sentence = "Print the manual page, for man -l or a package",
          .example = "ecs-scaler man",
          .run = [all, version = std::move(version)](const Environment&) -> int {
            std::fputs(page_of(all(), version).c_str(), stdout);
            return kDone;
          }};
}

}  // namespace scaler::cli
