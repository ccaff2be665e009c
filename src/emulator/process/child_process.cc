#include "emulator/process/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "emulator/process/keeper.h"
#include "ground/base/command_words.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kLineMax = 256U << 10U;
constexpr std::size_t kReadSize = 4096;
/// Reads of one turn of the loop. A child that writes short lines without end must not hold up the
/// others: 4 KiB of them are 2,000 entries of the log.
constexpr int kReadsOfATurn = 1;
/// Reads that take all that a pipe holds.
constexpr int kReadsOfAPipe = 64;

class File final {
 public:
  explicit File(int descriptor = -1) : descriptor_(descriptor) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }
  void reset(int descriptor) {
    close();
    descriptor_ = descriptor;
  }

 private:
  void close() const {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  int descriptor_;
};

struct Pipe {
  File read = File();
  File write = File();
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends = {};
  const bool open = ::pipe2(ends.data(), O_CLOEXEC) == 0;
  if (open) {
    pipe.read.reset(ends[0]);
    pipe.write.reset(ends[1]);
  }
  return open;
}

/// As a pipe, but writing to one whose reader is gone raises no signal.
bool open_sockets(Pipe& pipe) {
  std::array<int, 2> ends = {};
  const bool open = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0;
  if (open) {
    pipe.read.reset(ends[0]);
    pipe.write.reset(ends[1]);
  }
  return open;
}

std::string error_text(int error) {
  return std::system_category().message(error);
}

/// Everything that the child needs, made before the fork: after it only async-signal-safe calls are
/// allowed, because other threads may have held locks.
struct Image {
  const char* executable = nullptr;
  const char* directory = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int output = -1;
  int report = -1;  ///< takes errno when the executable cannot be run; closed by success
  int nothing = -1;
  int commands = -1;  ///< the keeper's end; -1: it is not kept
  pid_t parent = 0;
};

[[noreturn]] void give_up(const Image& image) {
  const int error = errno;
  const ssize_t written = ::write(image.report, &error, sizeof error);
  ::_exit(written == sizeof error ? 127 : 126);
}

[[noreturn]] void become(const Image& image) {
  if (image.commands < 0 || ::setsid() < 0) {
    ::setpgid(0, 0);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != image.parent) {
    ::_exit(126);  // The parent ended before the line above.
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) {
    ::signal(signal, SIG_DFL);
  }
  if (::dup2(image.nothing, STDIN_FILENO) < 0 || ::dup2(image.output, STDOUT_FILENO) < 0 ||
      ::dup2(image.output, STDERR_FILENO) < 0 ||
      (image.directory != nullptr && ::chdir(image.directory) != 0)) {
    give_up(image);
  }
  // Sockets of this program, whoever opened them, are not the child's.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(image.executable, image.arguments, image.environment);
  give_up(image);
}

[[noreturn]] void become_kept(Image image) {
  become_keeper();
  image.parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(image);
  }
  if (pid < 0) {
    give_up(image);
  }
  keep(pid, image.commands, image.nothing);
}

/// The errno that the child reported, or 0 when it runs. Bounded: the child writes or execs at
/// once.
int exec_error(const File& report) {
  int error = 0;
  ssize_t size = 0;
  do {
    size = ::read(report.get(), &error, sizeof error);
  } while (size < 0 && errno == EINTR);
  return size == sizeof error ? error : 0;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// `commands` is -1 for a process that is not kept.
Result<pid_t> spawn(const ProcessOptions& options, const File& output, int commands) {
  const std::string what = "run " + options.executable;
  std::vector<std::string> texts{options.executable};
  texts.insert(texts.end(), options.arguments.begin(), options.arguments.end());
  const std::vector<char*> arguments = exec_pointers(texts);
  std::vector<std::string> variables;
  for (const auto& [name, value] : options.environment) {
    variables.emplace_back(name).append("=").append(value);
  }
  const std::vector<char*> environment = exec_pointers(variables);
  Pipe report;
  const File nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!open_pipe(report) || nothing.get() < 0) {
    return fail(ErrorKind::Unavailable, what + ": " + error_text(errno));
  }
  const Image image = {.executable = options.executable.c_str(),
                       .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
                       .arguments = arguments.data(),
                       .environment = environment.data(),
                       .output = output.get(),
                       .report = report.write.get(),
                       .nothing = nothing.get(),
                       .commands = commands,
                       .parent = ::getpid()};
  const pid_t pid = ::fork();
  if (pid == 0) {
    commands < 0 ? become(image) : become_kept(image);
  }
  if (pid < 0) {
    return fail(ErrorKind::Unavailable, what + ": " + error_text(errno));
  }
  ::setpgid(pid, pid);  // Here as well: the group must exist before anyone kills it.
  report.write.reset(-1);
  if (const int error = exec_error(report.read); error != 0) {
    wait_for(pid);
    return fail(ErrorKind::Unavailable, what + ": " + error_text(error));
  }
  return pid;
}

}  // namespace

