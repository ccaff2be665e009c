#include <cstdio>
#include <poll.h>
#include <unistd.h>

#include <fmt/core.h>

#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/verify.h"

namespace scaler::cli {
namespace {

constexpr const char* kMenu =
    "\n"
    " 1  basic cycle              5  triggers\n"
    " 2  several messages         6  timings against limits\n"
    " 3  load                     7  everything\n"
    " 4  error handling           8  status\n"
    " 9  send one message         0  quit\n";

/// A line of standard input; nothing at its end or when stopped.
std::optional<std::string> read_line(const std::stop_token& stop) {
  constexpr int kBoundMilliseconds = 200;
  std::string line;
  while (!stop.stop_requested()) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (poll(&input, 1, kBoundMilliseconds) <= 0) {
      continue;
    }
    char c = 0;
    if (read(STDIN_FILENO, &c, 1) != 1) {
      return line.empty() ? std::nullopt : std::optional(line);
    }
    if (c == '\n') {
      return line;
    }
    line += c;
  }
  return std::nullopt;
}

void show_status(verify::Target& target) {
  const Result<verify::Sight> sight = target.look();
  std::printf("%s\n", sight ? verify::describe(*sight).c_str() : sight.error().message.c_str());
}

void send_one(verify::Target& target, const verify::ScalerUnderTest& deployment,
              const std::string& body) {
  const Result<void> sent = target.send(deployment.queue_url, std::span(&body, 1));
  std::printf("%s\n", sent ? "sent" : sent.error().message.c_str());
}

/// Runs the check of a choice from 1 to 6, or all of them; true when they passed.
bool run_checks(verify::Target& target, const verify::ScalerUnderTest& deployment,
                verify::VerifyOptions options, char choice, const std::stop_token& stop) {
  const auto index = static_cast<std::size_t>(choice - '1');
  if (index < verify::kAllChecks.size()) {
    options.checks = {verify::kAllChecks.at(index)};
  }
  options.progress = text_progress();
  const verify::VerifyReport report =
      verify::verify(target, deployment, options, system_clock(), stop);
  std::printf("\n%s", verify::summary_of(report).c_str());
  return report.passed();
}

}  // namespace

int verify_menu(verify::Target& target, const verify::ScalerUnderTest& deployment,
                const verify::VerifyOptions& options, const std::stop_token& stop) {
  bool all_passed = true;
  while (true) {
    std::fputs(kMenu, stdout);
    std::fputs("choice: ", stdout);
    std::fflush(stdout);
    const std::optional<std::string> line = read_line(stop);
    if (!line || *line == "0" || *line == "q") {
      return all_passed && !stop.stop_requested() ? kDone : kFailed;
    }
    if (*line == "8") {
      show_status(target);
    } else if (*line == "9") {
      send_one(target, deployment, options.body);
    } else if (line->size() == 1 && *line >= "1" && *line <= "7") {
      const bool passed = run_checks(target, deployment, options, line->front(), stop);
      all_passed = all_passed && passed;
    } else {
      std::printf("'%s' is not a number from 0 to 9\n", line->c_str());
    }
  }
}

}  // namespace scaler::cli
