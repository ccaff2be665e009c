#pragma once
// When a failed request goes again: the rules that AWS's own SDKs follow from 2026 on, a token
// bucket, full jitter, longer pauses when throttled. The one loop that applies them is in
// client.cc. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html

#include <algorithm>
#include <optional>

#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "ground/base/result.h"

namespace scaler::aws {

/// What came of one attempt at one item.
struct Attempt {
  enum class Next {
    Finished,   ///< a success
    GiveUp,     ///< an error that going again does not mend
    AgainNow,   ///< the cause has been mended: credentials renewed, clock corrected
    AgainLater  ///< after a pause, if attempts, tokens and time are left
  };
  Next next = Next::Finished;
  ErrorKind kind = {};                        ///< for AgainLater: Throttled or Unavailable
  std::optional<Duration> server_pause = {};  ///< the server's x-amz-retry-after
};

/// How often, how long, and at what price. Pure but for its bucket of tokens.
class RetryPolicy {
 public:
  static constexpr int kTokens = 500;

  explicit RetryPolicy(int attempts_max) : attempts_max_(attempts_max) {}

  /// The pause before the next attempt, or nothing when there should be none. Takes its price from
  /// the bucket. `attempts` is the number of those that failed, at least 1.
  std::optional<Duration> pause(const Attempt& failed, int attempts, Random& random);
  /// Puts tokens back: the price of the last retry, or one after a success at the first attempt.
  void succeeded(std::optional<ErrorKind> last_failure);

  int tokens() const { return tokens_; }

 private:
  int attempts_max_;
  int tokens_ = kTokens;
};

/// The pause until who was refused, or too slow, is asked again: 10 s, and after that, `last`,
/// doubled each time.
constexpr Duration next_pause(Duration last, Duration longest = std::chrono::minutes(5)) {
  constexpr Duration kFirst = std::chrono::seconds(10);
  return std::clamp(2 * last, kFirst, longest);
}

/// What came of one call so far.
struct CallHistory {
  int failures = 0;
  std::optional<ErrorKind> last_failure = {};
};

/// The pause after which a call goes again that came to this, or nothing when it does not.
std::optional<Duration> pause_after(const Attempt& attempt, CallHistory& history,
                                    RetryPolicy& policy, Random& random);

}  // namespace scaler::aws
