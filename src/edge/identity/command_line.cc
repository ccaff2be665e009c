#include "edge/identity/command_line.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "edge/identity/process_tree.h"
#include "ground/base/command_words.h"

namespace scaler::identity {
namespace {

constexpr std::size_t kOutputMax = 64U << 10U;
constexpr int kSignalBase = 128;
constexpr std::string_view kEndless = "it does not end";

/// A pipe whose ends are closed with it.
class Pipe {
 public:
  Pipe() : open_(::pipe2(ends_.data(), O_CLOEXEC) == 0) {}
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool is_open() const { return open_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_end(std::size_t which) {
    if (open_ && ends_.at(which) >= 0) {
      ::close(std::exchange(ends_.at(which), -1));
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool open_;
};

std::unexpected<Error> failure(const std::string& program, const std::string& why) {
  return fail(ErrorKind::Unavailable, "run " + program + ": " + why);
}

/// Starts it with default signals; zero or errno.
int spawn(pid_t& pid, std::vector<std::string> words, const Environment& environment,
          const Pipe& out, const Pipe& err) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) {
    std::string& variable = variables.emplace_back(name);
    variable += '=';
    variable += value;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
  sigset_t none;
  sigset_t ignored;
  ::sigemptyset(&none);
  ::sigemptyset(&ignored);
  ::sigaddset(&ignored, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawnp(&pid, words.front().c_str(), &actions, &attributes,
                                   exec_pointers(words).data(), exec_pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

/// Milliseconds for poll(2): rounded up, none left is zero.
int left_until(Deadline deadline) {
  const auto left = std::chrono::ceil<Duration>(deadline - after(Duration::zero()));
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

enum class Reading { Open, Closed, TooMuch };

Reading read_some(int file, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(file, buffer.data(), buffer.size());
  if (count <= 0) {
    return count < 0 && errno == EINTR ? Reading::Open : Reading::Closed;
  }
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return text.size() > kOutputMax ? Reading::TooMuch : Reading::Open;
}

/// Reads what has come there; false when it is too much.
bool read_ready(pollfd& end, std::string& text) {
  if (end.fd < 0 || end.revents == 0) {
    return true;
  }
  const Reading reading = read_some(end.fd, text);
  if (reading == Reading::Closed) {
    end.fd = -1;
  }
  return reading != Reading::TooMuch;
}

/// Reads both to their ends; says why not, or nothing.
std::string read_both(const Pipe& out, const Pipe& err, CommandOutput& output, Deadline deadline) {
  std::array<pollfd, 2> polls{{{.fd = out.read_end(), .events = POLLIN, .revents = 0},
                               {.fd = err.read_end(), .events = POLLIN, .revents = 0}}};
  const std::array<std::string*, 2> texts{&output.out, &output.err};
  while (polls[0].fd >= 0 || polls[1].fd >= 0) {
    const int ready = ::poll(polls.data(), polls.size(), left_until(deadline));
    if (ready == 0) {
      return std::string(kEndless);
    }
    for (std::size_t i = 0; ready > 0 && i < polls.size(); ++i) {
      if (!read_ready(polls.at(i), *texts.at(i))) {
        return "it writes too much";
      }
    }
  }
  return "";
}

int status_of(int status) {
  return WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
}

/// The commands that run. A thread that waits for one holds nobody up who ends the program, so that
/// the program's end has to end the command.
class RunningCommands {
 public:
  /// Never destroyed: threads outlive what is.
  static RunningCommands& all() {
    static auto* const commands = new RunningCommands;
    return *commands;
  }

  void add(pid_t pid) {
    const std::lock_guard lock(mutex_);
    running_.push_back(pid);
  }

  /// The status of one that has ended; nothing while it runs.
  std::optional<int> take_status(pid_t pid) {
    const std::lock_guard lock(mutex_);
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) {
      return std::nullopt;
    }
    std::erase(running_, pid);
    return status_of(status);
  }

  void end(pid_t pid) {
    {
      const std::lock_guard lock(mutex_);
      end_tree(pid);
      std::erase(running_, pid);
    }
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  RunningCommands() {
    std::atexit(end_all);
    std::at_quick_exit(end_all);
  }

  static void end_all() {
    const std::lock_guard lock(all().mutex_);
    std::ranges::for_each(all().running_, end_tree);
  }

  std::mutex mutex_;
  std::vector<pid_t> running_;
};

/// Its status; nothing when it still runs at the deadline: a program may close what it writes to
/// long before it ends.
std::optional<int> wait_for(pid_t pid, Deadline deadline) {
  constexpr Duration kBetweenLooks = std::chrono::milliseconds(5);
  for (;;) {
    const std::optional<int> status = RunningCommands::all().take_status(pid);
    if (status || left_until(deadline) == 0) {
      return status;
    }
    ::poll(nullptr, 0, static_cast<int>(kBetweenLooks.count()));
  }
}

}  // namespace

Result<CommandOutput> run_command(const std::vector<std::string>& words,
                                  const Environment& environment, Deadline deadline) {
  const std::string& program = words.front();
  Pipe out;
  Pipe err;
  if (!out.is_open() || !err.is_open()) {
    return failure(program, "no pipe is to be had");
  }
  pid_t pid = 0;
  if (const int error = spawn(pid, words, environment, out, err); error != 0) {
    return failure(program, std::generic_category().message(error));
  }
  RunningCommands::all().add(pid);
  out.close_end(1);
  err.close_end(1);
  CommandOutput output;
  const std::string problem = read_both(out, err, output, deadline);
  const std::optional<int> status = problem.empty() ? wait_for(pid, deadline) : std::nullopt;
  if (!status) {
    RunningCommands::all().end(pid);
    return failure(program, problem.empty() ? std::string(kEndless) : problem);
  }
  output.status = *status;
  return output;
}

}  // namespace scaler::identity
