#pragma once
// Credentials and where they come from: environment, profile files, container endpoint, instance
// metadata; in this order, the first that has any. Refreshed before they expire.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aws/transport.h"
#include "base/environment.h"
#include "base/log.h"
#include "base/secret.h"

namespace scaler::aws {

struct Credentials {
  std::string access_key_id = {};
  Secret secret_access_key = {};
  Secret session_token = {};            ///< empty for long-term keys
  std::optional<Instant> expires = {};  ///< nothing: never, or unknown
  bool operator==(const Credentials&) const = default;
};

/// One place that may hold credentials.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// "environment", "profile", ...: for messages.
  virtual std::string_view name() const = 0;
  /// Nothing when this place is not in use here; the next one is asked then.
  /// Errors: Malformed for a half-filled place, Unauthorized or Unavailable when it does not
  /// answer.
  virtual Result<std::optional<Credentials>> fetch(Deadline deadline) = 0;
  /// Whether fetching again may bring other credentials.
  virtual bool renewable() const { return true; }
};

using Sleeper = std::function<void(Duration)>;

/// Sleeps on the calling thread.
void sleep_on_thread(Duration duration);

/// What the sources need of the outside; all of it outlives them.
struct CredentialSurroundings {
  const Environment& environment;
  Transport& transport;
  const Clock& clock;
  Sleeper sleep = sleep_on_thread;
};

/// Keeps credentials and fetches new ones from 15 minutes before the old ones expire; from 10
/// minutes before, failing to do so is an error.
class CredentialProvider {
 public:
  CredentialProvider(const CredentialSurroundings& surroundings, const Log& log);

  /// Errors: Unauthorized when no place has any; otherwise as the place in use answers.
  Result<Credentials> current(Deadline deadline);
  /// Fetches again, whatever the age, after a service has refused the current ones.
  /// Errors: Unauthorized when the place cannot bring others.
  Result<Credentials> renew(Deadline deadline);

 private:
  Result<Credentials> search(Deadline deadline);
  Result<Credentials> fetch_again(Deadline deadline);

  const Clock* clock_;
  const Log* log_;
  std::vector<std::unique_ptr<CredentialSource>> sources_;
  CredentialSource* in_use_ = nullptr;
  Credentials credentials_ = {};
  std::optional<Instant> next_early_refresh_ = {};
};

}  // namespace scaler::aws
