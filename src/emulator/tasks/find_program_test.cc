#include "emulator/tasks/find_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;

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
