#include "guard/child/child.h"

#include <csignal>
#include <latch>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/base/command_words.h"

namespace scaler::guard {
namespace {

using namespace std::chrono_literals;

/// Waits until a child has ended, or has stopped; it is not taken in.
void await(int what) {
  siginfo_t info = {};
  ::waitid(P_ALL, 0, &info, what | WNOWAIT);
}

std::optional<int> wait_for(Child& child) {
  await(WEXITED);
  return child.reap();
}

Result<Child> shell(const std::string& script, const Environment& environment = {}) {
  return Child::start({"sh", "-c", script}, environment);
}

TEST(Child, EndsWithItsStatusOrItsSignal) {
  auto exits = shell("exit 7");
  ASSERT_TRUE(exits.has_value()) << exits.error().message;
  EXPECT_EQ(wait_for(*exits), 7);
  auto killed = shell("kill -9 $$");
  ASSERT_TRUE(killed.has_value());
  EXPECT_EQ(wait_for(*killed), 137);
}

TEST(Child, HasExactlyTheEnvironmentThatIsGiven) {
  auto child = shell("test \"$A\" = b && test -z \"$HOME\"", {{"A", "b"}, {"PATH", "/bin"}});
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(wait_for(*child), 0);
}

TEST(Child, GetsSignalsThatTheGuardHasBlocked) {
  const Signals signals;
  auto child = shell("trap 'exit 3' TERM; kill -STOP $$; while :; do :; done");
  ASSERT_TRUE(child.has_value());
  await(WSTOPPED);
  child->signal(SIGTERM);
  child->signal(SIGCONT);
  EXPECT_EQ(wait_for(*child), 3);
  child->signal(SIGTERM);  // Nobody is there any more.
}

TEST(Child, NamesAProgramThatCannotBeRun) {
  const auto missing = Child::start({"/no/such/program"}, {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message, "cannot run '/no/such/program': No such file or directory");
  EXPECT_EQ(Child::start({"/"}, {}).error().message, "cannot run '/': Permission denied");
}

TEST(Child, TakesInWhatItsChildLeavesBehind) {
  auto child = shell("(kill -STOP $(sh -c 'echo $PPID'); exit 1) & exit 5");
  ASSERT_TRUE(child.has_value());
  const pid_t group = child->pid();
  await(WSTOPPED);
  EXPECT_FALSE(child->left_others());  // Not as long as it lives itself.
  EXPECT_EQ(wait_for(*child), 5);
  EXPECT_TRUE(child->left_others());
  ::kill(-group, SIGCONT);
  await(WEXITED);
  EXPECT_EQ(child->reap(), std::nullopt);
  EXPECT_FALSE(child->left_others());
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie is left";
}

TEST(Child, LeavesTheChildrenOfOtherThreadsToThem) {
  auto child = shell("kill -STOP $$; exit 5");
  ASSERT_TRUE(child.has_value());
  std::latch ended(1);
  std::latch looked(1);
  int status = -1;
  std::thread other([&] {
    std::vector<std::string> words = {"sh", "-c", "exit 3"};
    pid_t helper = 0;
    ::posix_spawnp(&helper, "sh", nullptr, nullptr, exec_pointers(words).data(), nullptr);
    siginfo_t info = {};
    ::waitid(P_PID, static_cast<id_t>(helper), &info, WEXITED | WNOWAIT);
    ended.count_down();
    looked.wait();
    ::waitpid(helper, &status, 0);
  });
  ended.wait();
  EXPECT_EQ(child->reap(), std::nullopt);
  looked.count_down();
  other.join();
  EXPECT_EQ(WEXITSTATUS(status), 3);
  child->signal(SIGCONT);
  EXPECT_EQ(wait_for(*child), 5);
}

TEST(Signals, TellTheEndOfAChildAlsoToWhomItsStarterLetIgnoreThat) {
  std::signal(SIGCHLD, SIG_IGN);  // Which a program keeps that another one becomes.
  net::EventLoop loop;
  Signals signals;
  auto child = shell("exit 7");
  ASSERT_TRUE(child.has_value());
  std::stop_source stop;
  std::optional<int> code;
  signals.watch(loop, [&](int number) {
    code = number == SIGCHLD ? child->reap() : std::nullopt;
    if (code) {
      stop.request_stop();
    }
  });
  loop.run_after(10s, [&stop] { stop.request_stop(); });
  loop.run(stop.get_token());
  std::signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(code, 7);
}

class SignalsOf : public ::testing::TestWithParam<int> {};

/// The last is one of those that systemd's images stop by.
INSTANTIATE_TEST_SUITE_P(All, SignalsOf,
                         ::testing::Values(SIGUSR1, SIGTERM, SIGALRM, SIGPWR, SIGIO, SIGXCPU,
                                           SIGRTMIN + 3));

TEST_P(SignalsOf, TheGuardComeOnTheLoop) {
  net::EventLoop loop;
  Signals signals;
  ::kill(::getpid(), GetParam());
  std::stop_source stop;
  bool came = false;
  signals.watch(loop, [&](int number) {
    if (number == GetParam()) {  // The end of other tests' children may come, too.
      came = true;
      stop.request_stop();
    }
  });
  loop.run_after(10s, [&stop] { stop.request_stop(); });
  loop.run(stop.get_token());
  EXPECT_TRUE(came);
}

}  // namespace
}  // namespace scaler::guard
