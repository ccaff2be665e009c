#include "guard/front/credential_keeper.h"

#include <condition_variable>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

namespace scaler::guard {
namespace {

/// The provider itself knows when new ones are due; asking it costs nothing before.
constexpr Duration kLook = std::chrono::seconds(10);
constexpr Duration kKeysPatience = std::chrono::seconds(5);
constexpr Duration kFirstPause = std::chrono::milliseconds(500);
constexpr Duration kBetweenWarnings = std::chrono::minutes(1);
/// At the end a fetch may still write down a token that cannot be had twice. A fetch that hung was
/// waited for until it gave up, and ECS killed the guard meanwhile.
constexpr Duration kFarewell = std::chrono::milliseconds(500);

}  // namespace

/// What the keeper and its thread have in common. The thread may outlive the keeper.
struct CredentialKeeper::Shared {
  Shared(CredentialKeeper& its_keeper, std::shared_ptr<aws::CredentialProvider> its_provider,
         const Log& its_log)
      : keeper(&its_keeper), provider(std::move(its_provider)), log(its_log) {}

  /// False when the keeper has gone. Waits for so long, or until somebody wants others.
  bool wait(Duration duration) {
    std::unique_lock lock(mutex);
    changed.wait_until(lock, after(duration), [this] { return keeper == nullptr || refused > 0; });
    return keeper != nullptr;
  }

  Result<aws::Credentials> first(Deadline deadline);
  Result<aws::Credentials> next(bool others);
  /// Hands them to the keeper, if it is there. `answered`: how many had asked for others.
  static void hand_over(const std::shared_ptr<Shared>& shared, Result<aws::Credentials> fetched,
                        std::size_t answered);

  std::mutex mutex = {};
  std::condition_variable changed = {};
  CredentialKeeper* keeper;  ///< null: it has gone. Changed on the loop's thread
  std::size_t refused = 0;   ///< how many want others since the thread has looked
  bool ended = true;         ///< the thread has
  std::shared_ptr<aws::CredentialProvider> provider;  ///< of the thread, as what follows
  Log log;
  Deadline warn_again = {};
};

Result<aws::Credentials> CredentialKeeper::Shared::first(Deadline deadline) {
  while (true) {
    Result<aws::Credentials> fetched = provider->current(deadline);
    // A worker that is started without the guard stays so; an endpoint that is only overloaded
    // while many tasks start is worth the wait.
    if (fetched.has_value() || fetched.error().kind != ErrorKind::Unavailable ||
        after(kFirstPause) >= deadline || !wait(kFirstPause)) {
      return fetched;
    }
  }
}

Result<aws::Credentials> CredentialKeeper::Shared::next(bool others) {
  Result<aws::Credentials> fetched =
      others ? provider->renew(after(kKeysPatience)) : provider->current(after(kKeysPatience));
  if (!fetched.has_value() && after({}) >= warn_again) {
    warn_again = after(kBetweenWarnings);
    log.write(LogLevel::Warn, "no fresh credentials: " + fetched.error().message);
  }
  return fetched;
}

void CredentialKeeper::Shared::hand_over(const std::shared_ptr<Shared>& shared,
                                         Result<aws::Credentials> fetched, std::size_t answered) {
  const std::scoped_lock lock(shared->mutex);
  if (shared->keeper == nullptr) {
    return;  // And so may the loop have.
  }
  shared->keeper->loop_.post([shared, fetched = std::move(fetched), answered] {
    if (shared->keeper != nullptr) {
      shared->keeper->take(fetched, answered);
    }
  });
}

CredentialKeeper::CredentialKeeper(net::EventLoop& loop,
                                   std::shared_ptr<aws::CredentialProvider> provider,
                                   const Log& log)
    : loop_(loop), shared_(std::make_shared<Shared>(*this, std::move(provider), log)) {}

CredentialKeeper::~CredentialKeeper() {
  std::unique_lock lock(shared_->mutex);
  shared_->keeper = nullptr;
  shared_->changed.notify_all();
  shared_->changed.wait_until(lock, after(kFarewell), [this] { return shared_->ended; });
}

void CredentialKeeper::start(Deadline deadline, std::function<void(const Result<void>&)> first) {
  first_ = std::move(first);
  shared_->ended = false;
  std::thread([shared = shared_, deadline] { work(shared, deadline); }).detach();
}

void CredentialKeeper::renew(std::function<void()> done) {
  refused_.push_back(std::move(done));
  const std::scoped_lock lock(shared_->mutex);
  ++shared_->refused;
  shared_->changed.notify_all();
}

void CredentialKeeper::work(const std::shared_ptr<Shared>& shared, Deadline deadline) {
  Result<aws::Credentials> fetched = shared->first(deadline);
  const bool found = fetched.has_value();
  Shared::hand_over(shared, std::move(fetched), 0);
  while (found && shared->wait(kLook)) {
    std::size_t refused = 0;
    {
      const std::scoped_lock lock(shared->mutex);
      refused = std::exchange(shared->refused, 0);
    }
    Shared::hand_over(shared, shared->next(refused > 0), refused);
  }
  const std::scoped_lock lock(shared->mutex);
  shared->ended = true;
  shared->changed.notify_all();
}

void CredentialKeeper::take(const Result<aws::Credentials>& fetched, std::size_t refused) {
  if (fetched.has_value()) {
    latest_ = *fetched;
  }
  if (const auto first = std::exchange(first_, nullptr)) {
    first(fetched.has_value() ? Result<void>() : std::unexpected(fetched.error()));
  }
  // Who has asked since then stands behind them.
  const auto end = refused_.begin() + static_cast<std::ptrdiff_t>(refused);
  const std::vector<std::function<void()>> answered(std::make_move_iterator(refused_.begin()),
                                                    std::make_move_iterator(end));
  refused_.erase(refused_.begin(), end);
  for (const auto& done : answered) {
    done();
  }
}

}  // namespace scaler::guard
