#include "scaler/fleet/document_fleet.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace scaler {
/// By the wall clock, which goes on while a sandbox sleeps; one that was set back is asked at once.
bool DocumentFleet::due() const {
  if (!asked_at_) {
    return true;
  }
  const Duration passed = clock_->now() - *asked_at_;
  return passed < Duration::zero() || passed >= kEvery;
}

Result<void> DocumentFleet::begin(Deadline deadline) {
  fetch(deadline);
  return known_ ? Result<void>()
                : fail(ErrorKind::Unavailable, failure_.empty() ? problem_ : failure_);
}

FleetNews DocumentFleet::ask(Deadline deadline) {
  const Shard all;
  return ask_for(&all, deadline);
}

/// With the document all else is asked for, so that what is told is all that there is to be told.
FleetNews DocumentFleet::ask_for(const Shard* shard, Deadline deadline) {
  FleetNews news;
  const bool fetches = due();
  if (fetches) {
    fetch(deadline);
    fleet_->hurry();
  }
  if (known_) {
    news = fleet_->ask_for(shard, deadline);
  }
  news.asked = news.asked || fetches;
  tell(news);
  return news;
}

FleetNews DocumentFleet::ask_about(const QueueAddress& queue, Deadline deadline) {
  FleetNews news;
  const bool fetches = due();
  if (fetches) {
    fetch(deadline);
  }
  if (known_) {
    news = fleet_->ask_about(queue, deadline);
  }
  news.asked = fetches;
  tell(news);
  news.asked = false;  // Of others nothing was asked.
  return news;
}

/// What is wrong with the document, and what is to be said of it.
void DocumentFleet::tell(FleetNews& news) {
  const std::string& error = failure_.empty() ? problem_ : failure_;
  if (news.asked && !error.empty()) {
    news.errors.push_back(known_ ? error + "\nthe fleet stays as it was" : error);
  }
  if (note_) {
    news.notes.push_back(*std::exchange(note_, std::nullopt));
  }
}

void DocumentFleet::fetch(Deadline deadline) {
  asked_at_ = clock_->now();
  const Deadline until =
      known_ ? std::min(deadline, clock_->steady() + kPatienceForNews) : deadline;
  const Result<std::optional<DocumentVersion>> document = document_->fetch(version_, until);
  failure_ = document ? "" : document.error().message;
  if (document && *document) {
    take(**document);
  }
}

void DocumentFleet::take(const DocumentVersion& document) {
  version_ = document.version;
  Result<FleetScope> scope =
      document.text.size() <= kSizeMax
          ? read_(document.text)
          : fail(ErrorKind::Malformed,
                 fmt::format("{}: {} bytes are more than the {} of a document", name_,
                             document.text.size(), kSizeMax));
  problem_ = scope ? "" : scope.error().message;
  if (!scope) {
    return;
  }
  if (std::exchange(known_, true) && !version_.empty()) {
    note_ = {.service = name_,
             .message = fmt::format("the fleet is read anew: {} services, version {}",
                                    scope->fixed.size(), version_)};
  }
  fleet_->become(*std::move(scope));
}

}  // namespace scaler
