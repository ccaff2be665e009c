#include "scaler/fleet/tagged_fleet.h"

#include <algorithm>
#include <iterator>

#include "ground/base/text.h"
#include "scaler/core/names.h"

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

/// That an ARN of a service names; empty for one of the old form, without it.
std::string cluster_of(std::string_view arn) {
  const std::vector<std::string_view> parts = split(arn, "/");
  return parts.size() == 3 ? std::string(parts[1]) : "";
}

/// The service with this ARN, reached as its place is.
ServiceId id_of(std::string arn, const SearchedPlace& place) {
  return {.cluster = cluster_of(arn), .service = std::move(arn), .role = place.role};
}

}  // namespace

std::string describe(const SearchedPlace& place) {
  std::string text = place.role.arn.empty() ? "" : "role " + place.role.arn;
  return place.region.empty() ? text : text + (text.empty() ? "" : ", ") + place.region;
}

/// By the wall clock, which goes on while a sandbox sleeps; one that was set back is asked at once.
std::vector<SearchedPlace> TaggedFleet::due_places() const {
  std::vector<SearchedPlace> due;
  std::ranges::copy_if(scope_.places, std::back_inserter(due), [&](const SearchedPlace& place) {
    const auto last = searched_.find(place);
    if (last == searched_.end()) {
      return true;
    }
    const Duration passed = clock_->now() - last->second.at;
    return passed < Duration::zero() || passed >= (last->second.whole ? kEvery : kAgain);
  });
  return due;
}

FleetNews TaggedFleet::ask(Deadline deadline) {
  FleetNews news;
  const std::vector<SearchedPlace> due = due_places();
  if (!due.empty()) {
    search(due, deadline, news);
  }
  // A fleet of nobody is told as one; one of which nothing could be learnt is not.
  const bool whole = std::ranges::all_of(
      scope_.places, [this](const SearchedPlace& place) { return searched_[place].whole; });
  changed_ = changed_ || (!told_ && (whole || !scope_.fixed.empty()));
  news.asked = !due.empty() || changed_;
  if (news.asked) {
    tell(news);
  }
  return news;
}

void TaggedFleet::search(const std::vector<SearchedPlace>& places, Deadline deadline,
                         FleetNews& news) {
  std::vector<ServiceDirectory::Found> found = directory_->tagged(kQueueTag, places, deadline);
  std::map<std::string, const SearchedPlace*> where;  // Who is known already stays where it is.
  for (const auto& [arn, known] : known_) {
    const auto place = std::ranges::find(places, known.place);
    where.emplace(arn, place == places.end() ? nullptr : &*place);
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    searched_[places[i]] = {.at = clock_->now(), .whole = !found[i].error};
    if (found[i].error) {
      const std::string who = describe(places[i]);
      news.errors.push_back((who.empty() ? "" : who + ": ") + found[i].error->message);
    }
    for (std::string& arn : found[i].arns) {
      where.emplace(std::move(arn), &places[i]);
    }
  }
  std::erase_if(where, [](const auto& one) { return one.second == nullptr; });
  std::vector<ServiceId> ids;
  for (const auto& [arn, place] : where) {
    ids.push_back(id_of(arn, *place));
  }
  const std::vector<Result<ServiceTags>> tags = directory_->tags_of(ids, deadline);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    hear(ids[i], *where.at(ids[i].service), tags[i]);
  }
}

void TaggedFleet::hear(const ServiceId& id, const SearchedPlace& place,
                       const Result<ServiceTags>& tags) {
  const bool gone = tags ? !tags->contains(kQueueTag) : tags.error().kind == ErrorKind::NotFound;
  unread_.erase(id.service);
  if (gone) {
    changed_ = known_.erase(id.service) > 0 || changed_;
  } else if (tags) {
    read(id, place, *tags);
  } else {
    // Who is denied or slow for the moment is still what it was.
    unread_[id.service] = tags.error().message;
  }
}

void TaggedFleet::read(const ServiceId& id, const SearchedPlace& place, const ServiceTags& tags) {
  ServiceTags own = own_tags(tags);
  Known& known = known_[id.service];
  if (known.tags == own) {
    return;
  }
  known.place = place;
  known.tags = std::move(own);
  Result<ServiceSpec> spec = read_tags(id.service, known.tags, scope_.rules);
  known.problem = spec ? "" : spec.error().message;
  if (spec) {
    spec->id.role = place.role;
    known.good = *std::move(spec);
    known.changed = true;
    changed_ = true;
  }
}

/// Whether the document names the service, too: what that says counts.
bool TaggedFleet::stands_fixed(const ServiceSpec& spec) const {
  const Result<ServiceAddress> address = address_of(spec.id);
  return std::ranges::any_of(scope_.fixed, [&](const ServiceSpec& fixed) {
    if (plain_name(fixed.id.service) != plain_name(spec.id.service)) {
      return false;
    }
    const Result<ServiceAddress> other = address_of(fixed.id);
    return address && other && may_be_same(*address, *other);
  });
}

std::vector<ServiceSpec> TaggedFleet::services() const {
  std::vector<ServiceSpec> services = scope_.fixed;
  for (const auto& [arn, known] : known_) {
    if (known.good && !stands_fixed(*known.good)) {
      services.push_back(*known.good);
    }
  }
  return services;
}

void TaggedFleet::tell(FleetNews& news) {
  // Of all places, also those that were not due: the problems are all that there are.
  for (const auto& [arn, message] : unread_) {
    news.problems.push_back({.service = arn, .message = message});
  }
  for (auto& [arn, known] : known_) {
    if (!known.problem.empty()) {
      news.problems.push_back(
          {.service = arn,
           .message = known.problem + (known.good ? "\nits last good settings go on" : "")});
    }
    if (!known.good || !std::exchange(known.changed, false)) {
      continue;
    }
    for (const std::string& note : known.good->notes) {
      news.notes.push_back({.service = arn, .message = note});
    }
    if (stands_fixed(*known.good)) {
      news.notes.push_back(
          {.service = arn,
           .message = "the document names this service, too: what that says counts, and no tag"});
    }
  }
  if (std::exchange(changed_, false)) {
    told_ = true;
    news.services = services();
  }
}

void TaggedFleet::become(FleetScope scope) {
  scope_ = std::move(scope);
  std::erase_if(known_, [this](const auto& one) {
    return std::ranges::find(scope_.places, one.second.place) == scope_.places.end();
  });
  unread_.clear();
  std::erase_if(searched_, [this](const auto& one) {
    return std::ranges::find(scope_.places, one.first) == scope_.places.end();
  });
  for (auto& [arn, known] : known_) {
    read(id_of(arn, known.place), known.place, std::exchange(known.tags, {}));
  }
  changed_ = true;
}

}  // namespace scaler
