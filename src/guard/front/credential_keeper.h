#pragma once
// CredentialKeeper: the task's credentials, fetched and renewed on a thread of its own: who waits
// for a credential endpoint must hold up neither the worker's messages nor the end.

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "edge/aws/credentials.h"
#include "ground/net/event_loop.h"

namespace scaler::guard {

/// For use on the loop's thread, or before it runs.
class CredentialKeeper {
 public:
  /// The loop outlives the keeper. The provider and what it refers to are the thread's alone: a
  /// fetch that hangs keeps them beyond the keeper.
  CredentialKeeper(net::EventLoop& loop, std::shared_ptr<aws::CredentialProvider> provider,
                   const Log& log);
  /// Waits for a fetch that is under way, but not for long.
  ~CredentialKeeper();
  CredentialKeeper(const CredentialKeeper&) = delete;
  CredentialKeeper& operator=(const CredentialKeeper&) = delete;

  /// Looks for the first ones, and again while their source is there but fails. `first` is called
  /// once; with credentials they are kept fresh from then on.
  void start(Deadline deadline, std::function<void(const Result<void>&)> first);
  /// The latest. Null before the first fetch.
  const aws::Credentials* latest() const { return latest_ ? &*latest_ : nullptr; }
  /// A service has refused them: others are fetched, and then `done` is called.
  void renew(std::function<void()> done);

 private:
  struct Shared;

  static void work(const std::shared_ptr<Shared>& shared, Deadline deadline);
  void take(const Result<aws::Credentials>& fetched, std::size_t refused);

  net::EventLoop& loop_;
  std::shared_ptr<Shared> shared_;
  std::optional<aws::Credentials> latest_ = {};
  std::function<void(const Result<void>&)> first_ = {};
  std::vector<std::function<void()>> refused_ = {};  ///< who waits for others
};

}  // namespace scaler::guard
