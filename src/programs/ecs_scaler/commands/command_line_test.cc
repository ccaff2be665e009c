#include "programs/ecs_scaler/commands/command_line.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/help.h"

namespace scaler::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using Lines = std::vector<std::string_view>;
using Argv = std::vector<std::string>;

enum class Colour { Red, Green };
constexpr std::array<Choice<Colour>, 2> kColours{{{"red", Colour::Red}, {"green", Colour::Green}}};

/// One option of each kind.
struct Paint {
  bool dry = false;
  std::vector<std::string> order = {};
  std::string name = {};
  std::vector<std::string> layers = {};
  int coats = 1;
  double share = 1;
  Duration pause = std::chrono::seconds(5);
  Colour colour = Colour::Red;
  std::vector<Colour> mix = {};
  std::string file = {};
  std::string into = {};
  std::string wall = {};
};

Command command_of(Paint& paint) {
  return {.name = "paint",
          .sentence = "Paints a wall",
          .options =
              {{"--dry-run", "", "paint nothing, but say what would be painted, and where",
                flag(paint.dry)},
               {"--fast", "", "", flag([&paint] { paint.order.emplace_back("fast"); })},
               {"--name", "TEXT", "", text(paint.name)},
               {.name = "--layer", .value = "TEXT", .take = texts(paint.layers), .several = true},
               {"--coats", "N", "", integer(paint.coats, 1, 9)},
               {"--share", "X", "", real_number(paint.share, 0, 1)},
               {"--pause", "DURATION", "", duration(paint.pause)},
               {"--colour", "red|green", "", one_of(paint.colour, kColours)},
               {"--mix", "COLOUR,...", "", list_of(paint.mix, kColours)},
               {"--file", "FILE", "", existing_file(paint.file)},
               {"--into", "FILE", "", written_file(paint.into)},
               {"WALL", "", "", text(paint.wall)}},
          .exclusive = {{"--dry-run", "--fast"}},
          .example = "ecs-scaler paint --coats 2 --colour green --name 'the northern wall' north",
          .run = [](const Environment&) { return kDone; }};
}

/// What is complained of; empty when nothing is.
std::string complaint(const Argv& words) {
  Paint paint;
  const Result<Wanted> wanted = parse(command_of(paint), words);
  return wanted ? "" : wanted.error().message;
}

TEST(Parse, GivesEachValueItsPlace) {
  Paint paint;
  const auto wanted =
      parse(command_of(paint), {"--dry-run", "north", "--name=x y", "--layer", "a", "--layer", "b",
                                "--coats", "3", "--share", "0.5", "--pause", "2m", "--colour",
                                "green", "--mix", "green,red", "--file", "/dev/null"});
  ASSERT_TRUE(wanted) << wanted.error().message;
  EXPECT_EQ(*wanted, Wanted::Run);
  EXPECT_TRUE(paint.dry);
  EXPECT_EQ(paint.wall, "north");
  EXPECT_EQ(paint.name, "x y");
  EXPECT_THAT(paint.layers, ElementsAre("a", "b"));
  EXPECT_EQ(paint.coats, 3);
  EXPECT_EQ(paint.share, 0.5);
  EXPECT_EQ(paint.pause, std::chrono::minutes(2));
  EXPECT_EQ(paint.colour, Colour::Green);
  EXPECT_THAT(paint.mix, ElementsAre(Colour::Green, Colour::Red));
  EXPECT_EQ(paint.file, "/dev/null");
}

TEST(Parse, AValueMayBeginWithADashOrBeAList) {
  Paint paint;
  ASSERT_TRUE(parse(command_of(paint), {"--name", "--x", "--layer", "[a]"}));
  EXPECT_EQ(paint.name, "--x");
  ASSERT_TRUE(parse(command_of(paint), {"--name", "[1,2]"}));
  EXPECT_EQ(paint.name, "[1,2]");
}

TEST(Parse, AFlagMayBeDenied) {
  Paint paint;
  ASSERT_TRUE(parse(command_of(paint), {"--dry-run", "--dry-run=false"}));
  EXPECT_FALSE(paint.dry);
  ASSERT_TRUE(parse(command_of(paint), {"--fast=no"}));
  EXPECT_TRUE(paint.order.empty());
  ASSERT_TRUE(parse(command_of(paint), {"--fast"}));
  EXPECT_THAT(paint.order, ElementsAre("fast"));
}

