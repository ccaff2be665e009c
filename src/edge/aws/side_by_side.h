#pragma once
// SideBySide: works that each call AWS as if they were alone, while their calls are under way at
// the same time. One of them runs at any moment, and hands its turn on when it waits for a call; so
// nothing that they share needs a lock.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "edge/aws/client.h"

namespace scaler::aws {

class SideBySide final : public CallWaiter {
 public:
  using Works = std::span<const std::function<void()>>;
  /// So many are under way at once; the others begin when one of these has ended.
  static constexpr std::size_t kMost = 16;

  explicit SideBySide(Client& client) : client_(&client) {}

  /// Returns when all have ended. One work begins after the other, in order.
  void run(Works works);

  void wait(const CallGroup& group) override;

 private:
  struct Worker {
    std::unique_lock<std::mutex> lock = {};  ///< held while it runs
    const CallGroup* waits_for = nullptr;
    bool ended = false;
  };
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  void work(std::size_t number, Works works);
  void take_turns();
  bool can_go_on(const Worker& worker) const;

  Client* client_;
  std::mutex mutex_ = {};
  std::condition_variable changed_ = {};
  std::vector<Worker> workers_ = {};
  std::size_t turn_ = kNobody;
  std::size_t next_ = 0;  ///< the first work that has not begun
};

}  // namespace scaler::aws
