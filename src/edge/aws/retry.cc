#include "edge/aws/retry.h"

#include <algorithm>

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

std::optional<Duration> pause_after(const Attempt& attempt, CallHistory& history,
                                    RetryPolicy& policy, Random& random) {
  switch (attempt.next) {
    case Attempt::Next::Finished:
      policy.succeeded(history.last_failure);
      return std::nullopt;
    case Attempt::Next::GiveUp:
      return std::nullopt;
    case Attempt::Next::AgainNow:
      return Duration::zero();
    case Attempt::Next::AgainLater:
      history.last_failure = attempt.kind;
      return policy.pause(attempt, ++history.failures, random);
  }
  return std::nullopt;
}

}  // namespace scaler::aws
