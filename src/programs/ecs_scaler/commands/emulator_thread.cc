#include "programs/ecs_scaler/commands/emulator_thread.h"

#include <climits>
#include <unistd.h>
#include <utility>

namespace scaler::cli {

std::string default_lambda_path() {
  std::string path(PATH_MAX, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const std::string packaged = folder + "../libexec/ecs-scaler/bootstrap";
  return access(packaged.c_str(), X_OK) == 0 ? packaged : folder + "bootstrap";
}

Result<std::unique_ptr<EmulatorThread>> EmulatorThread::start(emulator::EmulatorOptions options,
                                                              const Log& log,
                                                              const std::string& page_shows) {
  auto running = std::unique_ptr<EmulatorThread>(new EmulatorThread);
  if (!page_shows.empty()) {
    running->page_.emplace(running->loop_, page_shows);
    options = running->page_->attached_to(std::move(options), log);
  }
  running->emulator_ = TRY(emulator::Emulator::create(running->loop_, std::move(options), log));
  if (running->page_) {
    running->page_->watch(*running->emulator_);
  }
  running->thread_ = std::jthread([raw = running.get()](const std::stop_token& stop) {
    raw->loop_.run(stop);
    if (raw->page_) {
      raw->page_->forget();
    }
    static_cast<void>(raw->emulator_->shutdown());  // It has no state folder, so nothing to save.
  });
  return running;
}

Environment EmulatorThread::client_environment() const {
  return {{"AWS_REGION", "us-east-1"},
          {"AWS_ENDPOINT_URL", endpoint()},
          {"AWS_ACCESS_KEY_ID", "AKIADEMOSENDER"},
          {"AWS_SECRET_ACCESS_KEY", "demo"}};
}

}  // namespace scaler::cli