std::string describe(const ProcessExit& exit) {
  if (exit.signal == 0) {
    return "exit status " + std::to_string(exit.code);
  }
  const char* name = ::sigdescr_np(exit.signal);
  std::string text = name != nullptr ? name : std::to_string(exit.signal);
  text[0] = static_cast<char>(text[0] >= 'A' && text[0] <= 'Z' ? text[0] - 'A' + 'a' : text[0]);
  return "signal: " + text;
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(net::EventLoop& loop,
                                                          ProcessOptions options) {
  Pipe output;
  if (!open_pipe(output) || ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK) != 0) {
    return fail(ErrorKind::Unavailable, "run " + options.executable + ": " + error_text(errno));
  }
  Pipe commands;
  if (options.kept && !open_sockets(commands)) {
    return fail(ErrorKind::Unavailable, "run " + options.executable + ": " + error_text(errno));
  }
  const pid_t pid = TRY(spawn(options, output.write, commands.read.get()));
  auto process = std::unique_ptr<ChildProcess>(
      new ChildProcess(pid, output.read.release(), commands.write.release(), std::move(options)));
  // From the system call: glibc 2.36 has the wrapper, its header has not.
  const auto pid_file = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pid_file < 0) {
    const std::string reason = error_text(errno);
    ::close(process->output_);
    return fail(ErrorKind::Unavailable, "watch " + process->options_.executable + ": " + reason);
  }
  process->watch(loop, pid_file);
  return process;
}

ChildProcess::ChildProcess(pid_t pid, int output, int commands, ProcessOptions options)
    : pid_(pid), output_(output), commands_(commands), options_(std::move(options)) {}

ChildProcess::~ChildProcess() {
  kill();
  if (commands_ >= 0) {
    ::close(commands_);
  }
  reap();
}

void ChildProcess::watch(net::EventLoop& loop, int pid_file) {
  output_watch_ = loop.watch(output_, [this] { on_output(); });
  end_watch_ = loop.watch(pid_file, [this] { on_end(); });
}

void ChildProcess::command(char letter) const {
  // A keeper that is gone has taken all with it: no signal for that.
  ::send(commands_, &letter, 1, MSG_NOSIGNAL);
  // One that somebody has stopped would never hear it, and this program could not end.
  ::kill(pid_, SIGCONT);
}

void ChildProcess::terminate() {
  if (!reaped_) {
    commands_ >= 0 ? command(kTerminate) : static_cast<void>(::kill(pid_, SIGTERM));
  }
}

void ChildProcess::kill() {
  if (!reaped_) {
    commands_ >= 0 ? command(kKill) : static_cast<void>(::kill(-pid_, SIGKILL));
  }
}

void ChildProcess::stop() {
  if (!reaped_) {
    ::kill(-pid_, SIGSTOP);
  }
}

ProcessExit ChildProcess::reap() {
  if (std::exchange(reaped_, true)) {
    return {};
  }
  const int status = wait_for(pid_);
  if (WIFSIGNALED(status)) {
    return {.signal = WTERMSIG(status)};
  }
  return {.code = WEXITSTATUS(status)};
}

void ChildProcess::on_output() {
  if (!read_output(kReadsOfATurn)) {
    output_watch_.reset();
  }
}

void ChildProcess::read_now() {
  if (output_watch_) {
    read_output(kReadsOfAPipe);
  }
}

bool ChildProcess::read_output(int reads) {
  std::array<char, kReadSize> buffer = {};
  for (int i = 0; i < reads; ++i) {
    const ssize_t size = ::read(output_, buffer.data(), buffer.size());
    if (size == 0) {
      return false;
    }
    if (size < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    partial_line_.append(buffer.data(), static_cast<std::size_t>(size));
    forward_lines();
  }
  return true;
}

void ChildProcess::forward_lines() {
  std::size_t start = 0;
  while (start < partial_line_.size()) {
    const std::size_t end = partial_line_.find('\n', start);
    const bool cut = end == std::string::npos;
    if (cut && partial_line_.size() - start < kLineMax) {
      break;
    }
    const std::size_t size = cut ? kLineMax : end - start;
    options_.on_line(std::string_view(partial_line_).substr(start, size));
    start += size + (cut ? 0 : 1);
  }
  partial_line_.erase(0, start);
}

void ChildProcess::on_end() {
  // Its own children may hold the output open; the group ends with its leader. The leader is not
  // reaped yet, so that its number still means this group.
  kill();
  const ProcessExit exit = reap();
  if (output_watch_) {
    read_output(kReadsOfAPipe);
    output_watch_.reset();
  }
  if (!partial_line_.empty()) {
    options_.on_line(std::exchange(partial_line_, {}));
  }
  end_watch_.reset();
  const auto on_exit = std::move(options_.on_exit);
  on_exit(exit);
}

}  // namespace scaler::emulator
