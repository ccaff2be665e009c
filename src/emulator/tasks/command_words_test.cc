#include "emulator/tasks/command_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CommandWords, AreThoseOfAShellWithoutExpansion) {
  EXPECT_THAT(command_words(" python  worker.py\t").value(), ElementsAre("python", "worker.py"));
  EXPECT_THAT(command_words(R"(sh -c 'echo "$HOME" *')").value(),
              ElementsAre("sh", "-c", R"(echo "$HOME" *)"));
  EXPECT_THAT(command_words(R"(a\ b "c \" d" e"f g"h '' 'x\y')").value(),
              ElementsAre("a b", "c \" d", "ef gh", "", "x\\y"));
}

TEST(CommandWords, AreRefusedWhenAQuoteStaysOpenOrThereAreNone) {
  EXPECT_EQ(command_words("sh -c 'x").error().message, "'sh -c 'x' has a ' without its end");
  EXPECT_EQ(command_words(" \n").error().kind, ErrorKind::Malformed);
}

TEST(FindProgram, LooksAlongThePathOrTakesAPathAsItIs) {
  EXPECT_EQ(find_program("sh", {{"PATH", "/nonexistent:/bin"}}).value(), "/bin/sh");
  EXPECT_EQ(find_program("/bin/sh", {}).value(), "/bin/sh");
  EXPECT_EQ(find_program("sh", {}).value(), "/usr/bin/sh");
  const auto missing = find_program("pythn", {{"PATH", "/bin"}});
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(missing.error().message, "there is no program 'pythn' on PATH (/bin)");
  EXPECT_THAT(find_program("/etc/passwd", {}).error().message, HasSubstr("'/etc/passwd' is no"));
}

}  // namespace
}  // namespace scaler::emulator
