#pragma once
// Credentials, and the places that may hold them, in order: the first that has any is asked again
// before they expire. What a Lambda can need is here; what a workstation has besides is in
// identity/.

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/aws/transport.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "ground/base/secret.h"

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
  /// The name, and after a fetch that brought credentials whose they are. Never a secret.
  virtual std::string description() const { return std::string(name()); }
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

/// In the order in which they are asked.
using CredentialSources = std::vector<std::unique_ptr<CredentialSource>>;

/// Where a Lambda finds credentials: environment, then container endpoint. Where a profile or a web
/// identity is meant it refuses: the next place would be another identity.
CredentialSources lambda_sources(const CredentialSurroundings& surroundings, const Log& log);

/// Keeps credentials and fetches new ones from 15 minutes before the old ones expire, or for the
/// last half of their life. While these are still good, a fetch that fails is a warning: until a
/// minute before, or for all but the last third of a life that is as short as that.
class CredentialProvider {
 public:
  /// Clock and log outlive it.
  CredentialProvider(CredentialSources sources, const Clock& clock, const Log& log);
  /// Fetches again on a thread of its own, so that a place which hangs holds nobody up who has
  /// credentials that live for another three seconds. Without them it is waited for, but only once.
  /// `belongings`: what the sources refer to, which a fetch that hangs keeps beyond the provider.
  CredentialProvider(CredentialSources sources, const Clock& clock, const Log& log,
                     std::shared_ptr<const void> belongings);
  CredentialProvider(CredentialProvider&&) = default;
  CredentialProvider& operator=(CredentialProvider&&) = delete;
  ~CredentialProvider();

  /// Errors: Unauthorized when no place has any; otherwise as the place in use answers.
  Result<Credentials> current(Deadline deadline);
  /// Fetches again, whatever the age, after a service has refused the current ones.
  /// Errors: Unauthorized when the place cannot bring others.
  Result<Credentials> renew(Deadline deadline);
  /// What was fetched last, however old; empty before.
  const Credentials& latest() const { return credentials_; }
  /// The place in use, as it describes itself; empty while none was found.
  const std::string& source() const { return description_; }

 private:
  /// What a fetch has brought, and how its source then describes itself.
  struct Fetched {
    Result<std::optional<Credentials>> credentials = {};
    std::string description = {};
  };

  Result<Credentials> search(Deadline deadline);
  Duration left() const;
  void fetch_early(Deadline deadline);
  Result<Credentials> fetch_again(Deadline deadline);
  static Fetched fetch_from(CredentialSource& source, Deadline deadline);
  void begin_beside();
  Result<Credentials> wait_beside(Deadline deadline);
  Result<Credentials> take(Fetched fetched);
  void tell(const Error& error) const;
  const Credentials& keep(Credentials credentials);

  const Clock* clock_;
  const Log* log_;
  std::shared_ptr<const void> belongings_ = {};  ///< null: it fetches on the caller's thread
  std::shared_ptr<CredentialSources> sources_;
  CredentialSource* in_use_ = nullptr;
  std::string description_ = {};
  Credentials credentials_ = {};
  Duration lifetime_ = {};  ///< what was left when they were fetched
  Deadline fetched_at_ = {};
  std::optional<Deadline> next_early_refresh_ = {};
  std::future<Fetched> beside_ = {};  ///< the fetch under way
  Deadline patience_ends_ = {};       ///< with it
  bool impatient_ = false;            ///< it was waited for in vain
};

}  // namespace scaler::aws
