#include "emulator/lambda/lambda_process.h"

#include <csignal>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/lambda/fake_bootstrap.h"

namespace scaler::emulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSubsetOf;

/// Neither gone nor a zombie.
bool alive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(") ");
  return end != std::string::npos && text[end + 2] != 'Z';
}

class LambdaProcessTest : public testing::Test {
 protected:
  void start(const std::string& path, Environment environment = {}) {
    auto process = LambdaProcess::start(
        loop_, {.executable = path,
                .environment = std::move(environment),
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
  std::unique_ptr<LambdaProcess> process_;
};

TEST_F(LambdaProcessTest, ForwardsBothOutputsLineByLineAndThenTheExit) {
  const Script script("#!/bin/sh\necho one\necho two >&2\nprintf 'a\\000b\\n\\nlast'\nexit 3\n");

  start(script.path());

  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("one", "two", std::string("a\0b", 3), "", "last"));
  EXPECT_EQ(describe(*exit_), "exit status 3");
}

TEST_F(LambdaProcessTest, HasExactlyTheGivenEnvironment) {
  const Script script("#!/bin/bash\ncat /proc/$$/environ | tr '\\0' '\\n'\n");

  start(script.path(), {{"A", "1 2"}, {"PATH", "/usr/bin:/bin"}});

  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("A=1 2", "PATH=/usr/bin:/bin"));
}

TEST_F(LambdaProcessTest, InheritsNoFilesOfThisProgram) {
  const Script script("#!/bin/bash\nfor f in /proc/$$/fd/*; do echo ${f##*/}; done\n");

  start(script.path());

  ASSERT_TRUE(run_to_end());
  // Of bash's own: the script, and the folder that it lists.
  EXPECT_THAT(lines_, IsSubsetOf({"0", "1", "2", "3", "255"}));
}

TEST_F(LambdaProcessTest, CutsALineWithoutEnd) {
  const Script script("#!/bin/sh\nhead -c 600000 /dev/zero\n");

  start(script.path(), {{"PATH", "/usr/bin:/bin"}});

  ASSERT_TRUE(run_to_end());
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_EQ(lines_[0].size(), 262'144U);
  EXPECT_EQ(lines_[2].size(), 600'000U - 2 * 262'144U);
}

TEST_F(LambdaProcessTest, TellsTheSignalThatEndedIt) {
  const Script script("#!/bin/sh\nkill -SEGV $$\n");

  start(script.path());

  ASSERT_TRUE(run_to_end());
  EXPECT_EQ(exit_->signal, SIGSEGV);
  EXPECT_EQ(describe(*exit_), "signal: segmentation fault");
}

TEST_F(LambdaProcessTest, KillsItsChildrenToo) {
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

TEST_F(LambdaProcessTest, EndsWhatItLeavesBehindWhenItExits) {
  const Script script("#!/bin/sh\nsleep 1000 &\necho $!\n");

  start(script.path(), {{"PATH", "/usr/bin:/bin"}});

  ASSERT_TRUE(run_to_end());
  const pid_t child = std::stoi(lines_.at(0));
  EXPECT_TRUE(run_until(loop_, [child] { return !alive(child); }));
}

TEST_F(LambdaProcessTest, DoesNotOutliveItsObject) {
  const Script script("#!/bin/sh\necho up\nsleep 1000\n");
  start(script.path(), {{"PATH", "/usr/bin:/bin"}});
  ASSERT_TRUE(run_until(loop_, [this] { return !lines_.empty(); }));
  const pid_t pid = process_->pid();
  ASSERT_TRUE(alive(pid));

  process_.reset();

  EXPECT_FALSE(alive(pid));
  EXPECT_FALSE(exit_.has_value());
}

TEST_F(LambdaProcessTest, MayBeDestroyedWhenItEnds) {
  const Script script("#!/bin/sh\necho bye\n");
  std::unique_ptr<LambdaProcess> process;
  bool ended = false;
  auto started = LambdaProcess::start(loop_, {.executable = script.path(),
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

TEST_F(LambdaProcessTest, DoesNotHoldUpTheLoopHoweverMuchIsWritten) {
  const Script script("#!/bin/sh\nexec yes\n");
  start(script.path(), {{"PATH", "/usr/bin:/bin"}});
  bool timer = false;

  loop_.run_after(std::chrono::milliseconds(20), [&] { timer = true; });

  EXPECT_TRUE(run_until(loop_, [&] { return timer; }));
  process_->kill();
  EXPECT_TRUE(run_to_end());
}

TEST_F(LambdaProcessTest, NamesWhatCannotBeRun) {
  const Script no_program("neither ELF nor script");
  for (const std::string& path : {std::string("/nonexistent/bootstrap"), no_program.path()}) {
    const auto process = LambdaProcess::start(loop_, {.executable = path});

    ASSERT_FALSE(process.has_value());
    EXPECT_EQ(process.error().kind, ErrorKind::Unavailable);
    EXPECT_THAT(process.error().message, HasSubstr(path));
  }
}

}  // namespace
}  // namespace scaler::emulator
