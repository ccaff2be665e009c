#pragma once
// CredentialKeeper: the task's credentials, fetched and renewed on a thread of its own: who waits
// for a credential endpoint must not hold up the worker's messages.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "edge/aws/credentials.h"
#include "ground/net/event_loop.h"

namespace scaler::guard {

class CredentialKeeper {
 public:
  /// All of it outlives the keeper, the loop too.
  CredentialKeeper(net::EventLoop& loop, aws::CredentialProvider& provider, const Log& log);
  ~CredentialKeeper();
  CredentialKeeper(const CredentialKeeper&) = delete;
  CredentialKeeper& operator=(const CredentialKeeper&) = delete;

  /// Before start(): looks for the first ones on the calling thread, and again while their source
  /// is there but fails.
  Result<void> fetch(Deadline deadline);
  /// From now on they are kept fresh.
  void start();
  /// The latest, on the loop's thread. Null before the first fetch.
  const aws::Credentials* latest() const { return latest_ ? &*latest_ : nullptr; }
  /// A service has refused them: others are fetched, and `done` is called on the loop's thread.
  void renew(std::function<void()> done);

 private:
  void work(const std::stop_token& stop);

  net::EventLoop& loop_;
  aws::CredentialProvider& provider_;
  Log log_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for the loop's thread
  std::optional<aws::Credentials> latest_ = {};                 ///< of the loop's thread
  Deadline warn_again_ = {};                                    ///< of the keeper's thread
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::function<void()>> refused_ = {};  ///< who waits for others
  std::jthread thread_;
};

}  // namespace scaler::guard
