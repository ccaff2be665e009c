#pragma once
// RoleKeys: the keys of a role that services are reached by. Knows whether they are good, when new
// ones are to be fetched and why there are none; the client makes the call beside all others, so
// that nobody waits for the role of another account.

#include <optional>
#include <string>

#include "edge/aws/api_call.h"
#include "edge/aws/credentials.h"

namespace scaler::aws {

/// Pure: the wall clock's time comes in, which goes on while a sandbox sleeps.
class RoleKeys {
 public:
  /// A role that was refused is asked for again so long afterwards, one that STS did not tell of
  /// sooner.
  static constexpr Duration kAfterRefusal = std::chrono::seconds(10);
  static constexpr Duration kAfterSilence = std::chrono::seconds(1);

  /// `sts_region`: where they are asked for; empty for the default region.
  RoleKeys(AccountRole role, std::string sts_region)
      : role_(std::move(role)), sts_region_(std::move(sts_region)) {}

  enum class Standing {
    Good,
    Ageing,   ///< good, and new ones are to be fetched meanwhile
    Missing,  ///< they are to be fetched, and waited for
    Refused,  ///< there are none for the moment: keys() says why
  };
  Standing standing(Instant now) const;

  /// The keys, or why there are none.
  const Result<Credentials>& keys() const { return keys_; }
  /// Counts what keys() was; zero: nothing yet.
  int version() const { return version_; }

  /// AssumeRole, signed with the program's own identity.
  ApiCall call(const Clock& clock) const;
  /// Its reply. Good keys outlast a failure to renew them.
  void take(const Result<ApiReply>& reply, Instant now);
  /// Forgets the keys of that version, which a service has refused.
  void refused(int version);

 private:
  Duration left(Instant now) const;
  bool pauses(Instant now) const;

  AccountRole role_;
  std::string sts_region_;
  Result<Credentials> keys_ = Credentials{};
  int version_ = 0;
  Duration lifetime_ = {};  ///< what was left when they came
  bool usable_ = false;     ///< no service has refused them
  std::optional<Instant> failed_at_ = {};
  Duration pause_ = {};  ///< after that, before it is asked again
};

}  // namespace scaler::aws