TEST(Parse, HelpGoesBeforeMistakes) {
  Paint paint;
  for (const Argv& words :
       {Argv{"--help"}, Argv{"-h"}, Argv{"--coats", "many", "--help"}, Argv{"--fast=", "--help"}}) {
    const auto wanted = parse(command_of(paint), words);
    ASSERT_TRUE(wanted);
    EXPECT_EQ(*wanted, Wanted::Help);
  }
}

TEST(Parse, NamesTheWordAndWhatWouldBeRight) {
  const std::string hint = " (ecs-scaler paint --help tells all)";
  EXPECT_EQ(complaint({"--dry-rnu"}), "'--dry-rnu' is no flag of it; did you mean '--dry-run'?");
  EXPECT_EQ(complaint({"--colur=green"}), "'--colur' is no flag of it; did you mean '--colour'?");
  EXPECT_EQ(complaint({"--unheard-of", "--neither"}), "'--unheard-of' is no flag of it" + hint);
  EXPECT_EQ(complaint({"-x"}), "'-x' is no flag of it" + hint);
  EXPECT_EQ(complaint({"--", "north", "--fast"}), "'--fast' is a word too many" + hint);
  EXPECT_EQ(complaint({"north", "dry-run"}),
            "'dry-run' is a word too many; did you mean '--dry-run'?");
  EXPECT_EQ(complaint({"north", "south"}), "'south' is a word too many" + hint);
  EXPECT_EQ(complaint({"--name"}), "'--name' lacks its value");
  EXPECT_EQ(complaint({"--name", "a", "--name", "b"}), "--name is given more than once");
  EXPECT_EQ(complaint({"--dry-run", "--fast"}), "--dry-run and --fast exclude each other");
  EXPECT_EQ(complaint({"--dry-run=perhaps"}),
            "--dry-run: 'perhaps' is none of true, false, yes, no, on, off, 1, 0");
  EXPECT_EQ(complaint({"--fast="}), "--fast: its value is empty");
}

TEST(Parse, NamesTheValueAndWhatWouldBeRight) {
  EXPECT_EQ(complaint({"--coats", "10"}), "--coats: '10' is not a whole number from 1 to 9");
  EXPECT_EQ(complaint({"--coats", "2x"}), "--coats: '2x' is not a whole number from 1 to 9");
  EXPECT_EQ(complaint({"--share", "nan"}), "--share: 'nan' is not a number from 0 to 1");
  EXPECT_EQ(complaint({"--pause", "soon"}),
            "--pause: 'soon' is not a duration such as 500ms, 5s, 2m or 1h");
  EXPECT_EQ(complaint({"--pause", "99999h"}), "--pause: '99999h' is not between 0 s and 87840 h");
  EXPECT_EQ(complaint({"--colour", "gren"}),
            "--colour: 'gren' is none of red, green; did you mean 'green'?");
  EXPECT_EQ(complaint({"--mix", "red,bleu"}), "--mix: 'bleu' is none of red, green");
  EXPECT_EQ(complaint({"--file", "/nowhere"}), "--file: there is no file '/nowhere'");
  EXPECT_EQ(complaint({"--file", "/"}), "--file: '/' is a folder");
  EXPECT_EQ(complaint({"--into", "/"}), "--into: '/' is a folder");
  EXPECT_EQ(complaint({"--into", "/nowhere/at/all"}), "--into: there is no folder '/nowhere/at'");
  EXPECT_EQ(complaint({"--into", "-"}), "--into: '-' is no file: what is written needs a name");
  EXPECT_EQ(complaint({"--into", "/dev/null"}), "");
  const std::string link =
      (std::filesystem::temp_directory_path() / ("fleet-" + std::to_string(::getpid()) + ".yaml"))
          .string();
  std::filesystem::create_symlink("/nowhere/else", link);
  EXPECT_EQ(complaint({"--file", link}),
            "--file: '" + link + "' is a link to '/nowhere/else', which is not there");
  EXPECT_EQ(complaint({"--file", link + "x"}), "--file: there is no file '" + link + "x'")
      << "what is not there is nothing to suggest";
  std::filesystem::remove(link);
}

