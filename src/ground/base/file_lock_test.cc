#include "ground/base/file_lock.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace scaler {
namespace {

/// A child's part: nothing of the test may go on in it.
[[noreturn]] void rest_until_killed() {
  while (true) {
    ::pause();
  }
}

/// A folder of its own, and a child process that holds a file in it until it is killed.
class FileLockTest : public ::testing::Test {
 protected:
  FileLockTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "lock-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    path_ = folder_ + "/lock";
  }
  ~FileLockTest() override {
    kill_holder();
    std::filesystem::remove_all(folder_);
  }

  void hold_elsewhere() {
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    child_ = ::fork();
    if (child_ == 0) {
      const auto lock = FileLock::take(path_);
      static_cast<void>(::write(ready[1], lock ? "y" : "n", 1));
      rest_until_killed();
    }
    char answer = 0;
    ASSERT_EQ(::read(ready[0], &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }

  void kill_holder() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
      child_ = 0;
    }
  }

  std::string folder_;
  std::string path_;
  pid_t child_ = 0;
};

TEST_F(FileLockTest, NamesTheProcessThatHoldsIt) {
  hold_elsewhere();

  const auto second = FileLock::take(path_);

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(second.error().message, "held by process " + std::to_string(child_));
}

TEST_F(FileLockTest, EndsWithItsHolderHoweverThatEnds) {
  hold_elsewhere();
  kill_holder();

  EXPECT_TRUE(FileLock::take(path_).has_value());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(FileLockTest, EndsWithTheValue) {
  {
    auto first = FileLock::take(path_);
    ASSERT_TRUE(first.has_value());
    const std::optional<FileLock> moved(std::move(*first));
  }
  hold_elsewhere();
}

TEST_F(FileLockTest, IsNotInheritedByChildrenThatOutliveTheirParent) {
  auto lock = std::optional(std::move(FileLock::take(path_)).value());
  const pid_t orphan = ::fork();
  if (orphan == 0) {
    rest_until_killed();
  }

  lock.reset();
  hold_elsewhere();

  ::kill(orphan, SIGKILL);
  ::waitpid(orphan, nullptr, 0);
}

TEST_F(FileLockTest, TellsWhatTheSystemSays) {
  const auto lock = FileLock::take(folder_ + "/none/lock");

  ASSERT_FALSE(lock.has_value());
  EXPECT_EQ(lock.error().message, folder_ + "/none/lock: No such file or directory");
}

}  // namespace
}  // namespace scaler
