// ecs-guard: the worker's side. The only place that exits.

#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "edge/wiring/process_environment.h"
#include "edge/wiring/standard_files.h"
#include "programs/ecs_guard/guard.h"

// Nothing is thrown, so nobody needs the library's handler, which brings a demangler of 50 KB.
namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier): the library's own name.
void __verbose_terminate_handler();   // NOLINT(bugprone-reserved-identifier)
void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier)
  __builtin_trap();
}
}  // namespace __gnu_cxx

namespace scaler::guard {
namespace {

int exit_code_of(const Result<int>& ended, const Log& log) {
  if (ended.has_value()) {
    return *ended;
  }
  log.write(LogLevel::Fatal, ended.error().message);
  return ended.error().kind == ErrorKind::Malformed ? 3 : 1;
}

int run(std::vector<std::string> words) {
  const auto plan = read_command_line(std::move(words), SCALER_VERSION);
  if (!plan.has_value()) {
    std::fputs(("ecs-guard: " + plan.error().message + "\n").c_str(), stderr);
    return 2;
  }
  if (const auto* text = std::get_if<TextPlan>(&*plan)) {
    return std::fputs(text->text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
  }
  const Log log(STDERR_FILENO, LogLevel::Info, system_clock());
  if (const auto* health = std::get_if<HealthPlan>(&*plan)) {
    return check_health(*health, log);
  }
  return exit_code_of(run_guard(std::get<GuardPlan>(*plan), process_environment(), log), log);
}

}  // namespace
}  // namespace scaler::guard

int main(int argc, char** argv) {
  scaler::occupy_standard_files();
  std::signal(SIGPIPE, SIG_IGN);  // A log's reader that has gone must not end the worker.
  return scaler::guard::run(std::vector<std::string>(argv, argv + argc));
}
