#pragma once
// When a failed request goes again, and the one loop that lets a batch do so. The rules are those
// that AWS's own SDKs follow from 2026 on: a token bucket, full jitter, longer pauses when
// throttled. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

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

/// What the loop needs beside the work.
struct RetrySurroundings {
  Random& random;
  const Sleeper& sleep;
};

/// Attempts the given items side by side; one Attempt per item, in order. It bounds its own time,
/// so that a peer that never answers is left.
using Round = std::function<std::vector<Attempt>(std::span<const std::size_t> items)>;

/// Items 0..count-1 go together into the first round, and those to be repeated into the next, after
/// the longest of their pauses. No pause begins that would end after the deadline.
void run_rounds(std::size_t count, const Round& round, RetryPolicy& policy,
                const RetrySurroundings& surroundings, Deadline deadline);

}  // namespace scaler::aws