TEST(Parse, WhatIsRequiredIsMissed) {
  std::string cluster;
  const Command command{
      .name = "make",
      .options = {{.name = "--cluster", .value = "NAME", .take = text(cluster), .required = true}}};
  const auto without = parse(command, {});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().message,
            "--cluster NAME is missing (ecs-scaler make --help tells all)");
  // A wrong word is why it is missing.
  EXPECT_EQ(parse(command, {"--clutser", "x"}).error().message,
            "'--clutser' is no flag of it; did you mean '--cluster'?");
  EXPECT_TRUE(parse(command, {"--cluster", "x"}));
}

int code_of(const Argv& words) {
  Paint paint;
  const std::array commands{command_of(paint)};
  return run_command_line(commands, words, "1.2.3", {});
}

TEST(RunCommandLine, RunsTheCommandOrSaysWhatIsThere) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(code_of({"paint", "--coats", "2"}), kDone);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  for (const char* word : {"--version", "version"}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(code_of({word}), kDone);
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "1.2.3\n");
  }
  for (const Argv& words : {Argv{"--help", "paint"}, Argv{"help", "paint"}, Argv{"paint", "-h"}}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(code_of(words), kDone);
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("Paints a wall."));
  }
}

TEST(RunCommandLine, HelpIsAWordToo) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(code_of({"help"}), kDone);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("\n  paint  Paints a wall\n"));
}

TEST(RunCommandLine, NamesTheNearestCommand) {
  const std::vector<std::pair<Argv, std::string>> cases{
      {{"piant"}, "ecs-scaler: 'piant' is no command; did you mean 'paint'? (ecs-scaler --help)\n"},
      {{"destroy"}, "ecs-scaler: 'destroy' is no command (ecs-scaler --help)\n"},
      {{"--hlep"}, "ecs-scaler: '--hlep' is no flag; did you mean '--help'? (ecs-scaler --help)\n"},
      {{}, "ecs-scaler: which command? (ecs-scaler --help)\n"},
      {{"paint", "--coat", "2"},
       "ecs-scaler paint: '--coat' is no flag of it; did you mean '--coats'?\n"}};
  for (const auto& [words, told] : cases) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(code_of(words), kUsage);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), told);
  }
}

std::size_t widest(const std::string& text) {
  std::size_t width = 0;
  for (const std::string_view line : split(text, "\n")) {
    width = std::max(width, line.size());
  }
  return width;
}

TEST(Help, IsNoWiderThanTheTerminalAndEndsWithItsExample) {
  Paint paint;
  const Command command = command_of(paint);
  EXPECT_THAT(help_of(command, 80),
              AllOf(HasSubstr("Usage: ecs-scaler paint [FLAGS] [WALL]\n"),
                    EndsWith("\n\nExample:\n  ecs-scaler paint --coats 2 --colour green --name "
                             "'the northern wall' north\n")));
  // No break stands within quotes.
  EXPECT_THAT(help_of(command, 60),
              EndsWith("\n\nExample:\n  ecs-scaler paint --coats 2 --colour green --name \\\n"
                       "    'the northern wall' north\n"));
  for (const std::size_t width : {40U, 60U, 80U, 200U}) {
    EXPECT_LE(widest(help_of(command, width)), width);
    EXPECT_LE(widest(help_of_all(std::array{command}, width)), width);
  }
}

TEST(Help, KeepsItsColumns) {
  Paint paint;
  EXPECT_THAT(help_of(command_of(paint), 44),
              AllOf(HasSubstr("\n  --dry-run           paint nothing, but say\n"
                              "                      what would be painted,\n"
                              "                      and where\n"),
                    Not(HasSubstr(" \n"))));
}

TEST(HelpWidth, IsColumnsWhenTheyMakeSense) {
  EXPECT_EQ(help_width({{"COLUMNS", "60"}}), 60);
  for (const char* columns : {"-1", "0", "wide", "1e2", "100000"}) {
    EXPECT_EQ(help_width({{"COLUMNS", columns}}), help_width({})) << columns;
  }
}

}  // namespace
}  // namespace scaler::cli
