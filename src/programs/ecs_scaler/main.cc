// ecs-scaler: the table of its commands. The only place that exits.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "edge/identity/home.h"
#include "edge/wiring/process_environment.h"
#include "edge/wiring/standard_files.h"
#include "programs/ecs_scaler/commands/command_line.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/documents.h"
#include "programs/ecs_scaler/signals.h"

namespace scaler::cli {

// Each stands in the file of its name.
Command advise_command();
Command config_command();
Command decide_command();
Command demo_command();
Command doctor_command();
Command emulate_command();
Command explain_command();
Command health_command();
Command iam_command();
Command once_command();
Command pause_command();
Command resume_command();
Command run_command(std::string_view version, std::string_view commit);
Command simulate_command();
Command status_command();
Command trace_command();
Command verify_command();

}  // namespace scaler::cli

namespace {

using namespace scaler;
using namespace scaler::cli;

/// In the order of help.
std::vector<Command> all_commands() {
  return {demo_command(),
          once_command(),
          explain_command(),
          run_command(SCALER_VERSION, SCALER_COMMIT),
          status_command(),
          health_command(),
          pause_command(),
          resume_command(),
          decide_command(),
          config_command(),
          emulate_command(),
          iam_command(),
          trace_command(),
          simulate_command(),
          advise_command(),
          verify_command(),
          doctor_command(),
          completions_command(all_commands),
          man_command(all_commands, SCALER_VERSION)};
}

/// What it was made of, for whoever reports a fault or has to know whether one of them concerns it.
constexpr const char* kVersion =
    "ecs-scaler " SCALER_VERSION " (commit " SCALER_COMMIT ")\n" SCALER_LIBRARIES;

/// The exit code after all output is out: what does not fit on the disk shows here at the latest.
int finish_output(int code) {
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) {
    return code;
  }
  if (errno == EPIPE) {
    return code == kDone ? kFailed : code;  // As `| head` does, which needs no complaint.
  }
  const std::string reason = flushed ? "" : ": " + std::generic_category().message(errno);
  return complain(code == kDone ? kFailed : static_cast<ExitCode>(code),
                  "standard output could not be written" + reason);
}

}  // namespace

int main(int argc, char** argv) try {
  occupy_standard_files();
  // Who reads the log or a peer may go at any time, which must not end a pass half-way.
  std::signal(SIGPIPE, SIG_IGN);
  // Whoever starts this may ignore it, and then no child's status is to be had.
  std::signal(SIGCHLD, SIG_DFL);
  end_as_first_process();
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const Environment environment = identity::with_home(process_environment());
  return finish_output(run_command_line(all_commands(), words, kVersion, environment));
} catch (const std::exception& error) {
  return complain(kFailed, error.what());
}
