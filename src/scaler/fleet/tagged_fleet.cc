#include "scaler/fleet/tagged_fleet.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "ground/base/text.h"
#include "ground/base/turns.h"
#include "scaler/core/names.h"

namespace scaler {
namespace {

/// What is read of a service's tags, so that a state that is written anew is no change.
ServiceTags own_tags(const ServiceTags& tags) {
  constexpr std::array kOfOthers{kStateTag, kPauseTag, kLastGoodTag};
  ServiceTags own;
  for (const auto& [key, value] : tags) {
    if (key.starts_with(kTagPrefix) && std::ranges::find(kOfOthers, key) == kOfOthers.end()) {
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

std::vector<SearchedPlace> TaggedFleet::places_of(const Shard* shard) const {
  std::vector<SearchedPlace> places;
  std::ranges::copy_if(scope_.places, std::back_inserter(places), [&](const SearchedPlace& place) {
    return shard == nullptr || shard->is_in(place.role, place.region);
  });
  return places;
}

/// By the wall clock, which goes on while a sandbox sleeps; one that was set back is asked at once.
std::vector<SearchedPlace> TaggedFleet::due_among(const std::vector<SearchedPlace>& places) const {
  std::vector<SearchedPlace> due;
  std::ranges::copy_if(places, std::back_inserter(due), [&](const SearchedPlace& place) {
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
  const Shard all;
  return ask_for(&all, deadline);
}

FleetNews TaggedFleet::ask_for(const Shard* shard, Deadline deadline) {
  FleetNews news;
  const std::vector<SearchedPlace> places = places_of(shard);
  const std::vector<SearchedPlace> due = due_among(places);
  if (!due.empty()) {
    search(due, told_ ? std::min(deadline, clock_->steady() + kPatienceForNews) : deadline, news);
  }
  // A fleet of nobody is told as one; one of which nothing could be learnt is not.
  const bool whole = std::ranges::all_of(
      places, [this](const SearchedPlace& place) { return searched_[place].whole; });
  changed_ = changed_ || (!told_ && (whole || !scope_.fixed.empty()));
  if (shard != nullptr) {
    read_shard(*shard, deadline);
    tell(*shard, news);
  }
  return news;
}

FleetNews TaggedFleet::ask_about(const QueueAddress& queue, Deadline deadline) {
  FleetNews news;
  const Deadline until = told_ ? std::min(deadline, clock_->steady() + kPatienceForNews) : deadline;
  const bool stands = std::ranges::any_of(
      scope_.fixed, [&queue](const ServiceSpec& spec) { return has_queue(spec.queues, queue); });
  const bool known = read_owners(queue, until) || stands;
  if (!known && !scope_.places.empty()) {
    search_for(queue, until);
    if (!read_owners(queue, until)) {
      if (const std::vector<SearchedPlace> due = due_among(scope_.places); !due.empty()) {
        search(due, until, news);
      }
      read_owners(queue, until);
    }
  }
  // Not all that there is: the fleet is still to be told.
  if (changed_ || (!told_ && stands)) {
    news.services = services();
  }
  return news;
}

/// By values that are the queue's own name, URL or ARN, which one call for each place finds.
void TaggedFleet::search_for(const QueueAddress& queue, Deadline deadline) {
  const std::vector<ServiceDirectory::Found> found = directory_->tagged(
      {.key = kQueueTag, .values = {queue.name, queue.url, arn_of(queue, queue.region)}},
      scope_.places, deadline);
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const auto& [arn, tags] : found[i].services) {
      Known& known = known_.try_emplace(arn, Known{.place = scope_.places[i]}).first->second;
      known.indexed = own_tags(tags);
      known.to_read = known.to_read || *known.indexed != known.tags;
    }
  }
}

/// Whether what is known, or the index, says that the queue is the service's.
bool TaggedFleet::may_own(const std::string& arn, const Known& known,
                          const QueueAddress& queue) const {
  if (known.good && has_queue(known.good->queues, queue)) {
    return true;
  }
  const bool named = known.indexed && known.to_read &&
                     std::ranges::any_of(*known.indexed, [&queue](const auto& tag) {
                       return tag.first.starts_with(kQueueTag) && tag.second.contains(queue.name);
                     });
  if (!named) {
    return false;
  }
  const Result<ServiceSpec> spec = read_tags(arn, *known.indexed, scope_.rules);
  return spec && has_queue(spec->queues, queue);
}

/// Reads the tags of those that the queue may belong to, unless that was done lately; whether it
/// belongs to any.
bool TaggedFleet::read_owners(const QueueAddress& queue, Deadline deadline) {
  const auto owns = [&queue](const Known& known) {
    return known.good && has_queue(known.good->queues, queue);
  };
  std::vector<ServiceId> ids;
  bool any = false;
  for (const auto& [arn, known] : known_) {
    if (!may_own(arn, known, queue)) {
      continue;
    }
    const bool lately = (known.read_at && clock_->now() - *known.read_at < kEvery) ||
                        due_among({known.place}).empty();
    if (known.good && !known.to_read && lately) {
      any = true;
    } else {
      ids.push_back(id_of(arn, known.place));
    }
  }
  if (!ids.empty()) {
    const std::vector<Result<ServiceTags>> tags = directory_->tags_of(ids, deadline);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      hear(ids[i], tags[i]);
      const auto known = known_.find(ids[i].service);
      any = any || (known != known_.end() && owns(known->second));
    }
  }
  return any;
}

std::vector<FleetMember> TaggedFleet::members() const {
  std::vector<FleetMember> members;
  for (const ServiceSpec& spec : scope_.fixed) {
    members.push_back(member_of(spec.id));
  }
  for (const auto& [arn, known] : known_) {
    members.push_back(member_of(id_of(arn, known.place)));
  }
  return members;
}

void TaggedFleet::search(const std::vector<SearchedPlace>& places, Deadline deadline,
                         FleetNews& news) {
  asked_ = true;
  const std::vector<ServiceDirectory::Found> found =
      directory_->tagged({.key = kQueueTag}, places, deadline);
  for (std::size_t i = 0; i < places.size(); ++i) {
    searched_[places[i]] = {.at = clock_->now(), .whole = !found[i].error};
    if (found[i].error) {
      const std::string who = describe(places[i]);
      news.errors.push_back((who.empty() ? "" : who + ": ") + found[i].error->message);
    }
    take_in(places[i], found[i]);
  }
  for (auto& [arn, known] : known_) {
    known.to_tell = true;
  }
}

/// Notes whose own tags are to be asked for. Who is known already stays where it is.
void TaggedFleet::take_in(const SearchedPlace& place, const ServiceDirectory::Found& found) {
  for (const auto& [arn, tags] : found.services) {
    known_.try_emplace(arn, Known{.place = place});
  }
  for (auto& [arn, known] : known_) {
    if (known.place != place) {
      continue;
    }
    std::optional<ServiceTags> before = std::exchange(known.indexed, std::nullopt);
    if (const auto one = found.services.find(arn); one != found.services.end()) {
      known.indexed = own_tags(one->second);
    }
    known.to_read = known.to_read || is_to_read(arn, known, !found.error, before);
    if (found.error && !known.indexed) {
      known.indexed = std::move(before);  // Of those that did not come nothing else is known.
    }
  }
}

/// An index that cannot be asked says nothing of changes: then all are asked each minute.
bool TaggedFleet::is_to_read(const std::string& arn, const Known& known, bool whole,
                             const std::optional<ServiceTags>& before) const {
  const Instant now = clock_->now();
  const bool unknown = !known.good && !known.problem.empty();  // Others may come to keep them.
  if (!known.failure.empty() || unknown || turn_came(arn, *known.read_at, now, kOwnTagsEvery)) {
    return true;
  }
  if (!known.indexed) {
    return whole || now - *known.read_at >= kEvery;
  }
  return known.indexed != before && *known.indexed != known.tags;
}

void TaggedFleet::read_shard(const Shard& shard, Deadline deadline) {
  std::vector<ServiceId> ids;
  for (const auto& [arn, known] : known_) {
    ServiceId id = id_of(arn, known.place);
    if (known.to_read && shard.contains(member_of(id))) {
      ids.push_back(std::move(id));
    }
  }
  if (ids.empty()) {
    return;
  }
  const std::vector<Result<ServiceTags>> tags = directory_->tags_of(ids, deadline);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    hear(ids[i], tags[i]);
  }
}

void TaggedFleet::hear(const ServiceId& id, const Result<ServiceTags>& tags) {
  const bool gone = tags ? !tags->contains(kQueueTag) : tags.error().kind == ErrorKind::NotFound;
  Known& known = known_.at(id.service);
  known.to_read = false;
  known.read_at = clock_->now();
  // Who is denied or slow for the moment is still what it was.
  known.failure = gone || tags ? "" : tags.error().message;
  if (gone) {
    changed_ = known.good || changed_;
    known = {.place = known.place,
             .indexed = std::move(known.indexed),
             .read_at = known.read_at,
             .to_read = false};
    if (!known.indexed) {
      known_.erase(id.service);
    }
  } else if (tags) {
    const auto last_good = tags->find(kLastGoodTag);
    const std::string before =
        std::exchange(known.kept, last_good == tags->end() ? "" : last_good->second);
    ServiceTags own = own_tags(*tags);
    if (known.tags != own || (!known.problem.empty() && known.kept != before)) {
      read(id.service, known, std::move(own));
    }
  }
}

/// Where they are wrong, what the service keeps counts more than what is known here: another
/// process may have read later ones.
void TaggedFleet::read(const std::string& arn, Known& known, ServiceTags tags) {
  known.tags = std::move(tags);
  Result<ServiceSpec> spec = read_tags(arn, known.tags, scope_.rules);
  known.problem = spec ? "" : spec.error().message;
  if (!spec) {
    spec = read_tags(arn, tags_in_last_good(known.kept), scope_.rules);
  }
  if (spec) {
    spec->id.role = known.place.role;
    known.good = *std::move(spec);
    known.changed = true;
    changed_ = true;
  }
}

/// A few at a time, in the order of their names, and nobody's again before its tags are read anew.
std::vector<std::string> TaggedFleet::keep(StateWriter& writer, const Shard& shard,
                                           Deadline deadline) {
  std::vector<SavedState> texts;
  for (auto& [arn, known] : known_) {
    const bool right = known.good && known.problem.empty();
    if (!right || known.kept_at == known.read_at) {
      continue;  // Nearly all of them, in nearly every pass.
    }
    const ServiceId id = id_of(arn, known.place);
    if (!shard.contains(member_of(id)) || stands_fixed(*known.good)) {
      continue;
    }
    std::string text = last_good_text(known.tags);
    if (text != known.kept) {
      if (texts.size() >= std::min(kKeptAtOnce, writer.saves_allowed(id))) {
        continue;
      }
      texts.push_back({.service_arn = arn,
                       .text = std::move(text),
                       .tag = kLastGoodTag,
                       .role = known.place.role});
    }
    known.kept_at = known.read_at;
  }
  std::vector<std::string> errors;
  const std::vector<Result<void>> results = writer.save(texts, deadline);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (results[i]) {
      known_.at(texts[i].service_arn).kept = texts[i].text;
    } else {
      errors.push_back(results[i].error().message);
    }
  }
  return errors;
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

std::vector<ServiceId> TaggedFleet::without_settings() const {
  std::vector<ServiceId> ids;
  for (const auto& [arn, known] : known_) {
    if (!known.good && (!known.problem.empty() || !known.failure.empty())) {
      ids.push_back(id_of(arn, known.place));
    }
  }
  return ids;
}

/// What is wrong with the shard's services, as often as their places are searched.
void TaggedFleet::tell(const Shard& shard, FleetNews& news) {
  news.asked = std::exchange(asked_, false);
  for (auto& [arn, known] : known_) {
    const bool to_tell =
        shard.contains(member_of(id_of(arn, known.place))) && std::exchange(known.to_tell, false);
    if (to_tell && !known.failure.empty()) {
      news.problems.push_back({.service = arn, .message = known.failure});
    }
    if (to_tell && !known.problem.empty()) {
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
  std::erase_if(searched_, [this](const auto& one) {
    return std::ranges::find(scope_.places, one.first) == scope_.places.end();
  });
  for (auto& [arn, known] : known_) {
    known.to_tell = true;
    if (!known.tags.empty()) {
      read(arn, known, std::exchange(known.tags, {}));
    }
  }
  asked_ = true;
  changed_ = true;
}

}  // namespace scaler
