#include "emulator/process/child_process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/process/test_support.h"

namespace scaler::emulator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;

/// Neither gone nor a zombie.
bool alive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(") ");
  return end != std::string::npos && text[end + 2] != 'Z';
}

class ChildProcessTest : public ::testing::Test {
 protected:
  void start(const std::string& path, Environment environment = {}) {
    auto process = ChildProcess::start(
        loop_, {.executable = path,
                .environment = std::move(environment),
                .on_line = [this](std::string_view line) { lines_.emplace_back(line); },
                .on_exit = [this](ProcessExit exit) { exit_ = exit; }});
    ASSERT_TRUE(process.has_value()) << process.error().message;
    process_ = std::move(*process);
  }

  void start_kept(const std::string& path, std::vector<std::string> arguments = {}) {
    auto process = ChildProcess::start(
        loop_, {.executable = path,
                .arguments = std::move(arguments),
                .environment = {{"PATH", "/usr/bin:/bin"}},
                .kept = true,
                .on_line = [this](std::string_view line) { lines_.emplace_back(line); },
                .on_exit = [this](ProcessExit exit) { exit_ = exit; }});
    ASSERT_TRUE(process.has_value()) << process.error().message;
    process_ = std::move(*process);
  }

  bool run_to_end() {
    return run_until(loop_, [this] { return exit_.has_value(); });
  }

  net::EventLoop loop_;
  std::vector<std::string> lines_;
  std::optional<ProcessExit> exit_;
  std::unique_ptr<ChildProcess> process_;
};

TEST_F(ChildProcessTest, ForwardsBothOutputsLineByLineAndThenTheExit) {
  const Script script("#!/bin/sh\necho one\necho two >&2\nprintf 'a\\000b\\n\\nlast'\nexit 3\n");

  start(script.path());

  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("one", "two", std::string("a\0b", 3), "", "last"));
  EXPECT_EQ(describe(*exit_), "exit status 3");
}

TEST_F(ChildProcessTest, HasExactlyTheGivenEnvironment) {
  const Script script("#!/bin/bash\ncat /proc/$$/environ | tr '\\0' '\\n'\n");

  start(script.path(), {{"A", "1 2"}, {"PATH", "/usr/bin:/bin"}});

  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("A=1 2", "PATH=/usr/bin:/bin"));
}

TEST_F(ChildProcessTest, InheritsNoFilesOfThisProgram) {
  const Script script("#!/bin/bash\nfor f in /proc/$$/fd/*; do echo ${f##*/}; done\n");

  start(script.path());

  ASSERT_TRUE(run_to_end());
  // Of bash's own: the script, and the folder that it lists.
  EXPECT_THAT(lines_, IsSubsetOf({"0", "1", "2", "3", "255"}));
}

TEST_F(ChildProcessTest, CutsALineWithoutEnd) {
  const Script script("#!/bin/sh\nhead -c 600000 /dev/zero\n");

  start(script.path(), {{"PATH", "/usr/bin:/bin"}});

  ASSERT_TRUE(run_to_end());
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_EQ(lines_[0].size(), 262'144U);
  EXPECT_EQ(lines_[2].size(), 600'000U - 2 * 262'144U);
}

TEST_F(ChildProcessTest, TellsTheSignalThatEndedIt) {
  const Script script("#!/bin/sh\nkill -SEGV $$\n");

  start(script.path());

  ASSERT_TRUE(run_to_end());
  EXPECT_EQ(exit_->signal, SIGSEGV);
  EXPECT_EQ(describe(*exit_), "signal: segmentation fault");
}

TEST_F(ChildProcessTest, KillsItsChildrenToo) {
  const Script script("#!/bin/sh\ntrap '' TERM INT\nsleep 1000 &\necho $!\nwait\n");
  start(script.path(), {{"PATH", "/usr/bin:/bin"}});
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  const pid_t child = std::stoi(lines_[0]);
  ASSERT_TRUE(alive(child));

  process_->kill();

  ASSERT_TRUE(run_to_end());
  EXPECT_EQ(describe(*exit_), "signal: killed");
  EXPECT_TRUE(run_until(loop_, [child] { return !alive(child); }));
}

TEST_F(ChildProcessTest, EndsWhatItLeavesBehindWhenItExits) {
  const Script script("#!/bin/sh\nsleep 1000 &\necho $!\n");

  start(script.path(), {{"PATH", "/usr/bin:/bin"}});

  ASSERT_TRUE(run_to_end());
  const pid_t child = std::stoi(lines_.at(0));
  EXPECT_TRUE(run_until(loop_, [child] { return !alive(child); }));
}

TEST_F(ChildProcessTest, DoesNotOutliveItsObject) {
  const Script script("#!/bin/sh\necho up\nsleep 1000\n");
  start(script.path(), {{"PATH", "/usr/bin:/bin"}});
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  const pid_t pid = process_->pid();
  ASSERT_TRUE(alive(pid));

  process_.reset();

  EXPECT_FALSE(alive(pid));
  EXPECT_FALSE(exit_.has_value());
}

TEST_F(ChildProcessTest, AKeptOneTakesItsArgumentsAndTellsItsExit) {
  const Script script("#!/bin/sh\nprintf '%s|' \"$@\"\nexit 7\n");

  start_kept(script.path(), {"a b", ""});

  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("a b||"));
  EXPECT_EQ(exit_->code, 7);
}

