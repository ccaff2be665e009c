#include "edge/aws/credentials.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace scaler::aws {
namespace {

constexpr Duration kEarlyRefresh = std::chrono::minutes(15);
/// With less they are not used any more: a call must still be valid when it arrives.
constexpr Duration kNeededRefresh = std::chrono::minutes(1);
constexpr Duration kEarlyRefreshPause = std::chrono::minutes(1);
/// Where the fetch is under way beside the calls, credentials are used for as long as a call takes
/// to arrive.
constexpr Duration kLastMoment = std::chrono::seconds(3);
constexpr Duration kBesideLimit = std::chrono::minutes(1);
/// So long a fetch beside is waited for when there is nothing to sign with.
constexpr Duration kPatience = std::chrono::seconds(6);
/// At the end a fetch may still write down a token that cannot be had twice.
constexpr Duration kFarewell = std::chrono::milliseconds(500);

}  // namespace

void sleep_on_thread(Duration duration) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait_until(lock, after(duration), [] { return false; });
}

CredentialProvider::CredentialProvider(CredentialSources sources, const Clock& clock,
                                       const Log& log)
    : CredentialProvider(std::move(sources), clock, log, nullptr) {}

CredentialProvider::CredentialProvider(CredentialSources sources, const Clock& clock,
                                       const Log& log, std::shared_ptr<const void> belongings)
    : clock_(&clock),
      log_(&log),
      belongings_(std::move(belongings)),
      sources_(std::make_shared<CredentialSources>(std::move(sources))) {}

CredentialProvider::~CredentialProvider() {
  if (beside_.valid()) {
    beside_.wait_until(after(kFarewell));
  }
}

Result<Credentials> CredentialProvider::current(Deadline deadline) {
  if (in_use_ == nullptr) {
    return search(deadline);
  }
  if (beside_.valid() && beside_.wait_until(Deadline()) == std::future_status::ready) {
    if (const Result<Credentials> fetched = take(beside_.get()); !fetched.has_value()) {
      tell(fetched.error());
    }
  }
  // What was dead as it came may be so by a clock that is wrong: that is for the services to say.
  const bool ageing = credentials_.expires && lifetime_ > Duration::zero();
  if (!ageing || !in_use_->renewable()) {
    return credentials_;
  }
  const Duration rest = left();
  if (rest < std::min(belongings_ ? kLastMoment : kNeededRefresh, lifetime_ / 3)) {
    return fetch_again(deadline);
  }
  const Deadline now = clock_->steady();
  if (rest < std::min(kEarlyRefresh, lifetime_ / 2) &&
      (!next_early_refresh_ || now >= *next_early_refresh_)) {
    next_early_refresh_ = now + kEarlyRefreshPause;
    fetch_early(deadline);
  }
  return credentials_;
}

/// By both clocks: one that is set back does not prolong what was fetched by the right time, and
/// steady time stands still while the machine sleeps.
Duration CredentialProvider::left() const {
  const auto passed = std::chrono::floor<Duration>(clock_->steady() - fetched_at_);
  return std::min(*credentials_.expires - clock_->now(), lifetime_ - passed);
}

void CredentialProvider::fetch_early(Deadline deadline) {
  if (belongings_) {
    return begin_beside();
  }
  if (const Result<Credentials> fetched = fetch_again(deadline); !fetched.has_value()) {
    tell(fetched.error());
  }
}

void CredentialProvider::tell(const Error& error) const {
  log_->write(LogLevel::Warn, "credentials could not be refreshed early",
              {{"error", error.message}});
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
  for (const auto& source : *sources_) {
    std::optional<Credentials> found = TRY(source->fetch(deadline));
    if (found) {
      in_use_ = source.get();
      description_ = source->description();
      keep(*std::move(found));
      log_->write(LogLevel::Debug, "credentials found", {{"source", description_}});
      return credentials_;
    }
    asked += (asked.empty() ? "" : ", ") + std::string(source->name());
  }
  return fail(ErrorKind::Unauthorized, "no AWS credentials found in: " + asked);
}

Result<Credentials> CredentialProvider::fetch_again(Deadline deadline) {
  if (!belongings_) {
    return take(fetch_from(*in_use_, deadline));
  }
  begin_beside();
  return wait_beside(deadline);
}

CredentialProvider::Fetched CredentialProvider::fetch_from(CredentialSource& source,
                                                           Deadline deadline) {
  Fetched fetched{.credentials = source.fetch(deadline)};
  fetched.description = source.description();
  return fetched;
}

/// Unless one is under way: a source is asked by one thread at a time.
void CredentialProvider::begin_beside() {
  if (beside_.valid()) {
    return;
  }
  // The thread may outlive the provider, so it has its share in all that it needs.
  std::packaged_task<Fetched()> task(
      [belongings = belongings_, sources = sources_, source = in_use_] {
        return fetch_from(*source, after(kBesideLimit));
      });
  beside_ = task.get_future();
  patience_ends_ = impatient_ ? Deadline() : after(kPatience);
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error& error) {
    std::promise<Fetched> none;
    none.set_value({.credentials = fail(ErrorKind::Unavailable,
                                        std::string("no thread to fetch on: ") + error.what()),
                    .description = description_});
    beside_ = none.get_future();
  }
}

Result<Credentials> CredentialProvider::wait_beside(Deadline deadline) {
  if (beside_.wait_until(std::min(deadline, patience_ends_)) == std::future_status::ready) {
    return take(beside_.get());
  }
  impatient_ = true;
  return fail(ErrorKind::Unavailable,
              "the credentials are too old, and there is no answer yet from: " + description_);
}

Result<Credentials> CredentialProvider::take(Fetched fetched) {
  std::optional<Credentials> credentials = TRY(std::move(fetched.credentials));
  if (!credentials) {
    return fail(ErrorKind::Unauthorized,
                "the " + std::string(in_use_->name()) + " has no credentials any more");
  }
  description_ = std::move(fetched.description);
  next_early_refresh_.reset();
  impatient_ = false;
  return keep(*std::move(credentials));
}

const Credentials& CredentialProvider::keep(Credentials credentials) {
  credentials_ = std::move(credentials);
  fetched_at_ = clock_->steady();
  lifetime_ = credentials_.expires ? *credentials_.expires - clock_->now() : Duration::zero();
  return credentials_;
}

}  // namespace scaler::aws
