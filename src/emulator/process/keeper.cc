#include "emulator/process/keeper.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scaler::emulator {
namespace {

constexpr int kSignalBase = 128;
constexpr int kCommands = STDERR_FILENO + 1;
/// Rounds of killing what is left; what hangs in the kernel for longer is given up.
constexpr int kRoundsMax = 1000;

void kill_children() {
  const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  std::array<char, 4096> text{};
  const ssize_t size = file < 0 ? 0 : ::read(file, text.data(), text.size());
  pid_t pid = 0;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c >= '0' && c <= '9') {
      pid = pid * 10 + (c - '0');
    } else if (pid > 0) {
      ::kill(pid, SIGKILL);
      pid = 0;
    }
  }
  ::close(file);
}

/// Those that left the child's session included: they have become children of this process.
void end_descendants() {
  for (int round = 0; round < kRoundsMax; ++round) {
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (ended < 0 && errno == ECHILD) {
      return;
    }
    kill_children();
    ::poll(nullptr, 0, 1);  // A millisecond.
  }
}

/// Does what it is told; false when nobody can tell anything any more.
bool obey(pid_t child) {
  char command = 0;
  const ssize_t size = ::read(kCommands, &command, 1);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
    return true;
  }
  if (size == 1 && command == kTerminate) {
    ::kill(child, SIGTERM);
    return true;
  }
  ::kill(-child, SIGKILL);
  return size == 1;
}

}  // namespace

void become_keeper() {
  ::setpgid(0, 0);  // Ctrl+C is for the program: it tells its children itself.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void keep(pid_t child, int commands, int nothing) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    ::signal(signal, SIG_IGN);
  }
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(nothing, file);
  }
  ::dup2(commands, kCommands);
  ::syscall(SYS_close_range, static_cast<unsigned>(kCommands + 1), ~0U, 0U);
  const auto end = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  std::array<pollfd, 2> files{pollfd{.fd = end, .events = POLLIN, .revents = 0},
                              pollfd{.fd = kCommands, .events = POLLIN, .revents = 0}};
  while ((files[0].revents & POLLIN) == 0) {
    if (::poll(files.data(), files.size(), -1) > 0 && files[1].revents != 0 && !obey(child)) {
      files[1].fd = -1;
    }
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  end_descendants();
  ::_exit(WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace scaler::emulator