TEST_F(ChildProcessTest, AKeptOneGetsSigtermAloneAndMayEndInItsOwnTime) {
  const Script script(
      "#!/bin/bash\ntrap 'echo told; exit 3' TERM\nsleep 1000 & echo $!\nwhile :; do wait; done\n");
  start_kept(script.path());
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  const pid_t child = std::stoi(lines_[0]);

  process_->terminate();

  ASSERT_TRUE(run_to_end());
  EXPECT_EQ(lines_.at(1), "told");
  EXPECT_EQ(exit_->code, 3);
  EXPECT_FALSE(alive(child));
}

TEST_F(ChildProcessTest, AKeptOneThatIsKilledExitsAsAContainerDoes) {
  const Script script("#!/bin/bash\ntrap '' TERM\necho up\nwhile :; do sleep 0.05; done\n");
  start_kept(script.path());
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));

  process_->terminate();
  process_->kill();

  ASSERT_TRUE(run_to_end());
  EXPECT_EQ(exit_->code, 128 + SIGKILL);
}

TEST_F(ChildProcessTest, NothingOfAKeptOneIsLeftNotEvenInOtherSessions) {
  const Script script(
      "#!/bin/bash\nsetsid sleep 1000 &\nsetsid sleep 1001 &\nsleep 0.2; "
      "pgrep -s 0 >/dev/null; echo $(pgrep -f 'sleep 100[01]$' | tr '\\n' ' ')\nwait\n");
  start_kept(script.path());
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  std::istringstream pids(lines_[0]);
  const std::vector<pid_t> others(std::istream_iterator<pid_t>(pids), {});
  ASSERT_EQ(others.size(), 2U) << lines_[0];

  process_.reset();

  for (const pid_t pid : others) {
    EXPECT_FALSE(alive(pid));
  }
}

TEST_F(ChildProcessTest, NothingOfAKeptOneOutlivesAProgramThatIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Script script("#!/bin/bash\nsetsid sleep 1002 &\necho $!\nwait\n");
  const pid_t program = ::fork();
  if (program == 0) {
    start_kept(script.path());
    run_until(loop_, [this] { return !lines_.empty(); });
    const pid_t child = std::stoi(lines_.at(0));
    [[maybe_unused]] const ssize_t size = ::write(ends[1], &child, sizeof child);
    ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_TRUE(alive(child));

  ::kill(program, SIGKILL);
  ::waitpid(program, nullptr, 0);

  EXPECT_TRUE(run_until(loop_, [child] { return !alive(child); }));
}

TEST_F(ChildProcessTest, AKeeperThatWasStoppedStillEndsItsChild) {
  const Script script("#!/bin/bash\necho up\nexec sleep 1005\n");
  start_kept(script.path());
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  ::kill(process_->pid(), SIGSTOP);

  process_->kill();

  EXPECT_TRUE(run_to_end());
}

TEST_F(ChildProcessTest, NamesWhatCannotBeKept) {
  const auto process =
      ChildProcess::start(loop_, {.executable = "/nonexistent/worker", .kept = true});
  ASSERT_FALSE(process.has_value());
  EXPECT_THAT(process.error().message, HasSubstr("/nonexistent/worker: No such file"));
}

TEST_F(ChildProcessTest, MayBeDestroyedWhenItEnds) {
  const Script script("#!/bin/sh\necho bye\n");
  std::unique_ptr<ChildProcess> process;
  bool ended = false;
  auto started = ChildProcess::start(loop_, {.executable = script.path(),
                                             .on_line = [](std::string_view) {},
                                             .on_exit =
                                                 [&](ProcessExit) {
                                                   process.reset();
                                                   ended = true;
                                                 }});
  ASSERT_TRUE(started.has_value());
  process = std::move(*started);

  EXPECT_TRUE(run_until(loop_, [&] { return ended; }));
}

TEST_F(ChildProcessTest, DoesNotHoldUpTheLoopHoweverMuchIsWritten) {
  const Script script("#!/bin/sh\nexec yes\n");
  start(script.path(), {{"PATH", "/usr/bin:/bin"}});
  bool timer = false;

  loop_.run_after(std::chrono::milliseconds(20), [&] { timer = true; });

  EXPECT_TRUE(run_until(loop_, [&] { return timer; }));
  process_->kill();
  EXPECT_TRUE(run_to_end());
}

TEST_F(ChildProcessTest, GivesTheLoopItsTurnAfterAFewLines) {
  const Script script("#!/bin/sh\nexec yes\n");
  start(script.path(), {{"PATH", "/usr/bin:/bin"}});
  std::size_t before = 0;
  std::size_t most = 0;

  EXPECT_TRUE(run_until(loop_, [&] {
    most = std::max(most, lines_.size() - before);
    before = lines_.size();
    return before > 100'000;
  }));

  // A look is due each millisecond, and under sanitizers a turn takes as long as several of them.
  EXPECT_LT(most, 20'000U);
  process_->kill();
  EXPECT_TRUE(run_to_end());
}

TEST_F(ChildProcessTest, NamesWhatCannotBeRun) {
  const Script no_program("neither ELF nor script");
  for (const std::string& path : {std::string("/nonexistent/bootstrap"), no_program.path()}) {
    const auto process = ChildProcess::start(loop_, {.executable = path});

    ASSERT_FALSE(process.has_value());
    EXPECT_EQ(process.error().kind, ErrorKind::Unavailable);
    EXPECT_THAT(process.error().message, HasSubstr(path));
  }
}

}  // namespace
}  // namespace scaler::emulator
