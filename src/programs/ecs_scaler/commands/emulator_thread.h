#pragma once
// EmulatorThread: an embedded AWS on a thread of its own, for the commands that bring their own.

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "emulator/front/emulator.h"
#include "ground/net/event_loop.h"
#include "programs/ecs_scaler/commands/emulator_page.h"

namespace scaler::cli {

/// `bootstrap` where the Debian package has it, else beside this program.
std::string default_lambda_path();

/// Runs for as long as it lives.
class EmulatorThread {
 public:
  /// With a live page at its endpoint, if something is said that it shows.
  static Result<std::unique_ptr<EmulatorThread>> start(emulator::EmulatorOptions options,
                                                       const Log& log,
                                                       const std::string& page_shows = {});

  std::string endpoint() const { return emulator_->endpoint(); }
  std::string queue_url() const { return emulator_->queue_url(); }
  /// The environment of a client of it.
  Environment client_environment() const;

 private:
  EmulatorThread() = default;

  net::EventLoop loop_;
  std::optional<EmulatorPage> page_ = {};
  std::unique_ptr<emulator::Emulator> emulator_ = {};
  std::jthread thread_ = {};  // Last, so that it ends before what it runs on.
};

}  // namespace scaler::cli
