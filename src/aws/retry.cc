#include "aws/retry.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace scaler::aws {
namespace {

constexpr Duration kTransientBase = std::chrono::milliseconds(50);
constexpr Duration kThrottledBase = std::chrono::milliseconds(1000);
constexpr Duration kPauseMax = std::chrono::seconds(20);
constexpr Duration kServerPauseSlack = std::chrono::seconds(5);
constexpr int kTransientPrice = 14;
constexpr int kThrottledPrice = 5;

int price_of(ErrorKind kind) {
  return kind == ErrorKind::Throttled ? kThrottledPrice : kTransientPrice;
}

/// min(20 s, base * 2^(attempts - 1)).
Duration pause_limit(ErrorKind kind, int attempts) {
  Duration limit = kind == ErrorKind::Throttled ? kThrottledBase : kTransientBase;
  for (int i = 1; i < attempts && limit < kPauseMax; ++i) {
    limit *= 2;
  }
  return std::min(limit, kPauseMax);
}

}  // namespace

std::optional<Duration> RetryPolicy::pause(const Attempt& failed, int attempts, Random& random) {
  const int price = price_of(failed.kind);
  if (attempts >= attempts_max_ || tokens_ < price) {
    return std::nullopt;
  }
  tokens_ -= price;
  const Duration limit = pause_limit(failed.kind, attempts);
  const Duration own(random.between(0, limit.count()));
  if (failed.server_pause) {
    return std::clamp(*failed.server_pause, own, own + kServerPauseSlack);
  }
  return own;
}

void RetryPolicy::succeeded(std::optional<ErrorKind> last_failure) {
  tokens_ = std::min(kTokens, tokens_ + (last_failure ? price_of(*last_failure) : 1));
}

void run_rounds(std::size_t count, const Round& round, RetryPolicy& policy,
                const RetrySurroundings& surroundings, Deadline deadline) {
  std::vector<std::size_t> items(count);
  std::iota(items.begin(), items.end(), std::size_t{0});
  std::vector<int> failures(count, 0);
  std::vector<std::optional<ErrorKind>> last_failure(count);
  while (!items.empty()) {
    const std::vector<Attempt> attempts = round(items);
    CHECK(attempts.size() == items.size());
    std::vector<std::size_t> again;
    Duration longest{0};
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::size_t item = items[i];
      if (attempts[i].next == Attempt::Next::Finished) {
        policy.succeeded(last_failure[item]);
      } else if (attempts[i].next == Attempt::Next::AgainNow) {
        again.push_back(item);
      } else if (attempts[i].next == Attempt::Next::AgainLater) {
        last_failure[item] = attempts[i].kind;
        if (const auto pause = policy.pause(attempts[i], ++failures[item], surroundings.random)) {
          longest = std::max(longest, *pause);
          again.push_back(item);
        }
      }
    }
    if (again.empty() || after(longest) >= deadline) {
      return;
    }
    if (longest > Duration::zero()) {
      surroundings.sleep(longest);
    }
    items = std::move(again);
  }
}

}  // namespace scaler::aws
