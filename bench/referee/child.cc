#include "referee/child.h"

#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground/base/check.h"

namespace scaler::bench {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    list.push_back(const_cast<char*>(text.c_str()));
  }
  list.push_back(nullptr);
  return list;
}

std::string proc(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

/// The state letter of /proc/PID/stat, behind the name in brackets.
char state_of(pid_t pid) {
  std::ifstream file(proc(pid, "stat"));
  std::string text;
  std::getline(file, text);
  const std::size_t bracket = text.rfind(')');
  return bracket == std::string::npos ? 'X' : text[bracket + 2];
}

void pause_milliseconds(int milliseconds) {
  ::poll(nullptr, 0, milliseconds);
}

void pin(pid_t pid, unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  static_cast<void>(::sched_setaffinity(pid, sizeof set, &set));
}

}  // namespace

std::int64_t steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

Child::Child(const ChildOptions& options) {
  std::vector<char*> arguments = pointers(options.command);
  std::vector<char*> environment = pointers(options.environment);
  const int output = ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHECK(output >= 0);
  const bool two_cpus = ::sysconf(_SC_NPROCESSORS_ONLN) > 1;
  std::array<int, 2> gate{};
  CHECK(::pipe2(gate.data(), O_CLOEXEC) == 0);
  pid_ = ::fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) {
    char byte = 0;
    ::setsid();
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (::read(gate[0], &byte, 1) == 1) {  // Placed by the parent, which starts the clock.
      ::execve(arguments[0], arguments.data(), environment.data());
    }
    ::_exit(127);
  }
  ::close(output);
  if (two_cpus) {
    pin(::getpid(), 0);
    pin(pid_, 1);
  }
  if (!options.cgroup.empty()) {
    join_cgroup(options.cgroup);
  }
  pause_milliseconds(2);  // It waits at the gate by now.
  started_ = steady_now();
  CHECK(::write(gate[1], "g", 1) == 1);
  ::close(gate[0]);
  ::close(gate[1]);
}

Child::~Child() {
  end();
}

bool Child::running() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
    pid_ = -1;
  }
  return pid_ > 0;
}

std::int64_t Child::cpu() const {
  for (int i = 0; i < 50 && state_of(pid_) == 'R'; ++i) {
    pause_milliseconds(1);
  }
  std::int64_t total = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(proc(pid_, "task"), error)) {
    std::int64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    total += nanoseconds;
  }
  return total;
}

std::int64_t Child::memory(const std::string& line) const {
  std::ifstream file(proc(pid_, "status"));
  for (std::string text; std::getline(file, text);) {
    if (text.starts_with(line + ":")) {
      return std::stoll(text.substr(line.size() + 1));
    }
  }
  return 0;
}

int Child::open_files() const {
  int count = 0;
  std::error_code error;
  for ([[maybe_unused]] const auto& file :
       std::filesystem::directory_iterator(proc(pid_, "fd"), error)) {
    ++count;
  }
  return count;
}

void Child::join_cgroup(const std::string& folder) const {
  std::ofstream(folder + "/cgroup.procs") << pid_ << std::flush;
}

void Child::end() {
  if (!running()) {
    return;
  }
  ::kill(-pid_, SIGTERM);
  for (int i = 0; i < 30'000 && running(); ++i) {
    pause_milliseconds(1);
  }
  if (running()) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

}  // namespace scaler::bench
