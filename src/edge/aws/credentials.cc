#include "edge/aws/credentials.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace scaler::aws {
namespace {

constexpr Duration kEarlyRefresh = std::chrono::minutes(15);
/// With less they are not used any more: a call must still be valid when it arrives.
constexpr Duration kNeededRefresh = std::chrono::minutes(1);
constexpr Duration kEarlyRefreshPause = std::chrono::minutes(1);

}  // namespace

void sleep_on_thread(Duration duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait_until(lock, after(duration), [] { return false; });
}

CredentialProvider::CredentialProvider(CredentialSources sources, const Clock& clock,
                                       const Log& log)
    : clock_(&clock), log_(&log), sources_(std::move(sources)) {}

std::string CredentialProvider::source() const {
  return in_use_ == nullptr ? "" : in_use_->description();
}

Result<Credentials> CredentialProvider::current(Deadline deadline) {
  if (in_use_ == nullptr) {
    return search(deadline);
  }
  if (!credentials_.expires || !in_use_->renewable()) {
    return credentials_;
  }
  const Instant now = clock_->now();
  const Duration left = *credentials_.expires - now;
  if (left < std::min(kNeededRefresh, lifetime_ / 3)) {
    return fetch_again(deadline);
  }
  if (left < std::min(kEarlyRefresh, lifetime_ / 2) &&
      (!next_early_refresh_ || now >= *next_early_refresh_)) {
    next_early_refresh_ = now + kEarlyRefreshPause;
    if (const Result<Credentials> fetched = fetch_again(deadline); !fetched.has_value()) {
      log_->write(LogLevel::Warn, "credentials could not be refreshed early",
                  {{"error", fetched.error().message}});
    }
  }
  return credentials_;
}

Result<Credentials> CredentialProvider::renew(Deadline deadline) {
  if (in_use_ == nullptr) {
    return search(deadline);
  }
  const std::string source(in_use_->name());
  if (!in_use_->renewable()) {
    return fail(ErrorKind::Unauthorized, "credentials of the " + source + " cannot be renewed");
  }
  const Credentials refused = credentials_;
  Credentials fetched = TRY(fetch_again(deadline));
  if (fetched == refused) {
    return fail(ErrorKind::Unauthorized, "the " + source + " has no other credentials");
  }
  return fetched;
}

Result<Credentials> CredentialProvider::search(Deadline deadline) {
  std::string asked;
  for (const auto& source : sources_) {
    std::optional<Credentials> found = TRY(source->fetch(deadline));
    if (found) {
      in_use_ = source.get();
      keep(*std::move(found));
      log_->write(LogLevel::Debug, "credentials found", {{"source", source->description()}});
      return credentials_;
    }
    asked += (asked.empty() ? "" : ", ") + std::string(source->name());
  }
  return fail(ErrorKind::Unauthorized, "no AWS credentials found in: " + asked);
}

Result<Credentials> CredentialProvider::fetch_again(Deadline deadline) {
  std::optional<Credentials> fetched = TRY(in_use_->fetch(deadline));
  if (!fetched) {
    return fail(ErrorKind::Unauthorized,
                "the " + std::string(in_use_->name()) + " has no credentials any more");
  }
  next_early_refresh_.reset();
  return keep(*std::move(fetched));
}

const Credentials& CredentialProvider::keep(Credentials credentials) {
  credentials_ = std::move(credentials);
  lifetime_ = credentials_.expires ? *credentials_.expires - clock_->now() : Duration::zero();
  return credentials_;
}

}  // namespace scaler::aws
