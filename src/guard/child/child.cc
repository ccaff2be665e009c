#include "guard/child/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ground/base/check.h"
#include "ground/base/command_words.h"

namespace scaler::guard {
namespace {

/// What stays with the guard itself: its own faults, a peer that has gone, and a terminal's.
constexpr std::array kNotWatched = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP, SIGSYS,
                                    SIGABRT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};

/// All that may be sent to a container's first process, as an image's STOPSIGNAL can be any of
/// them, and the end of children.
sigset_t watched_set() {
  sigset_t set = {};
  ::sigfillset(&set);
  for (const int number : kNotWatched) {
    ::sigdelset(&set, number);
  }
  return set;
}

/// In the child: a terminal whose foreground the guard had is the worker's. In the background it
/// would be stopped when it reads.
void take_terminal(pid_t guard_group) {
  if (::tcgetpgrp(STDIN_FILENO) != guard_group) {
    return;
  }
  sigset_t output = {};
  ::sigemptyset(&output);
  ::sigaddset(&output, SIGTTOU);
  ::sigprocmask(SIG_BLOCK, &output, nullptr);  // It is in the background until then.
  ::tcsetpgrp(STDIN_FILENO, ::getpid());
}

/// In the child: only what may be called after a fork of a program with threads. Writes the error
/// to `report` when the program cannot be run.
[[noreturn]] void become(std::vector<char*>& arguments, std::vector<char*>& environment,
                         pid_t guard, int report) {
  const pid_t guard_group = ::getpgrp();
  ::setpgid(0, 0);
  take_terminal(guard_group);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) {
    ::_exit(1);  // The guard has ended before it could be noticed.
  }
  const sigset_t none = {};
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  ::execvpe(arguments.front(), arguments.data(), environment.data());
  const int error = errno;
  static_cast<void>(::write(report, &error, sizeof error));
  ::_exit(1);
}

}  // namespace

Signals::Signals() {
  // Of children whose end is ignored the system tells nothing and keeps no status: started so, the
  // guard outlived its worker, and the task went on without one.
  std::signal(SIGCHLD, SIG_DFL);
  const sigset_t set = watched_set();
  CHECK(::sigprocmask(SIG_BLOCK, &set, nullptr) == 0);
  file_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(file_ >= 0);
}

Signals::~Signals() {
  if (!watch_) {
    ::close(file_);
  }
}

void Signals::watch(net::EventLoop& loop, std::function<void(int)> function) {
  function_ = std::move(function);
  watch_ = loop.watch(file_, [this] { read(); });
}

void Signals::read() {
  signalfd_siginfo info = {};
  while (::read(file_, &info, sizeof info) == sizeof info) {
    function_(static_cast<int>(info.ssi_signo));
  }
}

Result<Child> Child::start(std::vector<std::string> command, const Environment& environment) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) {
    variables.push_back(name + "=" + value);
  }
  std::vector<char*> arguments = exec_pointers(command);
  std::vector<char*> pointers = exec_pointers(variables);
  std::array<int, 2> report = {};
  CHECK(::pipe2(report.data(), O_CLOEXEC) == 0);
  // What a child forks and leaves is the guard's to take in, also where it is not process 1.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t guard = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(arguments, pointers, guard, report[1]);
  }
  const int fork_error = errno;
  ::close(report[1]);
  int error = 0;
  const ssize_t size = pid < 0 ? 0 : ::read(report[0], &error, sizeof error);
  ::close(report[0]);
  if (pid < 0) {
    error = fork_error;
  } else if (size == sizeof error) {
    ::waitpid(pid, nullptr, 0);
  } else {
    return Child(pid);
  }
  return fail(error == ENOENT ? ErrorKind::NotFound : ErrorKind::Unavailable,
              "cannot run '" + command.front() + "': " + std::system_category().message(error));
}

void Child::signal(int number) const {
  if (pid_ > 0) {
    ::kill(pid_, number);
  }
}

std::optional<int> Child::reap() {
  std::optional<int> code;
  int status = 0;
  // Not those of other threads: who fetches credentials with a command waits for it there.
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG | __WNOTHREAD)) > 0) {
    if (pid == pid_) {
      pid_ = 0;
      code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  others_ = pid == 0;
  return code;
}

}  // namespace scaler::guard
