#include "aws/credentials.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "aws/credential_sources.h"

namespace scaler::aws {
namespace {

constexpr Duration kEarlyRefresh = std::chrono::minutes(15);
constexpr Duration kNeededRefresh = std::chrono::minutes(10);
constexpr Duration kEarlyRefreshPause = std::chrono::minutes(1);

}  // namespace

void sleep_on_thread(Duration duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait_until(lock, after(duration), [] { return false; });
}

CredentialProvider::CredentialProvider(const CredentialSurroundings& surroundings, const Log& log)
    : clock_(&surroundings.clock), log_(&log) {
  sources_.push_back(environment_source(surroundings));
  sources_.push_back(profile_source(surroundings));
  sources_.push_back(container_source(surroundings));
  sources_.push_back(instance_source(surroundings));
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
  if (left < kNeededRefresh) {
    return fetch_again(deadline);
  }
  if (left < kEarlyRefresh && (!next_early_refresh_ || now >= *next_early_refresh_)) {
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
      credentials_ = *std::move(found);
      log_->write(LogLevel::Debug, "credentials found", {{"source", source->name()}});
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
  credentials_ = *std::move(fetched);
  next_early_refresh_.reset();
  return credentials_;
}

}  // namespace scaler::aws
