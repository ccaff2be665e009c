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

/// What came of one item so far.
struct History {
  int failures = 0;
  std::optional<ErrorKind> last_failure = {};
};

/// The pause after which the item goes again, or nothing when it does not.
std::optional<Duration> pause_after(const Attempt& attempt, History& item, RetryPolicy& policy,
                                    Random& random) {
  switch (attempt.next) {
    case Attempt::Next::Finished:
      policy.succeeded(item.last_failure);
      return std::nullopt;
    case Attempt::Next::GiveUp:
      return std::nullopt;
    case Attempt::Next::AgainNow:
      return Duration::zero();
    case Attempt::Next::AgainLater:
      item.last_failure = attempt.kind;
      return policy.pause(attempt, ++item.failures, random);
  }
  return std::nullopt;
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
  std::vector<History> histories(count);
  while (!items.empty()) {
    const std::vector<Attempt> attempts = round(items);
    CHECK(attempts.size() == items.size());
    std::vector<std::size_t> again;
    Duration longest{0};
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::size_t item = items[i];
      const auto pause = pause_after(attempts[i], histories[item], policy, surroundings.random);
      if (pause) {
        longest = std::max(longest, *pause);
        again.push_back(item);
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
