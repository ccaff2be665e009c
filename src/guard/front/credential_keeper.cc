#include "guard/front/credential_keeper.h"

#include <utility>

namespace scaler::guard {
namespace {

/// The provider itself knows when new ones are due; asking it costs nothing before.
constexpr Duration kLook = std::chrono::seconds(10);
constexpr Duration kKeysPatience = std::chrono::seconds(5);
constexpr Duration kFirstPause = std::chrono::milliseconds(500);
constexpr Duration kBetweenWarnings = std::chrono::minutes(1);

}  // namespace

CredentialKeeper::CredentialKeeper(net::EventLoop& loop, aws::CredentialProvider& provider,
                                   const Log& log)
    : loop_(loop), provider_(provider), log_(log) {}

CredentialKeeper::~CredentialKeeper() {
  *alive_ = false;
}

Result<void> CredentialKeeper::fetch(Deadline deadline) {
  while (true) {
    Result<aws::Credentials> fetched = provider_.current(deadline);
    if (fetched.has_value()) {
      latest_ = *std::move(fetched);
      return {};
    }
    // A worker that is started without the guard stays so; an endpoint that is only overloaded
    // while many tasks start is worth the wait.
    if (fetched.error().kind != ErrorKind::Unavailable || after(kFirstPause) >= deadline) {
      return std::unexpected(std::move(fetched).error());
    }
    aws::sleep_on_thread(kFirstPause);
  }
}

void CredentialKeeper::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void CredentialKeeper::renew(std::function<void()> done) {
  const std::scoped_lock lock(mutex_);
  refused_.push_back(std::move(done));
  wake_.notify_all();
}

void CredentialKeeper::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::function<void()>> refused;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kLook, [this] { return !refused_.empty(); });
      refused = std::exchange(refused_, {});
    }
    if (stop.stop_requested()) {
      return;
    }
    Result<aws::Credentials> fetched = refused.empty() ? provider_.current(after(kKeysPatience))
                                                       : provider_.renew(after(kKeysPatience));
    if (!fetched.has_value() && after({}) >= warn_again_) {
      warn_again_ = after(kBetweenWarnings);
      log_.write(LogLevel::Warn, "no fresh credentials: " + fetched.error().message);
    }
    loop_.post([this, alive = alive_, fetched = std::move(fetched), refused = std::move(refused)] {
      if (!*alive) {
        return;
      }
      if (fetched.has_value()) {
        latest_ = *fetched;
      }
      for (const auto& done : refused) {
        done();
      }
    });
  }
}

}  // namespace scaler::guard
