#include "scaler/fleet/tagged_fleet.h"

#include <algorithm>

namespace scaler {
namespace {

/// What is read of a service's tags, so that a state that is written anew is no change.
ServiceTags own_tags(const ServiceTags& tags) {
  ServiceTags own;
  for (const auto& [key, value] : tags) {
    if (key.starts_with(kTagPrefix) && key != kStateTag && key != kPauseTag) {
      own.emplace(key, value);
    }
  }
  return own;
}

}  // namespace

/// By the wall clock, which goes on while a sandbox sleeps; one that was set back is asked at once.
bool TaggedFleet::due() const {
  if (!asked_at_) {
    return true;
  }
  const Duration passed = clock_->now() - *asked_at_;
  return passed < Duration::zero() || passed >= (whole_ ? kEvery : kAgain);
}

FleetNews TaggedFleet::ask(Deadline deadline) {
  FleetNews news;
  if (!due()) {
    return news;
  }
  asked_at_ = clock_->now();
  news.asked = true;
  ServiceDirectory::Found found = directory_->tagged(kQueueTag, deadline);
  whole_ = !found.error;
  changed_ = changed_ || (whole_ && known_.empty() && found.arns.empty());
  if (found.error) {
    news.errors.push_back(found.error->message);
  }
  std::vector<std::string> arns = std::move(found.arns);
  for (const auto& [arn, known] : known_) {
    arns.push_back(arn);
  }
  std::ranges::sort(arns);
  const auto twice = std::ranges::unique(arns);
  arns.erase(twice.begin(), twice.end());
  const std::vector<Result<ServiceTags>> tags = directory_->tags_of(arns, deadline);
  for (std::size_t i = 0; i < arns.size(); ++i) {
    hear(arns[i], tags[i], news);
  }
  tell(news);
  return news;
}

void TaggedFleet::hear(const std::string& arn, const Result<ServiceTags>& tags, FleetNews& news) {
  const bool gone = tags ? !tags->contains(kQueueTag) : tags.error().kind == ErrorKind::NotFound;
  if (gone) {
    changed_ = known_.erase(arn) > 0 || changed_;
  } else if (tags) {
    read(arn, *tags);
  } else {
    // Who is denied or slow for the moment is still what it was.
    news.problems.push_back({.service = arn, .message = tags.error().message});
  }
}

void TaggedFleet::read(const std::string& arn, const ServiceTags& tags) {
  ServiceTags own = own_tags(tags);
  Known& known = known_[arn];
  if (known.tags == own) {
    return;
  }
  known.tags = std::move(own);
  Result<ServiceSpec> spec = read_tags(arn, known.tags, rules_);
  known.problem = spec ? "" : spec.error().message;
  if (spec) {
    known.good = *std::move(spec);
    known.changed = true;
    changed_ = true;
  }
}

void TaggedFleet::tell(FleetNews& news) {
  std::vector<ServiceSpec> services;
  for (auto& [arn, known] : known_) {
    if (!known.problem.empty()) {
      news.problems.push_back(
          {.service = arn,
           .message = known.problem + (known.good ? "\nits last good settings go on" : "")});
    }
    if (!known.good) {
      continue;
    }
    if (std::exchange(known.changed, false)) {
      for (const std::string& note : known.good->notes) {
        news.notes.push_back({.service = arn, .message = note});
      }
    }
    services.push_back(*known.good);
  }
  if (std::exchange(changed_, false)) {
    news.services = std::move(services);
  }
}

}  // namespace scaler
